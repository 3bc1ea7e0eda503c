from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from deepshi_jupyter.cli.main import main
from deepshi_jupyter.core.turn_record import MIME_TYPE as RECORD
from tests.notebook.study import Study

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def study() -> Study:
    made = Study()
    made.ask("One?")
    made.ask("Two?", "--chat other")
    return made


def saved(study: Study, folder: Path) -> str:
    return str(study.save(folder / "nb.ipynb"))


def test_each_question_has_a_line(study: Study, tmp_path: Path, capsys: Capture) -> None:
    assert main(["status", saved(study, tmp_path)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "[1]  cell-1  main   fresh  One?",
        "[2]  cell-2  other  fresh  Two?",
        "2 questions: 2 fresh",
    ]


def test_what_is_stale_says_why(study: Study, tmp_path: Path, capsys: Capture) -> None:
    study.edit(0, "Uno?")
    study.code("%%deepshi --chat third\nNot sent")["execution_count"] = None
    assert main(["status", saved(study, tmp_path), "--stale"]) == 1
    edited, unsent, counts = capsys.readouterr().out.splitlines()
    assert edited == (
        "[1]  cell-1  main   edited  One? — the cell's text has changed since it was asked"
    )
    assert unsent.startswith("[ ]  cell-3  third  unsent  Not sent — ")
    assert counts == "3 questions: 1 edited, 1 fresh, 1 unsent"


def test_json_is_for_a_program(study: Study, tmp_path: Path, capsys: Capture) -> None:
    study.edit(0, "Uno?")
    path = saved(study, tmp_path)
    assert main(["status", path, "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert (found["notebook"], found["counts"], found["stale"]) == (
        path,
        {"edited": 1, "fresh": 1},
        1,
    )
    first, second = found["questions"]
    assert (first["cell"], first["states"], len(first["reasons"])) == ("cell-1", ["edited"], 1)
    assert (second["chat"], second["states"], second["question"]) == ("other", ["fresh"], "Two?")


def test_long_questions_are_shortened_to_the_terminal(
    study: Study, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    study.ask("word " * 100)
    path = saved(study, tmp_path)
    main(["status", path])
    assert "word…" in capsys.readouterr().out
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "50")
    monkeypatch.setenv("NO_COLOR", "1")
    main(["status", path])
    assert max(map(len, capsys.readouterr().out.splitlines())) == 50


def test_what_a_question_holds_cannot_drive_the_terminal(tmp_path: Path, capsys: Capture) -> None:
    study = Study()
    study.ask("\x1b[2JOne\nTwo")
    main(["status", saved(study, tmp_path)])
    assert "[2JOne Two\n" in capsys.readouterr().out


def test_a_record_that_cannot_be_read_is_not_fresh(tmp_path: Path, capsys: Capture) -> None:
    study = Study()
    study.loop(["a?"])
    study.cells[0]["outputs"][0]["data"][RECORD] = {"v": 2, "id": 7}
    assert main(["status", saved(study, tmp_path)]) == 1
    out, err = capsys.readouterr()
    assert out == "No questions.\n"
    assert "cell 1: A turn record is not of the form of version 2" in err


@pytest.mark.parametrize("text", [None, "no JSON", "[]", '{"cells": 1}'])
def test_what_is_no_notebook_is_wrong_usage(
    text: str | None, tmp_path: Path, capsys: Capture
) -> None:
    path = tmp_path / "nb.ipynb"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    for command in ("status", "verify", "log", "cost"):
        assert main([command, str(path)]) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert len(err.splitlines()) == 2


def test_it_starts_without_anything_heavy(study: Study, tmp_path: Path) -> None:
    code = (
        "import sys\nfrom deepshi_jupyter.cli.main import main\n"
        f"main(['status', {saved(study, tmp_path)!r}])\nprint(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.split(".")[0] for name in done.stdout.split()}
    assert not loaded & {"IPython", "nbformat", "nbclient", "httpx", "tornado", "markdown_it"}
