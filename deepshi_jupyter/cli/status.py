"""``deepshi-jupyter status``: which answers of a notebook still fit what stands above them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from deepshi_jupyter.cli.help_page import HelpPage, Subcommands, add_subcommand
from deepshi_jupyter.cli.notebook_argument import (
    add_notebook,
    opened,
    say_what_cannot_be_read,
    troubles_as_json,
)

if TYPE_CHECKING:
    from deepshi_jupyter.cli.ink import Ink
    from deepshi_jupyter.core.staleness import CellStatus

_PAGE = HelpPage(
    summary="Say of each question of a notebook whether its answer still fits.",
    description=(
        "Everything is computed from the file; no kernel, key or network is needed. One line a "
        "question: execution number and id of its cell, chat, state, first words, and why."
        "\n\nThe states: fresh; edited (the cell's text has changed since it was asked); "
        "context-changed (what stands above is not what was sent); params-changed (the cell's "
        "options are others now); copied (the same turn stands further up); answer-edited (what "
        "is shown is not what came); partial (the answer broke off); unsent (a %%deepshi cell "
        "with no answer). All but fresh are stale."
    ),
    examples=(
        ("status study.ipynb", "every question"),
        ("status study.ipynb --stale", "only what would have to be asked again"),
        ("status study.ipynb --json", "for a program to read, texts in full"),
    ),
    exits=(
        (0, "all fresh"),
        (1, "something is stale, or a record cannot be read"),
        (2, "wrong usage, or the notebook cannot be read"),
    ),
    environment=("NO_COLOR",),
)

_WORDS = 60
"""So many columns of a question are shown where the width is not known."""


def declare(commands: Subcommands) -> None:
    """Add the subcommand."""
    parser = add_subcommand(commands, "status", _PAGE)
    add_notebook(parser)
    parser.add_argument("--stale", action="store_true", help="show only what is not fresh")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the status of every question."""
    from deepshi_jupyter.core.staleness import statuses, summary_of

    found = opened(options.notebook)
    all_of_them = statuses(found.views)
    shown = [s for s in all_of_them if s.is_stale] if options.stale else all_of_them
    stale = sum(status.is_stale for status in all_of_them)
    counts = summary_of(all_of_them)
    if options.json:
        _print_json(options.notebook, shown, counts, stale, troubles_as_json(found))
    else:
        _print_lines(shown)
        print(_counted(counts))
        say_what_cannot_be_read(found)
    return 1 if stale or found.troubles else 0


def _print_json(notebook: str, shown: Sequence[CellStatus], *rest: Any) -> None:
    import json

    counts, stale, unreadable = rest
    value = {
        "notebook": notebook,
        "questions": [_as_json(status) for status in shown],
        "counts": counts,
        "stale": stale,
        "unreadable": unreadable,
    }
    print(json.dumps(value, ensure_ascii=False, indent=2))


def _as_json(status: CellStatus) -> dict[str, Any]:
    record = status.turn.record if status.turn else None
    return {
        "index": status.cell.index,
        "number": status.cell.number,
        "cell": status.cell.id,
        "place": record.place if record else 0,
        "turn": record.id if record else "",
        "chat": _chat(status),
        "states": list(status.states),
        "reasons": list(status.reasons),
        "question": _question(status),
    }


def _print_lines(shown: Sequence[CellStatus]) -> None:
    from deepshi_jupyter.cli.columns import GAP, columns_of, padded, width_of
    from deepshi_jupyter.cli.ink import ink_for

    if not shown:
        return
    ink, width = ink_for(sys.stdout), width_of(sys.stdout)
    for status, row in zip(shown, padded([_row(status) for status in shown]), strict=True):
        rest = None if width is None else width - columns_of(GAP.join(row)) - len(GAP)
        row[3] = _painted(ink, status, row[3])
        print(GAP.join([*row, _words(status, rest)]).rstrip())


def _row(status: CellStatus) -> list[str]:
    from deepshi_jupyter.cli.columns import shortened

    cell = status.cell
    number = " " if cell.number is None else cell.number
    states = ", ".join(status.states)
    return [f"[{number}]", shortened(cell.id, 9), shortened(_chat(status), 20), states]


def _painted(ink: Ink, status: CellStatus, text: str) -> str:
    return ink.yellow(text) if status.is_stale else ink.green(text)


def _words(status: CellStatus, width: int | None) -> str:
    """Return the first words of a question and the reason, within the rest of a line."""
    from deepshi_jupyter.cli.columns import columns_of, one_line, shortened

    reason = one_line(f"— {'; '.join(status.reasons)}") if status.reasons else ""
    reason = reason and f" {reason}"
    if width is None:
        return shortened(_question(status), _WORDS) + reason
    room = max(width - columns_of(reason), min(20, width))
    return shortened(shortened(_question(status), room) + reason, max(width, 20))


def _question(status: CellStatus) -> str:
    if status.turn is not None:
        return status.turn.record.question
    return status.cell.asking.body if status.cell.asking else ""


def _chat(status: CellStatus) -> str:
    from deepshi_jupyter.core.chat import MAIN_CHAT

    if status.turn is not None:
        return status.turn.record.chat
    return (status.cell.asking and status.cell.asking.value("--chat")) or MAIN_CHAT


def _counted(counts: dict[str, int]) -> str:
    """Return how many questions there are, and in which states by the gravest of each."""
    total = sum(counts.values())
    if not total:
        return "No questions."
    states = ", ".join(f"{count} {state}" for state, count in counts.items())
    return f"{total} question{'' if total == 1 else 's'}: {states}"
