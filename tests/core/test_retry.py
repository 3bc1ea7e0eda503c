"""Whether a failed try is followed by another, and after how long."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepshi_jupyter.core.failure import Failure
from deepshi_jupyter.core.retry import RetryPolicy, read_retry_after, wait_before_retry
from deepshi_jupyter.errors import RateLimitError

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
POLICY = RetryPolicy()


def failure(retry_after: float | None = None, *, retryable: bool = True) -> Failure:
    return Failure(
        error=RateLimitError, what="", todo="", retryable=retryable, retry_after=retry_after
    )


@pytest.mark.parametrize(
    ("attempt", "wait"), [(1, 0.5), (2, 1.0), (3, 2.0), (4, 4.0), (5, 8.0), (6, 8.0), (5000, 8.0)]
)
def test_each_wait_is_twice_as_long_up_to_the_longest(attempt: int, wait: float) -> None:
    assert wait_before_retry(RetryPolicy(max_retries=9999), failure(), attempt, 0.0) == wait


def test_jitter_takes_up_to_a_quarter_off() -> None:
    assert wait_before_retry(POLICY, failure(), 1, 1.0) == 0.375


def test_there_is_no_try_after_the_last_and_none_after_what_no_try_can_mend() -> None:
    assert wait_before_retry(POLICY, failure(), 3, 0.0) is None
    assert wait_before_retry(POLICY, failure(1.0), 3, 0.0) is None
    assert wait_before_retry(POLICY, failure(retryable=False), 1, 0.0) is None
    assert wait_before_retry(RetryPolicy(max_retries=0), failure(), 1, 0.0) is None


@pytest.mark.parametrize(
    ("asked", "wait"), [(2.0, 2.0), (120.0, 120.0), (120.5, None), (0.0, 0.5), (-9.0, 0.5)]
)
def test_what_the_service_asks_is_obeyed_within_the_limit(asked: float, wait: float | None) -> None:
    assert wait_before_retry(POLICY, failure(asked), 1, 0.0) == wait


@given(
    max_retries=st.integers(0, 10_000),
    attempt=st.integers(1, 20_000),
    asked=st.none() | st.floats(),
    jitter=st.floats(0, 1),
    retryable=st.booleans(),
)
def test_a_wait_is_never_negative_always_bounded_and_ends(
    max_retries: int, attempt: int, asked: float | None, jitter: float, retryable: bool
) -> None:
    policy = RetryPolicy(max_retries=max_retries)
    wait = wait_before_retry(policy, failure(asked, retryable=retryable), attempt, jitter)
    if attempt > max_retries or not retryable:
        assert wait is None
    assert wait is None or 0 < wait <= policy.longest_retry_after


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": ""}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": " 7 "}, 7.0),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after": "-3"}, -3.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "1e999"}, None),
        ({"retry-after-ms": "250"}, 0.25),
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({"retry-after-ms": "soon", "retry-after": "9"}, 9.0),
        ({"retry-after": "Fri, 02 Jan 2026 03:04:15 GMT"}, 10.0),
        ({"retry-after": "Fri, 02 Jan 2026 04:04:15 +0100"}, 10.0),
        ({"retry-after": "Fri, 02 Jan 2026 03:04:15 -0000"}, 10.0),
        ({"retry-after": "Fri, 02 Jan 2026 03:03:05 GMT"}, -60.0),
        ({"retry-after": "Wed, 21 Oct 99999999999999999999 07:28:00 GMT"}, None),
    ],
)
def test_retry_after_is_seconds_or_a_date(headers: dict[str, str], seconds: float | None) -> None:
    assert read_retry_after(headers, NOW) == seconds


@given(
    st.text(max_size=30)
    | st.builds(
        "{} {} {} {} {}:{}:{} {}".format,
        st.sampled_from(["Fri,", "", "x"]),
        st.integers(-1, 40),
        st.sampled_from(["Jan", "jan", "13", ""]),
        st.integers(-1, 10**20),
        *(st.integers(-1, 70) for _ in range(3)),
        st.sampled_from(["GMT", "+9999", "-99999999", "", "EST"]),
    )
)
def test_any_retry_after_at_all_is_read_without_an_error(text: str) -> None:
    read_retry_after({"retry-after": text, "retry-after-ms": text[::-1]}, NOW)


@given(st.integers(-(10**6), 10**6))
def test_a_date_is_counted_from_now(seconds: int) -> None:
    date = (NOW + timedelta(seconds=seconds)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    assert read_retry_after({"retry-after": date}, NOW) == seconds
