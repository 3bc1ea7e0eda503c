"""A notebook → the turns that it shows, which is what every export takes.

A running kernel makes the same values of its own turns: only `ShownTurn.turn` has to be given.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from deepshi_jupyter.core.conversation import Turn
from deepshi_jupyter.core.mark import Mark
from deepshi_jupyter.core.staleness import State, statuses
from deepshi_jupyter.notebook.notebook_file import Trouble, cell_views, source_of

FRESH: tuple[State, ...] = ("fresh",)


class ShownTurn(msgspec.Struct, frozen=True, kw_only=True):
    """One turn as a document shows it.

    Attributes:
        turn: The turn, with its answer as it stands.
        place: The place of its cell in the document, from 0; -1 if that is not known.
        source: The source of its cell; empty if that is not known.
        states: What became of it since it was asked, gravest first.
        reasons: A sentence for each state that is not ``fresh``.
    """

    turn: Turn
    place: int = -1
    source: str = ""
    states: tuple[State, ...] = FRESH
    reasons: tuple[str, ...] = ()

    @property
    def is_fresh(self) -> bool:
        """True if its answer is what came, whole, and fits what stands above it."""
        return self.states == FRESH


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """What a notebook shows of its turns.

    Attributes:
        turns: The turns, in the order of the document; copies are left out.
        marks: What was said of them afterwards: skip, pin, pick.
        troubles: Records that cannot be read.
    """

    turns: tuple[ShownTurn, ...] = ()
    marks: tuple[Mark, ...] = ()
    troubles: tuple[Trouble, ...] = ()

    @property
    def chats(self) -> list[str]:
        """The names of the conversations, in the order of their first turns."""
        return list(dict.fromkeys(shown.turn.record.chat for shown in self.turns))

    def of_chat(self, name: str) -> Shown:
        """Return the same with the turns of one conversation alone."""
        turns = tuple(shown for shown in self.turns if shown.turn.record.chat == name)
        return msgspec.structs.replace(self, turns=turns)


def shown_in(notebook: Mapping[str, Any]) -> Shown:
    """Return what a notebook shows of its turns.

    Args:
        notebook: A notebook of nbformat 4, as JSON.
    """
    views, troubles = cell_views(notebook)
    found = [
        ShownTurn(
            turn=status.turn,
            place=status.cell.index,
            source=source_of(notebook["cells"][status.cell.index]),
            states=status.states,
            reasons=status.reasons,
        )
        for status in statuses(views)
        if status.turn is not None and "copied" not in status.states
    ]
    marks = tuple(mark for view in views for mark in view.marks)
    return Shown(turns=tuple(found), marks=marks, troubles=tuple(troubles))


def shown_turns(turns: Iterable[Turn]) -> list[ShownTurn]:
    """Return turns that a kernel holds as values that can be exported."""
    return [ShownTurn(turn=turn) for turn in turns]


def unfit(turns: Sequence[ShownTurn]) -> list[str]:
    """Return a line for each turn that is stale, edited or partial, such as an export refuses."""
    return [
        f"{_where(shown, number)}: {', '.join(shown.reasons) or shown.states[0]}"
        for number, shown in enumerate(turns, 1)
        if not shown.is_fresh
    ]


def _where(shown: ShownTurn, number: int) -> str:
    return f"cell {shown.place + 1}" if shown.place >= 0 else f"turn {number}"
