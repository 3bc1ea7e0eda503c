"""The answers that a turn's question had, for a front end; and which of them counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deepshi_jupyter.core.conversation import Turn
from deepshi_jupyter.core.turn_record import TurnRecord
from deepshi_jupyter.display.bundle import answer_bundle
from deepshi_jupyter.errors import OptionError
from deepshi_jupyter.link.messages import Json
from deepshi_jupyter.picked import pick_version
from deepshi_jupyter.recorded_turn import answer_of

if TYPE_CHECKING:
    from deepshi_jupyter.session import Session


def versions(session: Session, turn: str) -> list[Json]:
    """Return the answers that the question of a turn had, oldest first.

    Args:
        session: The kernel's session.
        turn: The id of the turn, or of one of its versions.

    Raises:
        OptionError: The turn is not known.
    """
    with session.lock:
        records = session.state.versions(_turn(session, turn))
    return [
        {"turn": record.id, "label": _label(record), "bundle": answer_bundle(answer_of(record))}
        for record in records
    ]


def pick(session: Session, turn: str, version: str) -> Json:
    """Let another version of a turn count.

    Args:
        session: The kernel's session.
        turn: The id of the turn, or of one of its versions.
        version: The id of the version that counts from now on.

    Returns:
        The bundle that its cell shows now, and the mark that says so.

    Raises:
        OptionError: The turn, or that version of it, is not known.
    """
    with session.lock:
        there = _turn(session, turn)
        records = session.state.versions(there)
        record = next((one for one in records if one.id == version), None)
        if record is None:
            raise OptionError("This version is not known.", "Ask for the versions again.")
        mark = pick_version(session, there, record)
    return {"bundle": answer_bundle(answer_of(record)), "mark": mark.as_json()}


def _turn(session: Session, name: str) -> Turn:
    """Return the visible turn that has an id, or has had it."""
    session.state.restore()
    timeline = session.state.timeline
    turns = [*timeline]
    had = (t for t in turns if name in (one.record.id for one in timeline.versions(t)))
    found: Turn | None = next((t for t in turns if t.record.id == name), None) or next(had, None)
    if found is not None:
        return found
    raise OptionError("The turn is not known in this kernel.", "Run its cell again.")


def _label(record: TurnRecord) -> str:
    """Return words that tell a version from others: when, of whom, with which parameters."""
    facts = [
        record.call.started[:16].replace("T", " "),
        record.call.served or record.model,
        *(f"{name} {value}" for name, value in record.parameters.items()),
        "broke off" if record.is_partial else "",
    ]
    return " · ".join(fact for fact in facts if fact)
