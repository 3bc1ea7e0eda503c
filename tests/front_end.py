"""A notebook as JupyterLab holds it: cells on a page, a kernel that runs them, and a file."""

from __future__ import annotations

import json
import os
import time
import uuid
from pathlib import Path
from typing import Any

import nbformat

from deepshi_jupyter.core.turn_record import MIME_TYPE, TurnRecord, read_record
from deepshi_jupyter.notebook.notebook_file import records_in, write_notebook
from tests.kernel import Kernel, Run

Json = dict[str, Any]


class FrontEnd:
    """One open notebook.

    Args:
        kernel: The kernel that runs its cells.
        path: Its file; nothing is written before `save`.
        tells_cells: Whether requests carry the id of their cell, as JupyterLab's do.
    """

    def __init__(self, kernel: Kernel, path: Path, *, tells_cells: bool = True) -> None:
        self.kernel = kernel
        self.path = path
        self.cells: list[Json] = []
        self._tells_cells = tells_cells
        self._deleted: list[str] = []

    def open(self) -> None:
        """Read the cells of the file."""
        self.cells = json.loads(json.dumps(nbformat.read(self.path, as_version=4).cells))

    def add(self, source: str, *, at: int | None = None, cell_id: str = "") -> str:
        """Insert a cell, at the end if no place is given, and return its id."""
        cell = {
            "cell_type": "code",
            "id": cell_id or uuid.uuid4().hex[:8],
            "metadata": {},
            "execution_count": None,
            "source": source,
            "outputs": [],
        }
        self.cells.insert(len(self.cells) if at is None else at, cell)
        return str(cell["id"])

    def ask(self, question: str, options: str = "", *, at: int | None = None) -> str:
        """Insert a ``%%deepshi`` cell, run it, and return its id."""
        cell_id = self.add(f"%%deepshi {options}".rstrip() + f"\n{question}", at=at)
        run = self.run(cell_id)
        assert run.error is None, run.error
        return cell_id

    def cell(self, cell_id: str) -> Json:
        return next(cell for cell in self.cells if cell["id"] == cell_id)

    def edit(self, cell_id: str, source: str) -> None:
        self.cell(cell_id)["source"] = source

    def move(self, cell_id: str, at: int) -> None:
        cell = self.cell(cell_id)
        self.cells.remove(cell)
        self.cells.insert(at, cell)

    def delete(self, cell_id: str) -> Json:
        """Take a cell off the page; the kernel is told with the next one that runs."""
        cell = self.cell(cell_id)
        self.cells.remove(cell)
        self._deleted.append(cell_id)
        return cell

    def clear(self, cell_id: str) -> None:
        self.cell(cell_id)["outputs"] = []

    def run(self, cell_id: str) -> Run:
        """Run a cell to its end, and keep its outputs on the page."""
        return self.finish(cell_id, self.send(cell_id))

    def send(self, cell_id: str) -> str:
        metadata: Json = {}
        if self._tells_cells:
            metadata = {"cellId": cell_id, "deletedCells": [*self._deleted], "trusted": True}
            self._deleted.clear()
        self.clear(cell_id)
        return self.kernel.send(self.cell(cell_id)["source"], **metadata)

    def finish(self, cell_id: str, request: str) -> Run:
        run = self.kernel.finish(request)
        cell = self.cell(cell_id)
        cell["outputs"] = outputs_of(run)
        cell["execution_count"] = run.reply["execution_count"]
        return run

    def run_all(self) -> None:
        for cell in [*self.cells]:
            run = self.run(cell["id"])
            assert run.error is None, run.error

    def save(self, *, after: float = 10.0) -> None:
        """Write the file as if it was so many seconds from now."""
        notebook = {"cells": self.cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
        write_notebook(json.loads(json.dumps(notebook)), self.path)
        at = time.time() + after
        os.utime(self.path, (at, at))

    def record(self, cell_id: str) -> TurnRecord:
        """Return the last record in the outputs of a cell."""
        return self.records(cell_id)[-1]

    def records(self, cell_id: str) -> list[TurnRecord]:
        return [
            read_record(value)
            for output in self.cell(cell_id)["outputs"]
            for value in records_in(output.get("data", {}))
        ]

    def text(self, cell_id: str) -> str:
        """Return what a cell has printed."""
        outputs = self.cell(cell_id)["outputs"]
        return "".join(output.get("text", "") for output in outputs)


def outputs_of(run: Run) -> list[Json]:
    """Return the outputs that a page keeps of what a cell gave."""
    outputs: list[Json] = []
    shown: dict[str, Json] = {}
    clear = False
    for message in run.messages:
        kind, content = message["msg_type"], message["content"]
        if kind == "clear_output":
            clear = True
            continue
        if kind == "update_display_data":
            found = shown.get(content["transient"]["display_id"])
            if found is not None:
                found["data"] = content["data"]
            continue
        if kind not in ("display_data", "execute_result", "stream", "error"):
            continue
        if clear:
            outputs.clear()
            clear = False
        output = {"output_type": kind, **{k: v for k, v in content.items() if k != "transient"}}
        outputs.append(output)
        if name := content.get("transient", {}).get("display_id"):
            shown[name] = output
    return outputs


__all__ = ["MIME_TYPE", "FrontEnd", "outputs_of"]
