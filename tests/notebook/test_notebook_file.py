"""What a notebook file holds of turns, and how it is written."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepshi_jupyter.core.mark import MIME_TYPE as MARK
from deepshi_jupyter.core.staleness import statuses
from deepshi_jupyter.core.turn_record import MIME_TYPE as RECORD
from deepshi_jupyter.errors import RecordError
from deepshi_jupyter.notebook.notebook_file import (
    cell_views,
    read_notebook,
    records_in,
    source_of,
    write_notebook,
)
from tests.core.json_values import ANY_JSON
from tests.notebook.study import Study, record_of

V1 = json.loads((Path(__file__).parent / "records" / "v1.json").read_text(encoding="utf-8"))


def small() -> Study:
    study = Study()
    study.markdown("# A study")
    study.ask("Wie groß?\n\nSag's.", "-t 0.5", "172 cm\nund mehr\n")
    study.loop(["one", "two"])
    study.mark("pin", study.records()[0])
    return study


def test_a_study_is_a_notebook_that_jupyter_takes(tmp_path: Path) -> None:
    path = small().save(tmp_path / "study.ipynb")
    nbformat.validate(nbformat.read(path, as_version=4))


def test_a_notebook_says_the_same_after_jupyter_has_saved_it(tmp_path: Path) -> None:
    study = small()
    path = study.save(tmp_path / "study.ipynb")
    nbformat.write(nbformat.read(path, as_version=4), path)
    saved = read_notebook(path)
    assert isinstance(saved["cells"][1]["source"], list)
    views, troubles = cell_views(saved)
    assert troubles == []
    assert [record for view in views for record in view.records] == study.records()
    assert {status.state for status in statuses(views)} == {"fresh"}


def test_a_notebook_is_written_as_jupyter_writes_it(tmp_path: Path) -> None:
    path = small().save(tmp_path / "ours.ipynb")
    theirs = tmp_path / "theirs.ipynb"
    nbformat.write(nbformat.read(path, as_version=4), theirs)
    write_notebook(read_notebook(theirs), path)
    assert path.read_bytes() == theirs.read_bytes()


def test_a_file_that_is_replaced_keeps_its_mode_and_leaves_no_other_file(tmp_path: Path) -> None:
    path = tmp_path / "study.ipynb"
    path.write_text("old")
    os.chmod(path, 0o600)
    small().save(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in tmp_path.iterdir()] == ["study.ipynb"]


def test_a_notebook_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    path = small().save(tmp_path / "study.ipynb")
    before = path.read_bytes()
    with pytest.raises(TypeError):
        write_notebook({"cells": [object()]}, path)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["study.ipynb"]


def test_a_file_that_is_not_there_is_an_error_that_says_so(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="cannot be read: No such file"):
        read_notebook(tmp_path / "none.ipynb")


@pytest.mark.parametrize(
    "data",
    [
        *(b"", b"[]", b"5", b"{}", b'{"cells": 5}', b'{"worksheets": []}', b"\xff\xfe"),
        *(b"<<<<<<< ours", b'{"cells": ' + b"[" * 100_000),
    ],
    ids=lambda data: data[:20].decode("latin-1"),
)
def test_what_is_no_notebook_is_refused_with_what_to_do(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "bad.ipynb"
    path.write_bytes(data)
    with pytest.raises(RecordError, match=r"bad\.ipynb is no notebook") as caught:
        read_notebook(path)
    assert caught.value.todo


def test_outputs_may_hold_numbers_that_json_does_not_have(tmp_path: Path) -> None:
    path = tmp_path / "nan.ipynb"
    path.write_bytes(b'{"cells": [{"outputs": [NaN]}]}')
    assert len(read_notebook(path)["cells"]) == 1


def test_a_source_is_one_text_however_it_is_kept() -> None:
    assert source_of({"source": ["a\n", "b"]}) == source_of({"source": "a\nb"}) == "a\nb"
    assert source_of({}) == ""


def test_a_bundle_holds_one_record_or_those_of_a_whole_cell() -> None:
    assert records_in({}) == []
    assert records_in({RECORD: {"v": 2}}) == [{"v": 2}]
    assert records_in({RECORD: {"v": 2, "turns": [{"v": 2}, {"v": 1}]}}) == [{"v": 2}, {"v": 1}]


def test_a_cell_is_seen_with_what_it_asks_and_what_came() -> None:
    study = small()
    views, _ = cell_views(study.notebook)
    assert [view.index for view in views] == [1, 2, 3]
    asked, looped, marked = views
    assert asked.asking is not None
    assert (asked.asking.body, asked.id) == ("Wie groß?\n\nSag's.", "cell-2")
    assert (asked.records, asked.shown) == ((study.records()[0],), ("172 cm\nund mehr\n",))
    assert asked.asking.source_sha256 == asked.records[0].source_sha256
    assert (looped.asking, len(looped.records), looped.shown) == (None, 2, (None, None))
    assert {record.source_sha256 for record in looped.records} == {looped.source_sha256}
    assert [mark.mark for mark in marked.marks] == ["pin"]


def test_a_record_of_version_1_in_a_file_is_seen_as_one_of_version_2() -> None:
    study = Study()
    study.ask("x")
    study.cells[0]["outputs"][0]["data"][RECORD] = V1
    (view,), troubles = cell_views(study.notebook)
    assert troubles == []
    assert view.records[0].model == V1["model"]["asked"]


def test_a_record_that_cannot_be_read_is_told_with_its_cell_and_the_others_are_read() -> None:
    study = small()
    turns = study.cells[2]["outputs"][0]["data"][RECORD]["turns"]
    turns[0] = {"v": 99}
    study.cells[3]["outputs"][0]["data"][MARK] = {"v": 1}
    views, troubles = cell_views(study.notebook)
    assert [trouble.cell for trouble in troubles] == [2, 3]
    assert "version 99" in troubles[0].error.what
    assert [len(view.records) for view in views] == [1, 1, 0]


def test_the_last_output_of_a_cell_has_its_last_record() -> None:
    study = small()
    assert record_of(study.cells[1]) == study.records()[0]


_CELL = st.fixed_dictionaries(
    {"cell_type": st.just("code"), "source": st.just("%%deepshi -t 1\nq") | ANY_JSON},
    optional={
        "id": ANY_JSON,
        "execution_count": ANY_JSON,
        "outputs": ANY_JSON
        | st.lists(
            st.fixed_dictionaries(
                {
                    "data": st.dictionaries(
                        st.sampled_from([RECORD, MARK, "text/plain"]),
                        ANY_JSON | st.just(V1) | st.builds(lambda v: {"turns": v}, ANY_JSON),
                    )
                }
            ),
            max_size=2,
        ),
    },
)


@given(st.lists(_CELL | ANY_JSON, max_size=4))
def test_whatever_a_file_holds_it_is_read_or_told(cells: list[Any]) -> None:
    views, troubles = cell_views({"cells": cells})
    assert all(trouble.error.todo for trouble in troubles)
    statuses(views)
