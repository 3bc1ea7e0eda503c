"""In what the turns of two notebooks differ."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepshi_jupyter.notebook.difference import (
    TurnDifference,
    counts_of,
    differences,
    word_changes,
)
from deepshi_jupyter.notebook.notebook_file import cell_views
from tests.notebook.study import Study


def compared(a: Study, b: Study) -> list[TurnDifference]:
    return differences(cell_views(a.notebook)[0], cell_views(b.notebook)[0])


def changes(a: Study, b: Study, place: int = 0) -> dict[str, tuple[object, object]]:
    return {change.what: (change.a, change.b) for change in compared(a, b)[place].changes}


@pytest.fixture
def study() -> Study:
    made = Study("Be brief.")
    made.ask("One?", "--seed 7")
    made.ask("Two?")
    made.loop(["a?", "b?"])
    return made


def test_a_notebook_is_the_same_as_its_copy(study: Study) -> None:
    found = compared(study, study.copied())
    assert counts_of(found) == {"same": 4, "changed": 0, "added": 0, "removed": 0}
    assert {difference.matched_by for difference in found} == {"cell"}


def test_the_same_answer_asked_again_is_no_difference(study: Study) -> None:
    other = study.copied()
    other.rerun(0, cost_usd=9.0)
    assert counts_of(compared(study, other))["same"] == 4


def test_another_answer_changes_the_context_of_what_is_asked_below(study: Study) -> None:
    other = study.copied()
    other.rerun(0, "No.")
    other.rerun(1)
    assert changes(study, other) == {"answer": ("Yes.", "No.")}
    assert list(changes(study, other, 1)) == ["context"]


Edit = Callable[[Study], object]


@pytest.mark.parametrize(
    ("edit", "what", "values"),
    [
        (lambda s: s.rerun(0, body="Uno?"), "question", ("One?", "Uno?")),
        (lambda s: s.rerun(0, options="--seed 8"), "parameters.seed", (7, 8)),
        (lambda s: s.rerun(0, options=""), "parameters.seed", (7, None)),
        (lambda s: s.rerun(0, options="-m x --seed 7"), "model", ("deepshi-3.0", "x")),
        (lambda s: s.rerun(0, served="x"), "served", ("deepshi-3.0-2026-10-01", "x")),
        (lambda s: s.rerun(0, system_fingerprint="fp_2"), "fingerprint", ("fp_1", "fp_2")),
        (lambda s: s.rerun(0, endpoint="lab"), "endpoint", ("https://api.example/v1", "lab")),
        (lambda s: s.rerun(0, status="truncated"), "status", ("complete", "truncated")),
        (lambda s: s.rerun(0, options="--system x --seed 7"), "system", ("Be brief.", "x")),
    ],
)
def test_conditions_are_compared(
    study: Study, edit: Edit, what: str, values: tuple[object, object]
) -> None:
    other = study.copied()
    edit(other)
    assert changes(study, other)[what] == values


def test_an_answer_edited_by_hand_differs(study: Study) -> None:
    other = study.copied()
    other.cells[0]["outputs"][0]["data"]["text/plain"] = "No."
    assert changes(study, other) == {"answer": ("Yes.", "No."), "kind": ("live", "edited")}


def test_added_and_removed_turns_stand_where_they_stood(study: Study) -> None:
    other = study.copied()
    del other.cells[1]
    other.cells.insert(0, Study().code("x"))
    other.cells[0]["id"] = "new"
    added = Study()
    added.ask("New?")
    other.cells[0] = {**added.cells[0], "id": "new"}
    found = [
        (difference.how, (difference.b or difference.a)) for difference in compared(study, other)
    ]
    assert [(how, side.record.question) for how, side in found if side] == [
        ("added", "New?"),
        ("same", "One?"),
        ("removed", "Two?"),
        ("same", "a?"),
        ("same", "b?"),
    ]


def test_without_ids_of_cells_turns_are_told_by_their_own_id_or_question(study: Study) -> None:
    other = study.copied()
    for cell in other.cells:
        del cell["id"]
    assert [difference.matched_by for difference in compared(study, other)] == ["turn"] * 4
    again = Study("Be brief.")
    again.ask("Two?", answer="Maybe.")
    again.cells[0]["id"] = "elsewhere"
    again.cells[0]["outputs"][0]["data"].pop("text/plain")
    record = again.cells[0]["outputs"][0]["data"]["application/vnd.deepshi.turn+json"]
    record["id"] = "another"
    matched = [difference for difference in compared(study, again) if difference.matched_by]
    assert [difference.matched_by for difference in matched] == ["question"]


def test_several_answers_are_compared_one_by_one() -> None:
    sides = []
    for texts in (("A.", "B."), ("A.", "C.", "D.")):
        study = Study()
        study.ask("One?", answers=tuple({"message": {"content": text}} for text in texts))
        sides.append(study)
    found = changes(*sides)
    assert found["answer.2"] == ("B.", "C.")
    assert found["answer.3"] == (None, "D.")
    assert "answer.1" not in found


def test_words_are_compared_whole() -> None:
    assert word_changes("The mean is 4.", "The median is 4!") == [
        ("same", "The "),
        ("removed", "mean"),
        ("added", "median"),
        ("same", " is 4"),
        ("removed", "."),
        ("added", "!"),
    ]


@given(st.text(), st.text())
def test_the_words_of_a_difference_give_back_both_texts(a: str, b: str) -> None:
    pieces = word_changes(a, b)
    assert "".join(text for how, text in pieces if how != "added") == a
    assert "".join(text for how, text in pieces if how != "removed") == b
