"""What a new kernel finds of a conversation: in the notebook file, and in the journal beside it."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from deepshi_jupyter.core.conversation import Turn
from deepshi_jupyter.core.mark import Mark
from deepshi_jupyter.core.recorded_reply import recorded_call
from deepshi_jupyter.core.reply import Choice, Reply
from deepshi_jupyter.core.staleness import CellView, visible_turns
from deepshi_jupyter.core.turn_record import TurnRecord, read_record
from deepshi_jupyter.errors import RecordError
from deepshi_jupyter.notebook.journal_reader import Unfinished, turns_in, unfinished
from deepshi_jupyter.notebook.notebook_file import Trouble, bundles, cell_views, read_notebook
from deepshi_jupyter.notebook.store import Store


class Restored(msgspec.Struct, frozen=True, kw_only=True):
    """What was found.

    Attributes:
        turns: The visible turns, in the order of the document.
        from_journal: How many of them the file lacked, because it was saved before.
        cleared: Whether the journal has turns of this notebook and the file shows none.
        marks: What the user has said of turns, in the order of the document.
        troubles: Records that cannot be read.
    """

    turns: tuple[Turn, ...] = ()
    from_journal: int = 0
    cleared: bool = False
    marks: tuple[Mark, ...] = ()
    troubles: tuple[Trouble, ...] = ()


class _File(msgspec.Struct, frozen=True, kw_only=True):
    """What a notebook file holds.

    Attributes:
        turns: Its visible turns, in order.
        views: Its code cells.
        broken: The ids of cells that show something of an answer and have no record, as a kernel
            that was killed leaves them.
        troubles: Records that cannot be read.
        saved_at: When it was saved, in seconds since 1970.
    """

    turns: Sequence[Turn] = ()
    views: Sequence[CellView] = ()
    broken: frozenset[str] = frozenset()
    troubles: tuple[Trouble, ...] = ()
    saved_at: float = 0.0


def restore(path: Path | None, store: Store) -> Restored:
    """Return the turns of a notebook: those in its file, completed by the journal.

    The journal completes what ended after the file was last saved, and what a kernel that died has
    left in a cell without its record. What else was there before and is no longer in the file was
    taken away by the user, and stays away.

    Args:
        path: The notebook file; one that is not there, or not yet, has only its journal.
        store: The journal's store.

    Raises:
        RecordError: The file is there and is no notebook.
    """
    if path is None:
        return Restored()
    file = _from_file(path)
    newer = _newer(store, path, file)
    turns = tuple(_completed(file, newer))
    return Restored(
        turns=turns,
        from_journal=len(newer),
        cleared=not turns and any(_journaled(store, path)),
        marks=tuple(mark for view in file.views for mark in view.marks),
        troubles=file.troubles,
    )


def journaled_records(store: Store, notebook: Path | None = None) -> list[TurnRecord]:
    """Return all turns of the journal, and those that a killed kernel left unfinished.

    Args:
        store: The journal's store.
        notebook: Whose; None returns those of all notebooks.
    """
    name = None if notebook is None else store.name_of(notebook)
    return [record for whose, record in _all_in(store) if name in (None, whose)]


def journaled_around(store: Store, notebook: Path | None) -> list[TurnRecord]:
    """Return the turns of all notebooks of a journal, those of one notebook last.

    Where several fit, the last one is taken: so a notebook is given its own answers, and not those
    that its copy beside it was given since. Just before them come those under names that no file
    has, as they may be its own from before it was renamed.

    Args:
        store: The journal's store.
        notebook: The notebook; None for a console.
    """
    own, found = store.name_of(notebook), _all_in(store)
    names = {whose for whose, _ in found}
    there = {whose for whose in names if not whose or (store.root / whose).exists()}
    return [
        *(record for whose, record in found if whose in there and whose != own),
        *(record for whose, record in found if whose not in there and whose != own),
        *(record for whose, record in found if whose == own),
    ]


def _all_in(store: Store) -> list[tuple[str, TurnRecord]]:
    """Return all turns with the names of their notebooks, those that ended first."""
    ended = [(turn.notebook, _readable(turn.record)) for turn in turns_in(store).values()]
    left = [(call.notebook, left_by(call)) for call in unfinished(store)]
    return [(whose, record) for whose, record in (*ended, *left) if record is not None]


def left_by(call: Unfinished) -> TurnRecord | None:
    """Return the partial turn of a call that a killed kernel left; None if it cannot be read."""
    record = _readable(call.begin.get("record"))
    if record is None:
        return None
    choices = tuple(
        Choice(index=number, text=call.text(number), reasoning=call.reasoning(number))
        for number in call.choices
    )
    began = str(call.begin.get("at", ""))
    lasted = max(0.0, _seconds(call.last_at) - _seconds(began))
    reply = Reply(choices=choices, status="truncated", started=began, duration=lasted)
    key, sample = call.begin.get("request_key", ""), call.begin.get("sample", 0)
    sent = {"messages": len(record.messages), "repairs": len(record.repairs)}
    last = recorded_call(reply, key=key, sample=sample, **sent)
    calls = (*record.calls, last)
    left = msgspec.structs.replace(record, kind="partial", calls=calls)
    return msgspec.structs.replace(left, tip=left.chained(left.parent))


def _from_file(path: Path) -> _File:
    if not path.exists():
        return _File()
    notebook = read_notebook(path)
    views, troubles = cell_views(notebook)
    asked = [view for view in views if view.id and view.asking and not view.records]
    broken = {view.id for view in asked if any(bundles(notebook["cells"][view.index]))}
    return _File(
        turns=visible_turns(views),
        views=views,
        broken=frozenset(broken),
        troubles=tuple(troubles),
        saved_at=path.stat().st_mtime,
    )


def _newer(store: Store, path: Path, file: _File) -> list[Turn]:
    """Return the turns of the journal that the file cannot hold yet, or never could."""
    known = {turn.record.id for turn in file.turns}
    numbers = {view.id: view.number or 0 for view in file.views if view.id}
    return [
        Turn(record=record, cell=record.cell, number=numbers.get(record.cell, 0), ended=ended)
        for record, ended in _journaled(store, path)
        if record.id not in known and (ended > file.saved_at or _was_killed_in(record, file))
    ]


def _journaled(store: Store, path: Path) -> Iterator[tuple[TurnRecord, float]]:
    """Return the turns of a notebook's journal, with the time at which each ended or broke off."""
    for journaled in turns_in(store, path).values():
        if (record := _readable(journaled.record)) is not None:
            yield record, _seconds(journaled.at)
    name = store.name_of(path)
    for call in unfinished(store):
        if call.notebook == name and (record := left_by(call)) is not None:
            yield record, _seconds(call.last_at)


def _was_killed_in(record: TurnRecord, file: _File) -> bool:
    """True if a cell of the file still shows what came of this call, and asks the same."""
    return record.is_partial and any(
        view.id == record.cell
        and view.asking is not None
        and view.asking.source_sha256 == record.source_sha256
        and view.asking.options == record.options
        for view in file.views
        if view.id in file.broken
    )


def _completed(file: _File, newer: Iterable[Turn]) -> list[Turn]:
    """Put newer turns in the place of their cell's; those of other cells where the cell stands."""
    ranks = {view.id: view.index for view in file.views if view.id}
    result = [*file.turns]
    for turn in newer:
        places = [i for i, t in enumerate(result) if turn.cell and _same_question(t, turn)]
        if places:
            result[places[0]] = turn
            continue
        rank = ranks.get(turn.cell, sys.maxsize)
        below = (i for i, t in enumerate(result) if ranks.get(t.cell, -1) > rank)
        result.insert(next(below, len(result)), turn)
    return result


def _same_question(one: Turn, other: Turn) -> bool:
    return one.cell == other.cell and one.record.place == other.record.place


def _readable(value: Any) -> TurnRecord | None:
    try:
        return read_record(value)
    except RecordError:
        return None


def _seconds(at: str) -> float:
    try:
        return datetime.fromisoformat(at).timestamp()
    except ValueError:
        return 0.0
