"""One request's answer as a state machine: head and bytes in, events out.

It knows neither httpx nor a clock. A shell feeds it what arrives and asks what it amounts to:

* `head` with status and headers,
* `feed` with each piece of the body, until `done`,
* `end` when the body ended or the connection broke,
* then `failure` (why it failed, or None), `status` and the accumulated choices.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from deepshi_jupyter.core.accumulate import Accumulator
from deepshi_jupyter.core.events import Event, Finish, UsageReport
from deepshi_jupyter.core.failure import (
    Failure,
    failure_of_status,
    failure_reported,
    one_line,
)
from deepshi_jupyter.core.reply import Status
from deepshi_jupyter.core.retry import read_retry_after
from deepshi_jupyter.core.sse import EventStreamDecoder, ServerEvent, is_utf8
from deepshi_jupyter.core.wire import as_dict, as_dicts, decode_lenient, decode_plain
from deepshi_jupyter.errors import EmptyAnswerError, MalformedStreamError, StreamCutError

MAX_ERROR_BYTES = 64 * 1024
"""No more than this much of an error's body is kept."""

MAX_BODY_BYTES = 64 * 1024 * 1024
"""A whole (not streamed) answer may be this large."""

_BLANK = b" \t\r\n"
_BEFORE_THE_ANSWER = _BLANK + b"\xef\xbb\xbf"
"""White space and the bytes of a byte order mark."""

_NOT_THIS_API = "Check the base URL (`%deepshi` shows it): a proxy or another service answered."

DAMAGED = (
    "Part of the answer came damaged, with bytes that are no text or a line that is no field of an "
    "event stream: a piece of it may be missing."
)
"""The notice of a reply in which something was damaged on the way."""

_Form = Literal["unknown", "stream", "json", "page", "error"]


class Exchange:
    """The answer to one request, as far as it came."""

    def __init__(self) -> None:
        self.answer = Accumulator()
        self.failure: Failure | None = None
        self.http_status: int | None = None
        self.request_id: str | None = None
        self.done = False
        """True when nothing that may still come can count."""
        self.shown = False
        """True once a piece of text, reasoning, a tool call or an image was given out."""
        self._form: _Form = "unknown"
        self._body = bytearray()
        self._decoder = EventStreamDecoder()
        self._headers: Mapping[str, str] = {}
        self._retry_after: float | None = None
        self._said_done = False
        self._broken = False
        self._damaged = False

    def head(self, status: int, headers: Mapping[str, str], now: datetime) -> None:
        """Take status and headers.

        Args:
            status: The HTTP status.
            headers: The headers, names in lower case.
            now: The present time with a zone, to read a date in ``Retry-After``.
        """
        self.http_status = status
        self._headers = headers
        self.request_id = headers.get("x-request-id")
        self._retry_after = read_retry_after(headers, now)
        if not 200 <= status < 300:
            self._form = "error"

    def feed(self, piece: bytes) -> list[Event]:
        """Take the next bytes of the body and return what they brought."""
        if self.done:
            return []
        if self._form == "stream":
            return self._feed_stream(piece)
        self._body += piece
        if self._form == "unknown" and (self._find_form() == "stream"):
            start, self._body = bytes(self._body), bytearray()
            return self._feed_stream(start)
        self._bound_body()
        return []

    def end(self, *, broken: Failure | None = None) -> list[Event]:
        """End the answer.

        Args:
            broken: Why the connection broke, or None when the body ended in order.

        Returns:
            What the end brought: the events of a whole answer, or held-back text.
        """
        self._broken = broken is not None
        events: list[Event] = []
        if not self.done:
            events = self._end_of_body()
            self.done = True
        events += self._given_out(self.answer.flush())
        if self.failure is None:
            self.failure = self._judge(broken)
        return events

    @property
    def status(self) -> Status:
        """Whether the answer is whole, judged by what came."""
        if self.answer.finished:
            return "complete"
        return "unconfirmed" if self._said_done else "truncated"

    @property
    def notices(self) -> tuple[str, ...]:
        """Sentences that a reader of the answer should see."""
        return (DAMAGED,) if self._damaged or self._decoder.damaged else ()

    def _find_form(self) -> _Form:
        """Tell an event stream from JSON and from a page by its first character.

        Content types lie in this family of servers (events typed as text or JSON, JSON errors
        typed as streams), the first character does not. The blanks before it, with which some
        servers pass the time, are dropped as they come, however many there are.
        """
        self._body = self._body.lstrip(_BEFORE_THE_ANSWER)
        if self._body:
            by_first: dict[bytes, _Form] = {b"{": "json", b"[": "json", b"<": "page"}
            self._form = by_first.get(bytes(self._body[:1]), "stream")
        return self._form

    def _bound_body(self) -> None:
        if self._form in ("error", "page") and len(self._body) > MAX_ERROR_BYTES:
            del self._body[MAX_ERROR_BYTES:]
            self.done = True
            self._end_of_body()
        elif len(self._body) > MAX_BODY_BYTES:
            self._fail_malformed(f"The answer is larger than {MAX_BODY_BYTES:,} bytes")

    def _feed_stream(self, piece: bytes) -> list[Event]:
        events: list[Event] = []
        try:
            server_events = self._decoder.feed(piece)
        except MalformedStreamError as error:  # what was shown before it stays a partial answer
            self._fail_malformed(error.what.removesuffix("."))
            return []
        for server_event in server_events:
            chunk = decode_plain(server_event.data)
            if chunk is not None and server_event.event != "error":
                self.answer.add_plain(chunk, events)
                continue
            events += self._take(server_event)
            if self.done:
                break
        return self._given_out(events)

    def _take(self, server_event: ServerEvent) -> list[Event]:
        """Take an event that is more, or other, than one piece of text."""
        data = server_event.data
        if data.strip() == b"[DONE]":
            self._said_done = self.done = True
            return []
        try:
            value = decode_lenient(data)
        except ValueError:
            value = data.decode("utf-8", "replace")
            if server_event.event != "error":
                self._fail_malformed(f"An event of the stream is not JSON: {value[:80]!r}")
                return []
        return self._take_value(value, is_error=server_event.event == "error")

    def _take_value(self, value: Any, *, is_error: bool) -> list[Event]:
        if is_error or _reports_error(value):
            self._fail(failure_reported(value))
            return []
        chunk = as_dict(value)
        events = self.answer.add(chunk)
        if any(c.get("finish_reason") == "error" for c in as_dicts(chunk.get("choices"))):
            self._fail(failure_reported("the model's run ended with an error"))
        return events

    def _end_of_body(self) -> list[Event]:
        if self._form == "error":
            self.failure = failure_of_status(
                self.http_status or 0,
                self._headers,
                bytes(self._body),
                retry_after=self._retry_after,
            )
            return []
        if self._form == "page":
            self._fail_malformed(f"An HTML page came instead of an answer{_title(self._body)}")
            return []
        return self._end_of_json() if self._form == "json" else self._end_of_stream()

    def _end_of_json(self) -> list[Event]:
        try:
            value = decode_lenient(bytes(self._body).strip(_BLANK))
            self._damaged = not is_utf8(bytes(self._body))
        except ValueError as error:
            if not self._broken:
                self._fail_malformed(f"The answer is not JSON: {error}")
            return []
        return self._given_out(self._take_value(_first(value), is_error=False))

    def _end_of_stream(self) -> list[Event]:
        """Accept a last event that lacks its blank line, if it is whole."""
        last = None if self._broken else self._decoder.unfinished()
        if last is None or not _is_whole(last.data):
            return []
        return self._given_out(self._take(last))

    def _judge(self, broken: Failure | None) -> Failure | None:
        """Say why there is nothing to show, if there is not."""
        if self.answer.finished or self.shown:
            return None
        return broken or self._nothing_came()

    def _nothing_came(self) -> Failure:
        if self._form == "stream" and not self._said_done:
            return Failure(
                error=StreamCutError,
                what="The stream ended before any text came.",
                todo="Run the cell again; if it happens often, a proxy may cut long answers.",
                status=self.http_status,
                retryable=True,
            )
        return Failure(
            error=EmptyAnswerError,
            what=f"The service answered with success ({self.http_status}) and nothing in it.",
            todo=_NOT_THIS_API,
            status=self.http_status,
        )

    def _given_out(self, events: list[Event]) -> list[Event]:
        if events and not self.shown:
            self.shown = any(not isinstance(event, Finish | UsageReport) for event in events)
        return events

    def _fail(self, failure: Failure) -> None:
        self.failure = failure
        self.done = True

    def _fail_malformed(self, what: str) -> None:
        self._fail(
            Failure(
                error=MalformedStreamError,
                what=f"{what}.",
                todo=_NOT_THIS_API,
                status=self.http_status,
            )
        )


def _reports_error(value: Any) -> bool:
    """True for the shapes in which servers of this family report an error in their answer."""
    value = as_dict(value)
    return value.get("error") is not None or value.get("object") == "error"


def _first(value: Any) -> Any:
    return value[0] if isinstance(value, list) and value else value


def _is_whole(data: bytes) -> bool:
    if data.strip() == b"[DONE]":
        return True
    try:
        return isinstance(decode_lenient(data), dict)
    except ValueError:
        return False


def _title(body: bytearray) -> str:
    start = body.lower().find(b"<title>")
    title = bytes(body[start + 7 : start + 107]).split(b"<")[0] if start >= 0 else b""
    shown = one_line(title.decode("utf-8", "replace"))
    return f" (“{shown}”)" if shown else ""
