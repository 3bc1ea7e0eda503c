"""The turns that a panel of a cell had in an earlier kernel, by the notebook's file and journal."""

from __future__ import annotations

from collections.abc import Iterable

from deepshi_jupyter.conversation_panel.seat import is_of_a_panel
from deepshi_jupyter.core.conversation import Turn
from deepshi_jupyter.core.turn_record import TurnRecord
from deepshi_jupyter.errors import RecordError
from deepshi_jupyter.notebook.restored import journaled_records, restore
from deepshi_jupyter.session import Session


def kept_turns(session: Session, cell: str, chat: str) -> list[Turn]:
    """Return the turns of a panel, oldest first.

    Args:
        session: The session of the notebook.
        cell: The id of the panel's cell; without one nothing is found.
        chat: Its conversation.
    """
    state = session.state
    if not cell or state.path is None:
        return []
    try:
        found = restore(state.path, state.store).turns
    except RecordError:
        return []  # what is wrong with the file was said when the kernel began
    turns = [t for t in found if t.cell == cell and t.record.chat == chat and is_of_a_panel(t)]
    if not turns:
        return []  # nothing was asked, or the output was cleared
    missing = continued([turn.record for turn in turns], journaled_records(state.store, state.path))
    return [*turns, *(Turn(record=record, cell=cell) for record in missing)]


def continued(kept: list[TurnRecord], journaled: Iterable[TurnRecord]) -> list[TurnRecord]:
    """Return what was asked after the turns that a file has kept, and never reached the file.

    A page that is loaded again takes no more updates of the outputs that it had, so that a file can
    be saved without the last turns of a panel.

    Args:
        kept: The turns of the file, oldest first; at least one.
        journaled: The turns of the journal, in any order.
    """
    last = kept[-1]
    own = [
        record
        for record in journaled
        if (record.cell, record.chat) == (last.cell, last.chat)
        and not record.is_partial
        and not record.source_sha256
    ]
    tip, place = last.parent if last.is_partial else last.tip, last.place
    found: list[TurnRecord] = []
    while later := [r for r in own if r.parent == tip and r.place > place]:
        found.append(max(later, key=lambda record: (record.call.started, record.id)))
        tip, place = found[-1].tip, found[-1].place
    return found
