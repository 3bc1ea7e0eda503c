"""Event-stream bytes → server events, however they are cut."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepshi_jupyter.core import sse
from deepshi_jupyter.core.sse import EventStreamDecoder
from deepshi_jupyter.errors import MalformedStreamError
from tests.vectors import bytes_of, cut, of_layer

Dispatched = tuple[str, bytes, str]

BOM = b"\xef\xbb\xbf"
PARTS = [
    b"data",
    b"event",
    b"id",
    b": ",
    b":",
    b" ",
    b"x",
    b"\n",
    b"\r",
    b"\r\n",
    b"\0",
    BOM,
    b"\xc3",
]
STREAMS = st.lists(st.sampled_from([*PARTS, b"data: a\n\n", b"\n\n"]), max_size=30).map(b"".join)
VECTORS = pytest.mark.parametrize("vector", of_layer("sse"), ids=lambda v: v["name"])


def decoded(pieces: Iterable[bytes]) -> list[Dispatched]:
    decoder = EventStreamDecoder()
    return [(e.event, e.data, e.id) for piece in pieces for e in decoder.feed(piece)]


def expected(vector: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(e["event"], e["data"], e["id"]) for e in vector["expect"]["events"]]


def as_text(events: list[Dispatched]) -> list[tuple[str, str, str]]:
    return [(name, data.decode("utf-8", "replace"), id_) for name, data, id_ in events]


def by_the_standard(stream: bytes) -> list[Dispatched]:
    """The rules of the HTML standard, line by line and without any regard to speed."""
    events: list[Dispatched] = []
    data: list[bytes] = []
    name = last_id = ""
    for line in re.split(rb"\r\n|\n|\r", stream.removeprefix(BOM))[:-1]:
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if not line:
            if data:
                events.append((name or "message", b"\n".join(data), last_id))
            data, name = [], ""
        elif field == b"data":
            data.append(value)
        elif field == b"event":
            name = value.decode("utf-8", "replace")
        elif field == b"id" and b"\0" not in value:
            last_id = value.decode("utf-8", "replace")
    return events


@VECTORS
def test_each_recorded_stream_gives_its_events(vector: dict[str, Any]) -> None:
    assert as_text(decoded([bytes_of(vector)])) == expected(vector)


@VECTORS
def test_each_recorded_stream_byte_by_byte_gives_the_same(vector: dict[str, Any]) -> None:
    data = bytes_of(vector)
    assert as_text(decoded(cut(data, list(range(len(data)))))) == expected(vector)


@given(stream=STREAMS, places=st.lists(st.integers(0, 60), max_size=12))
def test_any_stream_cut_anywhere_follows_the_standard(stream: bytes, places: list[int]) -> None:
    assert decoded(cut(stream, places)) == decoded([stream]) == by_the_standard(stream)


@given(stream=st.binary(max_size=60))
def test_any_bytes_at_all_are_read_without_an_error(stream: bytes) -> None:
    decoder = EventStreamDecoder()
    decoder.feed(stream)
    decoder.unfinished()


class CountingBuffer(bytearray):
    """Counts the bytes that searches look at."""

    scanned = 0

    def rfind(self, sub: Any, start: Any = 0, end: Any = None) -> int:
        self.scanned += len(self) - start
        return super().rfind(sub, start)


def test_one_huge_event_in_single_bytes_is_searched_once_and_not_again_with_each_byte() -> None:
    size = 100_000
    decoder = EventStreamDecoder()
    buffer = decoder._buffer = CountingBuffer()
    events = [e for byte in b"data: " + b"x" * size for e in decoder.feed(bytes([byte]))]
    events += decoder.feed(b"\n\n")
    assert [len(event.data) for event in events] == [size]
    assert buffer.scanned < 4 * size


def test_an_event_without_an_end_is_refused_at_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sse, "MAX_EVENT_BYTES", 1000)
    decoder = EventStreamDecoder()
    decoder.feed(b"data: " + b"x" * 994)
    with pytest.raises(MalformedStreamError, match="larger than 1,000 bytes"):
        decoder.feed(b"x")


def test_many_small_events_may_exceed_the_limit_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sse, "MAX_EVENT_BYTES", 1000)
    assert len(decoded([b"data: 0123456789\n", b"\n"] * 500)) == 500


@pytest.mark.parametrize(
    ("stream", "data"),
    [
        (b"data: a\n\ndata: lost", b"lost"),
        (b"data: a\n\ndata: lost\r\n", b"lost"),
        (b"data: lost\ndata: too", b"lost\ntoo"),
        (BOM + b"data: lost", b"lost"),
        (b"data: a\n\n", None),
        (b"data: a\n\n: only a comment", None),
        (b"", None),
    ],
)
def test_the_event_that_the_end_cut_off_can_be_asked_for(stream: bytes, data: bytes | None) -> None:
    decoder = EventStreamDecoder()
    decoder.feed(stream)
    unfinished = decoder.unfinished()
    assert (unfinished.data if unfinished else None) == data


@pytest.mark.parametrize("cuts", [[], [3], [20]], ids=["whole", "in the field", "in the key"])
def test_bytes_that_are_no_text_are_damage_wherever_they_stand(cuts: list[int]) -> None:
    decoder = EventStreamDecoder()
    for piece in cut(b'data: {"choices":[{"delta":{"con\x9aent":"a"}}]}\n\n', cuts):
        decoder.feed(piece)
    assert decoder.damaged


def test_a_line_that_is_no_field_is_damage_and_what_servers_send_is_not() -> None:
    damaged, sound = EventStreamDecoder(), EventStreamDecoder()
    damaged.feed(b"d\x9ata: a\n\n")
    sound.feed(b": ping\nevent: message\nid: 1\nretry: 2\ndata: \xc3\xa9\n\n")
    assert damaged.damaged
    assert not sound.damaged
