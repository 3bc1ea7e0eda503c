from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from deepshi_jupyter.cli import demo
from deepshi_jupyter.cli.demo import demo_environment
from deepshi_jupyter.cli.main import main
from tests.cli.conftest import CANARY, Run

EXECUTED = "01-first-question.executed.ipynb"


def read(path: Path) -> nbformat.NotebookNode:
    return nbformat.read(path, as_version=4)


def test_the_demo_runs_shows_its_answers_and_leaves_the_executed_notebook(
    run: Run, tmp_path: Path
) -> None:
    ran = run("demo", "--pace", "0")
    assert ran.code == 0, ran
    assert [path.name for path in tmp_path.iterdir()] == [EXECUTED]
    assert str(tmp_path / EXECUTED) in ran.out
    notebook = read(tmp_path / EXECUTED)
    nbformat.validate(notebook)
    asked = [cell for cell in notebook.cells if cell.source.startswith("%%deepshi")]
    assert len(asked) >= 4
    for cell in asked:
        (output,) = cell.outputs
        assert "text/markdown" in output.data
        assert output.data["text/plain"] in ran.out
        assert cell.source.partition("\n")[0] in ran.out
    assert not any(out.output_type == "error" for cell in notebook.cells for out in _outputs(cell))
    assert "\x1b" not in ran.out + ran.err
    assert CANARY not in (tmp_path / EXECUTED).read_text(encoding="utf-8")


def _outputs(cell: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return list(cell.get("outputs", []))


def test_a_second_demo_leaves_the_first_notebook_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / EXECUTED).write_text("mine")
    give(monkeypatch, tmp_path, "1 + 1")
    assert main(["demo"]) == 0
    assert (tmp_path / EXECUTED).read_text() == "mine"
    assert "01-first-question.executed-2.ipynb" in capsys.readouterr().out


def give(monkeypatch: pytest.MonkeyPatch, folder: Path, *cells: str) -> None:
    """Let the demo run these cells instead of the first notebook."""
    notebook = new_notebook(cells=[new_code_cell(source) for source in cells])
    monkeypatch.setattr(demo, "notebook_text", lambda _: nbformat.writes(notebook))
    monkeypatch.setenv("PYTHONPATH", str(Path(demo.__file__).parents[2]))
    monkeypatch.chdir(folder)


def test_a_failing_cell_fails_the_demo_and_keeps_what_ran(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = "%%deepshi -m offline-error-402\nhello"
    give(monkeypatch, tmp_path, "%load_ext deepshi_jupyter", "print('ran')", source, "never")
    monkeypatch.setenv("DEEPSHI_API_KEY", CANARY)
    assert main(["demo"]) == 1
    out, err = capsys.readouterr()
    lines = err.splitlines()
    assert lines[:3] == ["Cell 3 of 4 failed:", "    %%deepshi -m offline-error-402", "    hello"]
    assert lines[3].startswith("InsufficientCreditsError: The service refused the request (402)")
    assert lines[4].startswith("→ ")
    assert lines[5].endswith(EXECUTED)
    assert "ran\n" in out
    notebook = read(tmp_path / EXECUTED)
    assert notebook.cells[1].outputs[0].text == "ran\n"
    assert notebook.cells[2].outputs[0].output_type == "error"
    assert CANARY not in out + err + (tmp_path / EXECUTED).read_text(encoding="utf-8")


def test_the_kernel_gets_the_embedded_endpoint_and_no_key() -> None:
    mine = {
        "PATH": "/bin",
        "DEEPSHI_API_KEY": CANARY,
        "DEEPSHI_MODEL": "deepshi-3.0",
        "DEEPSHI_MODE": "replay",
        "HTTPS_PROXY": "http://proxy.example.org",
        "NO_PROXY": "intranet",
    }
    given = demo_environment(mine, "http://127.0.0.1:1/v1")
    assert given == {
        "PATH": "/bin",
        "DEEPSHI_BASE_URL": "http://127.0.0.1:1/v1",
        "DEEPSHI_MODEL": "offline-chat",
        "HTTPS_PROXY": "http://proxy.example.org",
        "NO_PROXY": "intranet,127.0.0.1",
        "no_proxy": "intranet,127.0.0.1",
    }
    assert demo_environment({}, "x")["NO_PROXY"] == "127.0.0.1"


def test_options_for_jupyterlab_need_lab(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["demo", "--", "--no-browser"]) == 2
    assert "need --lab" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_keeps_what_came_and_exits_130(
    start: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    process = start("demo", "--pace", "4")
    assert process.stdout is not None
    line = ""
    while not line.startswith("      What does"):
        line = process.stdout.readline()
        assert line, process.communicate()
    assert process.stdout.read(3).strip(), "the answer begins"
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, (out, err)
    assert str(tmp_path / EXECUTED) in err
    assert "Traceback" not in err
    cells = [cell for cell in read(tmp_path / EXECUTED).cells if cell.cell_type == "code"]
    assert cells[2].outputs[-1].ename == "CallInterruptedError"
    assert cells[3].outputs == []


def test_jupyterlab_opens_the_notebook_and_ends_with_ctrl_c(
    start: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    words = ["--no-browser", "--allow-root", "--port=0", "--ServerApp.port_retries=50"]
    process = start("demo", "--lab", "--", *words)
    assert process.stderr is not None
    log = ""
    while "/lab?token=" not in log:
        line = process.stderr.readline()
        assert line, (log, process.communicate())
        log += line
    os.kill(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, (out, log, err)
    assert CANARY not in out + log + err
    assert str(tmp_path / "01-first-question.ipynb") in out
    assert "Traceback" not in log + err
    assert [path.name for path in tmp_path.glob("*.ipynb")] == ["01-first-question.ipynb"]
