"""The order of cells as the notebook file on the disk has it, and which file that is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from deepshi_jupyter.core.mark import MIME_TYPE as MARK
from deepshi_jupyter.core.mark import read_marks
from deepshi_jupyter.core.timeline import DocumentOrder
from deepshi_jupyter.core.turn_record import MIME_TYPE as RECORD
from deepshi_jupyter.errors import RecordError

SESSION_VARIABLE = "JPY_SESSION_NAME"
"""Where Jupyter Server tells a kernel the path of its notebook."""


class _Output(msgspec.Struct):
    data: dict[str, msgspec.Raw] | None = None


class _Cell(msgspec.Struct):
    id: str = ""
    source: str | list[str] = ""
    outputs: list[_Output] = []


class _Notebook(msgspec.Struct):
    cells: list[_Cell]


class Document:
    """The file of a notebook that is open; it may lag behind, be renamed, or not be there.

    Args:
        path: The notebook file, or None for a console.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._read_at: tuple[int, int] = (0, 0)
        self._order: DocumentOrder | None = None

    def order(self) -> DocumentOrder | None:
        """Return the order of the cells in the file; None if it cannot be read."""
        if self.path is None:
            return None
        try:
            state = self.path.stat()
            if (state.st_mtime_ns, state.st_size) != self._read_at:
                self._order = _order(self.path.read_bytes(), state.st_mtime)
                self._read_at = (state.st_mtime_ns, state.st_size)
        except (OSError, msgspec.DecodeError, UnicodeDecodeError):
            return None  # renamed, moved, or caught while it is written
        return self._order

    def holds_turns(self) -> bool:
        """True if the file has a record or a mark in it; it is not parsed to find out."""
        try:
            data = self.path.read_bytes() if self.path else b""
        except OSError:
            return False
        return RECORD.encode() in data or MARK.encode() in data


def notebook_path(environ: Mapping[str, str]) -> Path | None:
    """Return the notebook of this kernel, as Jupyter Server tells it; None for a console.

    Args:
        environ: The environment variables.
    """
    name = environ.get(SESSION_VARIABLE, "")
    return Path(name) if name.endswith(".ipynb") else None


def _order(data: bytes, saved_at: float) -> DocumentOrder:
    cells = [cell for cell in msgspec.json.decode(data, type=_Notebook).cells if cell.id]
    sources = ("".join(c.source) if isinstance(c.source, list) else c.source for c in cells)
    answered = {cell.id for cell in cells if any(map(_shows_an_answer, cell.outputs))}
    marks = (out.data[MARK] for c in cells for out in c.outputs if out.data and MARK in out.data)
    return DocumentOrder(
        source="disk",
        cells=tuple(cell.id for cell in cells),
        sources=tuple(sources),
        answered=frozenset(answered.union(*map(_brought_back, marks))),
        at=saved_at,
    )


def _shows_an_answer(output: _Output) -> bool:
    """True for an answer, and for what a kernel that was killed has left of one, as markdown."""
    return output.data is not None and (RECORD in output.data or "text/markdown" in output.data)


def _brought_back(mark: msgspec.Raw) -> set[str]:
    """Return the cells whose turns a mark has brought back."""
    try:
        marks = read_marks(msgspec.json.decode(mark))
    except RecordError:
        return set()
    return {mark.cell for mark in marks if mark.mark == "restore"}
