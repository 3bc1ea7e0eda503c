from __future__ import annotations

import heapq
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepshi_jupyter.core.rate_limiter import MOST, START, RateLimiter, read_duration


def begun(limiter: RateLimiter, now: float) -> int:
    """Start all that may start at once and return how many that were."""
    started = 0
    while limiter.wait(now) == 0.0:
        limiter.begin(now)
        started += 1
    return started


def test_a_few_requests_go_out_before_the_first_answer() -> None:
    assert begun(RateLimiter(), 0.0) == START


def test_the_window_doubles_with_each_round_of_answers() -> None:
    limiter = RateLimiter()
    for now in range(3):
        for _ in range(begun(limiter, float(now))):
            limiter.succeeded(now + 0.5)
    assert limiter.window >= 4 * START


def test_the_window_stops_at_the_most_that_is_allowed() -> None:
    limiter = RateLimiter()
    for now in range(20):
        for _ in range(begun(limiter, float(now))):
            limiter.succeeded(now + 0.5)
    assert limiter.window == MOST


def test_a_fixed_window_stays_as_it_is() -> None:
    limiter = RateLimiter(3)
    assert begun(limiter, 0.0) == 3
    limiter.succeeded(1.0)
    limiter.refused(1.0, began=0.0)
    limiter.failed(1.0, 503)
    assert limiter.window == 3


def test_a_window_that_was_fixed_adapts_again() -> None:
    limiter = RateLimiter(3)
    limiter.fix(None)
    assert limiter.window == START


def test_what_waits_for_an_end_has_no_time() -> None:
    limiter = RateLimiter(1)
    limiter.begin(0.0)
    assert limiter.wait(0.0) is None
    limiter.release()
    assert limiter.wait(0.0) == 0.0


def test_retry_after_holds_all_starts_back() -> None:
    limiter = RateLimiter()
    limiter.begin(0.0)
    limiter.refused(1.0, began=0.0, retry_after=7.0)
    assert limiter.wait(2.0) == pytest.approx(6.0)
    assert limiter.wait(8.1) == 0.0


def test_without_retry_after_each_refusal_holds_twice_as_long() -> None:
    limiter = RateLimiter()
    holds = []
    now = 0.0
    for _ in range(3):
        limiter.begin(now)
        limiter.refused(now + 0.1, began=now)
        holds.append(limiter._held_until - now - 0.1)
        now += 100.0
    assert holds == pytest.approx([0.25, 0.5, 1.0])


def test_a_refusal_shrinks_the_window_and_sets_a_rate() -> None:
    limiter = RateLimiter()
    assert begun(limiter, 0.0) == 8
    limiter.refused(0.5, began=0.0)
    assert limiter.window == pytest.approx(8 * 0.7)
    assert limiter.rate == pytest.approx(7 / 0.5)  # seven of eight were accepted in half a second


def test_requests_that_began_before_the_shrinking_do_not_shrink_again() -> None:
    limiter = RateLimiter()
    begun(limiter, 0.0)
    limiter.refused(0.5, began=0.0)
    window, rate = limiter.window, limiter.rate
    limiter.refused(0.6, began=0.0)
    assert (limiter.window, limiter.rate) == (window, rate)


def test_a_later_refusal_lowers_the_rate_by_a_little() -> None:
    limiter = RateLimiter()
    begun(limiter, 0.0)
    limiter.refused(0.5, began=0.0)
    for _ in range(7):
        limiter.succeeded(0.6)
    rate = limiter.rate or 0.0
    limiter.begin(1.0)
    limiter.refused(1.2, began=1.0)
    assert 0.5 * rate <= (limiter.rate or 0.0) <= 0.95 * rate


def test_after_a_5xx_nothing_grows_for_a_while() -> None:
    limiter = RateLimiter()
    begun(limiter, 0.0)
    limiter.failed(0.1, 503)
    for _ in range(7):
        limiter.succeeded(0.2)
    assert limiter.window == START
    assert begun(limiter, 10.0) == START
    for _ in range(START):
        limiter.succeeded(10.1)
    assert limiter.window > START


def test_a_5xx_with_retry_after_holds_starts_back() -> None:
    limiter = RateLimiter()
    limiter.begin(0.0)
    limiter.failed(1.0, 503, retry_after=4.0)
    assert limiter.wait(2.0) == pytest.approx(3.0)


@pytest.mark.parametrize("status", [401, 402, 403])
def test_a_refused_key_opens_the_circuit(status: int) -> None:
    limiter = RateLimiter()
    limiter.begin(0.0)
    limiter.failed(0.1, status)
    assert str(status) in limiter.circuit
    assert limiter.wait(100.0) is None
    limiter.close_circuit()
    assert limiter.wait(100.0) == 0.0


def rate_headers(limit: int, left: int, reset: str, unit: str = "requests") -> dict[str, str]:
    values = {"limit": str(limit), "remaining": str(left), "reset": reset}
    return {f"x-ratelimit-{name}-{unit}": value for name, value in values.items()}


def test_headers_of_a_quota_that_is_nearly_used_set_the_rate_before_a_429() -> None:
    limiter = RateLimiter()
    limiter.begin(0.0)
    limiter.succeeded(0.1, rate_headers(500, 3, "59.64s"))
    assert limiter.rate == pytest.approx(497 / 59.64)


def test_headers_of_a_quota_of_tokens_count_by_what_a_request_takes() -> None:
    limiter = RateLimiter()
    limiter.begin(0.0)
    limiter.succeeded(0.1, rate_headers(60_000, 100, "1m0s", "tokens"), tokens=1000)
    assert limiter.rate == pytest.approx(59_900 / 60 / 1000)


@pytest.mark.parametrize(
    "headers",
    [
        rate_headers(500, 400, "12s"),
        rate_headers(500, 0, "soon"),
        {"x-ratelimit-remaining-requests": "0"},
        rate_headers(0, 0, "1s"),
    ],
)
def test_headers_that_say_nothing_of_use_change_nothing(headers: dict[str, str]) -> None:
    limiter = RateLimiter()
    limiter.begin(0.0)
    limiter.succeeded(0.1, headers)
    assert limiter.rate is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1s", 1.0),
        ("6m0s", 360.0),
        ("120ms", 0.12),
        ("1h2m3.5s", 3723.5),
        ("17", 17.0),
        ("", None),
        ("soon", None),
        ("1s later", None),
        ("-3", None),
        ("nan", None),
    ],
)
def test_durations_are_read_as_services_write_them(text: str, seconds: float | None) -> None:
    assert read_duration(text) == seconds


class Quota:
    """A service that accepts so many requests a second, with some in reserve."""

    def __init__(self, rate: float, reserve: float, *, tells: bool) -> None:
        self.rate, self.reserve, self.tells = rate, reserve, tells
        self._left, self._at = reserve, 0.0

    def accepts(self, now: float) -> bool:
        self._left = min(self.reserve, self._left + (now - self._at) * self.rate)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True

    @property
    def headers(self) -> dict[str, str] | None:
        reset = f"{(self.reserve - self._left) / self.rate:.3f}s"
        return rate_headers(int(self.reserve), int(self._left), reset) if self.tells else None


def simulated(quota: Quota, latency: float, retry_after: float | None) -> tuple[float, float]:
    """Return the share of the quota that was used, and of 429, from second 40 to 80."""
    limiter, now, number = RateLimiter(), 0.0, count()
    under_way: list[tuple[float, int, bool, float]] = []
    good = refused = 0
    while now < 80:
        wait = limiter.wait(now)
        if wait == 0.0:
            limiter.begin(now)
            accepted = quota.accepts(now)
            ends = now + (latency if accepted else 0.005)
            heapq.heappush(under_way, (ends, next(number), accepted, now))
        elif wait is not None and (not under_way or now + wait < under_way[0][0]):
            now += wait
        else:
            now, _, accepted, began = heapq.heappop(under_way)
            if accepted:
                limiter.succeeded(now, quota.headers)
            else:
                limiter.refused(now, began, retry_after)
            good, refused = good + (accepted and now > 40), refused + (not accepted and now > 40)
    return good / (quota.rate * 40), refused / (good + refused)


@pytest.mark.parametrize(
    ("reserve", "latency", "retry_after", "tells"),
    [(50, 0.2, 1.0, False), (50, 0.2, None, True), (10, 0.2, None, False), (50, 2.0, 1.0, False)],
)
def test_a_quota_of_50_a_second_is_used_nearly_whole_and_seldom_exceeded(
    reserve: int, latency: float, retry_after: float | None, tells: bool
) -> None:
    used, refused = simulated(Quota(50, reserve, tells=tells), latency, retry_after)
    assert used >= 0.9
    assert refused < 0.02


def end(limiter: RateLimiter, how: str, now: float) -> None:
    if how == "good":
        limiter.succeeded(now)
    elif how == "429":
        limiter.refused(now, now - 1)
    elif how == "503":
        limiter.failed(now, 503)
    else:
        limiter.release()


steps = st.lists(
    st.tuples(st.sampled_from(["begin", "good", "429", "503", "release"]), st.floats(0, 10)),
    max_size=60,
)


@given(steps, st.one_of(st.none(), st.integers(1, 9)))
def test_no_more_are_under_way_than_the_window_and_no_wait_is_negative(
    taken: list[tuple[str, float]], window: int | None
) -> None:
    limiter, now = RateLimiter(window), 0.0
    for what, seconds in taken:
        now += seconds
        wait = limiter.wait(now)
        assert wait is None or wait >= 0
        if what == "begin":
            if wait == 0:
                limiter.begin(now)
        elif limiter.in_flight:
            end(limiter, what, now)
        assert 0 <= limiter.in_flight <= MOST
        assert limiter.window >= 1
        assert limiter.rate is None or limiter.rate > 0
