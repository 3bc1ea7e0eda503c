"""Cells in the order of a document → which answers still fit what stands above them.

Everything comes from what the notebook file holds; no kernel is needed. The context of each turn is
built again from the turns that stand above it now, and its chain compared with the one that its
record keeps. So a change shows in every turn below it, also where the turn between has none.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal

import msgspec

from deepshi_jupyter.core.cell_source import AskingCell
from deepshi_jupyter.core.conversation import (
    Above,
    Context,
    Marks,
    Turn,
    Wanted,
    cut_as_recorded,
)
from deepshi_jupyter.core.mark import Mark, marks_of
from deepshi_jupyter.core.printable import printable
from deepshi_jupyter.core.turn_record import TurnRecord, read_record

State = Literal[
    "fresh",
    "edited",
    "context-changed",
    "params-changed",
    "copied",
    "answer-edited",
    "partial",
    "unsent",
]


class CellView(msgspec.Struct, frozen=True, kw_only=True):
    """What staleness needs of one code cell.

    Attributes:
        index: Its place in the document, from 0, other kinds of cells counted.
        id: Its id, or an empty text.
        number: Its execution number, or None.
        source_sha256: The hash of its whole source, for questions of plain cells.
        asking: What it asks, or None if it is no ``%%deepshi`` cell.
        records: The records in its outputs, in order.
        shown: The texts of the answers as shown, one for each record; None where that is no text.
        marks: The marks in its outputs.
    """

    index: int
    id: str = ""
    number: int | None = None
    source_sha256: str = ""
    asking: AskingCell | None = None
    records: tuple[TurnRecord, ...] = ()
    shown: tuple[str | None, ...] = ()
    marks: tuple[Mark, ...] = ()


class CellStatus(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one question of a cell.

    Attributes:
        cell: The cell.
        states: What is so, gravest first; ``("fresh",)`` if all is well.
        reasons: A sentence for each state that is not ``fresh``.
        turn: The visible turn with its answer as it stands, or None.
    """

    cell: CellView
    states: tuple[State, ...]
    reasons: tuple[str, ...] = ()
    turn: Turn | None = None

    @property
    def state(self) -> State:
        """The gravest state."""
        return self.states[0]

    @property
    def is_stale(self) -> bool:
        """True if the cell would have to be asked again."""
        return self.state != "fresh"


def statuses(cells: Sequence[CellView]) -> list[CellStatus]:
    """Return the status of every question, in the order of the document.

    Args:
        cells: The code cells, from the top.

    Returns:
        One status for each answer of a cell, and one for a ``%%deepshi`` cell without an answer.
    """
    marks = [mark for cell in cells for mark in cell.marks]
    return Reading(marks).read(cells)


def visible_turns(cells: Sequence[CellView]) -> list[Turn]:
    """Return the turns that the document shows, in order; copies and unsent cells left out."""
    return [
        status.turn
        for status in statuses(cells)
        if status.turn is not None and "copied" not in status.states
    ]


class Reading:
    """One reading of a document from its top, all of it or cell by cell.

    Args:
        marks: The marks of the whole document, oldest first.
    """

    def __init__(self, marks: Iterable[Mark]) -> None:
        marks = list(marks)
        replaced = [mark for mark in marks if mark.mark in ("pick", "again")]
        self._picks = [mark for mark in replaced if mark.record is not None]
        self._chosen = {mark.turn for mark in replaced if mark.mark == "pick"}
        self._restored = {mark.cell: mark for mark in marks if mark.mark == "restore" and mark.cell}
        self._marks: Marks = marks_of(marks)
        self._above = Above(self._marks)
        self._seen: set[str] = set()

    def read(self, cells: Iterable[CellView]) -> list[CellStatus]:
        """Return the status of every question of the next cells."""
        found: list[CellStatus] = []
        for cell in cells:
            records = self._records(cell)
            if not records and cell.asking is not None:
                found.append(_unsent(cell))
            found += [self._judge(cell, record, shown) for record, shown in records]
        return found

    def fits(self, record: TurnRecord) -> bool:
        """True if what was read so far is what was sent before a turn."""
        return not self._context_changed(record)

    def context(self, record: TurnRecord) -> Context:
        """Return the context that a turn would have if it stood here."""
        context = self._above.context(_wanted(record))
        return context if record.cut is None else cut_as_recorded(context, record.cut)

    def _records(self, cell: CellView) -> list[tuple[TurnRecord, str | None]]:
        """Return the turns of a cell, each with its answer as it is shown."""
        shown = cell.shown or (None,) * len(cell.records)
        records = list(zip(cell.records, shown, strict=True))
        if cell.asking is not None:
            if records and records[-1][0].start != "aside":  # of a comparison all are shown
                records = records[-1:]  # what ran twice shows its last answer
            if not records and (restored := self._brought_back(cell)) is not None:
                return [(restored, None)]
        return [self._picked(record, text) for record, text in records]

    def _brought_back(self, cell: CellView) -> TurnRecord | None:
        """Return the turn that a command has brought back to a cleared cell, if it still fits."""
        mark = self._restored.get(cell.id)
        if mark is None or mark.record is None or cell.asking is None:
            return None
        record = read_record(mark.record)
        return record if record.source_sha256 == cell.asking.source_sha256 else None

    def _picked(self, record: TurnRecord, shown: str | None) -> tuple[TurnRecord, str | None]:
        """Return the version of a turn that counts."""
        for mark in self._picks:
            if record.id and mark.instead_of == record.id and mark.record is not None:
                record, shown = read_record(mark.record), None
        return record, shown

    def _judge(self, cell: CellView, record: TurnRecord, shown: str | None) -> CellStatus:
        reading = as_shown(record, shown)
        found: list[tuple[State, str]] = [
            *self._copied(record),
            *_answer_edited(record, reading),
            *_partial(record),
            *self._cell_changed(cell, record),
            *self._context_changed(record),
        ]
        turn = Turn(record=reading, cell=cell.id, number=cell.number or 0)
        if not any(state == "copied" for state, _ in found):
            self._above.add(turn)
        self._seen.add(record.id)
        return CellStatus(
            cell=cell,
            states=tuple(state for state, _ in found) or ("fresh",),
            reasons=tuple(reason for _, reason in found),
            turn=turn,
        )

    def _cell_changed(self, cell: CellView, record: TurnRecord) -> list[tuple[State, str]]:
        """Compare the cell with what was asked; a version that was chosen may have asked else."""
        if record.id in self._chosen:
            return []
        return [*_edited(cell, record), *_params_changed(cell, record)]

    def _copied(self, record: TurnRecord) -> list[tuple[State, str]]:
        if record.id and record.id in self._seen:
            return [("copied", "the same turn stands further up; run the cell to ask for itself")]
        return []

    def _context_changed(self, record: TurnRecord) -> list[tuple[State, str]]:
        if not record.tip or self._parent(record) == record.parent:  # version 1 kept no chain
            return []
        if record.fork and not self._above.has(record.fork):
            return [("context-changed", "the turn that it was forked from is no longer above")]
        return [("context-changed", "what stands above is not what was sent")]

    def _parent(self, record: TurnRecord) -> str:
        """Return the chain that the turn would see now."""
        return self._above.parent(_wanted(record), cut=record.cut)


def as_shown(record: TurnRecord, shown: str | None) -> TurnRecord:
    """Return a record with the answer that a reader sees, if a human has changed it.

    Args:
        record: The record in the output.
        shown: The answer as text in the same output, or None.

    Returns:
        The record itself, or one of the kind ``edited``; what broke off stays ``partial``.
    """
    if shown is None or len(record.call.answers) != 1 or record.answer is None:
        return record
    text = record.text or str(record.answer.get("refusal") or "")
    if shown == printable(text):
        return record
    answers = ({**record.call.answers[0], "message": {**record.answer, "content": shown}},)
    call = msgspec.structs.replace(record.call, answers=answers)
    kind = "partial" if record.is_partial else "edited"
    return msgspec.structs.replace(
        record, kind=kind, calls=(*record.calls[:-1], call), edited_from=record.tip
    )


def _wanted(record: TurnRecord) -> Wanted:
    """Return what a turn said of its context; a file does not know what was set meanwhile."""
    own = record.system if record.system_from in ("cell", "setting") else None
    return Wanted(record.chat, record.start, record.fork, own)


def _unsent(cell: CellView) -> CellStatus:
    return CellStatus(
        cell=cell, states=("unsent",), reasons=("there is no answer; run it, or restore it",)
    )


def _answer_edited(record: TurnRecord, reading: TurnRecord) -> list[tuple[State, str]]:
    if reading is not record:
        return [("answer-edited", "the answer that is shown is not the one that came")]
    if record.tip and record.kind != "partial" and record.chained(record.parent) != record.tip:
        return [("answer-edited", "the messages of the record do not have the hash that it keeps")]
    return []


def _partial(record: TurnRecord) -> list[tuple[State, str]]:
    return [("partial", "the answer broke off; it is not sent on")] if record.is_partial else []


def _edited(cell: CellView, record: TurnRecord) -> list[tuple[State, str]]:
    now = cell.asking.source_sha256 if cell.asking else cell.source_sha256
    if not record.source_sha256 or not now or record.source_sha256 == now:
        return []
    return [("edited", "the cell's text has changed since it was asked")]


def _params_changed(cell: CellView, record: TurnRecord) -> list[tuple[State, str]]:
    if cell.asking is None or record.v != 2 or not record.tip:
        return []
    if cell.asking.options == record.options:
        return []
    before, now = " ".join(record.options), " ".join(cell.asking.options)
    return [("params-changed", f"asked with {before or 'no options'}, now {now or 'none'}")]


def summary_of(found: Iterable[CellStatus]) -> dict[str, int]:
    """Return how many questions are in each state, by their gravest."""
    counts: dict[str, Any] = {}
    for status in found:
        counts[status.state] = counts.get(status.state, 0) + 1
    return counts
