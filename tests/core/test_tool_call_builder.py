"""Tool calls in pieces, in every spelling of the servers of this family."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepshi_jupyter.core.events import ToolCallDelta
from deepshi_jupyter.core.tool_call_builder import ToolCallBuilder
from tests.core.json_values import ANY_OBJECT
from tests.vectors import cut

Call = tuple[str | None, str, str]


def built(*pieces: dict[str, Any]) -> list[Call]:
    builder = ToolCallBuilder(0)
    for piece in pieces:
        builder.add(piece)
    return [(call.id, call.name, call.arguments) for call in builder.build()]


def args(text: Any, **fields: Any) -> dict[str, Any]:
    return {**fields, "function": {"arguments": text}}


def head(name: str, text: Any = "", **fields: Any) -> dict[str, Any]:
    return {**fields, "function": {"name": name, "arguments": text}}


START, END = '{"p"', ":1}"
P, Q = '{"p":1}', '{"q":2}'

ONE_CALL = {
    "by index": [head("f", index=0, id="a"), args(START, index=0), args(END, index=0)],
    "no index": [head("f", START, id="a"), args(END)],
    "by id alone": [head("f", START, id="a"), args(END, id="a")],
    "all repeated": [head("f", START, index=0, id="a"), head("f", END, index=0, id="a")],
    "all repeated, no index": [head("f", START, id="a"), head("f", END, id="a")],
    "name repeated": [head("f", START, index=0, id="a"), head("f", END, index=0)],
    "empty id later": [head("f", START, index=0, id="a"), args(END, index=0, id="")],
    "null id later": [head("f", START, index=0, id="a"), args(END, index=0, id=None)],
    "a new id each time": [head("f", START, index=0, id="a"), args(END, index=0, id="x")],
    "id late": [head("f", START, index=0), args(END, index=0, id="a")],
    "index late": [head("f", START, id="a"), args(END, index=0)],
    "name late": [args(START, index=0, id="a"), head("f", END, index=0)],
    "null index": [head("f", START, index=None, id="a"), args(END, index=None)],
    "high index": [head("f", P, index=7, id="a")],
    "whole": [head("f", P, id="a")],
    "arguments as an object": [head("f", {"p": 1}, index=0, id="a")],
}

TWO_CALLS = {
    "by index": [head("f", P, index=0, id="a"), head("g", Q, index=1, id="b")],
    "by id alone": [head("f", P, id="a"), head("g", Q, id="b")],
    "with a gap": [head("f", P, index=0, id="a"), head("g", Q, index=5, id="b")],
    "all at index 0": [head("f", P, index=0, id="a"), head("g", Q, index=0, id="b")],
    "all at index 0, in pieces": [
        *(head("f", index=0, id="a"), args(P, index=0)),
        *(head("g", index=0, id="b"), args(Q, index=0)),
    ],
    "interleaved": [
        *(head("f", index=0, id="a"), head("g", index=1, id="b")),
        *(args(Q, index=1), args(P, index=0)),
    ],
    "interleaved by id alone": [
        *(head("f", id="a"), head("g", id="b")),
        *(args(P, id="a"), args(Q, id="b")),
    ],
}


@pytest.mark.parametrize("pieces", ONE_CALL.values(), ids=ONE_CALL)
def test_one_call_in_any_spelling_is_one_call(pieces: list[dict[str, Any]]) -> None:
    assert built(*pieces) == [("a", "f", P)]


@pytest.mark.parametrize("pieces", TWO_CALLS.values(), ids=TWO_CALLS)
def test_two_calls_in_any_spelling_are_two_calls(pieces: list[dict[str, Any]]) -> None:
    assert built(*pieces) == [("a", "f", P), ("b", "g", Q)]


@pytest.mark.parametrize("fields", [{}, {"id": ""}, {"id": None}, {"index": 0}, {"index": None}])
def test_whole_calls_without_ids_are_told_by_their_names(fields: dict[str, Any]) -> None:
    calls = built(head("f", P, **fields), head("g", Q, **fields))
    assert calls == [(None, "f", P), (None, "g", Q)]


def test_one_function_called_twice_without_ids_or_index_is_two_calls() -> None:
    assert built(head("f", P), head("f", P)) == [(None, "f", P)] * 2


def test_a_name_may_come_in_pieces_and_is_not_doubled() -> None:
    pieces = [head("get_", index=0, id="a"), head("weather", index=0), args("{}", index=0)]
    assert built(*pieces) == [("a", "get_weather", "{}")]


@pytest.mark.parametrize(
    ("value", "text"),
    [({"a": [1, None]}, '{"a":[1,null]}'), (["ü"], '["ü"]'), (5, "5"), (True, "true"), (None, "")],
)
def test_arguments_that_are_no_text_become_json(value: Any, text: str) -> None:
    assert built(head("f", value, id="a")) == [("a", "f", text)]


@pytest.mark.parametrize(
    "piece",
    [{}, {"function": None}, {"function": "f"}, {"id": 7, "function": {"name": 5}}, {"index": "0"}],
)
def test_a_piece_that_says_nothing_readable_is_a_call_without_a_name(piece: dict[str, Any]) -> None:
    assert built(piece) == [(None, "", "")]


def test_each_piece_is_told_with_its_place_among_the_calls() -> None:
    builder = ToolCallBuilder(2)
    assert [
        builder.add(head("f", "{", index=4, id="a")),
        builder.add(head("g", index=9, id="b")),
        builder.add(args("}", index=4)),
    ] == [
        ToolCallDelta(0, "a", "f", "{", choice=2),
        ToolCallDelta(1, "b", "g", "", choice=2),
        ToolCallDelta(0, None, "", "}", choice=2),
    ]


def test_what_else_came_with_a_call_is_kept_and_can_be_saved() -> None:
    builder = ToolCallBuilder(0)
    builder.add(head("f", P, index=0, id="a", type="function", extra_content={"s": 1}))
    builder.add({"index": 0, "note\ud83d": "\ud83d"})
    (call,) = builder.build()
    assert call.extra == {"extra_content": {"s": 1}, "note\ufffd": "\ufffd"}
    assert call.as_message_part() == {
        "id": "a",
        "type": "function",
        "function": {"name": "f", "arguments": P},
        "extra_content": {"s": 1},
        "note\ufffd": "\ufffd",
    }


def test_a_character_cut_in_two_is_joined_in_the_arguments() -> None:
    halves = [head("f", '"\ud83d', index=0, id="a"), args('\ude00"', index=0)]
    assert built(*halves) == [("a", "f", '"😀"')]


@given(st.lists(ANY_OBJECT, max_size=6))
def test_pieces_of_any_form_are_read_without_an_error(pieces: list[dict[str, Any]]) -> None:
    builder = ToolCallBuilder(0)
    for piece in pieces:
        builder.add(piece)
    for call in builder.build():
        json.dumps(call.as_message_part(), ensure_ascii=False).encode()


ARGUMENTS = st.dictionaries(st.text(max_size=4), st.integers() | st.text(max_size=8), max_size=3)


@st.composite
def interleaved_calls(draw: st.DrawFn) -> tuple[list[Call], list[dict[str, Any]]]:
    """Parallel calls as the API sends them: header first, keyed by index, cut and mixed at will."""
    names = draw(st.lists(st.sampled_from(["f", "g", "get_weather"]), min_size=1, max_size=4))
    texts = [json.dumps(draw(ARGUMENTS)) for _ in names]
    queues = []
    for index, (name, text) in enumerate(zip(names, texts, strict=True)):
        places = draw(st.lists(st.integers(0, 40), max_size=4))
        header = head(name, index=index, id=f"call_{index}", type="function")
        queues.append(
            [header, *(args(p.decode(), index=index) for p in cut(text.encode(), places))]
        )
    order = draw(st.permutations([i for i, queue in enumerate(queues) for _ in queue]))
    pieces = [queues[index].pop(0) for index in order]
    by_first_piece = list(dict.fromkeys(order))
    return [(f"call_{i}", names[i], texts[i]) for i in by_first_piece], pieces


@given(interleaved_calls())
def test_parallel_calls_cut_and_interleaved_at_will_come_back_whole(
    sent: tuple[list[Call], list[dict[str, Any]]],
) -> None:
    calls, pieces = sent
    assert built(*pieces) == calls
