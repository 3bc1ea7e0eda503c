"""Where a question is asked: a value of its own, so that loading the magics loads little."""

from __future__ import annotations

import msgspec


class Place(msgspec.Struct, frozen=True):
    """Where a question is asked.

    Attributes:
        cell: The front end's id of the cell, or an empty text.
        execution: The kernel's number of this execution; 0 outside of one.
        number: The number that the notebook shows beside the cell, if not `execution`.
        source: The whole source of what runs, or an empty text.
        deleted: The ids of cells that the front end says are gone.
        slot: What its turns are kept under, if a cell is asked from another one.
        shown_as: The turn under whose id the kernel shows the answer, if not the new one.
        end: Whether it stands below all cells, as a question that no cell asks.
    """

    cell: str = ""
    execution: int = 0
    number: int = 0
    source: str = ""
    deleted: frozenset[str] = frozenset()
    slot: str = ""
    shown_as: str = ""
    end: bool = False

    @property
    def key(self) -> str:
        """What its turns are kept under: the cell, else the execution."""
        return self.slot or self.cell or f"In[{self.execution}]"
