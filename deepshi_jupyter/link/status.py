"""What a front end shows of the conversation at a glance: model, cost, what would be sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deepshi_jupyter.core.conversation import Context, Turn
from deepshi_jupyter.core.place import Place
from deepshi_jupyter.core.staleness import CellView
from deepshi_jupyter.core.template import verbatim
from deepshi_jupyter.core.tokens import estimate_messages
from deepshi_jupyter.display.footer import dollars
from deepshi_jupyter.link.messages import Json
from deepshi_jupyter.notebook.ledger import Sum, ledger
from deepshi_jupyter.question import Question

if TYPE_CHECKING:
    from deepshi_jupyter.session import Session


def status(session: Session, cell: str | None) -> Json:
    """Return what is shown of the conversation; nothing is sent and nothing waited for.

    Args:
        session: The kernel's session.
        cell: The id of a cell, for what would be sent with it; None for the end of the notebook.

    Raises:
        DeepshiError: The endpoint or the key cannot be used.
    """
    with session.lock:
        session.state.restore()
        turns = list(session.state.timeline)
        context = session.preparation.preview(_question(cell, turns)).context
        catalogue = session.connection.catalogue_at_hand()
    used = ledger({"": [CellView(index=0, records=tuple(turn.record for turn in turns))]}).total
    messages = context.messages()
    return {
        "model": session.connection.model,
        "endpoint": session.preparation.endpoint_name,
        "offline": session.connection.is_offline,
        "mode": session.settings.mode_of(),
        "spent": _in_words(used),
        "cost": used.usd,
        "context_tokens": estimate_messages(messages) if messages else 0,
        "context": _parts(context),
        "models": [model.id for model in catalogue or ()],
    }


def _question(cell: str | None, turns: list[Turn]) -> Question:
    """Return a question as the cell asked the last time; of one that never ran, a plain one."""
    if cell is None:
        return Question(prompt=verbatim(""), place=Place(end=True))
    record = next((turn.record for turn in reversed(turns) if turn.cell == cell), None)
    if record is None:
        return Question(prompt=verbatim(""), place=Place(cell))
    return Question(
        prompt=verbatim(""),
        model=record.model,
        chat=record.chat,
        start=record.start,
        system=record.system if record.system_from == "cell" else None,
        place=Place(cell),
    )


def _parts(context: Context) -> list[Json]:
    return [
        {"cell": turn.cell, "turn": turn.record.id, "tokens": turn.tokens} for turn in context.turns
    ]


def _in_words(used: Sum) -> str:
    """Say what the turns of the notebook used."""
    if not used.calls:
        return ""
    words = [
        f"{used.calls:,} answer{'' if used.calls == 1 else 's'}",
        f"{used.tokens_in:,} in / {used.tokens_out:,} out",
    ]
    if used.usd is not None:
        words.append(dollars(used.usd))
    return " · ".join(words)
