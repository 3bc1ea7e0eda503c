"""``deepshi-jupyter verify``: compute every hash of a notebook's records again."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from deepshi_jupyter.cli.help_page import HelpPage, Subcommands, add_subcommand
from deepshi_jupyter.cli.notebook_argument import add_notebook, opened

if TYPE_CHECKING:
    from deepshi_jupyter.cli.ink import Ink
    from deepshi_jupyter.core.turn_record import TurnRecord
    from deepshi_jupyter.notebook.verification import Finding, Judgement, Verdict

_PAGE = HelpPage(
    summary="Compute every hash of a notebook's records again, and say what cannot be vouched for.",
    description=(
        "Checks of each record: its form; its own hash; the chain of its messages; the request "
        "key of each call; the system prompt; that the answer that is shown is the one recorded; "
        "that the cell still asks what was asked; that the context it was asked in is in the file."
        "\n\nA record is wrong if it contradicts itself. It cannot be vouched for if the file does "
        "not show that it is right: a context that is gone or changed, an answer that broke off "
        "or that a human edited, an import, secrets taken out, images without their bytes, a "
        "record of an older version."
        "\n\nWhat this can show: that nothing of a record was changed after it was written by "
        "somebody who did not also compute all hashes again. What it cannot show: that the "
        "service gave this answer. Nobody signs an answer, and whoever can edit the file can "
        "rewrite every hash in it. That is seen only against something published earlier: the "
        "file itself (a git tag, a DOI), or for questions and answers alone the last tip "
        "(`log --json` prints it). That turns were left out of a "
        "notebook on purpose, it cannot show either. A vouched answer can be replayed and "
        "attributed; asking again may bring another, also with a seed and temperature 0."
    ),
    examples=(
        ("verify study.ipynb", "one line for each thing that is wrong or not vouched for"),
        ("verify study.ipynb --json", "every record with its findings, for a program to read"),
    ),
    exits=(
        (0, "everything is vouched for"),
        (1, "something is wrong"),
        (2, "wrong usage, or the notebook cannot be read"),
        (3, "nothing is wrong, but something cannot be vouched for"),
    ),
    environment=("NO_COLOR",),
)

_EXITS: dict[Judgement, int] = {"vouched": 0, "wrong": 1, "unvouched": 3}
_WORDS = 60


def declare(commands: Subcommands) -> None:
    """Add the subcommand."""
    parser = add_subcommand(commands, "verify", _PAGE)
    add_notebook(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Verify a notebook and print what was found."""
    from deepshi_jupyter.notebook.verification import verify

    verdicts = verify(opened(options.notebook).notebook, _formatted)
    if options.json:
        _print_json(options.notebook, verdicts)
    else:
        _print_lines(verdicts)
    return _EXITS[_overall(verdicts)]


def _formatted(record: TurnRecord) -> list[str]:
    """Return the markdown that the display makes of each answer."""
    from deepshi_jupyter.core.turn_record import text_of
    from deepshi_jupyter.display.form import in_form
    from deepshi_jupyter.display.safe_markdown import safe_markdown

    texts = [text_of(answer["message"]) for answer in record.call.answers]
    return [safe_markdown(in_form(text, record.form)) for text in texts if text]


def _overall(verdicts: Sequence[Verdict]) -> Judgement:
    counts = _counts(verdicts)
    return "wrong" if counts["wrong"] else "unvouched" if counts["unvouched"] else "vouched"


def _counts(verdicts: Sequence[Verdict]) -> dict[Judgement, int]:
    counts: dict[Judgement, int] = {"vouched": 0, "unvouched": 0, "wrong": 0}
    for verdict in verdicts:
        counts[verdict.judgement] += 1
    return counts


def _print_json(notebook: str, verdicts: Sequence[Verdict]) -> None:
    import json

    value = {
        "notebook": notebook,
        "judgement": _overall(verdicts),
        "counts": _counts(verdicts),
        "records": [_as_json(verdict) for verdict in verdicts],
    }
    print(json.dumps(value, ensure_ascii=False, indent=2))


def _as_json(verdict: Verdict) -> dict[str, Any]:
    import msgspec

    return {"judgement": verdict.judgement, **msgspec.to_builtins(verdict)}


def _print_lines(verdicts: Sequence[Verdict]) -> None:
    from deepshi_jupyter.cli.ink import ink_for

    ink = ink_for(sys.stdout)
    for verdict in verdicts:
        if verdict.findings:
            print(_heading(verdict))
            for finding in verdict.findings:
                print(f"    {_line(finding, ink)}")
    print(_summary(verdicts))


def _heading(verdict: Verdict) -> str:
    from deepshi_jupyter.cli.columns import one_line, shortened, width_of

    number = " " if verdict.number is None else verdict.number
    facts = [f"[{number}]", one_line(verdict.cell), one_line(verdict.chat)]
    start = "  ".join(fact for fact in facts if fact)
    width = width_of(sys.stdout)
    room = _WORDS if width is None else max(width - len(start) - 2, 20)
    return f"{start}  {shortened(verdict.question, room)}".rstrip()


def _line(finding: Finding, ink: Ink) -> str:
    from deepshi_jupyter.cli.columns import one_line

    if finding.level == "wrong":
        return ink.red("wrong: ") + one_line(finding.text)
    return ink.yellow("cannot be vouched for: ") + one_line(finding.text)


def _summary(verdicts: Sequence[Verdict]) -> str:
    if not verdicts:
        return "No records."
    counts = _counts(verdicts)
    parts = (
        f"{len(verdicts)} record{'' if len(verdicts) == 1 else 's'}: {counts['vouched']} vouched",
        f"{counts['unvouched']} cannot be vouched for" if counts["unvouched"] else "",
        f"{counts['wrong']} wrong" if counts["wrong"] else "",
    )
    return ", ".join(part for part in parts if part)
