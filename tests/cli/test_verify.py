from __future__ import annotations

import json
from pathlib import Path

import pytest

from deepshi_jupyter.cli.main import main
from deepshi_jupyter.core.turn_record import MIME_TYPE as RECORD
from deepshi_jupyter.display.safe_markdown import safe_markdown
from tests.notebook.study import Study

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def study() -> Study:
    made = Study("Be brief.")
    made.ask("One?")
    made.ask("Two?")
    return made


def saved(study: Study, folder: Path) -> str:
    return str(study.save(folder / "nb.ipynb"))


def test_all_is_vouched_for(study: Study, tmp_path: Path, capsys: Capture) -> None:
    assert main(["verify", saved(study, tmp_path)]) == 0
    assert capsys.readouterr().out == "2 records: 2 vouched\n"


def test_what_cannot_be_vouched_for_has_an_exit_code_of_its_own(
    study: Study, tmp_path: Path, capsys: Capture
) -> None:
    del study.cells[0]
    assert main(["verify", saved(study, tmp_path)]) == 3
    assert capsys.readouterr().out.splitlines() == [
        "[2]  cell-2  main  Two?",
        "    cannot be vouched for: the context it was asked in is not in this file",
        "1 record: 0 vouched, 1 cannot be vouched for",
    ]


def test_what_is_wrong_is_told_first(study: Study, tmp_path: Path, capsys: Capture) -> None:
    study.cells[0]["outputs"][0]["data"][RECORD]["endpoint"] = "https://elsewhere.example"
    study.edit(0, "Uno?")
    assert main(["verify", saved(study, tmp_path)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == "    wrong: it was changed after it was written: its hash is another"
    assert lines[-1] == "2 records: 1 vouched, 1 wrong"


def test_json_has_every_record(study: Study, tmp_path: Path, capsys: Capture) -> None:
    study.edit(1, "Due?")
    assert main(["verify", saved(study, tmp_path), "--json"]) == 3
    found = json.loads(capsys.readouterr().out)
    assert found["judgement"] == "unvouched"
    assert found["counts"] == {"vouched": 1, "unvouched": 1, "wrong": 0}
    first, second = found["records"]
    assert (first["cell"], first["findings"]) == ("cell-1", [])
    assert [finding["check"] for finding in second["findings"]] == ["source"]


def test_markdown_that_says_something_else_is_seen(tmp_path: Path, capsys: Capture) -> None:
    study = Study()
    study.ask("One?", answer="It is **four** <b>or</b> five.")
    data = study.cells[0]["outputs"][0]["data"]
    data["text/markdown"] = safe_markdown(data["text/plain"]) + "\n\n<small>a footer</small>"
    path = saved(study, tmp_path)
    assert main(["verify", path]) == 0
    data["text/markdown"] = data["text/markdown"].replace("four", "nine")
    assert main(["verify", saved(study, tmp_path)]) == 3
    assert "the formatted answer" in capsys.readouterr().out


def test_an_empty_notebook_has_no_records(tmp_path: Path, capsys: Capture) -> None:
    assert main(["verify", saved(Study(), tmp_path)]) == 0
    assert capsys.readouterr().out == "No records.\n"


def test_help_says_what_it_cannot_show(capsys: Capture) -> None:
    with pytest.raises(SystemExit):
        main(["verify", "--help"])
    assert "What it cannot show" in capsys.readouterr().out
