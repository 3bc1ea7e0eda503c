"""Every notebook that comes with the package runs, against the embedded endpoint over a socket."""

from __future__ import annotations

import os
import re
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode

from deepshi_jupyter.cli.execution import Outcome, run_notebook
from deepshi_jupyter.offline import OfflineServer
from tests.cli.altered_endpoint import AlteredEndpoint, missing, without_usage

NOTEBOOKS = sorted((Path(__file__).parent.parent / "notebooks").glob("*.ipynb"))
KEY = "sk-bf-canary-7d20b4"


class Nobody:
    """A watcher that looks away."""

    def begin(self, number: int, total: int, source: str) -> None:
        """Do nothing."""

    def delta(self, data: object) -> None:
        """Do nothing."""

    def output(self, output: object) -> None:
        """Do nothing."""

    def end(self, seconds: float) -> None:
        """Do nothing."""


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def path(request: pytest.FixtureRequest) -> Path:
    found: Path = request.param
    return found


def read(path: Path) -> NotebookNode:
    return nbformat.read(path, as_version=4)


def code(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def test_there_is_a_first_notebook() -> None:
    assert "01-first-question.ipynb" in [path.name for path in NOTEBOOKS]


def run(notebook: NotebookNode, server: OfflineServer, **more: str) -> Outcome:
    """Run a notebook against a server whose one model is named by the environment."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(NOTEBOOKS[0].parent.parent),
        "DEEPSHI_BASE_URL": server.base_url,
        "DEEPSHI_MODEL": "offline-chat",
        **more,
    }
    return run_notebook(notebook, Nobody(), environment=environment)


def test_it_runs_and_every_question_is_answered(path: Path) -> None:
    notebook = read(path)
    with OfflineServer(require_key=KEY) as server:
        assert run(notebook, server, DEEPSHI_API_KEY=KEY) == Outcome()
    for cell in code(notebook):
        if cell.source.startswith("%%deepshi"):
            (output,) = cell.outputs
            assert output.data["text/plain"].strip()
    assert KEY not in nbformat.writes(notebook)


def test_it_runs_where_one_model_is_all_there_is(path: Path) -> None:
    """No catalogue, no usage, no cost, no reasoning: as with a small server of one's own."""
    endpoint = AlteredEndpoint(chat=without_usage, models=missing)
    with OfflineServer(endpoint=endpoint) as server:
        assert run(read(path), server, DEEPSHI_REASONER="offline-chat") == Outcome()


def test_it_is_committed_without_outputs_and_with_readable_ids(path: Path) -> None:
    notebook = read(path)
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    assert notebook.metadata.kernelspec.name == "python3"
    assert all(not cell.outputs and cell.execution_count is None for cell in code(notebook))
    ids = [cell.id for cell in notebook.cells]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-z][a-z-]*", identity) for identity in ids)


def test_no_question_names_a_model_so_that_any_server_can_answer(path: Path) -> None:
    for cell in code(read(path)):
        options = cell.source.partition("\n")[0]
        named = re.search(r"(?:-m|--model)[ =](\S+)", options)
        assert not named or named[1] == "{{reasoner}}", options
