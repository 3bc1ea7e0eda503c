from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from deepshi_jupyter.cli.main import main
from deepshi_jupyter.core.turn_record import MIME_TYPE as RECORD
from deepshi_jupyter.core.turn_record import TurnRecord
from deepshi_jupyter.notebook.journal import Journal
from deepshi_jupyter.notebook.notebook_file import read_notebook, write_notebook
from deepshi_jupyter.notebook.recording_file import append_recording
from deepshi_jupyter.notebook.store import find_store
from tests.notebook.study import Study, record_of

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _a_store_beside_the_notebook(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DEEPSHI_STORE")


def journal(path: Path) -> Journal:
    store = find_store(path, {})
    return Journal(store, environment={}, clock=lambda: 1.8e9, redact=lambda value: value)


def journaled(study: Study, path: Path) -> Path:
    """Write a notebook and what its kernel journaled."""
    written = journal(path)
    for record in study.records():
        written.turn(record.as_json())
    written.close()
    return study.save(path)


def cleared(path: Path) -> Path:
    """Clear all outputs, as nbstripout and `jupyter nbconvert --clear-output` do."""
    notebook = read_notebook(path)
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell |= {"outputs": [], "execution_count": None}
    write_notebook(notebook, path)
    return path


def without_numbers(path: Path) -> dict[str, Any]:
    notebook = read_notebook(path)
    for cell in notebook["cells"]:
        cell.pop("execution_count", None)
    return notebook


@pytest.fixture
def study() -> Study:
    made = Study()
    made.ask("One?", answer="1")
    made.loop(["a", "b"])
    made.ask("Two?", "--chat other", answer="2")
    return made


def test_a_notebook_that_ran_comes_back_to_the_byte(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch, repository: Path
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(repository))
    sources = (
        "%load_ext deepshi_jupyter",
        "%%deepshi --seed 1\nSay *hello*.\n\nTwice.",
        "%%deepshi -m offline-reasoner --as text\nWhy?",
        "import deepshi_jupyter\nfor t in 'ab':\n    deepshi_jupyter.ask(t, once=True)",
        "%%deepshi -n 2\nTwo answers.",
    )
    path = tmp_path / "nb.ipynb"
    nbformat.write(new_notebook(cells=[new_code_cell(source) for source in sources]), path)
    assert main(["run", str(path), "--offline", "-o", str(path)]) == 0
    before = without_numbers(path)
    cleared(path)
    renamed = path.rename(tmp_path / "renamed.ipynb")
    capsys.readouterr()
    assert main(["restore", str(renamed), "--inplace"]) == 0
    out, err = capsys.readouterr()
    assert without_numbers(renamed) == before
    assert out.splitlines()[-1] == "4 cleared: 4 restored"
    assert "what it was is in renamed.ipynb.bak" in err
    assert main(["status", str(renamed)]) == 0
    assert main(["verify", str(renamed)]) == 0


def test_what_is_found_goes_beside_the_notebook(
    study: Study, tmp_path: Path, capsys: Capture
) -> None:
    path = cleared(journaled(study, tmp_path / "nb.ipynb"))
    before = path.read_bytes()
    assert main(["restore", str(path)]) == 0
    out, err = capsys.readouterr()
    assert out.splitlines() == [
        "cell 1  cell-1  restored  One?",
        "cell 2  cell-2  restored  2 questions of ask()",
        "cell 3  cell-3  restored  Two?",
        "3 cleared: 3 restored",
    ]
    assert "nb.restored.ipynb" in err
    assert path.read_bytes() == before
    nbformat.validate(nbformat.read(tmp_path / "nb.restored.ipynb", as_version=4))
    restored = Study()
    restored.notebook = read_notebook(tmp_path / "nb.restored.ipynb")
    assert restored.records() == study.records()
    assert restored.states() == ["fresh"] * 4
    assert main(["restore", str(path)]) == 2
    assert "is there already" in capsys.readouterr().err
    assert main(["restore", str(path), "--force"]) == 0


def test_a_dry_run_writes_nothing(study: Study, tmp_path: Path, capsys: Capture) -> None:
    path = cleared(journaled(study, tmp_path / "nb.ipynb"))
    assert main(["restore", str(path), "--dry-run"]) == 0
    assert "3 restored" in capsys.readouterr().out
    assert sorted(p.name for p in tmp_path.iterdir()) == [".deepshi", "nb.ipynb"]


def test_json_says_what_became_of_each_cell(study: Study, tmp_path: Path, capsys: Capture) -> None:
    path = journaled(study, tmp_path / "nb.ipynb")
    study.edit(0, "Uno?")
    cleared(study.save(path))
    assert main(["restore", str(path), "--json", "-o", str(tmp_path / "out.ipynb")]) == 1
    told = json.loads(capsys.readouterr().out)
    first, loop, other = told["cells"]
    assert (first["outcome"], first["turns"]) == ("not found", [])
    assert first["reason"] == "its text has changed since it was asked"
    assert (loop["outcome"], loop["states"]) == ("restored", ["context-changed"])
    assert (other["outcome"], other["states"]) == ("restored", ["fresh"])
    assert told["counts"] == {"not found": 1, "restored": 2}
    assert told["written"] == str(tmp_path / "out.ipynb")


def test_a_copy_elsewhere_is_restored_from_the_store_that_is_named(
    study: Study, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    path = cleared(journaled(study, here / "nb.ipynb"))
    copy = there / "copy.ipynb"
    copy.write_bytes(path.read_bytes())
    monkeypatch.chdir(tmp_path)
    assert main(["restore", str(copy), "--inplace"]) == 1
    assert "nothing is recorded for this text" in capsys.readouterr().out
    assert [p.name for p in there.iterdir()] == ["copy.ipynb"], "nothing found, nothing written"
    assert main(["restore", str(copy), "--inplace", "--store", "here/.deepshi"]) == 0
    assert main(["restore", str(copy), "--store", "nowhere"]) == 2


def test_a_recording_file_is_looked_in_as_well(
    study: Study, tmp_path: Path, capsys: Capture
) -> None:
    for record in study.records():
        append_recording(tmp_path / "answers.jsonl", record.as_json())
    path = cleared(study.save(tmp_path / "nb.ipynb"))
    words = ["restore", str(path), "--inplace", "--recording"]
    assert main([*words, str(tmp_path / "answers.jsonl")]) == 0
    assert main([*words, str(tmp_path / "none.jsonl")]) == 2
    assert "none.jsonl cannot be read" in capsys.readouterr().err


def test_what_a_killed_kernel_left_comes_back_as_partial(tmp_path: Path, capsys: Capture) -> None:
    study = Study()
    record = study.ask("Tell me a long story.", answer=None)
    path = tmp_path / "nb.ipynb"
    written = journal(path)
    begun: TurnRecord = msgspec.structs.replace(record, calls=())
    written.begin("01CALL", {"turn": record.id, "request_key": "r1:x", "record": begun.as_json()})
    written.progress("01CALL", [{"choice": 0, "field": "text", "text": "Once upon a time "}])
    cleared(study.save(path))  # and the journal is never closed
    assert main(["restore", str(path), "--inplace"]) == 0
    out = capsys.readouterr().out
    assert "restored, partial" in out
    (cell,) = read_notebook(path)["cells"]
    back = record_of(cell)
    assert (back.kind, back.text.rstrip()) == ("partial", "Once upon a time")
    assert back.chained(back.parent) == back.tip
    assert "The answer broke off here." in "".join(cell["outputs"][0]["data"]["text/markdown"])


def test_what_a_tool_left_of_an_answer_without_its_record_is_not_shown_twice(
    study: Study, tmp_path: Path
) -> None:
    path = cleared(journaled(study, tmp_path / "nb.ipynb"))
    assert main(["restore", str(path), "--inplace"]) == 0
    notebook = read_notebook(path)
    first = notebook["cells"][0]
    del first["outputs"][0]["data"][RECORD]
    first["outputs"].insert(0, {"output_type": "stream", "name": "stderr", "text": ["!\n"]})
    write_notebook(notebook, path)
    assert main(["restore", str(path), "--inplace"]) == 0
    outputs = read_notebook(path)["cells"][0]["outputs"]
    assert [output["output_type"] for output in outputs] == ["stream", "display_data"]
    assert RECORD in outputs[1]["data"]


def test_a_record_of_a_newer_version_stays_alone(
    study: Study, tmp_path: Path, capsys: Capture
) -> None:
    path = journaled(study, tmp_path / "nb.ipynb")
    study.cells[0]["outputs"][0]["data"][RECORD]["v"] = 3
    study.save(path)
    before = path.read_bytes()
    assert main(["restore", str(path), "--inplace"]) == 1
    out, err = capsys.readouterr()
    assert "No answer is missing." in out
    assert "has the version 3" in err
    assert path.read_bytes() == before


def test_wrong_usage(tmp_path: Path, capsys: Capture) -> None:
    path = Study().save(tmp_path / "nb.ipynb")
    assert main(["restore", str(tmp_path / "none.ipynb")]) == 2
    assert main(["restore", str(path), "-o", str(path)]) == 2
    assert "--inplace" in capsys.readouterr().err
    assert main(["restore", str(path)]) == 0
    assert capsys.readouterr().out == "No answer is missing.\n"
