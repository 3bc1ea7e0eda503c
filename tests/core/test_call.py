"""One call with its tries, driven as a shell drives it, by a clock that stands still."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from deepshi_jupyter.core.call import Call, Clock
from deepshi_jupyter.core.events import Event, Finish, Retrying, TextDelta, UsageReport
from deepshi_jupyter.core.failure import Failure
from deepshi_jupyter.core.reply import Attempt
from deepshi_jupyter.core.request import ChatRequest
from deepshi_jupyter.core.retry import RetryPolicy
from deepshi_jupyter.errors import (
    AuthenticationError,
    CallInterruptedError,
    ConnectionFailedError,
    MalformedStreamError,
    RateLimitError,
    ServerError,
)
from tests.chunks import DONE, chunk, usage_chunk

KEY = "sk-bf-secret"
BODY = {"model": "asked", "messages": [{"role": "user", "content": "hello"}]}
REFUSED = Failure(error=ConnectionFailedError, what="No connection.", todo="", retryable=True)
START = datetime(2026, 1, 2, 3, 4, 5, 678_900, tzinfo=UTC)


class Driver:
    """A call, and a clock that moves only when it is told to."""

    def __init__(self, max_retries: int = 2, notices: tuple[str, ...] = ()) -> None:
        self.now = 100.0
        clock = Clock(
            monotonic=lambda: self.now,
            utc=lambda: START + timedelta(seconds=self.now - 100.0),
            chance=lambda: 0.0,
        )
        self.call = Call(
            ChatRequest(BODY, notices),
            "https://api.example/v1",
            RetryPolicy(max_retries=max_retries),
            clock,
            lambda text: text.replace(KEY, "‹key›"),
        )

    def answer(
        self,
        *pieces: bytes,
        status: int = 200,
        headers: dict[str, str] | None = None,
        broken: Failure | None = None,
        seconds: float = 1.0,
    ) -> list[Event]:
        """One try: the head, then each piece, then the end, each after so many seconds."""
        self.now += seconds
        self.call.head(status, headers or {})
        events: list[Event] = []
        for piece in pieces:
            self.now += seconds
            events += self.call.feed(piece)
        return [*events, *self.end(broken, seconds)]

    def end(self, broken: Failure | None = None, seconds: float = 1.0) -> list[Event]:
        """The end of a try, and the wait after it."""
        self.now += seconds
        events = self.call.end(broken)
        if events and isinstance(events[-1], Retrying):
            self.now += events[-1].wait
            self.call.begin_again()
        return events


def text(content: str) -> bytes:
    return chunk({"content": content})


WHOLE = (text("Hi"), chunk({}, "stop"), usage_chunk(3, 1, 0.5), DONE)


def test_an_answer_becomes_a_reply_with_its_whole_provenance() -> None:
    driver = Driver(notices=("m ignores seed.",))
    events = driver.answer(*WHOLE, headers={"x-request-id": "r1"})
    reply = driver.call.result()
    assert events[:2] == [TextDelta("Hi"), Finish("stop")]
    assert isinstance(events[2], UsageReport)
    assert (reply.text, reply.status, reply.model, reply.id) == ("Hi", "complete", "m", "c1")
    assert (reply.request, reply.endpoint) == (BODY, "https://api.example/v1")
    assert (reply.cost, reply.request_id) == (0.5, "r1")
    assert reply.notices == ("m ignores seed.",)
    assert reply.started == "2026-01-02T03:04:05.678+00:00"
    assert (reply.time_to_first_token, reply.duration) == (2.0, 6.0)
    assert reply.attempts == (Attempt(1, 200, None, 0.0, 6.0),)


def test_the_model_asked_stands_in_where_the_service_names_none() -> None:
    driver = Driver()
    driver.answer(b'data: {"choices":[{"delta":{"content":"Hi"},"finish_reason":"stop"}]}\n\n')
    assert driver.call.result().model == "asked"


def test_a_failed_try_is_followed_by_another_and_every_try_is_recorded() -> None:
    driver = Driver()
    assert driver.end(REFUSED) == [Retrying(1, 0.5, "No connection.")]
    (retrying,) = driver.answer(b"busy", status=503)
    assert retrying == Retrying(2, 1.0, "The service failed (503): busy")
    driver.answer(*WHOLE)
    reply = driver.call.result()
    assert (reply.text, reply.status) == ("Hi", "complete")
    assert [(a.number, a.status, a.error, a.wait, a.duration) for a in reply.attempts] == [
        (1, None, "No connection.", 0.5, 1.0),
        (2, 503, "The service failed (503): busy", 1.0, 3.0),
        (3, 200, None, 0.0, 6.0),
    ]


def test_the_first_token_is_counted_from_the_first_try() -> None:
    driver = Driver()
    driver.end(REFUSED)
    driver.answer(chunk({"role": "assistant", "content": ""}), text("Hi"), chunk({}, "stop"))
    assert driver.call.result().time_to_first_token == 1.0 + 0.5 + 3.0


def test_a_first_token_that_only_the_end_gives_out_is_counted_too() -> None:
    driver = Driver()
    driver.answer(b'{"choices":[{"message":{"content":"Hi"},"finish_reason":"stop"}]}')
    assert driver.call.result().time_to_first_token == 3.0


def test_no_first_token_is_told_where_none_came() -> None:
    driver = Driver()
    driver.answer(chunk({}, "length"))
    assert driver.call.result().time_to_first_token is None


def test_after_the_last_try_the_failure_is_raised_with_all_of_them() -> None:
    driver = Driver(max_retries=2)
    for _ in range(2):
        assert driver.answer(status=503)
    assert driver.answer(b'{"error":{"message":"down","code":"over"}}', status=503) == []
    with pytest.raises(ServerError, match=r"down \(after 3 tries\)") as caught:
        driver.call.result()
    assert [attempt.status for attempt in caught.value.attempts] == [503, 503, 503]
    assert (caught.value.status, caught.value.code, caught.value.partial) == (503, "over", None)


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 422])
def test_what_another_try_cannot_mend_is_not_tried_again(status: int) -> None:
    driver = Driver()
    assert driver.answer(status=status) == []
    assert len(driver.call._attempts) == 1


def test_the_wait_that_the_service_asks_for_is_obeyed() -> None:
    driver = Driver()
    (retrying,) = driver.answer(status=429, headers={"retry-after": "7"})
    assert retrying == Retrying(1, 7.0, "Too many requests (429).")


def test_a_wait_that_is_too_long_fails_at_once_and_says_so() -> None:
    driver = Driver()
    assert driver.answer(status=429, headers={"retry-after": "3600"}) == []
    with pytest.raises(RateLimitError, match="asks to wait 3600 s, which is longer"):
        driver.call.result()


@pytest.mark.parametrize("asked", ["0", "-5", "Thu, 01 Jan 2026 00:00:00 GMT", "soon", "nan"])
def test_a_wait_that_is_past_or_unreadable_becomes_the_usual_one(asked: str) -> None:
    driver = Driver()
    (retrying,) = driver.answer(status=429, headers={"retry-after": asked})
    assert isinstance(retrying, Retrying)
    assert retrying.wait == 0.5


def test_a_date_to_wait_for_is_counted_from_now() -> None:
    driver = Driver()
    date = "Fri, 02 Jan 2026 03:04:20 GMT"
    (retrying,) = driver.answer(status=429, headers={"retry-after": date})
    assert isinstance(retrying, Retrying)
    assert retrying.wait == pytest.approx(13.3211)  # the head came at 06.6789


def test_after_the_first_text_a_broken_connection_leaves_a_cut_answer_and_no_retry() -> None:
    driver = Driver()
    assert driver.answer(text("Hi"), broken=REFUSED) == [TextDelta("Hi")]
    reply = driver.call.result()
    assert (reply.text, reply.status) == ("Hi", "truncated")
    assert [attempt.error for attempt in reply.attempts] == ["No connection."]


@pytest.mark.parametrize(
    ("event", "error"),
    [
        (b'data: {"error":{"message":"boom"}}\n\n', ServerError),
        (b"data: {\n\n", MalformedStreamError),
    ],
)
def test_after_the_first_text_an_error_keeps_what_came_as_partial(
    event: bytes, error: type[ServerError]
) -> None:
    driver = Driver()
    assert driver.answer(text("Hi"), event) == [TextDelta("Hi")]
    with pytest.raises(error) as caught:
        driver.call.result()
    assert caught.value.partial.text == "Hi"
    assert caught.value.partial.status == "truncated"
    assert len(caught.value.attempts) == len(caught.value.partial.attempts) == 1


def test_an_error_reported_before_any_text_is_tried_again() -> None:
    driver = Driver()
    (retrying,) = driver.answer(b'data: {"error":{"message":"boom"}}\n\n')
    assert isinstance(retrying, Retrying)
    driver.answer(*WHOLE)
    assert driver.call.result().text == "Hi"


def test_only_a_connection_without_a_failure_can_serve_again() -> None:
    whole, failed = Driver(), Driver(max_retries=0)
    whole.call.head(200, {})
    whole.call.feed(b"".join(WHOLE))
    failed.call.head(200, {})
    failed.call.feed(b"data: {\n\n")
    assert (whole.call.done, whole.call.may_drain) == (True, True)
    assert (failed.call.done, failed.call.may_drain) == (True, False)


def test_an_interrupt_before_any_text_is_an_error_with_its_tries() -> None:
    driver = Driver()
    driver.end(REFUSED)
    driver.call.head(200, {"x-request-id": "r2"})
    driver.now += 2.0
    driver.call.interrupt()
    with pytest.raises(CallInterruptedError) as caught:
        driver.call.result()
    assert caught.value.request_id == "r2"
    assert [(a.number, a.error, a.duration) for a in caught.value.attempts] == [
        (1, "No connection.", 1.0),
        (2, "interrupted", 2.0),
    ]


def test_an_interrupt_between_two_tries_counts_no_try_that_was_never_made() -> None:
    driver = Driver()
    assert isinstance(driver.call.end(REFUSED)[-1], Retrying)
    driver.call.interrupt()
    with pytest.raises(CallInterruptedError) as caught:
        driver.call.result()
    assert [attempt.error for attempt in caught.value.attempts] == ["No connection."]


@pytest.mark.parametrize(
    ("pieces", "text_", "status"),
    [
        ((text("Hi"),), "Hi", "interrupted"),
        ((text("Hi\ud83d"),), "Hi\ufffd", "interrupted"),
        ((text("Hi"), chunk({}, "stop")), "Hi", "complete"),
        ((text("Hi"), DONE), "Hi", "unconfirmed"),
    ],
)
def test_an_interrupt_after_text_keeps_it(
    pieces: tuple[bytes, ...], text_: str, status: str
) -> None:
    driver = Driver()
    driver.call.head(200, {})
    for piece in pieces:
        driver.call.feed(piece)
    driver.call.interrupt()
    reply = driver.call.result()
    assert (reply.text, reply.status) == (text_, status)
    assert [attempt.error for attempt in reply.attempts] == ["interrupted"]


def test_the_key_is_taken_out_of_everything_that_a_service_says() -> None:
    driver = Driver(max_retries=1)
    body = b'{"error":{"message":"bad key sk-bf-secret","code":"no-sk-bf-secret"}}'
    (retrying,) = driver.answer(body, status=503)
    assert driver.answer(body, status=503) == []
    with pytest.raises(ServerError) as caught:
        driver.call.result()
    error: Any = caught.value
    assert "‹key›" in error.what
    for shown in (retrying, error, error.args, error.code, error.attempts, vars(error)):
        assert KEY not in f"{shown} {shown!r}"


def test_a_wrong_key_is_an_authentication_error() -> None:
    driver = Driver()
    driver.answer(b'{"error":{"message":"no such key"}}', status=401)
    with pytest.raises(AuthenticationError, match="no such key"):
        driver.call.result()
