from __future__ import annotations

import json
from pathlib import Path

import pytest

from deepshi_jupyter.cli.main import main
from deepshi_jupyter.core.turn_record import MIME_TYPE as RECORD
from tests.notebook.study import Study

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def study() -> Study:
    made = Study()
    made.ask("One?", cost_usd=0.25)
    made.ask("Two?", "--chat other", served="m2", cost_usd=None)
    return made


def test_a_table_by_model_and_chat(study: Study, tmp_path: Path, capsys: Capture) -> None:
    assert main(["cost", str(study.save(tmp_path / "a.ipynb"))]) == 0
    header, *rows, note = capsys.readouterr().out.splitlines()
    assert header.split()[-5:] == ["USD", "no", "cost", "no", "usage"]
    assert [row.split()[0] for row in rows] == [
        *("by", "deepshi-3.0-2026-10-01", "m2"),
        *("by", "main", "other"),
        "total",
    ]
    assert rows[2].split() == ["m2", "1", "1", "10", "1", "0", "0", "not", "reported", "1", "0"]
    assert rows[-1].split() == ["total", "2", "2", "20", "2", "0", "0", "$0.25000", "1", "0"]
    assert note == "1 of 2 calls reported no cost; they are not in the USD."


def test_several_notebooks_have_a_row_each(study: Study, tmp_path: Path, capsys: Capture) -> None:
    other = study.copied()
    other.ask("Three?", cost_usd=1.5)
    a, b = (str(s.save(tmp_path / f"{n}.ipynb")) for n, s in (("a", study), ("b", other)))
    assert main(["cost", a, b, a]) == 0
    out = capsys.readouterr().out
    assert f"  {b}" in out
    assert f"  {a}: other" in out
    assert "$1.75" in out
    assert out.endswith("2 copied turns were not counted again.\n")


def test_json_is_for_a_program(study: Study, tmp_path: Path, capsys: Capture) -> None:
    path = str(study.save(tmp_path / "a.ipynb"))
    assert main(["cost", path, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["total"]["usd"] == 0.25
    assert found["by_model"]["m2"]["usd"] is None
    assert [(chat["notebook"], chat["chat"]) for chat in found["by_chat"]] == [
        (path, "main"),
        (path, "other"),
    ]
    assert found["by_notebook"][path]["calls"] == 2


def test_sums_without_a_record_that_cannot_be_read_fail(
    study: Study, tmp_path: Path, capsys: Capture
) -> None:
    study.cells[0]["outputs"][0]["data"][RECORD] = {"v": 99}
    assert main(["cost", str(study.save(tmp_path / "a.ipynb")), "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["total"]["calls"] == 1
    assert found["unreadable"][0]["index"] == 0
