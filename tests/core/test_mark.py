"""What a user says of turns after they were asked."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepshi_jupyter.core.mark import Mark, What, marks_of, read_mark, read_marks
from deepshi_jupyter.core.turn_record import TurnRecord
from deepshi_jupyter.errors import RecordError
from tests.core.json_values import ANY_JSON


def mark(what: What, turn: str = "t", **fields: Any) -> Mark:
    return Mark(v=1, mark=what, turn=turn, **fields)


@pytest.mark.parametrize(
    "value",
    [
        mark("skip"),
        mark("unpin", cell="c"),
        mark("pick", "b", instead_of="a", record=TurnRecord(v=2, id="b").as_json()),
    ],
)
def test_a_mark_is_read_back_as_it_was_written(value: Mark) -> None:
    assert read_mark(value.as_json()) == value


def test_a_mark_says_no_more_than_it_must() -> None:
    assert mark("skip").as_json() == {"v": 1, "mark": "skip", "turn": "t"}


def test_a_newer_mark_is_refused_with_what_to_do() -> None:
    with pytest.raises(RecordError, match="version 2, expected 1") as caught:
        read_mark({"v": 2, "mark": "skip", "turn": "t"})
    assert "Update" in str(caught.value)


def test_a_mark_with_a_record_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(RecordError, match="turn record"):
        read_mark({"v": 1, "mark": "pick", "turn": "b", "record": {"v": 2, "calls": 5}})


def test_one_output_may_hold_several_marks() -> None:
    marks = [mark("skip", "a"), mark("pin", "b")]
    assert read_marks({"v": 1, "marks": [one.as_json() for one in marks]}) == marks
    assert read_marks(marks[0].as_json()) == marks[:1]
    with pytest.raises(RecordError):
        read_marks({"v": 1, "marks": [5]})


FIELDS = st.sampled_from(["v", "mark", "turn", "cell", "instead_of", "record"])


@given(ANY_JSON | st.dictionaries(FIELDS, st.just(1) | st.just("pick") | ANY_JSON))
def test_whatever_stands_there_a_mark_is_read_or_refused(value: Any) -> None:
    with suppress(RecordError):
        assert isinstance(read_mark(value), Mark)


def test_a_later_mark_takes_back_an_earlier_one() -> None:
    marks = [mark("skip", "a"), mark("pin", "b"), mark("unskip", "a"), mark("skip", "c")]
    found = marks_of(marks)
    assert (set(found.skipped), set(found.pinned)) == ({"c"}, {"b"})
    assert marks_of([*marks, mark("unpin", "b"), mark("skip", "a")]).skipped == {"a", "c"}


def test_a_mark_also_holds_for_what_its_cell_asks_later() -> None:
    found = marks_of([mark("skip", "a", cell="cell-1")])
    assert found.skipped == {"a", "cell-1"}
    assert marks_of([mark("skip", "a", cell="cell-1"), mark("unskip", "b", cell="cell-1")]) == (
        marks_of([mark("skip", "a")])
    )


def test_skip_and_pin_do_not_undo_each_other() -> None:
    found = marks_of([mark("skip", "a"), mark("pin", "a")])
    assert (set(found.skipped), set(found.pinned)) == ({"a"}, {"a"})
