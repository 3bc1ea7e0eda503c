"""A front end that is connected: what it reads, and what it told of its notebook."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from deepshi_jupyter.core.timeline import DocumentOrder
from deepshi_jupyter.link.messages import Hello, Order

MOST_RUNS = 8
"""So many announced executions of one cell are remembered."""


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """One execution of a cell.

    Attributes:
        id: The id of the request.
        session: Who sent it: a front end uses one name for all that it sends to a kernel.
        cell: The id of the cell.
        sha256: The hash of its source.
        sent: When it was sent, by the clock of the front end, or None.
    """

    id: str
    session: str
    cell: str
    sha256: str
    sent: datetime | None = None


class FrontEnd:
    """One page that opened a link.

    Args:
        comm: Its comm.
        opening: The message that opened it.

    Attributes:
        reads: What it said that it reads.
        present: Whether it said hello.
        order: The cells as it told them last, or None.
        announces: Whether it tells which cells are about to run, as far as is known.
    """

    def __init__(self, comm: Any, opening: dict[str, Any]) -> None:
        header = opening.get("header") or {}
        sent = header.get("date")
        self.comm = comm
        self.session = str(header.get("session") or "")
        self.on_subshell = bool(header.get("subshell_id"))
        self.reads: frozenset[str] = frozenset()
        self.present = False
        self.order: DocumentOrder | None = None
        self.announces = True
        self._opened = sent if isinstance(sent, datetime) else None
        self._seq = -1
        self._announced: dict[str, list[str]] = {}

    def says_hello(self, hello: Hello) -> None:
        """Take note of what it reads."""
        self.reads, self.present = frozenset(hello.reads), True

    def tells(self, order: Order) -> bool:
        """Take note of its order; False if a later one has come before."""
        if order.seq <= self._seq:
            return False
        self._seq = order.seq
        cells = {cell.id: cell.sha256 for cell in order.cells}
        self.order = DocumentOrder("frontend", tuple(cells), sha256s=tuple(cells.values()))
        for cell in order.runs:
            self.announces = True
            announced = self._announced.setdefault(cell, [])
            announced.append(cells.get(cell, ""))
            del announced[:-MOST_RUNS]
        return True

    def announced(self, run: Run) -> bool:
        """True if its order is as of this execution, or if none is to be expected for it."""
        if run.sha256 in self._announced.get(run.cell, ()):
            return True
        before = self._opened is not None and run.sent is not None and run.sent < self._opened
        return before and self.order is not None

    def ran(self, cell: str) -> None:
        """Take note that a cell has run."""
        announced = self._announced.pop(cell, [])[1:]
        if announced:
            self._announced[cell] = announced
