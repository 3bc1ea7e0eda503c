from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from deepshi_jupyter.cli.execution import Outcome, run_notebook


class Notes:
    """A watcher that remembers."""

    def __init__(self) -> None:
        self.begun: list[tuple[int, int, str]] = []
        self.deltas: list[Mapping[str, Any]] = []
        self.outputs: list[Mapping[str, Any]] = []
        self.ended = 0

    def begin(self, number: int, total: int, source: str) -> None:
        self.begun.append((number, total, source))

    def delta(self, data: Mapping[str, Any]) -> None:
        self.deltas.append(data)

    def output(self, output: Mapping[str, Any]) -> None:
        self.outputs.append(output)

    def end(self, seconds: float) -> None:
        self.ended += 1

    @property
    def texts(self) -> list[str]:
        return [text for out in self.outputs if (text := _text(out)) is not None]


def _text(output: Mapping[str, Any]) -> str | None:
    data: Mapping[str, Any] = output.get("data", {})
    text: str | None = output.get("text", data.get("text/plain"))
    return text


class InterruptsItself(Notes):
    """A watcher that presses Ctrl-C when it reads a word of the kernel."""

    def output(self, output: Mapping[str, Any]) -> None:
        super().output(output)
        if "now" in str(output.get("text")):
            os.kill(os.getpid(), signal.SIGINT)


def notebook(*cells: str) -> nbformat.NotebookNode:
    return new_notebook(cells=[new_code_cell(source) for source in cells])


def run(
    cells: nbformat.NotebookNode, repository: Path, notes: Notes | None = None, **more: str
) -> Outcome:
    environment = {**os.environ, "PYTHONPATH": str(repository), **more}
    return run_notebook(cells, notes or Notes(), environment=environment)


def test_the_kernel_is_this_interpreter_whatever_kernels_are_installed(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = tmp_path / "kernels" / "python3" / "kernel.json"
    installed.parent.mkdir(parents=True)
    spec = {"argv": ["/nonexistent/python", "{connection_file}"], "display_name": "Other"}
    installed.write_text(json.dumps(spec))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    notes = Notes()
    assert run(notebook("import sys; print(sys.executable)"), repository, notes) == Outcome()
    assert notes.texts == [f"{sys.executable}\n"]


def test_answers_come_as_deltas_and_stay_as_a_bundle(repository: Path) -> None:
    cells = notebook("%load_ext deepshi_jupyter", "%%deepshi -m offline-echo\nSay {{1 + 1}}.")
    cells.cells.insert(1, new_markdown_cell("Not run."))
    notes = Notes()
    assert run(cells, repository, notes, DEEPSHI_BASE_URL="offline") == Outcome()
    assert [(number, total) for number, total, _ in notes.begun] == [(1, 2), (2, 2)]
    assert notes.ended == 2
    assert "".join(d["text"] for d in notes.deltas if d["kind"] == "text") == "Say 2."
    assert notes.deltas[-1]["kind"] == "end"
    (output,) = cells.cells[-1].outputs
    assert output.data["text/plain"] == "Say 2."
    assert "text/markdown" in output.data


def test_a_failing_cell_ends_the_run_with_its_two_lines(repository: Path) -> None:
    source = "%%deepshi -m offline-error-402\nhello"
    cells = notebook("%load_ext deepshi_jupyter", source, "print('never')")
    outcome = run(cells, repository, DEEPSHI_BASE_URL="offline")
    assert outcome.failure is not None
    assert (outcome.failure.number, outcome.failure.total) == (2, 3)
    assert outcome.failure.source == source
    what, todo = outcome.failure.lines
    assert what.startswith("InsufficientCreditsError: ")
    assert todo.startswith("→ ")
    assert cells.cells[1].outputs[-1].output_type == "error"
    assert cells.cells[2].outputs == []


def test_a_kernel_that_dies_is_a_failure_of_its_cell(repository: Path) -> None:
    outcome = run(notebook("1", "import os; os._exit(1)"), repository)
    assert outcome.failure is not None
    assert outcome.failure.number == 2
    assert "kernel died" in outcome.failure.lines[0]


def test_ctrl_c_stops_the_cell_and_keeps_what_came(repository: Path) -> None:
    cells = notebook("print('now', flush=True)\nimport time\ntime.sleep(600)", "1")
    outcome = run(cells, repository, InterruptsItself())
    assert outcome.interrupted
    assert [output.output_type for output in cells.cells[0].outputs] == ["stream", "error"]
    assert cells.cells[1].outputs == []


def test_ctrl_c_closes_the_answer_and_keeps_its_text(repository: Path) -> None:
    cells = notebook(
        "%load_ext deepshi_jupyter",
        "print('now', flush=True)\nimport deepshi_jupyter\n"
        "deepshi_jupyter.ask('hello', model='offline-stall')",
    )
    outcome = run(cells, repository, InterruptsItself(), DEEPSHI_BASE_URL="offline")
    assert outcome.interrupted
    assert outcome.failure is not None


def test_an_error_that_a_cell_allows_does_not_end_the_run(repository: Path) -> None:
    cells = notebook("1 / 0", "2")
    cells.cells[0].metadata["tags"] = ["raises-exception"]
    notes = Notes()
    assert run(cells, repository, notes) == Outcome()
    assert notes.ended == 2
