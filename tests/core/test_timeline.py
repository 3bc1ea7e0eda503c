"""Which turns stand above a cell: by the document where its order is known, else by execution."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepshi_jupyter.core.conversation import Turn
from deepshi_jupyter.core.place import Place
from deepshi_jupyter.core.timeline import SAVED_AFTER, DocumentOrder, Timeline
from deepshi_jupyter.core.turn_record import RecordedCall, TurnRecord

URI = "vscode-notebook-cell:/home/u/a.ipynb#W0sZmlsZQ%3D%3D"


def turn(name: str, place: Place, *, number: int = 0, ended: float = 0.0) -> Turn:
    """Return the turn of one question, answered in capitals."""
    call = RecordedCall(answers=({"message": {"role": "assistant", "content": name.upper()}},))
    question = {"role": "user", "content": name}
    record = TurnRecord(v=2, id=name, place=number, messages=(question,), calls=(call,))
    return Turn(record=record, cell=place.cell, execution=place.execution, ended=ended)


class Notebook:
    """A timeline with a front end before it: cells run, and each execution has a number."""

    def __init__(self) -> None:
        self.timeline = Timeline()
        self.execution = 0

    def run(self, cell: str, *names: str, ended: float = 0.0, **place: Any) -> list[Turn]:
        """Run a cell that asks these questions."""
        self.execution += 1
        here = Place(cell, self.execution, **place)
        self.timeline.begin(here)
        turns = [turn(name, here, number=n, ended=ended) for n, name in enumerate(names)]
        for one in turns:
            self.timeline.add(one, here.key)
        return turns

    def above(self, cell: str, order: DocumentOrder | None = None, **place: Any) -> str:
        """Return what the next execution, of this cell, sees above it."""
        here = Place(cell, self.execution + 1, **place)
        self.timeline.begin(here)
        return self.names(here, order)

    def names(self, here: Place, order: DocumentOrder | None = None) -> str:
        turns, _ = self.timeline.above(here, order)
        return " ".join(one.record.id for one in turns)


def disk(*cells: str, at: float = 100.0, **fields: Any) -> DocumentOrder:
    return DocumentOrder("disk", cells, at=at, **fields)


def lab(*cells: str, **fields: Any) -> DocumentOrder:
    return DocumentOrder("frontend", cells, **fields)


@pytest.fixture
def notebook() -> Notebook:
    """A notebook of three cells that ran from top to bottom."""
    made = Notebook()
    for cell in ("a", "b", "c"):
        made.run(cell, f"{cell}1")
    return made


# By execution


def test_without_an_order_what_ran_before_stands_above(notebook: Notebook) -> None:
    assert notebook.above("d") == "a1 b1 c1"
    assert notebook.timeline.above(Place("d", 9), None)[1] == "execution"


def test_without_an_order_a_cell_that_runs_again_keeps_its_place(notebook: Notebook) -> None:
    assert notebook.above("b") == "a1"
    notebook.run("b", "b2")
    assert notebook.above("c") == "a1 b2"


def test_without_a_cell_id_each_execution_has_a_place_of_its_own() -> None:
    console = Notebook()
    console.run("", "first")
    console.run("", "first, again")
    assert console.above("") == "first first, again"


def test_without_a_cell_id_turns_of_an_earlier_kernel_are_not_above() -> None:
    headless = Notebook()
    headless.timeline.add(turn("restored", Place("x", 0)), "x")
    headless.run("", "own")
    assert headless.above("") == "own"
    assert headless.above("y") == "restored own"


# By the document


def test_the_document_says_what_stands_above(notebook: Notebook) -> None:
    assert notebook.above("d", lab("c", "a", "d", "b")) == "c1 a1"
    assert notebook.timeline.above(Place("d", 9), lab("d"))[1] == "frontend"
    assert notebook.timeline.above(Place("d", 9), disk("d"))[1] == "disk"


def test_a_cell_that_runs_again_does_not_see_its_own_answer(notebook: Notebook) -> None:
    assert notebook.above("b", lab("a", "b", "c")) == "a1"


def test_looking_without_running_does_not_see_the_own_answer_either(notebook: Notebook) -> None:
    """``--dry-run`` shows what would be sent, and begins nothing."""
    assert notebook.names(Place("b", 9), lab("a", "b", "c")) == "a1"
    assert notebook.names(Place("b", 9)) == "a1"


def test_a_loop_sees_its_own_earlier_questions() -> None:
    loop = Notebook()
    loop.run("a", "a1")
    loop.run("b", "b1", "b2")
    here = Place("b", loop.execution)
    assert loop.names(here, lab("a", "b")) == "a1 b1 b2"


def test_a_cell_that_the_front_end_says_is_deleted_is_not_above(notebook: Notebook) -> None:
    order = lab("a", "b", "c", "d")
    assert notebook.above("d", order, deleted=frozenset({"b"})) == "a1 c1"
    assert notebook.above("d", deleted=frozenset({"b"})) == "a1 c1"


def test_a_cell_that_is_gone_from_the_front_end_is_not_above(notebook: Notebook) -> None:
    assert notebook.above("d", lab("a", "c", "d")) == "a1 c1"


def test_undo_of_a_deletion_brings_the_turn_back(notebook: Notebook) -> None:
    assert notebook.above("d", lab("a", "c", "d")) == "a1 c1"
    assert notebook.above("d", lab("a", "b", "c", "d")) == "a1 b1 c1"


def test_a_cell_that_is_not_saved_yet_stands_after_the_one_that_ran_before_it() -> None:
    lagging = Notebook()
    for cell in ("a", "new", "b"):
        lagging.run(cell, cell, ended=99.5)
    assert lagging.above("b", disk("a", "b")) == "a new"


def test_a_cell_that_asks_and_is_not_saved_yet_is_ordered_by_execution(notebook: Notebook) -> None:
    here = Place("new", 9)
    assert notebook.timeline.above(here, disk("a", "b", "c"))[1] == "execution"


# What the file no longer shows


def test_a_cell_that_was_deleted_and_saved_is_not_above() -> None:
    saved = Notebook()
    saved.run("a", "a1", ended=10)
    saved.run("b", "b1", ended=11)
    order = disk("a", "c", at=11 + SAVED_AFTER + 1)
    assert saved.above("c", order) == "a1"


def test_a_file_that_was_saved_before_the_turn_ended_does_not_take_it_away() -> None:
    lagging = Notebook()
    lagging.run("a", "a1", ended=50)
    assert lagging.above("c", disk("c", at=50 + SAVED_AFTER)) == "a1"


def test_the_file_of_a_machine_whose_clock_is_ahead_takes_away_nothing_that_it_cannot_know() -> (
    None
):
    ahead = Notebook()
    (one,) = ahead.run("a", "a1", ended=50)
    one = msgspec.structs.replace(one, file_at=3600.0)
    assert disk("c", at=3600.0).shows(one)
    assert not disk("c", at=3601.0).shows(one)


def test_an_answer_that_was_cleared_and_saved_is_not_above() -> None:
    cleared = Notebook()
    cleared.run("a", "a1", ended=10)
    cleared.run("b", "b1", ended=10)
    order = disk("a", "b", "c", at=100, answered=frozenset({"b"}))
    assert cleared.above("c", order) == "b1"


def test_turns_without_an_id_of_nbformat_are_never_taken_away_by_a_file() -> None:
    """A console's, or those of a front end with names of its own: the file cannot speak of them."""
    assert disk("a").shows(turn("x", Place("", 1), ended=1))
    assert disk("a").shows(turn("x", Place(URI, 1), ended=1))


# Who asks


def test_a_front_end_with_names_of_its_own_is_known_by_the_source() -> None:
    order = disk("a", "b", sources=("%%deepshi\none", "%%deepshi\ntwo"))
    assert order.cell_of(Place(URI, 1, source="%%deepshi\ntwo")) == "b"
    assert order.cell_of(Place("", 1, source="%%deepshi\ntwo")) == "b"


def test_two_cells_with_the_same_source_are_not_guessed_between() -> None:
    order = disk("a", "b", sources=("%%deepshi\none", "%%deepshi\none"))
    assert order.cell_of(Place(URI, 1, source="%%deepshi\none")) == ""


def test_an_id_of_nbformat_that_is_not_in_the_file_is_not_matched_by_its_source() -> None:
    """It is a new cell that is not saved yet, such as a duplicate of one that is."""
    order = disk("a", sources=("%%deepshi\none",))
    assert order.cell_of(Place("b", 1, source="%%deepshi\none")) == ""


# Versions


def test_an_answer_that_is_replaced_stays_as_a_version(notebook: Notebook) -> None:
    (again,) = notebook.run("b", "b2")
    assert [one.record.id for one in notebook.timeline.versions(again)] == ["b1", "b2"]
    assert [one.record.id for one in notebook.timeline] == ["a1", "b2", "c1"]
    assert len(notebook.timeline) == 3


def test_a_loop_that_asks_less_leaves_the_rest_as_versions() -> None:
    loop = Notebook()
    loop.run("a", "x", "y", "z")
    first, second = loop.run("a", "x2", "y2")
    assert [one.record.id for one in loop.timeline] == ["x2", "y2"]
    assert [one.record.id for one in loop.timeline.versions(second)] == ["y", "y2"]
    assert [one.record.id for one in loop.timeline.versions(first)] == ["x", "x2"]


def test_a_version_that_is_picked_counts_and_the_other_stays(notebook: Notebook) -> None:
    (again,) = notebook.run("b", "b2")
    first = notebook.timeline.versions(again)[0]
    notebook.timeline.pick(again, first)
    assert notebook.above("c") == "a1 b1"
    assert [one.record.id for one in notebook.timeline.versions(first)] == ["b2", "b1"]


def test_all_visible_turns_come_in_the_order_of_the_document(notebook: Notebook) -> None:
    turns = notebook.timeline.visible(lab("c", "b", "a"))
    assert [one.record.id for one in turns] == ["c1", "b1", "a1"]
    assert [one.record.id for one in notebook.timeline.visible(None)] == ["a1", "b1", "c1"]


def test_a_script_sees_what_it_asked_before() -> None:
    """Outside of a kernel there is neither a cell nor an execution."""
    timeline, script = Timeline(), Place()
    for name in ("one", "two"):
        timeline.begin(script)
        timeline.add(turn(name, script), script.key)
    assert [one.record.id for one in timeline.above(script, None)[0]] == ["one", "two"]


# Against a model that is too simple to be wrong

CELLS = "abcde"
RUNS = st.lists(st.tuples(st.sampled_from(CELLS), st.integers(0, 3)), max_size=12)
ORDERS = st.permutations(CELLS)


@given(RUNS, ORDERS, st.sampled_from(CELLS))
def test_above_is_each_cells_last_run_in_document_order(
    runs: list[tuple[str, int]], order: list[str], asking: str
) -> None:
    notebook, last = Notebook(), {cell: [""][:0] for cell in CELLS}
    for cell, count in runs:
        names = [f"{cell}{notebook.execution}.{number}" for number in range(count)]
        notebook.run(cell, *names)
        last[cell] = names
    expected = [name for cell in order[: order.index(asking)] for name in last[cell]]
    assert notebook.above(asking, lab(*order)).split() == expected


@given(RUNS, st.sampled_from(CELLS))
def test_without_an_order_above_is_each_cells_last_run_in_the_order_of_first_runs(
    runs: list[tuple[str, int]], asking: str
) -> None:
    notebook = Notebook()
    last: dict[str, list[str]] = {}
    for cell, count in runs:
        names = [f"{cell}{notebook.execution}.{number}" for number in range(count)]
        notebook.run(cell, *names)
        if count or cell in last:
            last[cell] = names
    cells = list(last)
    before = cells[: cells.index(asking)] if asking in cells else cells
    expected = [name for cell in before for name in last[cell]]
    assert notebook.above(asking).split() == expected


@given(RUNS, ORDERS, st.sets(st.sampled_from(CELLS)), st.sampled_from(CELLS))
def test_no_turn_is_above_twice_and_no_deleted_one_is(
    runs: list[tuple[str, int]], order: list[str], deleted: set[str], asking: str
) -> None:
    notebook = Notebook()
    for cell, count in runs:
        notebook.run(cell, *(f"{cell}{notebook.execution}.{n}" for n in range(count)))
    there = [cell for cell in order if cell not in deleted - {asking}]
    names = notebook.above(asking, lab(*there)).split()
    assert len(names) == len(set(names))
    assert not {name[0] for name in names} & (deleted | {asking})


# Branches, and questions that no cell asks


def test_a_question_that_no_cell_asks_stands_below_all(notebook: Notebook) -> None:
    end = Place(slot="panel", end=True)
    assert notebook.names(end) == "a1 b1 c1"
    assert notebook.names(end, lab("c", "a", "b")) == "c1 a1 b1"


def test_a_question_that_no_cell_asks_does_not_see_its_own_earlier_answer(
    notebook: Notebook,
) -> None:
    end = Place(slot="panel", end=True)
    notebook.timeline.add(turn("p", end), end.key)
    assert notebook.names(end) == "a1 b1 c1"
    assert notebook.names(Place(slot="next", end=True)) == "a1 b1 c1 p"


def test_what_a_panel_asked_stands_above_a_cell_that_runs_later(notebook: Notebook) -> None:
    end = Place(slot="panel", end=True)
    notebook.timeline.add(turn("p", end), end.key)
    assert notebook.above("d", lab("a", "b", "c", "d")) == "a1 b1 c1 p"


def test_turns_that_are_laid_count_and_the_others_stay_as_versions() -> None:
    notebook = Notebook()
    first, second, third = notebook.run("a", "x", "y", "z")
    notebook.timeline.lay("a", [first])
    assert list(notebook.timeline) == [first]
    notebook.timeline.lay("a", [first, second, third])
    assert list(notebook.timeline) == [first, second, third]
    other = turn("other", Place("a", 1), number=1)
    notebook.timeline.lay("a", [first, other])
    assert list(notebook.timeline) == [first, other]
    assert notebook.timeline.versions(other) == (second, other)


@given(st.lists(st.lists(st.integers(0, 5), unique=True), min_size=1, max_size=8))
def test_nothing_is_lost_however_turns_are_laid(layings: list[list[int]]) -> None:
    notebook = Notebook()
    turns = notebook.run("a", *"uvwxyz")
    for laid in layings:
        notebook.timeline.lay("a", [turns[index] for index in laid])
    assert list(notebook.timeline) == [turns[index] for index in layings[-1]]
    notebook.timeline.lay("a", turns)
    assert list(notebook.timeline) == turns
