from __future__ import annotations

import sys
from pathlib import Path

import nbformat
import pytest
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient

import deepshi_jupyter
from tests.real.servers import NAMES, Server

QUICKSTART = "01-first-question.ipynb"


class ThisInterpreter(AsyncKernelManager):
    """Starts the interpreter of the tests, whatever kernels the machine has."""

    def format_kernel_cmd(self, extra_arguments: list[str] | None = None) -> list[str]:
        return [sys.executable, *super().format_kernel_cmd(extra_arguments)[1:]]


def run(
    notebook: Path, server: Server, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> nbformat.NotebookNode:
    """Run a notebook as a user does who set the endpoint's variables before Jupyter started."""
    monkeypatch.setenv("PYTHONPATH", str(Path(deepshi_jupyter.__file__).parents[1]))
    monkeypatch.setenv("DEEPSHI_BASE_URL", server.base_url)
    monkeypatch.setenv("DEEPSHI_MODEL", server.model)
    monkeypatch.setenv("DEEPSHI_REASONER", server.reasoner)
    monkeypatch.setenv("DEEPSHI_API_KEY", server.api_key or "")
    read: nbformat.NotebookNode = nbformat.read(notebook, as_version=4)
    NotebookClient(
        read,
        kernel_name="python3",
        kernel_manager_class=ThisInterpreter,
        resources={"metadata": {"path": str(folder)}},
        timeout=120,
    ).execute()
    return read


@pytest.mark.parametrize("server", NAMES, indirect=True)
def test_the_quickstart_notebook_runs_against_each_server(
    server: Server, repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = run(repository / "notebooks" / QUICKSTART, server, tmp_path, monkeypatch)
    nbformat.validate(done)
    asked = [c for c in done.cells if c.cell_type == "code" and c.source.startswith("%%deepshi")]
    assert len(asked) >= 4
    for cell in asked:
        kinds = {output.output_type for output in cell.outputs}
        assert kinds <= {"display_data", "execute_result"}, cell.outputs
        assert any(output.data["text/plain"].strip() for output in cell.outputs)
    if server.api_key:
        assert server.api_key not in nbformat.writes(done)
