from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepshi_jupyter.core.turn_record import MIME_TYPE
from deepshi_jupyter.errors import RecordError
from deepshi_jupyter.notebook.match_cells import answers_in
from deepshi_jupyter.notebook.merge import Merged, merge_notebooks
from deepshi_jupyter.notebook.merge_cells import KEPT_TAG
from deepshi_jupyter.notebook.merge_input import read_version
from deepshi_jupyter.notebook.merge_lines import merge_text
from deepshi_jupyter.notebook.merge_values import merge_values
from deepshi_jupyter.notebook.notebook_text import notebook_text

Json = dict[str, Any]


def record(name: str) -> Json:
    return {"v": 2, "id": name, "chat": "main", "messages": [], "calls": []}


def output(value: Json, text: str = "Yes.") -> Json:
    data = {"text/plain": text, "text/markdown": text, MIME_TYPE: value}
    return {"output_type": "display_data", "data": data, "metadata": {}}


def printed(text: str) -> Json:
    return {"output_type": "stream", "name": "stdout", "text": text}


def code(name: str, source: str, *outputs: Json, n: int | None = None, **metadata: Any) -> Json:
    return {
        "cell_type": "code",
        "id": name,
        "source": source,
        "metadata": metadata,
        "outputs": list(outputs),
        "execution_count": n,
    }


def turn(name: str, question: str, *answers: str) -> Json:
    return code(name, f"%%deepshi\n{question}", *(output(record(answer)) for answer in answers))


def prose(name: str, source: str, **metadata: Any) -> Json:
    return {"cell_type": "markdown", "id": name, "source": source, "metadata": metadata}


def book(*cells: Json, minor: int = 5, **metadata: Any) -> Json:
    return {
        "cells": [*cells],
        "metadata": metadata,
        "nbformat": 4,
        "nbformat_minor": minor,
    }


def without_ids(notebook: Json) -> Json:
    cells = [{k: v for k, v in cell.items() if k != "id"} for cell in notebook["cells"]]
    return {**notebook, "cells": cells, "nbformat_minor": 4}


def sources(merged: Merged) -> list[str]:
    return [cell["source"] for cell in merged.notebook["cells"]]


def ids(merged: Merged) -> list[str]:
    return [cell["id"] for cell in merged.notebook["cells"]]


def answers(notebook: Json) -> set[str]:
    return {name for cell in notebook["cells"] for name in answers_in(cell)}


def test_turns_appended_on_both_sides_survive_ours_first() -> None:
    base = book(turn("a", "First?", "r1"))
    ours = book(*base["cells"], turn("b", "Ours?", "r2"), turn("c", "Ours too?", "r3"))
    theirs = book(*base["cells"], turn("d", "Theirs?", "r4"), turn("e", "Theirs too?", "r5"))
    merged = merge_notebooks(base, ours, theirs)
    assert ids(merged) == ["a", "b", "c", "d", "e"]
    assert merged.conflicts == merged.decisions == ()


def test_an_added_cell_follows_the_cell_that_it_followed() -> None:
    base = book(prose("a", "A"), prose("b", "B"), prose("c", "C"))
    ours = book(prose("c", "C"), prose("a", "A"), prose("b", "B"))
    theirs = book(
        prose("0", "0"), prose("a", "A"), prose("x", "X"), prose("y", "Y"), *base["cells"][1:]
    )
    assert ids(merge_notebooks(base, ours, theirs)) == ["0", "c", "a", "x", "y", "b"]


@pytest.mark.parametrize("swapped", [False, True])
def test_a_move_of_either_side_is_followed(swapped: bool) -> None:
    a, b, c, d = (prose(name, name.upper()) for name in "abcd")
    moved, edited = book(d, a, b, c), book(a, prose("b", "B!"), c, d)
    sides = (edited, moved) if swapped else (moved, edited)
    assert sources(merge_notebooks(book(a, b, c, d), *sides)) == ["D", "A", "B!", "C"]


def test_the_same_cell_added_on_both_sides_is_there_once() -> None:
    ours, theirs = book(code("a", "import math")), book(code("b", "import math", printed("1"), n=3))
    merged = merge_notebooks(book(), ours, theirs)
    assert merged.notebook["cells"] == [{**theirs["cells"][0], "id": "a"}]


def test_the_same_question_asked_on_both_sides_keeps_both_answers() -> None:
    ours, theirs = book(turn("a", "Why?", "r1")), book(turn("b", "Why?", "r2"))
    assert ids(merge_notebooks(book(), ours, theirs)) == ["a", "b"]


def test_a_turn_picked_from_the_other_side_is_there_once() -> None:
    ours = book(turn("a", "Why?", "r1"))
    theirs = book(turn("b", "Why so?", "r1"))
    merged = merge_notebooks(book(), ours, theirs)
    assert len(merged.notebook["cells"]) == len(merged.conflicts) == 1


def test_cells_that_only_share_a_number_are_two() -> None:
    merged = merge_notebooks(book(), book(prose("cell-1", "A")), book(prose("cell-1", "B")))
    assert sources(merged) == ["A", "B"]
    assert ids(merged)[0] == "cell-1"
    assert ids(merged)[1].startswith("ds-")


def test_the_side_that_ran_a_cell_again_wins() -> None:
    base = book(turn("a", "Why?", "r1"))
    again = book(turn("a", "Why?", "r2"))
    counted = book(turn("a", "Why?", "r1") | {"metadata": {"collapsed": True}})
    merged = merge_notebooks(base, counted, again)
    assert answers(merged.notebook) == {"r2"}
    assert merged.notebook["cells"][0]["metadata"] == {"collapsed": True}
    assert merged.decisions == ()


def test_an_answer_is_not_lost_to_a_side_that_cleared_its_outputs() -> None:
    base, cleared = book(turn("a", "Why?", "r1")), book(turn("a", "Why?"))
    merged = merge_notebooks(base, cleared, book(turn("a", "Why?", "r2")))
    assert answers(merged.notebook) == {"r2"}
    assert len(merged.notebook["cells"]) == 1


def test_two_new_answers_to_one_question_both_stay() -> None:
    base = book(turn("a", "Why?", "r1"), prose("end", "End"))
    ours, theirs = (book(turn("a", "Why?", name), base["cells"][1]) for name in ("r2", "r3"))
    merged = merge_notebooks(base, ours, theirs)
    first, second, end = merged.notebook["cells"]
    assert answers_in(first) == ["r2"]
    assert answers_in(second) == ["r3"]
    assert second["source"] == first["source"]
    assert second["metadata"] == {"tags": [KEPT_TAG], "deepshi": {"merged_from": "theirs"}}
    assert end["id"] == "end"
    assert merged.conflicts == ()
    assert [str(remark.where) for remark in merged.decisions] == ["cell 1"]
    assert merge_notebooks(base, ours, theirs) == merged


def test_an_answer_to_a_question_that_the_other_side_edited_stays_with_its_question() -> None:
    base = book(turn("a", "Why?", "r1"))
    edited, again = book(turn("a", "Why so?", "r2")), book(turn("a", "Why?", "r3"))
    for sides, side in (((edited, again), "theirs"), ((again, edited), "ours")):
        merged = merge_notebooks(base, *sides)
        assert sources(merged) == ["%%deepshi\nWhy so?", "%%deepshi\nWhy?"]
        assert [answers_in(cell) for cell in merged.notebook["cells"]] == [["r2"], ["r3"]]
        assert merged.notebook["cells"][1]["metadata"]["deepshi"] == {"merged_from": side}
        assert merged.conflicts == ()


def test_a_question_edited_on_both_sides_has_marks_and_keeps_both_answers() -> None:
    base = book(turn("a", "Look.\nWhy?\nThanks.", "r1"))
    ours = book(turn("a", "Look.\nWhy so?\nThanks.", "r2"))
    theirs = book(turn("a", "Look.\nWhy not?\nThanks.", "r3"))
    merged = merge_notebooks(base, ours, theirs)
    first, second = merged.notebook["cells"]
    assert first["source"].split("\n") == [
        *("%%deepshi", "Look.", "<<<<<<< ours", "Why so?", "||||||| base", "Why?"),
        *("=======", "Why not?", ">>>>>>> theirs", "Thanks."),
    ]
    assert answers_in(first) == ["r2"]
    assert second["source"] == theirs["cells"][0]["source"]
    assert answers_in(second) == ["r3"]
    assert [remark.where for remark in merged.conflicts] == ["cell 1"]


def test_edits_of_different_lines_merge_and_the_output_of_neither_is_shown() -> None:
    base = book(code("a", "x = 1\n\ny = 2\n\nx + y", printed("3"), n=1))
    ours = book(code("a", "x = 5\n\ny = 2\n\nx + y", printed("7"), n=2))
    theirs = book(code("a", "x = 1\n\ny = 2\n\nx - y", printed("-1"), n=3))
    merged = merge_notebooks(base, ours, theirs)
    assert merged.notebook["cells"] == [code("a", "x = 5\n\ny = 2\n\nx - y")]
    assert merged.conflicts == ()
    assert "run it again" in merged.decisions[0].what


def test_an_ordinary_cell_that_both_ran_shows_our_output() -> None:
    base, ours, theirs = (book(code("a", "x", printed(t), n=int(t))) for t in "123")
    merged = merge_notebooks(base, ours, theirs)
    assert merged.notebook == ours
    assert merged.decisions == (("cell 1", "both sides ran it: the output is that of ours"),)


def test_a_number_of_a_run_is_no_change() -> None:
    def run(number: int, text: str) -> Json:
        result = {"output_type": "execute_result", "data": {"text/plain": text}, "metadata": {}}
        return book(code("a", "x", {**result, "execution_count": number}, n=number))

    assert merge_notebooks(run(1, "1"), run(5, "1"), run(2, "2")).notebook == run(2, "2")
    assert merge_notebooks(run(1, "1"), run(5, "1"), book()).notebook["cells"] == []


def test_a_deleted_cell_is_gone_unless_the_other_side_worked_on_it() -> None:
    base = book(turn("a", "Why?", "r1"), turn("b", "How?", "r2"), turn("c", "When?", "r3"))
    theirs = book(base["cells"][0], turn("b", "How?", "r4"), turn("c", "When then?", "r3"))
    for sides in ((book(), theirs), (theirs, book())):
        merged = merge_notebooks(base, *sides)
        assert ids(merged) == ["b", "c"]
        assert ["it stays" in remark.what for remark in merged.decisions] == [True, True]


def test_cleared_outputs_do_not_bring_a_deleted_cell_back() -> None:
    base = book(turn("a", "Why?", "r1"))
    assert merge_notebooks(base, book(), book(turn("a", "Why?"))).notebook["cells"] == []


def test_cells_with_new_ids_are_known_by_their_answers_and_sources() -> None:
    base = book(turn("a", "Why?", "r1"), code("b", "x = 1"), prose("c", "C"))
    edited = turn("n1", "Why so?", "r1")
    ours = book(edited, code("n2", "x = 1"), prose("c", "C"))
    theirs = book(*base["cells"][:2], turn("d", "And?", "r2"), prose("c", "C!"))
    merged = merge_notebooks(base, ours, theirs)
    assert sources(merged) == ["%%deepshi\nWhy so?", "x = 1", "%%deepshi\nAnd?", "C!"]
    assert ids(merged) == ["n1", "n2", "d", "c"]


def test_a_record_of_version_1_is_known_by_the_hash_of_what_was_asked() -> None:
    def asked(name: str, source: str, text: str) -> Json:
        value = {"v": 1, "source_sha256": "5" * 64, "answers": [text]}
        return book(code(name, source, output(value)))

    base = asked("a", "%%deepshi -m one\nWhy?", "x")
    ours, theirs = asked("b", base["cells"][0]["source"], "y"), asked("c", "%%deepshi\nWhy?", "z")
    merged = merge_notebooks(base, ours, theirs)
    assert len(merged.notebook["cells"]) == 2
    assert answers(merged.notebook) == answers(ours) | answers(theirs)


def test_a_cell_with_several_answers_keeps_only_the_lost_ones_apart() -> None:
    def asking(*names: str) -> Json:
        bundle = {"v": 2, "turns": [record(name) for name in names[1:]]}
        loop = "for q in qs: ask(q)"
        return book(code("a", loop, printed("go"), output(record(names[0])), output(bundle)))

    merged = merge_notebooks(asking("r1", "r2"), asking("r1", "r3"), asking("r1", "r4", "r5"))
    first, second = (answers_in(cell) for cell in merged.notebook["cells"])
    assert (first, second) == (["r1", "r3"], ["r4", "r5"])


def test_metadata_merges_by_key_and_tags_by_tag() -> None:
    base = book(prose("a", "A", tags=["x", "y"], k=1, deep={"p": 1, "q": 1}), kernel={"n": 1})
    ours = book(prose("a", "A", tags=["x", "o"], k=2, deep={"p": 2, "q": 1}), kernel={"n": 2})
    theirs = book(
        prose("a", "A!", tags=["x", "y", "t"], k=3, deep={"p": 1, "q": 2}), kernel={"n": 3}
    )
    merged = merge_notebooks(base, ours, theirs)
    expected = prose("a", "A!", tags=["x", "o", "t"], k=2, deep={"p": 2, "q": 2})
    assert merged.notebook == book(expected, kernel={"n": 2})
    assert merged.conflicts == ()
    assert [tuple(remark) for remark in merged.decisions] == [
        ("cell 1", "both sides changed metadata.k: it is that of ours"),
        ("notebook", "both sides changed metadata kernel.n: it is that of ours"),
    ]


def test_the_times_of_a_run_go_with_its_outputs() -> None:
    base, ours, theirs = (
        book(turn("a", "Why?", name) | {"metadata": {"execution": {"begin": when}}})
        for name, when in (("r1", 1), ("r1", 2), ("r2", 3))
    )
    merged = merge_notebooks(base, ours, theirs)
    assert merged.notebook == theirs
    assert merged.decisions == ()


def test_a_cell_that_became_text_keeps_the_other_sides_answer_apart() -> None:
    base, again = book(turn("a", "Why?", "r1")), book(turn("a", "Why?", "r2"))
    merged = merge_notebooks(base, book(prose("a", "Why not?")), again)
    assert [cell["cell_type"] for cell in merged.notebook["cells"]] == ["markdown", "code"]
    assert answers(merged.notebook) == {"r2"}
    nbformat.validate(merged.notebook)


def test_notebooks_of_an_older_format_have_no_ids_and_get_none() -> None:
    base = book(turn("a", "Why?", "r1"), prose("b", "B"))
    ours = book(turn("a", "Why?", "r2"), prose("b", "B"))
    theirs = book(turn("a", "Why?", "r1"), prose("b", "B"), turn("c", "And?", "r3"))
    merged = merge_notebooks(*(without_ids(notebook) for notebook in (base, ours, theirs)))
    assert merged.notebook == without_ids(book(ours["cells"][0], *theirs["cells"][1:]))
    nbformat.validate(merged.notebook)


def test_a_notebook_that_one_side_brought_to_a_newer_format_gets_ids_everywhere() -> None:
    base = without_ids(book(prose("a", "A"), prose("b", "B")))
    ours = without_ids(book(prose("a", "A"), prose("b", "B"), prose("c", "C")))
    merged = merge_notebooks(base, ours, book(prose("a", "A"), prose("b", "B!")))
    assert sources(merged) == ["A", "C", "B!"]  # without an id, B! is a new cell
    assert (ids(merged)[0], ids(merged)[2]) == ("a", "b")
    assert all(ids(merged))
    nbformat.validate(merged.notebook)


def test_a_file_is_written_as_jupyter_writes_it() -> None:
    notebook = book(turn("a", "Why?\nü", "r1"), prose("b", "1\n2"))
    assert notebook_text(notebook) == nbformat.writes(nbformat.from_dict(notebook)) + "\n"
    again = read_version(notebook_text(notebook).encode(), "it")
    assert merge_notebooks(again, again, again).notebook == notebook


def test_a_file_holds_half_a_character_and_what_is_not_a_number() -> None:
    notebook = book(code("a", "x", output({"id": "\ud800", "v": float("nan")})))
    text = notebook_text(notebook)
    assert notebook_text(read_version(text.encode(), "it")) == text


@pytest.mark.parametrize(
    "data",
    [
        b"<<<<<<< HEAD\n{}",
        b"\xff\xfe",
        b"[]",
        b'{"nbformat": 3, "worksheets": []}',
        b'{"nbformat": 4, "cells": {}}',
        b'{"nbformat": 4, "cells": [{"source": ""}]}',
        b'{"nbformat": 4, "cells": [{"cell_type": "code", "outputs": ["x"]}]}',
        b"[" * 100_000,
    ],
    ids=lambda data: data[:40].decode("latin-1"),
)
def test_what_is_no_notebook_is_refused(data: bytes) -> None:
    with pytest.raises(RecordError, match=r"theirs is no notebook of format 4"):
        read_version(data, "theirs")


LINES = st.lists(st.sampled_from(["a", "b", "", "c\r", "\u2028"]), max_size=6).map("\n".join)


@given(LINES, LINES)
def test_a_text_that_one_side_changed_is_that_of_the_side(base: str, side: str) -> None:
    for sides in ((base, side), (side, base), (side, side)):
        assert merge_text(base, *sides) == (side, 0)


@given(LINES, LINES, LINES)
def test_every_line_of_both_sides_is_kept_or_was_dropped_by_one(
    base: str, ours: str, theirs: str
) -> None:
    merged = merge_text(base, ours, theirs)
    lines = merged.text.split("\n")
    assert lines.count("<<<<<<< ours") == lines.count(">>>>>>> theirs") == merged.conflicts
    added = {*ours.split("\n"), *theirs.split("\n")} - {*base.split("\n")}
    assert added <= {*lines}


VALUES = st.recursive(
    st.sampled_from([0, 1, True, False, 1.0, None, "x"]),
    lambda inner: st.dictionaries(st.sampled_from("pqr"), inner, max_size=3),
    max_leaves=5,
)
OBJECTS = st.dictionaries(st.sampled_from("abc"), VALUES, max_size=3)


@given(OBJECTS, OBJECTS)
def test_an_object_that_one_side_changed_is_that_of_the_side(base: Json, side: Json) -> None:
    for sides in ((base, side), (side, base), (side, side)):
        merged = merge_values(base, *sides)
        assert json.dumps(merged.values, sort_keys=True) == json.dumps(side, sort_keys=True)
        assert merged.clashes == []


NAMES = [f"r{n}" for n in range(6)]
SOURCES = st.sampled_from(["", "x = 1", "x = 1\ny = 2", "%%deepshi\nWhy?", "%%deepshi\nHow?\n\n!"])
OUTPUTS = st.lists(
    st.one_of(
        st.sampled_from(NAMES).map(lambda name: output(record(name))),
        st.sampled_from(["1", "2"]).map(printed),
        st.just(output({"v": 1, "source_sha256": "5" * 64})),
    ),
    max_size=2,
)
METADATA = st.sampled_from([{}, {"tags": ["x"]}, {"tags": ["y", "x"]}, {"k": 1}, {"k": {"l": 2}}])
CELLS = st.one_of(
    st.builds(
        lambda source, outputs, n, metadata: code("", source, *outputs, n=n, **metadata),
        SOURCES,
        OUTPUTS,
        st.sampled_from([None, 1, 2]),
        METADATA,
    ),
    st.builds(lambda source, metadata: prose("", source, **metadata), SOURCES, METADATA),
)


@st.composite
def notebooks(draw: st.DrawFn, minor: int | None = None) -> Json:
    cells = draw(st.lists(CELLS, max_size=5))
    names = draw(st.permutations("abcdefg"))
    named = [{**cell, "id": name} for cell, name in zip(cells, names, strict=False)]
    notebook = book(*copy.deepcopy(named), **draw(METADATA))
    minor = draw(st.sampled_from([4, 5])) if minor is None else minor
    return without_ids(notebook) if minor == 4 else notebook


Work = Callable[[list[Json], int, Json], None]


def edit(cells: list[Json], place: int, new: Json) -> None:
    cells[place]["source"] = new["source"]


def run(cells: list[Json], place: int, new: Json) -> None:
    if "outputs" in cells[place] and "outputs" in new:
        cells[place]["outputs"] = new["outputs"]


def delete(cells: list[Json], place: int, new: Json) -> None:
    del cells[place]


def move(cells: list[Json], place: int, new: Json) -> None:
    cells.append(cells.pop(place))


def add(cells: list[Json], place: int, new: Json) -> None:
    free = next(name for name in "nopqrstuvwxyz" if name not in {cell["id"] for cell in cells})
    cells.insert(place + 1, {**new, "id": free})


@st.composite
def histories(draw: st.DrawFn) -> tuple[Json, Json, Json]:
    """A notebook, and what two people made of it."""
    base = draw(notebooks(minor=5))
    sides = []
    for _ in range(2):
        side = copy.deepcopy(base)
        steps = st.tuples(st.sampled_from([edit, run, delete, move, add]), st.integers(0, 4), CELLS)
        for work, place, new in draw(st.lists(steps, max_size=4)):
            if side["cells"]:
                work(side["cells"], place % len(side["cells"]), copy.deepcopy(new))
        sides.append(side)
    return base, sides[0], sides[1]


def check(base: Json, ours: Json, theirs: Json) -> None:
    before = copy.deepcopy((base, ours, theirs))
    merged = merge_notebooks(base, ours, theirs)
    nbformat.validate(merged.notebook)
    names = [cell["id"] for cell in merged.notebook["cells"] if "id" in cell]
    assert len(set(names)) == len(names)
    taken_away = answers(base) - (answers(ours) & answers(theirs))
    assert (answers(ours) | answers(theirs)) - taken_away <= answers(merged.notebook)
    assert answers(merged.notebook) <= answers(ours) | answers(theirs)
    marked = [source for source in sources(merged) if "<<<<<<< ours" in source.split("\n")]
    assert len(marked) == len(merged.conflicts)
    assert merge_notebooks(base, ours, theirs) == merged
    assert (base, ours, theirs) == before


@given(histories())
def test_no_answer_is_lost_in_what_two_people_do(history: tuple[Json, Json, Json]) -> None:
    check(*history)


@given(notebooks(), notebooks(), notebooks())
def test_notebooks_that_have_little_in_common_merge_too(
    base: Json, ours: Json, theirs: Json
) -> None:
    check(base, ours, theirs)


@given(notebooks(), notebooks())
def test_a_notebook_that_one_side_changed_is_that_of_the_side(base: Json, side: Json) -> None:
    for sides in ((base, side), (side, base), (side, side)):
        merged = merge_notebooks(base, *sides)
        assert merged == (side, (), ())


@given(histories())
def test_a_merge_with_one_of_its_sides_changes_nothing(history: tuple[Json, Json, Json]) -> None:
    base, ours, theirs = history
    notebook = merge_notebooks(base, ours, theirs).notebook
    assert merge_notebooks(ours, notebook, ours).notebook == notebook
    assert merge_notebooks(theirs, theirs, notebook).notebook == notebook
