from __future__ import annotations

import argparse
import json
import os
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from deepshi_jupyter.cli import execution
from deepshi_jupyter.cli import run as run_command
from deepshi_jupyter.cli.execution import Outcome
from deepshi_jupyter.cli.main import main
from deepshi_jupyter.core.turn_record import MIME_TYPE as RECORD
from tests.notebook.study import Study

Capture = pytest.CaptureFixture[str]

LOAD = "%load_ext deepshi_jupyter"


@pytest.fixture(autouse=True)
def _kernels_find_the_package(monkeypatch: pytest.MonkeyPatch, repository: Path) -> None:
    monkeypatch.setenv("PYTHONPATH", str(repository))


def saved(folder: Path, *sources: str) -> Path:
    cells = [new_code_cell(source) for source in sources]
    if any(source == "who = 'nobody'" for source in sources):
        cells[sources.index("who = 'nobody'")].metadata["tags"] = ["parameters"]
    cells.insert(0, new_markdown_cell("# A study"))
    path = folder / "study.ipynb"
    nbformat.write(new_notebook(cells=cells), path)
    return path


def read(path: Path) -> nbformat.NotebookNode:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    return notebook


def code(path: Path) -> list[nbformat.NotebookNode]:
    return [cell for cell in read(path).cells if cell.cell_type == "code"]


def pretend(monkeypatch: pytest.MonkeyPatch, outcome: Outcome, **outputs: Any) -> list[Any]:
    """Let no kernel run: all cells begin, and the outputs of some are replaced."""
    told: list[Any] = []

    def ran(notebook: Any, watcher: Any, **how: Any) -> Outcome:
        told.append(how)
        cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
        for number, cell in enumerate(cells, 1):
            watcher.begin(number, len(cells), cell.source)
            cell.outputs = outputs.get(f"cell_{number}", cell.outputs)
        return outcome

    monkeypatch.setattr(execution, "run_notebook", ran)
    return told


def test_a_notebook_runs_and_a_replay_of_it_is_the_same_file(
    tmp_path: Path, capsys: Capture
) -> None:
    path = saved(
        tmp_path,
        LOAD,
        "who = 'nobody'",
        "%%deepshi\nSay hello to {{who}}.",
        "import deepshi_jupyter\nfor text in 'ab':\n    deepshi_jupyter.ask(text)",
        "import os; print(os.getcwd())",
    )
    words = ["run", str(path), "--offline", "-p", "who", "you"]
    assert main(words) == 0
    executed = tmp_path / "study.executed.ipynb"
    out, err = capsys.readouterr()
    assert str(executed) in out
    assert "6 of 6 cells" in out
    assert "3 answers: 3 asked, 0 replayed; " in out
    assert "as reported." in out
    assert err == ""
    cells = code(executed)
    assert cells[2].source == "# Parameters\nwho = 'you'"
    assert "hello to you" in cells[3].outputs[0].data[RECORD]["messages"][0]["content"]
    assert cells[5].outputs[0].text == f"{tmp_path}\n", "the kernel works in its folder"

    before = executed.read_bytes()
    again = ["run", str(executed), "--offline", "--mode", "replay", "-o", str(executed), "--json"]
    assert main(again) == 0
    out, err = capsys.readouterr()
    told = json.loads(out)
    assert executed.read_bytes() == before
    assert told["answers"] == {"answers": 3, "asked": 0, "replayed": 3, "partial": 0}
    assert (told["outcome"], told["backup"], told["used"]["calls"]) == ("complete", None, 0)
    assert told["cells"] == {"ran": 6, "total": 6}
    text, footer = err.index(cells[3].outputs[0].data["text/plain"]), err.index("embedded endpoint")
    assert text < footer, "the footer stands below its answer, in a replay as well"


def test_a_recording_answers_another_copy_of_the_notebook(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEEPSHI_STORE", "off")
    monkeypatch.chdir(tmp_path)
    path = saved(tmp_path, LOAD, "%%deepshi\nHello?")
    assert main(["run", str(path), "--offline", "--record", "answers.jsonl"]) == 0
    other = tmp_path / "other"
    other.mkdir()
    copy = other / "copy.ipynb"
    copy.write_bytes(path.read_bytes())
    words = ["run", "other/copy.ipynb", "--offline", "--recording", "answers.jsonl"]
    assert main([*words, "--mode", "replay"]) == 0
    first, second = (
        code(p)[1].outputs
        for p in (tmp_path / "study.executed.ipynb", other / "copy.executed.ipynb")
    )
    assert first == second
    assert "1 answer: 0 asked, 1 replayed; nothing was used." in capsys.readouterr().out


def test_a_failing_cell_ends_the_run_and_what_came_is_saved(
    tmp_path: Path, capsys: Capture
) -> None:
    path = saved(tmp_path, "print('ran')", "1 / 0", "print('never')")
    notebook = read(path)
    notebook.cells[3].outputs = [nbformat.v4.new_output("stream", text="from before\n")]
    nbformat.write(notebook, path)
    assert main(["run", str(path), "-o", str(tmp_path / "out.ipynb")]) == 1
    out, err = capsys.readouterr()
    assert err.splitlines() == [
        "Cell 2 of 3 failed:",
        "    1 / 0",
        "ZeroDivisionError: division by zero",
    ]
    assert "2 of 3 cells" in out
    assert "1 did not run, and holds what was there." in out
    ran, failed, left = code(tmp_path / "out.ipynb")
    assert ran.outputs[0].text == "ran\n"
    assert failed.outputs[0].ename == "ZeroDivisionError"
    assert left.outputs[0].text == "from before\n"


def test_ctrl_c_saves_what_came_and_exits_130(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    class PressesCtrlC(run_command._Counting):
        def output(self, output: Mapping[str, Any]) -> None:
            super().output(output)
            if "now" in str(output.get("text")):
                os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(run_command, "_Counting", PressesCtrlC)
    path = saved(tmp_path, "print('now', flush=True)\nimport time\ntime.sleep(600)", "1")
    assert main(["run", str(path), "--json"]) == 130
    out, err = capsys.readouterr()
    assert "Stopped." in err
    told = json.loads(out)
    assert (told["outcome"], told["cells"]) == ("interrupted", {"ran": 1, "total": 2})
    stopped, left = code(tmp_path / "study.executed.ipynb")
    assert [output.output_type for output in stopped.outputs] == ["stream", "error"]
    assert left.outputs == []


def test_a_run_in_its_own_place_keeps_answers_that_would_be_lost(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = Study()
    study.ask("One?")
    path = study.save(tmp_path / "nb.ipynb")
    before = path.read_bytes()
    pretend(monkeypatch, Outcome())
    assert main(["run", str(path), "-o", str(path)]) == 0
    assert [p.name for p in tmp_path.iterdir()] == ["nb.ipynb"], "nothing is lost"
    pretend(monkeypatch, Outcome(), cell_1=[])
    assert main(["run", str(path), "-o", str(path)]) == 0
    assert (tmp_path / "nb.ipynb.bak").exists()
    assert json.loads((tmp_path / "nb.ipynb.bak").read_bytes()) == json.loads(before)
    assert "What it was is in" in capsys.readouterr().out


def test_a_file_that_is_there_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = saved(tmp_path, "1")
    (tmp_path / "study.executed.ipynb").write_text("old")
    pretend(monkeypatch, Outcome())
    assert main(["run", str(path)]) == 0
    assert len(read(tmp_path / "study.executed.ipynb").cells) == 2


def test_parameters_without_a_cell_for_them_are_set_at_the_top_and_that_is_said(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = saved(tmp_path, "1")
    pretend(monkeypatch, Outcome())
    assert main(["run", str(path), "-p", "n", "20"]) == 0
    assert "No cell is tagged `parameters`" in capsys.readouterr().err
    assert read(tmp_path / "study.executed.ipynb").cells[0].source == "# Parameters\nn = 20"


def options(**given: Any) -> argparse.Namespace:
    values = {
        "record": "",
        "recording": "",
        "mode": "",
        "base_url": "",
        "notebook": Path("nb.ipynb"),
    }
    return argparse.Namespace(**{**values, **given})


def test_the_kernel_is_told_the_notebook_the_mode_and_the_files() -> None:
    mine = {"PATH": "/bin", "JPY_SESSION_NAME": "/elsewhere.ipynb", "DEEPSHI_MODE": "live"}
    given = options(mode="auto", record="a.jsonl", recording="b.jsonl", base_url="offline")
    here = Path.cwd()
    assert run_command.kernel_environment(mine, given) == {
        "PATH": "/bin",
        "DEEPSHI_NOTEBOOK": str(here / "nb.ipynb"),
        "DEEPSHI_MODE": "auto",
        "DEEPSHI_RECORD": str(here / "a.jsonl"),
        "DEEPSHI_RECORDING": str(here / "b.jsonl"),
        "DEEPSHI_BASE_URL": "offline",
    }


def test_what_the_environment_says_holds_where_no_option_does() -> None:
    mine = {"DEEPSHI_MODE": "replay", "DEEPSHI_RECORDING": "b.jsonl", "DEEPSHI_BASE_URL": "offline"}
    given = run_command.kernel_environment(mine, options())
    assert (given["DEEPSHI_MODE"], given["DEEPSHI_BASE_URL"]) == ("replay", "offline")
    assert given["DEEPSHI_RECORDING"] == str(Path.cwd() / "b.jsonl")
    assert "DEEPSHI_RECORD" not in given


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["missing.ipynb"], "missing.ipynb cannot be read"),
        (["study.ipynb", "-o", "nowhere/out.ipynb"], "There is no folder nowhere"),
        (["study.ipynb", "-o", "."], ". cannot be written"),
        (["study.ipynb", "--recording", "none.jsonl"], "none.jsonl cannot be read"),
        (["study.ipynb", "--record", "nowhere/a.jsonl"], "There is no folder for "),
        (["study.ipynb", "--cwd", "nowhere"], "There is no folder nowhere"),
        (["study.ipynb", "-p", "1x", "2"], "-p '1x' is no name for a variable"),
        (["r.ipynb"], "r.ipynb is in R"),
    ],
)
def test_wrong_usage_is_found_before_anything_runs(
    words: list[str],
    says: str,
    tmp_path: Path,
    capsys: Capture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    saved(tmp_path, "1")
    other = new_notebook(
        metadata={"kernelspec": {"name": "ir", "display_name": "R", "language": "R"}}
    )
    nbformat.write(other, tmp_path / "r.ipynb")
    monkeypatch.chdir(tmp_path)
    told = pretend(monkeypatch, Outcome())
    assert main(["run", *words]) == 2
    assert says in capsys.readouterr().err
    assert told == []
    assert sorted(p.name for p in tmp_path.iterdir()) == ["r.ipynb", "study.ipynb"]
