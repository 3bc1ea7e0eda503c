"""Where a panel stands in the notebook, and what stands there of its turns."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, Protocol

import msgspec

from deepshi_jupyter.core.conversation import Turn
from deepshi_jupyter.core.place import Place
from deepshi_jupyter.core.timeline import Timeline

Where = Literal["cell", "end"]


class Seat(Protocol):
    """The place of a panel."""

    where: Where

    @property
    def place(self) -> Place:
        """The place that a next question would have."""

    def take(self, instead_of: str) -> Place:
        """Return the place of a question, and keep it.

        Args:
            instead_of: The id of the turn that it takes the place of, or an empty text.
        """

    def standing(self, timeline: Timeline) -> list[Turn]:
        """Return what stands there of the panel's turns, oldest first."""

    def lay(self, timeline: Timeline, turns: Iterable[Turn]) -> None:
        """Let these turns stand there."""


class CellSeat:
    """The cell that shows the panel: its turns stand there, and see what stands above.

    Args:
        place: The cell as `NotebookState.begins` gives it.
    """

    where: Where = "cell"

    def __init__(self, place: Place) -> None:
        # What was deleted when the cell ran was told then; it may have been brought back since.
        self.place = msgspec.structs.replace(place, deleted=frozenset())

    def take(self, instead_of: str) -> Place:  # noqa: ARG002 - all its turns stand at one place
        """Return the cell."""
        return self.place

    def standing(self, timeline: Timeline) -> list[Turn]:
        """Return what stands there of the panel's turns, oldest first."""
        return [turn for turn in timeline if self._is_here(turn) and is_of_a_panel(turn)]

    def lay(self, timeline: Timeline, turns: Iterable[Turn]) -> None:
        """Let these turns stand there, below what the cell's own code has asked."""
        others = [turn for turn in timeline if self._is_here(turn) and not is_of_a_panel(turn)]
        timeline.lay(self.place.key, [*others, *turns])

    def _is_here(self, turn: Turn) -> bool:
        if self.place.cell:
            return turn.cell == self.place.cell
        return not turn.cell and turn.execution == self.place.execution


class EndSeat:
    """Below all cells: each turn stands by itself, and sees all that is visible.

    Args:
        name: What tells this panel from others; no cell has it for its id.
    """

    where: Where = "end"

    def __init__(self, name: str) -> None:
        self._name = name
        self._slots: list[str] = []
        self._slot_of: dict[str, str] = {}

    @property
    def place(self) -> Place:
        """The place that a next question would have."""
        return Place(end=True, slot=f"{self._name}-{len(self._slots) + 1}")

    def take(self, instead_of: str) -> Place:
        """Return the place of a question: a new one, or that of the turn that it replaces."""
        slot = self._slot_of.get(instead_of, "")
        if slot:
            return Place(end=True, slot=slot)
        place = self.place
        self._slots.append(place.slot)
        return place

    def standing(self, timeline: Timeline) -> list[Turn]:
        """Return what stands there of the panel's turns, oldest first."""
        found = []
        for turn in timeline:
            slot = "" if turn.cell or turn.execution else timeline.key_of(turn)
            if slot in self._slots:
                self._slot_of[turn.record.id] = slot
                found.append((self._slots.index(slot), turn))
        return [turn for _, turn in sorted(found, key=lambda pair: pair[0])]

    def lay(self, timeline: Timeline, turns: Iterable[Turn]) -> None:
        """Let these turns stand there."""
        laid = list(turns)
        for slot in dict.fromkeys(self._slot_of.values()):
            timeline.lay(slot, [t for t in laid if self._slot_of[t.record.id] == slot])


def is_of_a_panel(turn: Turn) -> bool:
    """True for a turn that no text of its cell asks: then the record keeps no hash of that text."""
    return not turn.record.source_sha256
