"""A notebook as a user has it open: cells on a page, a kernel that runs them, and a file."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import nbformat

from deepshi_jupyter.core.turn_record import TurnRecord, read_record
from deepshi_jupyter.notebook.notebook_file import records_in
from tests.kernel import Kernel, Run

Json = dict[str, Any]

KEPT = {
    "display_data": ("data", "metadata"),
    "execute_result": ("data", "metadata", "execution_count"),
    "stream": ("name", "text"),
    "error": ("ename", "evalue", "traceback"),
}
"""What a page keeps of a message, by its type: the fields of nbformat."""


class Page:
    """One open notebook, as JupyterLab treats it.

    Requests carry the id of their cell; an update of a display changes every output that shows it,
    in whichever cell; ``clear_output(wait=True)`` waits for the next output.

    Args:
        path: Its file. It is opened if it is there; else the notebook is new.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.cells: list[Json] = []
        if path.exists():
            self.reload()
        self._kernel: Kernel | None = None
        self._displays: dict[str, list[Json]] = {}
        self._clearing: set[str] = set()
        self._deleted: list[str] = []

    def connect(self, kernel: Kernel) -> None:
        """Go on with this kernel; displays of an earlier one are no longer updated."""
        self._kernel = kernel
        self._displays.clear()

    def reload(self) -> None:
        """Read the cells of the file."""
        notebook = nbformat.read(self.path, as_version=4)
        nbformat.validate(notebook)
        self.cells = json.loads(json.dumps(notebook.cells))

    def save(self, *, later: float = 0.0) -> None:
        """Write the file as Jupyter Server does.

        Args:
            later: By how many seconds the file is newer than now, as if the user had waited.
        """
        metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
        notebook = nbformat.v4.new_notebook(metadata=metadata)
        notebook.cells = nbformat.from_dict(json.loads(json.dumps(self.cells)))
        nbformat.write(notebook, self.path)
        os.utime(self.path, (time.time() + later,) * 2)

    def add(self, source: str, *, cell_id: str, at: int | None = None) -> str:
        """Insert a code cell, at the end if no place is given."""
        cell = {"cell_type": "code", "id": cell_id, "metadata": {}, "source": source}
        cell |= {"execution_count": None, "outputs": []}
        self.cells.insert(len(self.cells) if at is None else at, cell)
        return cell_id

    def note(self, text: str, *, cell_id: str) -> None:
        """Add a markdown cell."""
        self.cells.append({"cell_type": "markdown", "id": cell_id, "metadata": {}, "source": text})

    def cell(self, cell_id: str) -> Json:
        return next(cell for cell in self.cells if cell["id"] == cell_id)

    def delete(self, cell_id: str) -> None:
        self.cells.remove(self.cell(cell_id))
        self._deleted.append(cell_id)

    def clear_all_outputs(self) -> None:
        for cell in self._code_cells():
            cell["outputs"] = []
            cell["execution_count"] = None

    def type(self, cell_id: str, source: str) -> Run:
        """Add a cell at the end and run it; it must not fail."""
        return self.run(self.add(source, cell_id=cell_id))

    def run(self, cell_id: str) -> Run:
        """Run a cell to its end; it must not fail."""
        run = self.run_failing(cell_id)
        assert run.error is None, run.error
        return run

    def run_failing(self, cell_id: str) -> Run:
        """Run a cell to its end, however it ends."""
        return self.watch(cell_id, self.send(cell_id))

    def run_all(self) -> None:
        for cell in self._code_cells():
            self.run(cell["id"])

    def send(self, cell_id: str) -> str:
        """Begin to run a cell."""
        cell = self.cell(cell_id)
        cell["outputs"] = []
        cell["execution_count"] = None
        told = {"cellId": cell_id, "deletedCells": [*self._deleted], "trusted": True}
        self._deleted.clear()
        return self.kernel.send(cell["source"], **told)

    def watch(self, cell_id: str, request: str) -> Run:
        """Take what comes of a cell until it has ended."""
        run = self.kernel.finish(request)
        for message in run.messages:
            self._take(cell_id, message)
        return run

    def watch_until_shown(self, cell_id: str, request: str, characters: int) -> None:
        """Take what comes of a cell until so much of an answer is on the page."""
        run, deadline = Run(), time.monotonic() + 30
        while len(self.shown(cell_id)) < characters:
            self._take(cell_id, self.kernel.next_message(request, deadline, run))

    @property
    def kernel(self) -> Kernel:
        assert self._kernel is not None, "no kernel is connected"
        return self._kernel

    def answer(self, cell_id: str) -> str:
        """Return the plain text of the outputs of a cell, without what is printed."""
        bundles = (output.get("data", {}) for output in self.cell(cell_id)["outputs"])
        return "".join(_joined(data.get("text/plain", "")) for data in bundles)

    def shown(self, cell_id: str) -> str:
        """Return what a reader sees of a cell's outputs: markdown where there is some."""
        return "\n".join(map(_shown, self.cell(cell_id)["outputs"]))

    def records(self, cell_id: str) -> list[TurnRecord]:
        outputs = self.cell(cell_id)["outputs"]
        values = (value for output in outputs for value in records_in(output.get("data", {})))
        return [read_record(value) for value in values]

    def record(self, cell_id: str) -> TurnRecord:
        """Return the last record in the outputs of a cell."""
        return self.records(cell_id)[-1]

    def _code_cells(self) -> list[Json]:
        return [cell for cell in self.cells if cell["cell_type"] == "code"]

    def _take(self, cell_id: str, message: Json) -> None:
        kind, content = message["msg_type"], message["content"]
        cell = self.cell(cell_id)
        if kind == "execute_input":
            cell["execution_count"] = content["execution_count"]
        elif kind == "update_display_data":
            for output in self._displays.get(content["transient"]["display_id"], ()):
                output |= {name: content[name] for name in KEPT["display_data"]}
        elif kind == "clear_output":
            self._clearing.add(cell_id)
            if not content["wait"]:
                self._clear(cell)
        elif kind in KEPT:
            self._clear(cell)
            self._append(cell, kind, content)

    def _clear(self, cell: Json) -> None:
        if cell["id"] in self._clearing:
            self._clearing.remove(cell["id"])
            cell["outputs"] = []

    def _append(self, cell: Json, kind: str, content: Json) -> None:
        output = {"output_type": kind, **{name: content[name] for name in KEPT[kind]}}
        last = cell["outputs"][-1] if cell["outputs"] else {}
        if kind == "stream" and last.get("name") == content["name"]:
            last["text"] += content["text"]
            return
        cell["outputs"].append(output)
        if display_id := content.get("transient", {}).get("display_id"):
            self._displays.setdefault(display_id, []).append(output)


def _shown(output: Json) -> str:
    if output["output_type"] == "stream":
        return _joined(output["text"])
    if output["output_type"] == "error":
        return "\n".join(output["traceback"])
    data = output["data"]
    return _joined(data.get("text/markdown", data.get("text/plain", "")))


def _joined(text: str | list[str]) -> str:
    return text if isinstance(text, str) else "".join(text)
