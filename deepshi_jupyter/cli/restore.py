"""``deepshi-jupyter restore``: the answers of a notebook whose outputs were cleared."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deepshi_jupyter.cli.help_page import HelpPage, Subcommands, add_subcommand
from deepshi_jupyter.cli.notebook_argument import (
    add_notebook,
    opened,
    say_what_cannot_be_read,
    troubles_as_json,
)
from deepshi_jupyter.errors import ConfigurationError, OptionError, RecordError

if TYPE_CHECKING:
    from deepshi_jupyter.core.turn_record import TurnRecord
    from deepshi_jupyter.notebook.cleared import Placement

_PAGE = HelpPage(
    summary="Bring back the answers of cells whose outputs were cleared.",
    description=(
        "Looks in the journal (`.deepshi/`) that belongs to the notebook, and in recording files, "
        "for the turn of each %%deepshi cell without an answer, and of each plain cell that is "
        "known to have called ask(). A turn is told by the text and options of its cell and by "
        "what stands above it, not by the notebook's name or the ids of its cells. Nothing is "
        "asked, and no key is needed.\n\nWhere nothing fits what stands above now, the latest turn "
        "with the same text and options is put back, and the report says `context-changed`. What "
        "broke off, also in a kernel that was killed, is put back and stays marked as partial. "
        "Execution numbers, printed text and figures are not in the journal and do not come back."
        "\n\nThe result goes to NAME.restored.ipynb beside the notebook, unless `-o` or "
        "`--inplace` say otherwise."
    ),
    examples=(
        ("restore study.ipynb --dry-run", "say what can be brought back"),
        ("restore study.ipynb --inplace", "put it into the notebook; a .bak is kept"),
        ("restore copy.ipynb --store ../study/.deepshi", "look in another notebook's journal"),
        ("restore study.ipynb --recording answers.jsonl", "look in a recording file as well"),
    ),
    exits=(
        (0, "every cleared answer is back, or none was missing"),
        (1, "some cell has no turn to be found, or a record cannot be read; the report says which"),
        (2, "wrong usage, or a file cannot be read"),
    ),
    environment=("DEEPSHI_STORE",),
)


def declare(commands: Subcommands) -> None:
    """Add the subcommand."""
    parser = add_subcommand(commands, "restore", _PAGE)
    add_notebook(parser)
    where = parser.add_mutually_exclusive_group()
    where.add_argument("-o", "--output", metavar="OUT", help="the notebook to write")
    where.add_argument(
        "--inplace", action="store_true", help="change the notebook itself, and keep a .bak of it"
    )
    where.add_argument("--dry-run", action="store_true", help="report, and write nothing")
    parser.add_argument("--force", action="store_true", help="replace an existing OUT")
    parser.add_argument(
        "--store",
        metavar="DIR",
        help="the journal's folder; default: DEEPSHI_STORE, then the "
        "nearest .deepshi upward from the notebook",
    )
    parser.add_argument(
        "--recording", action="append", default=[], metavar="F", help="a recording file; repeatable"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Put back what is found."""
    from deepshi_jupyter.notebook.cleared import placements

    found = opened(options.notebook)
    path = Path(options.notebook)
    out = None if options.dry_run else _output(path, options)
    unreadable = {trouble.cell for trouble in found.troubles}  # an answer is there, for a newer us
    placed = [
        placement
        for placement in placements(found.views, _recorded(path, options))
        if placement.cell.index not in unreadable
    ]
    written = (
        _write(path, out, _filled(found.notebook, placed))
        if any(placement.records for placement in placed) and out
        else None
    )
    if options.json:
        _print_json(options.notebook, placed, written, troubles_as_json(found))
    else:
        _print_lines(placed)
        say_what_cannot_be_read(found)
    return 1 if found.troubles or any(not placement.records for placement in placed) else 0


def _output(path: Path, options: argparse.Namespace) -> Path:
    """Return the file to write.

    Raises:
        OptionError: It is there already, or its folder is not.
    """
    if options.inplace:
        return path
    out = Path(options.output) if options.output else path.with_suffix(".restored.ipynb")
    if out.exists() and out.samefile(path):
        raise OptionError(f"{out} is the notebook itself.", "Change it with --inplace.")
    if out.exists() and not options.force:
        raise OptionError(f"{out} is there already.", "Replace it with --force, or name another.")
    if not out.parent.is_dir():
        raise OptionError(f"There is no folder {out.parent}.", "Create it, or name another.")
    return out


def _recorded(path: Path, options: argparse.Namespace) -> list[TurnRecord]:
    """Return all turns that are recorded, oldest first; those of named files count as newest."""
    import os

    from deepshi_jupyter.notebook.recording_file import read_recording
    from deepshi_jupyter.notebook.restored import journaled_around
    from deepshi_jupyter.notebook.store import find_store

    if options.store and not Path(options.store).is_dir():
        raise OptionError(f"There is no folder {options.store}.", "Name a `.deepshi` folder.")
    setting = str(Path(options.store).absolute()) if options.store else ""
    records = journaled_around(find_store(path, os.environ, setting=setting), path)
    try:
        return records + [r for file in options.recording for r in read_recording(Path(file))]
    except RecordError as error:
        raise OptionError(error.what, error.todo) from None


def _filled(notebook: Mapping[str, Any], placed: Sequence[Placement]) -> dict[str, Any]:
    """Return the notebook with the answers that were found in their cells."""
    cells = list(notebook["cells"])
    for placement in placed:
        if placement.records:
            cell = cells[placement.cell.index]
            answer = _output_of(placement)
            outputs = [out for out in cell.get("outputs", ()) if not _shows_the_same(out, answer)]
            cells[placement.cell.index] = {**cell, "outputs": [*outputs, answer]}
    return {**notebook, "cells": cells}


def _output_of(placement: Placement) -> dict[str, Any]:
    """Return the output that the kernel made of these turns, as Jupyter writes it into a file."""
    from deepshi_jupyter.core.turn_record import MIME_TYPE, VERSION
    from deepshi_jupyter.display.bundle import answer_bundle
    from deepshi_jupyter.recorded_turn import answer_of

    records = placement.records
    if placement.cell.asking is not None:
        data = answer_bundle(answer_of(records[-1]))
    else:
        count = f"{len(records)} answer{'' if len(records) == 1 else 's'} recorded"
        turns = {"v": VERSION, "turns": [record.as_json() for record in records]}
        data = {"text/plain": count, MIME_TYPE: turns}
    lines = {
        name: value.splitlines(keepends=True) if isinstance(value, str) else value
        for name, value in data.items()
    }
    return {"output_type": "display_data", "metadata": {}, "data": lines}


def _shows_the_same(output: Any, answer: Mapping[str, Any]) -> bool:
    """True for what a tool left that dropped the record and kept the text of the answer."""
    data = output.get("data") if isinstance(output, dict) else None
    if not isinstance(data, dict) or "text/markdown" not in data:
        return False
    return _joined(data["text/markdown"]) == _joined(answer["data"].get("text/markdown", ""))


def _joined(text: Any) -> str:
    return "".join(map(str, text)) if isinstance(text, list) else str(text)


def _write(path: Path, out: Path, notebook: dict[str, Any]) -> str:
    """Write the notebook, and say where it is."""
    from deepshi_jupyter.cli.backup import back_up
    from deepshi_jupyter.notebook.notebook_file import write_notebook

    try:
        kept = f"; what it was is in {back_up(path).name}" if out == path else ""
        write_notebook(notebook, out)
    except OSError as error:
        raise ConfigurationError(
            f"{out} cannot be written: {error.strerror}.", "Name another file with `-o`."
        ) from None
    print(
        f"Wrote {out}{kept}. Jupyter's signature does not fit it: until it is run or trusted "
        "(`jupyter trust`), outputs show without HTML.",
        file=sys.stderr,
    )
    return str(out)


def _print_json(
    notebook: str, placed: Sequence[Placement], written: str | None, unreadable: list[Any]
) -> None:
    import json

    value = {
        "notebook": notebook,
        "cells": [_as_json(placement) for placement in placed],
        "counts": _counts(placed),
        "written": written,
        "unreadable": unreadable,
    }
    print(json.dumps(value, ensure_ascii=False, indent=2))


def _as_json(placement: Placement) -> dict[str, Any]:
    return {
        "index": placement.cell.index,
        "cell": placement.cell.id,
        "outcome": placement.outcome,
        "states": list(placement.states) or (["fresh"] if placement.records else []),
        "turns": [record.id for record in placement.records],
        "reason": placement.reason,
    }


def _counts(placed: Sequence[Placement]) -> dict[str, int]:
    outcomes = [placement.outcome for placement in placed]
    return {outcome: outcomes.count(outcome) for outcome in dict.fromkeys(outcomes)}


def _print_lines(placed: Sequence[Placement]) -> None:
    from deepshi_jupyter.cli.columns import GAP, one_line, padded, shortened

    rows = [
        [f"cell {p.cell.index + 1}", shortened(p.cell.id, 9), ", ".join((p.outcome, *p.states))]
        for p in placed
    ]
    for placement, row in zip(placed, padded(rows) if rows else [], strict=True):
        reason = f" {one_line(f'— {placement.reason}')}" if placement.reason else ""
        print(GAP.join([*row, shortened(_question(placement), 50)]).rstrip() + reason)
    counts = ", ".join(f"{count} {outcome}" for outcome, count in _counts(placed).items())
    print(f"{len(placed)} cleared: {counts}" if placed else "No answer is missing.")


def _question(placement: Placement) -> str:
    if placement.cell.asking is not None:
        return placement.cell.asking.body
    count = len(placement.records)
    return f"{count} question{'' if count == 1 else 's'} of ask()"
