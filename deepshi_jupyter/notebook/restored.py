"""What a new kernel finds of a conversation: in the notebook file, and in the journal beside it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from deepshi_jupyter.core.conversation import Turn
from deepshi_jupyter.core.mark import Mark
from deepshi_jupyter.core.recorded_reply import recorded_call
from deepshi_jupyter.core.reply import Choice, Reply
from deepshi_jupyter.core.staleness import visible_turns
from deepshi_jupyter.core.turn_record import TurnRecord, read_record
from deepshi_jupyter.errors import RecordError
from deepshi_jupyter.notebook.journal_reader import Unfinished, turns_in, unfinished
from deepshi_jupyter.notebook.notebook_file import Trouble, cell_views, read_notebook
from deepshi_jupyter.notebook.store import Store


class Restored(msgspec.Struct, frozen=True, kw_only=True):
    """What was found.

    Attributes:
        turns: The visible turns, in the order of the document.
        from_journal: How many of them the file lacked, because it was saved before.
        marks: What the user has said of turns, in the order of the document.
        troubles: Records that cannot be read.
    """

    turns: tuple[Turn, ...] = ()
    from_journal: int = 0
    marks: tuple[Mark, ...] = ()
    troubles: tuple[Trouble, ...] = ()


def restore(path: Path | None, store: Store) -> Restored:
    """Return the turns of a notebook: those in its file, completed by the journal.

    The journal completes what ended after the file was last saved, as when a kernel died. What was
    there before and is no longer in the file was taken away by the user, and stays away.

    Args:
        path: The notebook file; one that is not there, or not yet, has only its journal.
        store: The journal's store.

    Raises:
        RecordError: The file is there and is no notebook.
    """
    if path is None:
        return Restored()
    turns, marks, troubles, saved_at = _from_file(path)
    newer = _newer(store, path, saved_at, {turn.record.id for turn in turns})
    return Restored(
        turns=tuple(_completed(turns, newer)),
        from_journal=len(newer),
        marks=marks,
        troubles=troubles,
    )


def journaled_records(store: Store, notebook: Path | None = None) -> list[TurnRecord]:
    """Return all turns of the journal, and those that a killed kernel left unfinished.

    Args:
        store: The journal's store.
        notebook: Whose; None returns those of all notebooks.
    """
    found = [journaled.record for journaled in turns_in(store, notebook).values()]
    ended = [record for value in found if (record := _readable(value)) is not None]
    name = None if notebook is None else store.name_of(notebook)
    calls = [call for call in unfinished(store) if name in (None, call.notebook)]
    return ended + [record for call in calls if (record := left_by(call)) is not None]


def left_by(call: Unfinished) -> TurnRecord | None:
    """Return the partial turn of a call that a killed kernel left; None if it cannot be read."""
    record = _readable(call.begin.get("record"))
    if record is None:
        return None
    choices = tuple(
        Choice(index=number, text=call.text(number), reasoning=call.reasoning(number))
        for number in call.choices
    )
    reply = Reply(choices=choices, status="truncated", started=str(call.begin.get("at", "")))
    key, sample = call.begin.get("request_key", ""), call.begin.get("sample", 0)
    sent = {"messages": len(record.messages), "repairs": len(record.repairs)}
    last = recorded_call(reply, key=key, sample=sample, **sent)
    calls = (*record.calls, last)
    left = msgspec.structs.replace(record, kind="partial", calls=calls)
    return msgspec.structs.replace(left, tip=left.chained(left.parent))


def _from_file(path: Path) -> tuple[list[Turn], tuple[Mark, ...], tuple[Trouble, ...], float]:
    if not path.exists():
        return [], (), (), 0.0
    views, troubles = cell_views(read_notebook(path))
    marks = tuple(mark for view in views for mark in view.marks)
    return visible_turns(views), marks, tuple(troubles), path.stat().st_mtime


def _newer(store: Store, path: Path, saved_at: float, known: set[str]) -> list[Turn]:
    """Return the turns of the journal that ended, or broke off, after the file was saved."""
    found = [(j.record, j.at) for j in turns_in(store, path).values()]
    read = [(record, at) for value, at in found if (record := _readable(value)) is not None]
    name = store.name_of(path)
    left = [(left_by(call), call.last_at) for call in unfinished(store) if call.notebook == name]
    read += [(record, at) for record, at in left if record is not None]
    return [
        Turn(record=record, cell=record.cell, ended=_seconds(at))
        for record, at in read
        if record.id not in known and _seconds(at) > saved_at
    ]


def _completed(turns: list[Turn], newer: Iterable[Turn]) -> list[Turn]:
    """Put newer turns in the place of their cell's, and those of other cells at the end."""
    result = [*turns]
    for turn in newer:
        places = [i for i, t in enumerate(result) if turn.cell and _same_question(t, turn)]
        if places:
            result[places[0]] = turn
        else:
            result.append(turn)
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
