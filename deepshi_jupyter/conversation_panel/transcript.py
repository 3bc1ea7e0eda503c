"""The visible turns of a conversation as a panel shows them, and what of it the page lacks."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

import msgspec

from deepshi_jupyter.conversation_panel.shown_turn import marked, shown_turn
from deepshi_jupyter.core.conversation import Marks, Turn
from deepshi_jupyter.core.mark import Mark
from deepshi_jupyter.core.staleness import CellView, Reading
from deepshi_jupyter.core.turn_record import Json, TurnRecord


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """What stands in the notebook, as one panel sees it.

    Attributes:
        turns: The turns of its conversation, in the order of the document.
        seen: The ids of those that a next question of the panel sees.
        branches: For each turn of the panel the ids of the branches there, itself included.
        stale: For each turn that is stale the reason.
        marks: Which turns are skipped and pinned.
        thought: For how many seconds the model of a turn has reasoned, where that was seen.
    """

    turns: Sequence[Turn]
    seen: Collection[str]
    branches: Mapping[str, list[str]]
    stale: Mapping[str, str]
    marks: Marks = Marks()
    thought: Mapping[str, float] = {}


class Transcript:
    """What the page knows of the turns.

    Args:
        show: Returns what is shown of a record wherever it stands.
    """

    def __init__(self, show: Callable[[TurnRecord], Json] = shown_turn) -> None:
        self._show = show
        self._made: dict[str, tuple[TurnRecord, Json]] = {}
        self._told: dict[str, tuple[int, Json]] = {}
        self._order: list[str] | None = None

    def news(self, standing: Standing) -> Json | None:
        """Return the message about what has changed since the last one; None if nothing has."""
        order = list(dict.fromkeys(turn.record.id for turn in standing.turns))
        changed = [shown for turn in standing.turns if (shown := self._changed(turn, standing))]
        if not changed and order == self._order:
            return None
        self._order = order
        return {"kind": "turns", "order": order, "turns": changed}

    def everything(self) -> Json:
        """Return the message with all turns as they were told last."""
        order = self._order or []
        turns = [{**self._told[name][1], "rev": self._told[name][0]} for name in order]
        return {"kind": "turns", "order": order, "turns": turns}

    def _changed(self, turn: Turn, standing: Standing) -> Json | None:
        shown = self._shown(turn, standing)
        name = turn.record.id
        rev, told = self._told.get(name, (0, None))
        if shown == told:
            return None
        self._told[name] = (rev + 1, shown)
        return {**shown, "rev": rev + 1}

    def _shown(self, turn: Turn, standing: Standing) -> Json:
        record, name = turn.record, turn.record.id
        made_of, made = self._made.get(name, (None, {}))
        if made_of is not record:
            made = self._show(record)
            self._made[name] = (record, made)
        return {
            **made,
            "reasoning_seconds": standing.thought.get(name),
            "notices": [*made["notices"], *marked(turn, standing.marks)],
            "stale": standing.stale.get(name, ""),
            "own": name in standing.branches,
            "below": name not in standing.seen,
            "branches": standing.branches.get(name, [name]),
        }


def stale_reasons(turns: Iterable[Turn], marks: Iterable[Mark]) -> dict[str, str]:
    """Return why turns are stale, by what stands above them now.

    Args:
        turns: All visible turns of all conversations, in the order of the document.
        marks: What the user has said of them.
    """
    reading = Reading(marks)
    found: dict[str, str] = {}
    for place, turn in enumerate(turns):
        view = CellView(index=place, id=turn.cell, number=turn.number, records=(turn.record,))
        for status in reading.read([view]):
            pairs = zip(status.states, status.reasons, strict=False)
            why = "; ".join(reason for state, reason in pairs if state not in _SHOWN_OTHERWISE)
            if why:
                found[turn.record.id] = why
    return found


_SHOWN_OTHERWISE = ("partial", "fresh")
