"""Rows of facts → a bundle that reads well in a notebook and in a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from deepshi_jupyter.core.printable import printable
from deepshi_jupyter.display.safe_markdown import literal


class Table:
    """A small table.

    Args:
        header: The names of the columns.
        rows: The cells, as text; what a service wrote may stand in them.
        note: A sentence below, or an empty text.
    """

    def __init__(
        self, header: Sequence[str], rows: Sequence[Sequence[str]], note: str = ""
    ) -> None:
        self.header = tuple(header)
        self.rows = [tuple(printable(cell) for cell in row) for row in rows]
        self.note = note

    def __str__(self) -> str:
        lines = [self.header, *self.rows]
        widths = [max(len(row[i]) for row in lines) for i in range(len(self.header))]
        text = [
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in lines
        ]
        return "\n".join([*text, *([self.note] if self.note else [])])

    def __repr__(self) -> str:
        return str(self)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"text/plain": str(self), "text/markdown": self._markdown()}

    def _markdown(self) -> str:
        rows = [self.header, ("---",) * len(self.header), *self.rows]
        lines = [
            "| " + " | ".join(cell if i == 1 else literal(cell) for cell in row) + " |"
            for i, row in enumerate(rows)
        ]
        return "\n".join([*lines, *(["", literal(self.note)] if self.note else [])])
