"""A second reading of an answer's bytes, apart from the client's own: what could be known of them.

It is short because it judges only what the servers here send, whole or cut: chunked or ended by the
server's leaving, one choice.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from tests.real.fault_proxy import Place, at

_A_TEXT = re.compile(rb'"(?:content|reasoning|reasoning_content)": ?"[^"]')
_A_FINISH = re.compile(rb'"finish_reason": ?"')
_FIELDS = (b"", b"data", b"event", b"id", b"retry")
"""What a line of an event stream may begin with; a comment begins with nothing and a colon."""


@dataclass(frozen=True)
class Reading:
    """What the events that arrived whole say: the reasoning, the text, and whether that is all."""

    words: tuple[str, str]
    finished: bool


def read(answer: bytes) -> Reading:
    """Read the bytes of an answer that is not damaged, but perhaps cut."""
    reasoning, text, finished = "", "", False
    for event in _body(answer)[0].replace(b"\r\n", b"\n").split(b"\n\n")[:-1]:
        if event.startswith(b"data: {"):
            for choice in json.loads(event[6:]).get("choices", ()):
                delta = choice.get("delta", {})
                reasoning += delta.get("reasoning") or delta.get("reasoning_content") or ""
                text += delta.get("content") or ""
                finished = finished or bool(choice.get("finish_reason"))
    return Reading((_mended(reasoning), _mended(text)), finished)


def _mended(text: str) -> str:
    """Halves of surrogate pairs joined, a lone one replaced."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def looks_sound(answer: bytes) -> bool:
    """True if nothing in the bytes tells that they were damaged.

    Framing, characters, lines and JSON are all as they may be: a letter that became another one, or
    a name of a field that became another name, cannot be told from what a server meant to send.
    """
    body, is_framed = _body(answer)
    try:
        lines = body.decode("utf-8").encode().split(b"\n")
    except UnicodeDecodeError:
        return False
    fields = [line.partition(b":") for line in lines if line]
    values = [value.strip() for name, _, value in fields if name == b"data"]
    return (
        is_framed
        and all(name in _FIELDS for name, _, _ in fields)
        and all(value == b"[DONE]" or _is_object(value) for value in values)
    )


def _is_object(value: bytes) -> bool:
    try:
        read: Any = json.loads(value)
    except ValueError:
        return False
    return isinstance(read, dict)


def _body(answer: bytes) -> tuple[bytes, bool]:
    """Return the body as far as it came, and whether its framing was right so far."""
    head, _, rest = answer.partition(b"\r\n\r\n")
    if b"transfer-encoding: chunked" not in head.lower():
        return rest, True
    body = b""
    while re.match(rb"[0-9A-Fa-f]+\r\n", rest):
        size, _, rest = rest.partition(b"\r\n")
        length = int(size, 16)
        body, rest = body + rest[:length], rest[length:]
        if rest and not rest.startswith(b"\r\n"):
            return body, False
        rest = rest[2:]
    return body, not rest


def found(marker: bytes, plus: int = 0) -> Place:
    """The place of the first such bytes, and so many further on."""

    def place(answer: bytes) -> int | None:
        offset = answer.find(marker)
        return None if offset < 0 else offset + plus

    return place


def _in_text(number: int, plus: int = 0) -> Place:
    """The first character of the nth piece of text that is not empty, from 0."""

    def place(answer: bytes) -> int | None:
        texts = [match.end() - 1 for match in _A_TEXT.finditer(answer)]
        return texts[number] + plus if number < len(texts) else None

    return place


def _before(marker: bytes, known: Place, plus: int = 0) -> Place:
    """The last marker before a place."""

    def place(answer: bytes) -> int | None:
        end = known(answer)
        return None if end is None else answer.rindex(marker, 0, end) + plus

    return place


def _finish(answer: bytes) -> int | None:
    match = _A_FINISH.search(answer)
    return match.start() if match else None


PLACES: dict[str, Place] = {
    "in the headers": at(25),
    "after the headers": found(b"\r\n\r\n", 4),
    "before the first text": _before(b"data: ", _in_text(0)),
    "inside the word data": _before(b"data: ", _in_text(2), 2),
    "inside the name of a field": _before(b"choices", _in_text(2), 4),
    "inside a text": _in_text(2),
    "before the finish reason": _before(b"data: ", _finish),
    "before the end mark": found(b"data: [DONE]"),
    "after the end mark": found(b"data: [DONE]\n\n", 14),
}
"""The places of a streamed answer at which a fault tells most, in order."""
