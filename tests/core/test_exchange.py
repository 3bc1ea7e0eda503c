"""One answer as a state machine: status, headers and bytes in, events and a verdict out."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepshi_jupyter.core import exchange as module
from deepshi_jupyter.core import sse
from deepshi_jupyter.core.events import Event, Finish, ReasoningDelta, TextDelta
from deepshi_jupyter.core.exchange import MAX_ERROR_BYTES, Exchange
from deepshi_jupyter.core.failure import Failure
from deepshi_jupyter.errors import (
    BadRequestError,
    CallError,
    ConnectionFailedError,
    EmptyAnswerError,
    InsufficientCreditsError,
    MalformedStreamError,
    NotFoundError,
    ServerError,
    StreamCutError,
)
from tests.chunks import DONE, chunk, usage_chunk
from tests.core.json_values import ANY_JSON
from tests.vectors import bytes_of, cut, of_layer

NOW = datetime(2026, 1, 2, tzinfo=UTC)
BROKEN = Failure(error=ConnectionFailedError, what="It broke.", todo="", retryable=True)
WHOLE = b'{"id":"c1","choices":[{"message":{"content":"Hi"},"finish_reason":"stop"}]}'
ROLE = chunk({"role": "assistant", "content": ""})
TEXT = chunk({"content": "Hi"})
FINISH = chunk({}, "stop")
STREAMS = [bytes_of(v) for v in of_layer("chat", "json") if len(bytes_of(v)) < 1500]


def read(
    *pieces: bytes,
    status: int = 200,
    headers: dict[str, str] | None = None,
    broken: Failure | None = None,
) -> tuple[Exchange, list[Event]]:
    exchange = Exchange()
    exchange.head(status, headers or {}, NOW)
    events: list[Event] = []
    for piece in pieces:
        events += exchange.feed(piece)
    return exchange, [*events, *exchange.end(broken=broken)]


def text_of(exchange: Exchange) -> str:
    return "".join(choice.text for choice in exchange.answer.choices())


def failed(*pieces: bytes, **options: Any) -> Failure:
    failure = read(*pieces, **options)[0].failure
    assert failure is not None
    return failure


NOTHING_TO_SHOW = {
    "nothing": (b"", EmptyAnswerError, "truncated"),
    "blanks": (b"\n \r\n", EmptyAnswerError, "truncated"),
    "a comment": (b": ping\n\n", StreamCutError, "truncated"),
    "the role": (ROLE, StreamCutError, "truncated"),
    "usage": (usage_chunk(1, 0), StreamCutError, "truncated"),
    "done": (DONE, EmptyAnswerError, "unconfirmed"),
    "the role, done": (ROLE + DONE, EmptyAnswerError, "unconfirmed"),
    "json, cut": (WHOLE[:-1], MalformedStreamError, "truncated"),
    "json without choices": (b'{"choices":[]}', EmptyAnswerError, "truncated"),
}
SOMETHING_TO_SHOW = {
    "text": (TEXT, "truncated"),
    "reasoning": (chunk({"reasoning": "hm"}), "truncated"),
    "a refusal": (chunk({"refusal": "no"}), "truncated"),
    "a tool call": (chunk({"tool_calls": [{"id": "a"}]}), "truncated"),
    "text, done": (TEXT + DONE, "unconfirmed"),
    "text, finish": (TEXT + FINISH, "complete"),
    "text, finish, done": (TEXT + FINISH + DONE, "complete"),
    "finish": (FINISH, "complete"),
    "finish by max_tokens": (chunk({}, "length") + DONE, "complete"),
    "json": (WHOLE, "complete"),
}


@pytest.mark.parametrize(("body", "error", "status"), NOTHING_TO_SHOW.values(), ids=NOTHING_TO_SHOW)
def test_an_end_with_nothing_to_show_is_an_error_and_a_broken_connection_its_cause(
    body: bytes, error: type[CallError], status: str
) -> None:
    clean, broken = read(body)[0], read(body, broken=BROKEN)[0]
    assert clean.failure is not None
    assert clean.failure.error is error
    assert broken.failure == BROKEN
    assert (clean.status, clean.done) == (broken.status, broken.done) == (status, True)


@pytest.mark.parametrize(("body", "status"), SOMETHING_TO_SHOW.values(), ids=SOMETHING_TO_SHOW)
def test_an_answer_is_judged_by_what_came_and_not_by_how_the_connection_ended(
    body: bytes, status: str
) -> None:
    for broken in (None, BROKEN):
        exchange, _ = read(body, broken=broken)
        assert (exchange.failure, exchange.status, exchange.done) == (None, status, True)


@pytest.mark.parametrize("body", [b"", ROLE, TEXT], ids=["nothing", "role", "text"])
def test_only_what_can_be_seen_counts_as_shown(body: bytes) -> None:
    assert read(body)[0].shown is (body == TEXT)


def test_a_stream_that_ended_before_any_text_may_be_tried_again_and_an_empty_answer_not() -> None:
    assert failed(ROLE).retryable
    assert not failed(DONE).retryable
    assert not failed(b"").retryable


@pytest.mark.parametrize("status", [200, 201, 204])
def test_success_with_nothing_in_it_is_an_error_and_never_an_empty_answer(status: int) -> None:
    failure = failed(status=status)
    assert failure.error is EmptyAnswerError
    assert str(status) in failure.what


@pytest.mark.parametrize(
    "body",
    [
        WHOLE,
        b"[" + WHOLE + b"]",
        b"\xef\xbb\xbf" + WHOLE,
        b"\r\n" * 50 + WHOLE + b"\n",
        b"\n" * 10_000 + WHOLE,
        b" " * 10_000 + WHOLE,
        TEXT + FINISH,
        b"\n" * 10_000 + TEXT + FINISH,
        b"\xef\xbb\xbf" + TEXT + FINISH,
        (TEXT + FINISH).replace(b"\n", b"\r"),
    ],
)
@pytest.mark.parametrize("size", [1, 3, 1 << 20])
def test_an_answer_is_read_whatever_blanks_come_before_it(body: bytes, size: int) -> None:
    exchange, events = read(*(body[i : i + size] for i in range(0, len(body), size)))
    assert events == [TextDelta("Hi"), Finish("stop")]
    assert (exchange.failure, exchange.status) == (None, "complete")


@pytest.mark.parametrize("content_type", ["text/plain", "application/json", "text/html", ""])
def test_what_came_is_told_by_its_first_character_and_not_by_its_type(content_type: str) -> None:
    for body in (WHOLE, TEXT + FINISH):
        assert text_of(read(body, headers={"content-type": content_type})[0]) == "Hi"


def test_an_html_page_is_no_answer_and_its_title_is_told_without_control_characters() -> None:
    failure = failed(b"<!doctype html>\n<HTML><title>\x1b[31mSign in\n</title>" + b"x" * 100)
    assert failure.error is MalformedStreamError
    assert failure.what == "An HTML page came instead of an answer (“[31mSign in”)."
    assert failed(b"<p>no title").what == "An HTML page came instead of an answer."


def test_a_redirect_is_not_followed_and_says_where_it_points() -> None:
    failure = failed(status=307, headers={"location": "https://elsewhere.example/v1"})
    assert failure.error is BadRequestError
    assert "https://elsewhere.example/v1" in failure.what
    assert not failure.retryable


def test_an_error_status_gives_the_services_words_and_class() -> None:
    exchange, events = read(
        b'{"error":{"message":"out of ', b'credits","code":"insufficient_quota"}}',
        status=402,
        headers={"x-request-id": "req-1"},
    )  # fmt: skip
    assert exchange.failure is not None
    assert exchange.failure.error is InsufficientCreditsError
    assert exchange.failure.code == "insufficient_quota"
    assert "out of credits" in exchange.failure.what
    assert (events, exchange.request_id, exchange.http_status) == ([], "req-1", 402)


def test_an_error_of_which_nothing_came_is_still_told_by_its_status() -> None:
    assert failed(status=404, broken=BROKEN).error is NotFoundError


def test_retry_after_is_read_from_the_head() -> None:
    assert failed(status=429, headers={"retry-after": "7"}).retry_after == 7.0


@pytest.mark.parametrize(("start", "status"), [(b"", 500), (b"<html>", 200)])
def test_an_endless_error_or_page_is_not_read_to_its_end(start: bytes, status: int) -> None:
    exchange = Exchange()
    exchange.head(status, {}, NOW)
    pieces = 0
    exchange.feed(start)
    while not exchange.done:
        exchange.feed(b"x" * 1000)
        pieces += 1
    assert pieces <= MAX_ERROR_BYTES // 1000 + 1
    assert exchange.failure is not None
    assert len(exchange.failure.what) < 1000


@pytest.mark.parametrize("start", [b'{"a":"', b"  "])
def test_an_answer_beyond_the_limit_is_refused(
    start: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_BODY_BYTES", 1000)
    failure = failed(start, b"x" * 1001 if start.strip() else b'{"' + b"x" * 1000)
    assert failure.error is MalformedStreamError
    assert "larger than 1,000 bytes" in failure.what


def test_an_event_beyond_the_limit_ends_the_answer_and_keeps_what_came(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sse, "MAX_EVENT_BYTES", 1000)
    exchange, events = read(TEXT, b"data: " + b"x" * 1000, FINISH)
    assert exchange.failure is not None
    assert exchange.failure.error is MalformedStreamError
    assert exchange.failure.what == "One event of the stream is larger than 1,000 bytes."
    assert (events, text_of(exchange)) == ([TextDelta("Hi")], "Hi")


ERRORS = [
    b'data: {"error":{"message":"boom"}}\n\n',
    b'data: {"error":"boom"}\n\n',
    b'data: {"object":"error","message":"boom","code":500}\n\n',
    b"event: error\ndata: boom\n\n",
    b'event: error\ndata: {"message":"boom"}\n\n',
    b'event: error\ndata: {"choices":[{"delta":{"content":"x"}}],"message":"boom"}\n\n',
]


@pytest.mark.parametrize("event", ERRORS)
@pytest.mark.parametrize("before", [b"", TEXT], ids=["first", "after-text"])
def test_an_error_reported_in_the_stream_ends_it_and_keeps_what_came(
    event: bytes, before: bytes
) -> None:
    exchange, _ = read(before + event + TEXT + DONE)
    assert exchange.failure is not None
    assert exchange.failure.error is ServerError
    assert exchange.failure.what == "The service reported an error in its answer: boom"
    assert text_of(exchange) == ("Hi" if before else "")
    assert exchange.shown is bool(before)


def test_the_code_of_a_reported_error_tells_its_class() -> None:
    failure = failed(b'data: {"error":{"message":"no money","code":402}}\n\n')
    assert (failure.error, failure.retryable) == (InsufficientCreditsError, False)


def test_the_finish_reason_error_is_an_error() -> None:
    exchange, _ = read(TEXT + chunk({}, "error") + DONE)
    assert exchange.failure is not None
    assert exchange.failure.error is ServerError
    assert text_of(exchange) == "Hi"


@pytest.mark.parametrize("data", ["{", "plain words", "\ud83d".encode("utf-8", "surrogatepass")])
def test_an_event_that_is_not_json_ends_the_answer_and_shows_where(data: str | bytes) -> None:
    raw = data if isinstance(data, bytes) else data.encode()
    exchange, _ = read(TEXT + b"data: " + raw + b"\x1b\n\n" + TEXT)
    assert exchange.failure is not None
    assert exchange.failure.error is MalformedStreamError
    assert exchange.failure.what.isprintable()
    assert text_of(exchange) == "Hi"


@pytest.mark.parametrize(
    "choices", [5, True, "x", None, {}, {"finish_reason": "error"}, [5, None], [{"delta": 5}]]
)
def test_choices_of_another_form_are_passed_over(choices: Any) -> None:
    odd = json.dumps({"choices": choices}).encode()
    assert text_of(read(b"data: " + odd + b"\n\n" + TEXT + FINISH)[0]) == "Hi"
    assert failed(odd).error is EmptyAnswerError


def test_json_that_is_nested_too_deeply_is_a_failure_and_no_crash() -> None:
    deep = b'{"choices":[{"delta":{"images":[{"x":' + b"[" * 600 + b"]" * 600 + b"}]}}]}"
    assert failed(b"data: " + deep + b"\n\n").error is MalformedStreamError
    assert failed(deep).error is MalformedStreamError


def test_after_the_end_of_the_stream_nothing_counts() -> None:
    exchange = Exchange()
    exchange.head(200, {}, NOW)
    exchange.feed(TEXT + DONE + TEXT)
    assert exchange.done
    assert exchange.feed(TEXT) == []
    assert text_of(exchange) == "Hi"


@pytest.mark.parametrize("last", [DONE.strip(), FINISH.strip(), chunk({"content": "!"}).strip()])
def test_a_last_event_without_its_blank_line_counts_where_the_end_was_in_order(last: bytes) -> None:
    clean, _ = read(TEXT + last)
    broken, _ = read(TEXT + last, broken=BROKEN)
    assert (clean.status, text_of(clean)) != ("truncated", "Hi")
    assert (broken.status, text_of(broken)) == ("truncated", "Hi")


@pytest.mark.parametrize("last", [b'data: {"choices":[{"delta":{"con', b"data: 5", b"data: boom"])
def test_a_last_event_that_is_cut_is_left_out(last: bytes) -> None:
    exchange, _ = read(TEXT + last)
    assert (exchange.failure, exchange.status, text_of(exchange)) == (None, "truncated", "Hi")


def test_half_a_character_is_given_out_at_the_end() -> None:
    half = chunk({"content": "a\ud83d", "reasoning": "\ud83d"})
    _, events = read(half)
    assert events == [TextDelta("a"), ReasoningDelta("\ufffd"), TextDelta("\ufffd")]


@given(st.lists(ANY_JSON, max_size=4))
def test_events_of_any_form_end_in_an_answer_or_a_failure(values: list[Any]) -> None:
    body = b"".join(b"data: %b\n\n" % json.dumps(value).encode() for value in values)
    exchange, _ = read(body)
    assert exchange.failure or exchange.shown or exchange.answer.finished


@given(ANY_JSON, st.sampled_from([200, 400, 500]))
def test_a_body_of_any_form_ends_in_an_answer_or_a_failure(value: Any, status: int) -> None:
    exchange, _ = read(json.dumps(value).encode(), status=status)
    assert exchange.failure or exchange.shown or exchange.answer.finished
    assert exchange.failure is None or len(exchange.failure.what) < 1000


def verdict(pieces: Iterable[bytes]) -> tuple[Any, ...]:
    exchange, events = read(*pieces)
    return events, exchange.failure, exchange.status, exchange.answer.choices()


@given(
    body=st.sampled_from(STREAMS),
    flips=st.lists(st.tuples(st.integers(0, 1500), st.binary(max_size=2)), max_size=2),
    places=st.lists(st.integers(0, 1500), max_size=8),
)
def test_a_stream_with_damage_cut_anywhere_gives_the_same_as_the_whole(
    body: bytes, flips: list[tuple[int, bytes]], places: list[int]
) -> None:
    for place, inserted in flips:
        body = body[:place] + inserted + body[place + 1 :]
    assert verdict(cut(body, places)) == verdict([body])
