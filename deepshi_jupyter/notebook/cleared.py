"""Cells whose outputs were cleared → the recorded turns that they had.

A turn is told by the text and the options of its cell, and by the chain of what stands above it,
as far as that has been brought back itself. So a notebook that was renamed or copied is found as
well, and a question that stands in several places gets the answer of each.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec

from deepshi_jupyter.core.canonical import text_sha256
from deepshi_jupyter.core.staleness import CellStatus, CellView, Reading, State
from deepshi_jupyter.core.turn_record import TurnRecord, read_record

Outcome = Literal["restored", "ambiguous", "not found"]

_MAGIC, _FUNCTION = "%%deepshi", "ask()"

_Asked = tuple[str, str, tuple[str, ...]]
"""What a cell asks: in which way, the hash of its text, and its options."""

_Run = list[TurnRecord]


class Placement(msgspec.Struct, frozen=True, kw_only=True):
    """What was found for one cleared cell.

    Attributes:
        cell: The cell, without records.
        outcome: Whether its turns were found.
        records: The turns to put back: one for a ``%%deepshi`` cell, and all of one execution for
            a plain cell that calls ``ask()``; empty if they were not found.
        states: What `deepshi_jupyter.core.staleness` will say of them, but for ``fresh``.
        reason: A sentence where they were not found, or no longer fit; else empty.
    """

    cell: CellView
    outcome: Outcome
    records: tuple[TurnRecord, ...] = ()
    states: tuple[State, ...] = ()
    reason: str = ""


def placements(cells: Sequence[CellView], records: Iterable[TurnRecord]) -> list[Placement]:
    """Return what can be put back into the cells that have no record.

    What stands in the document already is never used twice. Of several turns that fit equally
    well, a whole one goes before one that broke off, and a later one before an earlier. Where none
    was asked with what stands above now, the latest with the same text and options is taken, if
    there is no doubt which cell it belongs to; its states then say ``context-changed``.

    Args:
        cells: The code cells of a document, from the top.
        records: The turns to choose from, oldest first.

    Returns:
        One placement for each ``%%deepshi`` cell without a record, and for each plain cell
        without one whose text is known to have asked; in the order of the document.
    """
    marks = [mark for cell in cells for mark in cell.marks]
    brought_back = [read_record(m.record) for m in marks if m.mark == "restore" and m.record]
    search = _Search(cells, [*records, *brought_back])
    reading = Reading(marks)
    found: list[Placement] = []
    for cell in cells:
        placement = None if cell.records else search.place(cell, reading)
        records_now = placement.records if placement else cell.records
        read = reading.read([msgspec.structs.replace(cell, records=records_now)])
        search.see(read)
        if placement is not None:
            found.append(_judged(placement, read))
    return found


def _judged(placement: Placement, read: Iterable[CellStatus]) -> Placement:
    """Return a placement with what staleness says of its turns."""
    if not placement.records:
        return placement
    said = {s: r for status in read for s, r in zip(status.states, status.reasons, strict=False)}
    reason = "; ".join(dict.fromkeys(said.values()))
    return msgspec.structs.replace(placement, states=tuple(said), reason=reason)


class _Search:
    """The recorded turns, by the cells that may have asked them, and which are still to be had.

    Turns come in runs: those of one execution of a cell, which for a ``%%deepshi`` cell is one.
    """

    def __init__(self, cells: Sequence[CellView], records: Iterable[TurnRecord]) -> None:
        self._records = list({_identity(r): r for r in records if _has_an_answer(r)}.values())
        self._age = {_identity(record): age for age, record in enumerate(self._records)}
        self._used = {_identity(record) for cell in cells for record in cell.records}
        self._keys: set[str] = set()
        self._alike: dict[_Asked, list[CellView]] = {}
        for cell in cells:
            self._alike.setdefault(_asked_by(cell), []).append(cell)
        self._runs: dict[_Asked, list[_Run]] = {}
        for record in self._records:
            self._take(record)

    def place(self, cell: CellView, reading: Reading) -> Placement | None:
        """Return what is found for a cell; None for a plain cell that is not known to have asked.

        Args:
            cell: A cell without records.
            reading: The document as far as the cell.
        """
        same = self._runs.get(_asked_by(cell), [])
        if cell.asking is None and not same:
            return None
        free = [run for run in same if self._is_free(run) and not self._is_of_another(run, cell)]
        fitting = [run for run in free if reading.fits(run[0]) and not self._stands_above(run)]
        if fitting:
            return self._placed(cell, max(fitting, key=lambda run: self._rank(run, cell)))
        if not free:
            return _not_found(cell, self._why_not(cell, same))
        own = [run for run in free if cell.id and run[0].cell == cell.id]
        if not own and (count := self._homes(free, cell)) > 1:
            reason = f"{len(free)} recorded answers may be its own, of {count} cells with this text"
            return Placement(cell=cell, outcome="ambiguous", reason=reason)
        return self._placed(cell, max(own or free, key=self._whole_and_late))

    def see(self, read: Iterable[CellStatus]) -> None:
        """Note the requests of the turns that stand above from now on."""
        for status in read:
            if status.turn is not None:
                self._keys |= {call.request_key for call in status.turn.record.calls}

    def _take(self, record: TurnRecord) -> None:
        """Add a turn to the run that it goes on, or begin one."""
        for key in _asked_as(record):
            runs = self._runs.setdefault(key, [])
            run = _run_of(record, runs)
            if run is None:
                runs.append([record])
            else:
                run.append(record)

    def _placed(self, cell: CellView, run: _Run) -> Placement:
        self._used |= {_identity(record) for record in run}
        return Placement(cell=cell, outcome="restored", records=tuple(run))

    def _is_free(self, run: _Run) -> bool:
        return not any(_identity(record) in self._used for record in run)

    def _is_of_another(self, run: _Run, cell: CellView) -> bool:
        """True if it was asked by another cell of the document that still asks the same."""
        others = {other.id for other in self._alike[_asked_by(cell)]} - {"", cell.id}
        return run[0].cell in others

    def _stands_above(self, run: _Run) -> bool:
        """True if the same repeat of its request stands above: a cell would have asked the next."""
        return any(call.request_key in self._keys for call in run[0].calls if call.request_key)

    def _homes(self, runs: Sequence[_Run], cell: CellView) -> int:
        """Return how many cells these may have been asked by."""
        named = {run[0].cell for run in runs}
        return len(named) if named != {""} else len(self._alike[_asked_by(cell)])

    def _rank(self, run: _Run, cell: CellView) -> tuple[bool, int, bool, int]:
        own = bool(cell.id) and run[0].cell == cell.id
        return (own, -run[0].calls[0].sample, *self._whole_and_late(run))

    def _whole_and_late(self, run: _Run) -> tuple[bool, int]:
        return not any(record.is_partial for record in run), self._age[_identity(run[0])]

    def _why_not(self, cell: CellView, same: Sequence[_Run]) -> str:
        if same:
            return "what is recorded for this text stands in another cell"
        source = cell.asking.source_sha256 if cell.asking else ""
        options = [key[2] for key in self._runs if key[0] == _MAGIC and key[1] == source]
        if options:
            return f"this text was asked with other options: {' '.join(options[-1]) or 'none'}"
        if cell.id and any(record.cell == cell.id for record in self._records):
            return "its text has changed since it was asked"
        return "nothing is recorded for this text"


def _not_found(cell: CellView, reason: str) -> Placement:
    return Placement(cell=cell, outcome="not found", reason=reason)


def _identity(record: TurnRecord) -> str:
    return record.id or record.tip


def _asked_by(cell: CellView) -> _Asked:
    if cell.asking is None:
        return (_FUNCTION, cell.source_sha256, ())
    return (_MAGIC, cell.asking.source_sha256, cell.asking.options)


def _asked_as(record: TurnRecord) -> list[_Asked]:
    """Return what may have asked a turn.

    For a magic the text of its cell is the question, for the function it is code. Where a secret
    was taken out of the question, that cannot be told.
    """
    text = str((record.prompt or {}).get("template", record.question))
    is_question = text_sha256(text) == record.source_sha256
    kinds = [_MAGIC] if record.options or is_question else [_FUNCTION]
    if record.redacted and not record.options:
        kinds = [_MAGIC, _FUNCTION]
    return [(kind, record.source_sha256, record.options) for kind in kinds]


def _has_an_answer(record: TurnRecord) -> bool:
    """True if something came, also where the call after it was lost."""
    return any(call.answers for call in record.calls)


def _run_of(record: TurnRecord, runs: Sequence[_Run]) -> _Run | None:
    """Return the run that a turn goes on; None if it begins one."""
    going_on = [run for run in runs if record.place and run[-1].place + 1 == record.place]
    same_cell = [run for run in going_on if run[-1].cell == record.cell]
    chained = [run for run in same_cell if run[-1].tip == record.parent]
    return next(iter([*chained[-1:], *same_cell[-1:]]), None)
