"""JSON of the API → values: both readers, and what they do with JSON that is none."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepshi_jupyter.core.accumulate import Accumulator
from deepshi_jupyter.core.events import Event
from deepshi_jupyter.core.wire import (
    MAX_DEPTH,
    as_name,
    as_text,
    decode_lenient,
    decode_plain,
    storable,
)
from tests.core.json_values import ANY_JSON, ANY_TEXT

TEXT_OR_NULL = st.none() | ANY_TEXT
DELTAS: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {},
    optional={
        "role": st.just("assistant"),
        "content": TEXT_OR_NULL,
        "reasoning": TEXT_OR_NULL,
        "reasoning_content": TEXT_OR_NULL,
        "refusal": st.none(),
        "tool_calls": st.none(),
        "annotations": st.just([]),
    },
)
CHUNKS = st.fixed_dictionaries(
    {
        "choices": st.fixed_dictionaries(
            {"delta": DELTAS},
            optional={"index": st.integers(0, 2), "finish_reason": st.none(), "x": ANY_JSON},
        ).map(lambda choice: [choice])
    },
    optional={
        "id": st.none() | st.sampled_from(["", "c1", "c2"]),
        "model": st.none() | st.sampled_from(["", "m"]),
        "created": st.none() | st.integers(0, 2**70),
        "usage": st.none(),
        "timings": ANY_JSON,
    },
)
ENCODED = st.builds(
    lambda chunk, ascii_: json.dumps(chunk, ensure_ascii=ascii_).encode("utf-8", "surrogatepass"),
    CHUNKS,
    st.booleans(),
)


def plain_delta(text: str) -> bytes:
    return b'{"choices":[{"index":0,"delta":{"content":%b}}]}' % text.encode()


def outcome(answer: Accumulator, events: list[Event]) -> tuple[Any, ...]:
    return [*events, *answer.flush()], answer.choices(), answer.id, answer.model


@given(st.lists(ENCODED, max_size=6))
def test_both_readers_give_the_same_for_what_both_can_read(stream: list[bytes]) -> None:
    fast, lenient = Accumulator(), Accumulator()
    fast_events: list[Event] = []
    lenient_events: list[Event] = []
    for data in stream:
        if (plain := decode_plain(data)) is not None:
            fast.add_plain(plain, fast_events)
        else:
            fast_events += fast.add(decode_lenient(data))
        lenient_events += lenient.add(decode_lenient(data))
    assert outcome(fast, fast_events) == outcome(lenient, lenient_events)


def test_a_piece_of_text_or_reasoning_is_read_fast() -> None:
    chunk = decode_plain(
        b'{"id":"c","choices":[{"delta":{"reasoning":"r","content":"t"}}],"x":[1]}'
    )
    assert chunk is not None
    assert (chunk.choices[0].delta.reasoning, chunk.choices[0].delta.content) == ("r", "t")


@pytest.mark.parametrize(
    "data",
    [
        b"[DONE]",
        b"",
        b'"text"',
        b'{"choices":[]}',
        b'{"choices":null}',
        b'{"choices":[{"delta":{}},{"delta":{}}]}',
        b'{"choices":[{"delta":null}]}',
        b'{"choices":[{"delta":{"content":["parts"]}}]}',
        b'{"choices":[{"delta":{"tool_calls":[]}}]}',
        b'{"choices":[{"delta":{"reasoning_details":[]}}]}',
        b'{"choices":[{"delta":{},"finish_reason":"stop"}]}',
        b'{"choices":[{"delta":{},"logprobs":{}}]}',
        b'{"choices":[{"delta":{}}],"usage":{}}',
        b'{"choices":[{"delta":{}}],"error":"boom"}',
        plain_delta(r'"half \ud83d"'),
        plain_delta("NaN"),
        b'{"choices":[{"delta":{"content":"\xff"}}]}',
        b"\xef\xbb\xbf" + plain_delta('"mark"'),
        b'{"x":' + b"[" * 100_000 + b"]" * 100_000 + b',"choices":[{"delta":{}}]}',
    ],
)
def test_whatever_is_more_than_a_piece_of_text_is_left_to_the_lenient_reader(data: bytes) -> None:
    assert decode_plain(data) is None


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999"])
def test_a_number_that_json_lacks_becomes_nothing(number: str) -> None:
    assert decode_lenient(f'{{"a": [{number}, 1.5]}}'.encode()) == {"a": [None, 1.5]}


def test_invalid_utf8_becomes_the_replacement_character() -> None:
    assert decode_lenient(b'{"a": "x\xffy\xc3"}') == {"a": "x\ufffdy\ufffd"}


@pytest.mark.parametrize("around", [b"\xef\xbb\xbf%b", b" \r\n%b\t\n", b"\xef\xbb\xbf\n%b"])
def test_a_byte_order_mark_and_white_space_may_surround_a_value(around: bytes) -> None:
    assert decode_lenient(around % b'{"a": 1}') == {"a": 1}


@pytest.mark.parametrize("depth", [MAX_DEPTH + 1, 900, 100_000])
@pytest.mark.parametrize("brackets", [(b"[", b"]"), (b'{"a":', b"}")])
def test_json_that_is_nested_too_deeply_is_refused(
    depth: int, brackets: tuple[bytes, bytes]
) -> None:
    opening, closing = brackets
    with pytest.raises(ValueError, match="nested too deeply"):
        decode_lenient(opening * depth + b"0" + closing * depth)


def test_deep_json_within_the_limit_and_wide_json_are_read() -> None:
    deep = decode_lenient(b"[" * MAX_DEPTH + b"0" + b"]" * MAX_DEPTH)
    assert storable(deep) == deep
    assert len(decode_lenient(b"[" + b"[]," * 1000 + b"{}]")) == 1001


@pytest.mark.parametrize(
    "data", [b"", b"[DONE]", b"{", b'{"a": 1} x', b"{'a': 1}", b"\x00", b"<p>"]
)
def test_what_is_not_json_is_an_error_that_can_be_caught(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        decode_lenient(data)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("a", "a"),
        ([{"type": "text", "text": "a"}, {"text": "b"}], "ab"),
        ([{"type": "image_url", "image_url": {}}, "stray", {"text": None}, {"text": "c"}], "c"),
        (None, ""),
        (5, ""),
        ({"text": "a"}, ""),
    ],
)
def test_content_is_a_text_or_parts_with_text(content: Any, text: str) -> None:
    assert as_text(content) == text


@pytest.mark.parametrize("value", ["", None, 5, ["a"]])
def test_a_name_is_a_text_that_is_not_empty(value: Any) -> None:
    assert as_name(value) is None


@given(ANY_JSON)
def test_every_value_can_be_made_storable(value: Any) -> None:
    json.dumps(storable(value), ensure_ascii=False).encode()
