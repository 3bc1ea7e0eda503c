"""Another version of a turn counts from now on: what `%deepshi pick` and a front end do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deepshi_jupyter.core.conversation import Turn
from deepshi_jupyter.core.mark import VERSION, Mark
from deepshi_jupyter.core.turn_record import TurnRecord

if TYPE_CHECKING:
    from deepshi_jupyter.session import Session


def pick_version(session: Session, turn: Turn, record: TurnRecord) -> Mark:
    """Let a version of a turn count in its place.

    Args:
        session: The kernel's session.
        turn: The turn that counts now.
        record: The version that is to count.

    Returns:
        The mark that says so; who displays it keeps it in the notebook.
    """
    mark = Mark(
        v=VERSION,
        mark="pick",
        turn=record.id,
        cell=turn.cell,
        instead_of=turn.record.id,
        record=record.as_json(),
    )
    session.state.pick(turn, record)
    session.mark(mark)
    return mark
