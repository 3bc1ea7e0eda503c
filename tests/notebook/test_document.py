"""The order of cells as a file has it, which may lag behind, be half written, or be gone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from deepshi_jupyter.core.timeline import DocumentOrder
from deepshi_jupyter.notebook.document import Document, notebook_path
from tests.notebook.study import Study


def study() -> Study:
    """Return a notebook with two answers, and a cell that has none."""
    made = Study()
    made.markdown("# Title")
    made.ask("one")
    made.ask("two")
    made.code("1 + 1")
    return made


def order_of(path: Path) -> DocumentOrder:
    order = Document(path).order()
    assert order is not None
    return order


def test_the_file_says_which_cells_there_are_in_what_order_and_which_show_an_answer(
    tmp_path: Path,
) -> None:
    order = order_of(study().save(tmp_path / "a.ipynb"))
    assert order.source == "disk"
    assert order.cells == ("cell-1", "cell-2", "cell-3", "cell-4")
    assert order.sources == ("# Title", "%%deepshi\none", "%%deepshi\ntwo", "1 + 1")
    assert order.answered == {"cell-2", "cell-3"}


def test_a_source_in_lines_is_one_text(tmp_path: Path) -> None:
    made = study()
    made.cells[1]["source"] = ["%%deepshi\n", "one"]
    assert order_of(made.save(tmp_path / "a.ipynb")).sources[1] == "%%deepshi\none"


def test_the_answers_of_a_loop_count_as_shown(tmp_path: Path) -> None:
    made = Study()
    made.loop(["one", "two"])
    assert order_of(made.save(tmp_path / "a.ipynb")).answered == {"cell-1"}


def test_a_turn_that_was_brought_back_by_another_cell_counts_as_shown(tmp_path: Path) -> None:
    made = study()
    record = made.records()[0]
    made.mark("restore", record, cell=record.cell, record=record.as_json())
    made.cells[1]["outputs"] = []
    assert "cell-2" in (order_of(made.save(tmp_path / "a.ipynb")).answered or ())


def test_a_skipped_turn_does_not_count_as_shown(tmp_path: Path) -> None:
    made = study()
    record = made.records()[0]
    made.mark("skip", record, cell=record.cell)
    made.cells[1]["outputs"] = []
    assert "cell-2" not in (order_of(made.save(tmp_path / "a.ipynb")).answered or ())


def test_a_file_that_was_saved_again_is_read_again(tmp_path: Path) -> None:
    made, path = study(), tmp_path / "a.ipynb"
    document = Document(made.save(path))
    before = document.order()
    assert document.order() is before
    made.ask("three")
    made.save(path)
    after = document.order()
    assert after is not None
    assert len(after.cells) == 5


def test_a_file_that_is_gone_gives_no_order_and_one_that_comes_back_does(tmp_path: Path) -> None:
    """It is renamed while the kernel keeps the old name, or a sync tool moves it."""
    path = study().save(tmp_path / "a.ipynb")
    document = Document(path)
    path.rename(tmp_path / "b.ipynb")
    assert document.order() is None
    (tmp_path / "b.ipynb").rename(path)
    assert document.order() is not None


@pytest.mark.parametrize(
    "damaged",
    [
        b"",
        b'{"cells": [{"id": "a", "sour',
        b"<<<<<<< ours\n{}",
        b"\xff\xfe",
        b"[]",
        b"{}",
        b'{"cells": {}}',
        b'{"cells": [{"source": 7}]}',
        b'{"cells": [{"outputs": null}]}',
    ],
)
def test_a_file_that_is_no_notebook_now_gives_no_order(tmp_path: Path, damaged: bytes) -> None:
    path = tmp_path / "a.ipynb"
    path.write_bytes(damaged)
    assert Document(path).order() is None
    assert Document(path).holds_turns() is False


def test_half_written_and_then_whole(tmp_path: Path) -> None:
    path = study().save(tmp_path / "a.ipynb")
    whole = path.read_bytes()
    document = Document(path)
    path.write_bytes(whole[: len(whole) // 2])
    assert document.order() is None
    path.write_bytes(whole)
    assert document.order() is not None


@pytest.mark.parametrize(
    "cell",
    [
        {"id": "x"},
        {"id": "x", "outputs": [{"output_type": "stream", "name": "stdout", "text": "a"}]},
        {"id": "x", "outputs": [{"data": {"text/plain": ["a", "b"], "image/png": 7}}]},
        {"id": "x", "outputs": [{"data": {"application/vnd.deepshi.mark+json": {"v": 99}}}]},
    ],
)
def test_cells_of_other_forms_are_in_the_order(tmp_path: Path, cell: dict[str, Any]) -> None:
    path = tmp_path / "a.ipynb"
    path.write_text(json.dumps({"cells": [{"cell_type": "code"}, cell]}))
    assert order_of(path).cells == ("x",)  # without an id it cannot be told apart
    assert order_of(path).answered == frozenset()


def test_without_a_file_there_is_no_order() -> None:
    assert Document(None).order() is None
    assert Document(None).holds_turns() is False


def test_a_file_holds_turns_if_a_record_or_a_mark_is_in_it(tmp_path: Path) -> None:
    assert Document(study().save(tmp_path / "a.ipynb")).holds_turns()
    empty = Study()
    empty.code("1 + 1")
    assert not Document(empty.save(tmp_path / "b.ipynb")).holds_turns()


@pytest.mark.parametrize("name", ["", "a.py", "/home/u", "17d1bb46-42a0-4ab1-b7b2-4e1c0bd3b2a6"])
def test_a_console_or_a_script_has_no_notebook(name: str) -> None:
    assert notebook_path({"JPY_SESSION_NAME": name}) is None
    assert notebook_path({}) is None


def test_the_server_tells_which_notebook_it_is() -> None:
    assert notebook_path({"JPY_SESSION_NAME": "/home/u/a.ipynb"}) == Path("/home/u/a.ipynb")


def test_what_cannot_be_opened_gives_no_order(tmp_path: Path) -> None:
    (tmp_path / "a.ipynb").mkdir()
    assert Document(tmp_path / "a.ipynb").order() is None


def test_what_a_killed_kernel_left_of_an_answer_counts_as_shown(tmp_path: Path) -> None:
    left = {"output_type": "display_data", "data": {"text/plain": "", "text/markdown": "Once"}}
    path = tmp_path / "a.ipynb"
    path.write_text(json.dumps({"cells": [{"id": "x", "outputs": [left]}]}))
    assert order_of(path).answered == {"x"}
