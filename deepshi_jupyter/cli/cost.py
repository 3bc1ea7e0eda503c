"""``deepshi-jupyter cost``: what the calls in notebooks used and cost."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from deepshi_jupyter.cli.help_page import HelpPage, Subcommands, add_subcommand
from deepshi_jupyter.cli.notebook_argument import (
    add_notebook,
    opened,
    say_what_cannot_be_read,
    troubles_as_json,
)

if TYPE_CHECKING:
    from deepshi_jupyter.notebook.ledger import Ledger, Sum

_PAGE = HelpPage(
    summary="Add up the tokens and USD that the calls in notebooks took, as reported.",
    description=(
        "By model (the one that answered), by chat, by notebook if there are several, and in all. "
        "Every call counts, also rounds of tools, repairs and answers that broke off. Nothing is "
        "estimated: where the service reported no cost, the call is counted under `no cost` and "
        "is not in the sum. A turn that stands several times, as in a copied cell or notebook, "
        "counts once, where it stands first."
        "\n\nThe sums are of what the notebooks hold: an answer that was asked again or whose "
        "output was cleared is not in them, nor are failed tries, of which nothing is known."
    ),
    examples=(
        ("cost study.ipynb", "a table"),
        ("cost *.ipynb", "several notebooks, with a row for each"),
        ("cost study.ipynb --json", "for a program to read"),
    ),
    exits=(
        (0, "added up"),
        (1, "a record cannot be read, and the sums are without it"),
        (2, "wrong usage, or a notebook cannot be read"),
    ),
)

_HEADER = (
    *("turns", "calls", "tokens in", "tokens out", "cached", "reasoning", "USD", "no cost"),
    "no usage",
)


def declare(commands: Subcommands) -> None:
    """Add the subcommand."""
    parser = add_subcommand(commands, "cost", _PAGE)
    add_notebook(parser, nargs="+")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the sums."""
    from deepshi_jupyter.notebook.ledger import ledger

    found = [opened(path) for path in dict.fromkeys(options.notebook)]
    sums = ledger({one.path: one.views for one in found})
    if options.json:
        troubles = [{"notebook": one.path, **t} for one in found for t in troubles_as_json(one)]
        _print_json(sums, troubles)
    else:
        _print_table(sums)
        for one in found:
            say_what_cannot_be_read(one)
    return 1 if any(one.troubles for one in found) else 0


def _print_json(sums: Ledger, unreadable: list[dict[str, Any]]) -> None:
    import json

    import msgspec

    plain = msgspec.to_builtins
    value = {
        "total": plain(sums.total),
        "by_model": plain(sums.by_model),
        "by_chat": [
            {"notebook": notebook, "chat": chat, **plain(of_chat)}
            for (notebook, chat), of_chat in sums.by_chat.items()
        ],
        "by_notebook": plain(sums.by_notebook),
        "copies_not_counted": sums.copies,
        "unreadable": unreadable,
    }
    print(json.dumps(value, ensure_ascii=False, indent=2))


def _print_table(sums: Ledger) -> None:
    from deepshi_jupyter.cli.columns import aligned

    several = len(sums.by_notebook) > 1
    chats = {
        f"{notebook}: {chat}" if several else chat: of_chat
        for (notebook, chat), of_chat in sums.by_chat.items()
    }
    rows = [("", *_HEADER), *_section("by model", sums.by_model), *_section("by chat", chats)]
    if several:
        rows += _section("by notebook", sums.by_notebook)
    rows.append(_row("total", sums.total))
    print("\n".join(aligned(rows, right=range(1, len(_HEADER) + 1))))
    for note in _notes(sums):
        print(note)


def _section(title: str, sums: Mapping[str, Sum]) -> list[tuple[str, ...]]:
    from deepshi_jupyter.cli.columns import one_line

    rows = [_row(f"  {one_line(name)}", of_name) for name, of_name in sums.items()]
    return [(title, *("" for _ in _HEADER)), *rows] if rows else []


def _row(name: str, of_name: Sum) -> tuple[str, ...]:
    from deepshi_jupyter.display.footer import dollars

    counts = (of_name.turns, of_name.calls, of_name.tokens_in, of_name.tokens_out)
    details = (of_name.cached_tokens, of_name.reasoning_tokens)
    usd = "not reported" if of_name.usd is None else dollars(of_name.usd)
    gaps = (of_name.calls_without_cost, of_name.calls_without_usage)
    return (name, *_counted(counts), *_counted(details), usd, *_counted(gaps))


def _counted(counts: tuple[int, ...]) -> list[str]:
    return [f"{count:,}" for count in counts]


def _notes(sums: Ledger) -> list[str]:
    total = sums.total
    notes = []
    if total.calls_without_cost:
        notes.append(
            f"{total.calls_without_cost:,} of {total.calls:,} calls reported no cost; "
            "they are not in the USD."
        )
    if sums.copies:
        notes.append(f"{sums.copies:,} copied turns were not counted again.")
    return notes
