"""Turns as tables: the conversation, the context of a cell, the versions of an answer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from deepshi_jupyter.core.conversation import Context, Marks, Turn
from deepshi_jupyter.core.staleness import CellView
from deepshi_jupyter.core.tokens import estimate_messages
from deepshi_jupyter.core.turn_record import TurnRecord
from deepshi_jupyter.display.footer import dollars
from deepshi_jupyter.display.table import Table
from deepshi_jupyter.notebook.ledger import Sum, ledger

_LONGEST = 60


def history_table(turns: Sequence[Turn], marks: Marks, note: str) -> Table:
    """Return the visible turns of all conversations, in order.

    Args:
        turns: The turns.
        marks: Which of them are skipped and pinned.
        note: A sentence about where they come from.
    """
    rows = [
        (
            cell_name(turn),
            turn.record.chat,
            shortened(turn.record.question),
            shortened(turn.record.text),
            turn.record.call.served,
            _remarks(turn, marks),
        )
        for turn in turns
    ]
    return Table(("cell", "chat", "question", "answer", "model", ""), rows, note)


def context_table(
    context: Context, above: Sequence[Turn], order: str, room: int | None, marks: Marks
) -> Table:
    """Return what would be sent before the next question, and what would not.

    Args:
        context: The context.
        above: All visible turns above, in order.
        order: Who said what stands above.
        room: The most tokens that the model takes, or None if that is not known.
        marks: Which turns are skipped and pinned.
    """
    rows = []
    if context.system:
        tokens = estimate_messages([{"role": "system", "content": context.system}])
        rows.append(("system", f"{tokens:,}", "sent", shortened(context.system)))
    why = {turn.record.id: "sent" for turn in context.turns}
    why |= {left.turn.record.id: f"not sent: {left.why}" for left in context.left}
    for turn in above:
        if turn.record.id not in why:
            continue
        pinned = ", pinned" if marks.pins(turn) else ""
        state = f"{why[turn.record.id]}{pinned}"
        rows.append((cell_name(turn), f"{_tokens(turn):,}", state, shortened(turn.record.question)))
    messages = context.messages()
    total = estimate_messages(messages) if messages else 0
    of = f" of {room:,}" if room else ""
    note = f"≈ {total:,} tokens{of} would be sent before the next question; order: {order}."
    return Table(("cell", "≈ tokens", "", "question"), rows, note)


def versions_table(versions: Sequence[TurnRecord], present: str) -> Table:
    """Return the versions of an answer, oldest first.

    Args:
        versions: Their records.
        present: The id of the one that counts now.
    """
    rows = [
        (
            str(number),
            record.call.started[:19].replace("T", " "),
            record.call.served,
            " ".join(record.options),
            shortened(record.text),
            "counts" if record.id == present else "",
        )
        for number, record in enumerate(versions, 1)
    ]
    return Table(("version", "asked (UTC)", "model", "options", "answer", ""), rows)


def cost_table(turns: Iterable[Turn]) -> Table:
    """Return what the turns of this notebook used, by model, as the service reported it."""
    view = CellView(index=0, records=tuple(turn.record for turn in turns))
    book = ledger({"": [view]})
    rows = [_cost_row(model, used) for model, used in book.by_model.items()]
    return Table(
        ("model", "calls", "tokens in", "tokens out", "USD", ""),
        [*rows, _cost_row("all", book.total)],
        "As the service reported it; nothing is estimated.",
    )


def cell_name(turn: Turn) -> str:
    """Return the name of a turn's cell, as a user can give it back."""
    if turn.number:
        return f"[{turn.number}]"
    return (turn.cell or turn.record.id)[:8]


def shortened(text: str, longest: int = _LONGEST) -> str:
    """Return a text in one line of a bounded length."""
    line = " ".join(text[: 4 * longest].split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def _tokens(turn: Turn) -> int:
    return estimate_messages(turn.messages)


def _remarks(turn: Turn, marks: Marks) -> str:
    record = turn.record
    said = [
        _STARTS[record.start],
        f"from {record.fork.chat}" if record.fork else "",
        "broke off" if record.is_partial else "",
        "edited" if record.kind == "edited" else "",
        "skipped" if marks.skips(turn) else "",
        "pinned" if marks.pins(turn) else "",
    ]
    return ", ".join(remark for remark in said if remark)


_STARTS = {"": "", "new": "begins anew", "once": "asked with --once", "aside": "asked aside"}


def _cost_row(name: str, used: Sum) -> tuple[str, ...]:
    unpriced = used.calls_without_cost
    return (
        name,
        f"{used.calls:,}",
        f"{used.tokens_in:,}",
        f"{used.tokens_out:,}",
        "" if used.usd is None else dollars(used.usd),
        f"{unpriced} without a reported cost" if unpriced else "",
    )
