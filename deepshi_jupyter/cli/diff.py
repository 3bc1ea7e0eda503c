"""``deepshi-jupyter diff``: which turns of two notebooks differ, and in what."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
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
    from deepshi_jupyter.notebook.difference import Change, Side, TurnDifference

_PAGE = HelpPage(
    summary="Compare the turns of two notebooks: answers, parameters, models, context.",
    description=(
        "Turns are matched by the id of their cell, then by their own id, then by chat and "
        "question. Changed texts are shown word by word, [-what went-] and {+what came+}; long "
        "parts that are the same are left out. Context means that other turns stood above. Times, "
        "costs and ids are not compared, nor are cells that were not sent."
    ),
    examples=(
        ("diff before.ipynb after.ipynb", "what changed, word by word"),
        ("diff --full before.ipynb after.ipynb", "with everything that is the same in a text"),
        ("diff --json before.ipynb after.ipynb", "for a program to read"),
    ),
    exits=(
        (0, "the turns are the same"),
        (1, "some differ"),
        (2, "wrong usage, or a notebook or a record in it cannot be read"),
    ),
    environment=("NO_COLOR",),
)

_WORDS = 60
_AROUND = 60
"""So many characters of a part that is the same are shown on each side of a change."""


def declare(commands: Subcommands) -> None:
    """Add the subcommand."""
    parser = add_subcommand(commands, "diff", _PAGE)
    add_notebook(parser, "a")
    add_notebook(parser, "b")
    parser.add_argument("--full", action="store_true", help="show changed texts whole")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print what differs."""
    from deepshi_jupyter.notebook.difference import counts_of, differences

    sides = [opened(options.a), opened(options.b)]
    found = differences(sides[0].views, sides[1].views)
    counts = counts_of(found)
    if options.json:
        import json

        value = {
            "a": options.a,
            "b": options.b,
            "counts": counts,
            "turns": [_as_json(difference) for difference in found],
            "unreadable": {side.path: troubles_as_json(side) for side in sides},
        }
        print(json.dumps(value, ensure_ascii=False, indent=2))
    else:
        _print_lines(found, options.full)
        print(", ".join(f"{count} {how}" for how, count in counts.items() if count) or "No turns.")
    for side in sides:
        say_what_cannot_be_read(side)
    if any(side.troubles for side in sides):
        return 2
    return 0 if counts["same"] == len(found) else 1


def _as_json(difference: TurnDifference) -> dict[str, Any]:
    return {
        "how": difference.how,
        "matched_by": difference.matched_by or None,
        "a": difference.a and _side_as_json(difference.a),
        "b": difference.b and _side_as_json(difference.b),
        "changes": {change.what: {"a": change.a, "b": change.b} for change in difference.changes},
    }


def _side_as_json(side: Side) -> dict[str, Any]:
    record = side.record
    return {
        "index": side.cell.index,
        "number": side.cell.number,
        "cell": side.cell.id,
        "place": side.place,
        "turn": record.id,
        "chat": record.chat,
        "question": record.question,
    }


def _print_lines(found: Sequence[TurnDifference], full: bool) -> None:
    from deepshi_jupyter.cli.ink import ink_for

    ink = ink_for(sys.stdout)
    for difference in found:
        if difference.how == "same":
            continue
        print(_heading(difference, ink))
        for line in _details(difference, ink, full):
            print(f"    {line}")


def _heading(difference: TurnDifference, ink: Ink) -> str:
    from deepshi_jupyter.cli.columns import one_line, shortened, width_of

    side = difference.b or difference.a
    if side is None:
        return ""
    number = " " if side.cell.number is None else side.cell.number
    facts = [f"[{number}]", one_line(side.cell.id), one_line(side.record.chat)]
    start = "  ".join(fact for fact in facts if fact)
    width = width_of(sys.stdout)
    room = _WORDS if width is None else max(width - len(start) - len(difference.how) - 4, 20)
    paint = {"added": ink.green, "removed": ink.red}.get(difference.how, ink.yellow)
    return f"{paint(difference.how)}  {ink.bold(start)}  {shortened(side.record.question, room)}"


def _details(difference: TurnDifference, ink: Ink, full: bool) -> Iterator[str]:
    from deepshi_jupyter.cli.columns import one_line, shortened
    from deepshi_jupyter.core.printable import printable

    side = difference.b or difference.a
    if side is not None and difference.how in ("added", "removed"):
        text = side.record.text
        text = printable(text) if full else shortened(text, _WORDS)
        yield f"answer: {text}".replace("\n", "\n        ")
    for change in difference.changes:
        yield f"{one_line(change.what)}: {_changed(change, ink, full)}".replace("\n", "\n        ")


def _changed(change: Change, ink: Ink, full: bool) -> str:
    if change.what == "context":
        return "other turns stood above"
    is_text = change.what.split(".")[0] in ("answer", "question", "system")
    if is_text and isinstance(change.a, str) and isinstance(change.b, str):
        return _word_by_word(change.a, change.b, ink, full)
    return f"{ink.red(_value(change.a))} → {ink.green(_value(change.b))}"


def _word_by_word(a: str, b: str, ink: Ink, full: bool) -> str:
    from deepshi_jupyter.core.printable import printable
    from deepshi_jupyter.notebook.difference import word_changes

    a, b = printable(a), printable(b)
    if a == b:
        return "only control characters differ"
    pieces = word_changes(a, b)
    written = []
    for place, (how, text) in enumerate(pieces):
        if how == "removed":
            written.append(ink.red(f"[-{text}-]"))
        elif how == "added":
            written.append(ink.green(f"{{+{text}+}}"))
        else:
            written.append(text if full else _middle_out(text, place > 0, place < len(pieces) - 1))
    return "".join(written)


def _middle_out(text: str, after: bool, before: bool) -> str:
    """Leave out what is far from a change of a part that is the same."""
    if len(text) <= 2 * _AROUND + 20:
        return text
    start = text[:_AROUND] if after else ""
    end = text[-_AROUND:] if before else ""
    return f"{start} […] {end}"


def _value(value: Any) -> str:
    import json

    from deepshi_jupyter.cli.columns import one_line

    if value is None:
        return "(none)"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return one_line(text)
