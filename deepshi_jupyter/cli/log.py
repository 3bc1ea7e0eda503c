"""``deepshi-jupyter log``: the turns of a notebook as a journal of a laboratory has them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from deepshi_jupyter.cli.help_page import HelpPage, Subcommands, add_subcommand
from deepshi_jupyter.cli.notebook_argument import add_notebook, opened, say_what_cannot_be_read

if TYPE_CHECKING:
    from deepshi_jupyter.cli.ink import Ink
    from deepshi_jupyter.core.staleness import CellStatus
    from deepshi_jupyter.core.turn_record import TurnRecord

Entry = dict[str, Any]

_PAGE = HelpPage(
    summary="List the turns of a notebook with what was asked, how, when, and what came.",
    description=(
        "In the order of the document, for each turn: time (UTC), chat, cell, the model asked and "
        "the one that served, kind and status, parameters, tokens, cost as reported, duration, "
        "retries, finish reason, and the first words of question and answer. Tokens, cost, "
        "duration and retries are those of all calls of the turn."
        "\n\nWith --json it is one JSON array with texts in full, and with the tip: the hash that "
        "stands for the conversation up to there."
    ),
    examples=(
        ("log study.ipynb", "a paragraph a turn"),
        ("log study.ipynb --full --chat critic", "whole questions and answers of one chat"),
        ("log study.ipynb --json | jq -r '.[-1].tip'", "the last tip, to publish"),
    ),
    exits=(
        (0, "listed"),
        (1, "a record cannot be read, and the list is without it"),
        (2, "wrong usage, or the notebook cannot be read"),
    ),
    environment=("NO_COLOR",),
)

_WORDS = 100


def declare(commands: Subcommands) -> None:
    """Add the subcommand."""
    parser = add_subcommand(commands, "log", _PAGE)
    add_notebook(parser)
    parser.add_argument("--chat", metavar="NAME", help="only the turns of this conversation")
    parser.add_argument("--full", action="store_true", help="print questions and answers whole")
    parser.add_argument("--json", action="store_true", help="print one JSON array")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the turns."""
    from deepshi_jupyter.core.staleness import statuses

    found = opened(options.notebook)
    entries = [
        _entry(status, status.turn.record)
        for status in statuses(found.views)
        if status.turn is not None and options.chat in (None, status.turn.record.chat)
    ]
    if options.json:
        import json

        print(json.dumps(entries, ensure_ascii=False, indent=2))
    else:
        _print_entries(entries, options.full)
    say_what_cannot_be_read(found)
    return 1 if found.troubles else 0


def _entry(status: CellStatus, record: TurnRecord) -> Entry:
    """Return what is listed of a turn; what is not known is None."""
    call = record.call
    return {
        "index": status.cell.index,
        "number": status.cell.number,
        "cell": status.cell.id,
        "place": record.place,
        "turn": record.id,
        "chat": record.chat,
        "states": list(status.states),
        "started": (record.calls[0].started if record.calls else "") or None,
        "endpoint": record.endpoint,
        "model": record.model,
        "served": call.served,
        "system_fingerprint": call.system_fingerprint,
        "response_id": call.response_id or None,
        "kind": record.kind,
        "status": call.status,
        "parameters": record.parameters,
        "system": record.system,
        **_used(record),
        "finish_reasons": [answer.get("finish_reason") for answer in call.answers],
        "question": record.question,
        "answers": _answers(record),
        "parent": record.parent,
        "tip": record.tip,
    }


def _used(record: TurnRecord) -> Entry:
    from deepshi_jupyter.notebook.ledger import sum_of

    used = sum_of(record)
    durations = [call.duration for call in record.calls if call.duration is not None]
    knows_tokens = used.calls > used.calls_without_usage
    return {
        "calls": used.calls,
        "tokens_in": used.tokens_in if knows_tokens else None,
        "tokens_out": used.tokens_out if knows_tokens else None,
        "cached_tokens": used.cached_tokens if knows_tokens else None,
        "reasoning_tokens": used.reasoning_tokens if knows_tokens else None,
        "usd": used.usd,
        "calls_without_cost": used.calls_without_cost,
        "time_to_first_token": record.calls[0].time_to_first_token if record.calls else None,
        "duration": round(sum(durations), 3) if durations else None,
        "retries": sum(len(call.failed_attempts) for call in record.calls),
    }


def _answers(record: TurnRecord) -> list[str]:
    from deepshi_jupyter.core.turn_record import text_of

    messages = [answer["message"] for answer in record.call.answers]
    return [text_of(message) or str(message.get("refusal") or "") for message in messages]


def _print_entries(entries: Sequence[Entry], full: bool) -> None:
    from deepshi_jupyter.cli.columns import one_line, width_of
    from deepshi_jupyter.cli.ink import ink_for

    ink, width = ink_for(sys.stdout), width_of(sys.stdout)
    for entry in entries:
        print(_heading(entry, ink))
        print(f"    {one_line(' · '.join(_facts(entry)))}")
        for mark, text in _texts(entry):
            print("\n".join(_said(mark, text, None if full else _room(width), full)))
        if full:
            print()
    print(f"{len(entries)} turn{'' if len(entries) == 1 else 's'}")


def _room(width: int | None) -> int:
    return _WORDS if width is None else max(width - 7, 20)


def _heading(entry: Entry, ink: Ink) -> str:
    from deepshi_jupyter.cli.columns import one_line

    number = " " if entry["number"] is None else entry["number"]
    asked, served = entry["model"] or "?", entry["served"]
    model = asked if served in ("", asked) else f"{asked} → {served}"
    stale = ", ".join(state for state in entry["states"] if state != "fresh")
    words = (_time(entry["started"]), entry["chat"], f"[{number}]", entry["cell"])
    head = ink.bold("  ".join(one_line(word) for word in (*words, model) if word))
    kind = f"{entry['kind']}, {entry['status']}"
    return "  ".join([head, kind, *([ink.yellow(stale)] if stale else [])])


def _time(started: str | None) -> str:
    from datetime import UTC, datetime

    try:
        moment = datetime.fromisoformat(started or "")
    except ValueError:
        return started or "time unknown"
    return f"{moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC):%Y-%m-%d %H:%M:%SZ}"


def _facts(entry: Entry) -> Iterator[str]:
    import json

    from deepshi_jupyter.display.footer import dollars

    for name, value in entry["parameters"].items():
        yield f"{name}={json.dumps(value, ensure_ascii=False)}"
    if entry["tokens_in"] is None:
        yield "tokens not reported"
    else:
        yield f"{entry['tokens_in']:,} in / {entry['tokens_out']:,} out"
    yield "cost not reported" if entry["usd"] is None else dollars(entry["usd"])
    if entry["duration"] is not None:
        yield f"{entry['duration']:.1f} s"
    if entry["calls"] > 1:
        yield f"{entry['calls']} calls"
    if entry["retries"]:
        yield f"{entry['retries']} {'retry' if entry['retries'] == 1 else 'retries'}"
    yield from dict.fromkeys(str(reason) for reason in entry["finish_reasons"] if reason)


def _texts(entry: Entry) -> Iterator[tuple[str, str]]:
    yield "Q", entry["question"]
    answers = entry["answers"]
    for number, text in enumerate(answers, 1):
        yield ("A" if len(answers) == 1 else f"A{number}"), text


def _said(mark: str, text: str, room: int | None, full: bool) -> list[str]:
    """Return a question or answer as lines below its turn."""
    from deepshi_jupyter.cli.columns import shortened
    from deepshi_jupyter.core.printable import printable

    if not full:
        return [f"    {mark:<2} {shortened(text, room)}".rstrip()]
    lines = printable(text).split("\n")
    marks = [mark, *("" for _ in lines[1:])]
    return [f"    {m:<2} {line}".rstrip() for m, line in zip(marks, lines, strict=True)]
