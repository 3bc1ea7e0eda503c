"""``deepshi-jupyter run``: a notebook from its first cell to its last, with its answers shown."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TextIO

from deepshi_jupyter.cli.endpoint_option import add_base_url
from deepshi_jupyter.cli.help_page import HelpPage, Subcommands, add_subcommand
from deepshi_jupyter.cli.progress import Progress
from deepshi_jupyter.errors import ConfigurationError, DeepshiError, OptionError, RecordError
from deepshi_jupyter.notebook.document import SESSION_VARIABLE
from deepshi_jupyter.settings import (
    MODE_VARIABLE,
    MODES,
    OFFLINE,
    RECORD_VARIABLE,
    RECORDING_VARIABLE,
)
from deepshi_jupyter.state import NOTEBOOK_VARIABLE

if TYPE_CHECKING:
    from nbformat import NotebookNode

    from deepshi_jupyter.cli.execution import Outcome
    from deepshi_jupyter.notebook.run_sum import RunSum

_PAGE = HelpPage(
    summary="Run a notebook and watch its answers come; replay, price and record them.",
    description=(
        "Runs the cells from the top in a kernel of this Python, which works in the notebook's "
        "folder, and stops at the first cell that fails. The result goes to NAME.executed.ipynb "
        "beside the notebook unless `-o` names another, also when a cell failed or Ctrl-C "
        "stopped it: what came is kept, and cells that did not run hold what they held before. "
        "An OUT that is there is replaced, as papermill and nbconvert do; `-o NB` runs the "
        "notebook in its own place, and keeps a .bak of it if answers would be lost.\n\n"
        "With `--mode auto`, answers that the notebook, its journal or a recording file holds "
        "are given again, and only the others are asked; with `--mode replay` nobody is asked, "
        "and an answer that is not recorded is an error. Without `--mode`, DEEPSHI_MODE holds. "
        "A mode that a cell names goes before both, but not before replay.\n\n"
        "`-p` sets parameters as papermill does: below the cell that is tagged `parameters`. A "
        "value is read as JSON, else as a Python literal, else it is a text; for the text 7, "
        "give '\"7\"'."
    ),
    examples=(
        ("run study.ipynb", "ask everything anew, and write study.executed.ipynb"),
        ("run study.ipynb --mode replay", "the same answers again, without key or network"),
        ("run study.ipynb --mode auto -o study.ipynb", "ask only what changed, in its own place"),
        ("run study.ipynb -p model offline-chat -p n 20 -o n20.ipynb", "with parameters"),
        ("run study.ipynb --record answers.jsonl", "also record every turn in a file"),
        ("run study.ipynb --offline", "try it against the embedded endpoint, without a key"),
    ),
    exits=(
        (0, "every cell ran"),
        (1, "a cell failed; stderr shows which, and what ran is kept"),
        (2, "wrong usage; nothing ran"),
        (130, "stopped with Ctrl-C; what ran is kept"),
    ),
    environment=(
        *("DEEPSHI_API_KEY", "DEEPSHI_BASE_URL", "DEEPSHI_MODEL"),
        *("DEEPSHI_MODE", "DEEPSHI_STORE", "NO_COLOR"),
    ),
)

_FAILED = 1
_INTERRUPTED = 130
_SOURCE_LINES = 12


class _Ran(NamedTuple):
    """How a run ended.

    Args:
        outcome: As the execution tells it; None if it was broken off.
        cells: How many cells ran.
        total: How many there are.
        seconds: How long it took.
        out: The file that holds the result.
        backup: The file that holds what OUT was, or None.
        sums: What was asked and used.
    """

    outcome: Outcome
    cells: int
    total: int
    seconds: float
    out: Path
    backup: Path | None
    sums: RunSum


def declare(commands: Subcommands) -> None:
    """Add the subcommand."""
    parser = add_subcommand(commands, "run", _PAGE)
    parser.add_argument("notebook", type=Path, metavar="NB", help="the notebook file")
    parser.add_argument("-o", "--output", type=Path, metavar="OUT", help="the notebook to write")
    parser.add_argument(
        "-p",
        "--parameter",
        nargs=2,
        action="append",
        default=[],
        metavar=("NAME", "VALUE"),
        help="set a parameter; repeatable",
    )
    parser.add_argument("--mode", choices=MODES, default="", help="where answers come from")
    parser.add_argument("--record", metavar="F", default="", help="a file to record turns in")
    parser.add_argument(
        "--recording", metavar="F", default="", help="a file of recorded answers to look in"
    )
    parser.add_argument(
        "--cwd", type=Path, metavar="DIR", help="where the kernel works; default: NB's folder"
    )
    add_base_url(parser)
    parser.add_argument(
        "--offline",
        dest="base_url",
        action="store_const",
        const=OFFLINE,
        help="the same as `--base-url offline`",
    )
    parser.add_argument(
        "--json", action="store_true", help="print a summary as JSON; progress goes to stderr"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run the notebook, write it, and say how it ended."""
    from deepshi_jupyter.cli.parameter_cell import has_parameters_cell, inject, read_parameters

    values = read_parameters(options.parameter)
    notebook = _read(options.notebook)
    out = _output(options)
    environment = kernel_environment(os.environ, options)
    _check_files(options, environment)
    if values and not has_parameters_cell(notebook):
        _say("! No cell is tagged `parameters`; the values are set in a new cell at the top.")
    inject(notebook, values)
    ran = _run(notebook, out, options, environment)
    if options.json:
        _print_json(ran, options.notebook)
    _report(ran, sys.stderr if options.json else sys.stdout)
    if ran.outcome.interrupted:
        return _INTERRUPTED
    return _FAILED if ran.outcome.failure is not None else 0


def kernel_environment(
    environment: Mapping[str, str], options: argparse.Namespace
) -> dict[str, str]:
    """Return the environment of the notebook's kernel.

    Args:
        environment: That of this process.
        options: Those of ``run``.

    Returns:
        A copy that names the notebook, whose records may answer again, and what the options say;
        names of files are absolute, as the kernel works in another folder.
    """
    kept = {name: value for name, value in environment.items() if name != SESSION_VARIABLE}
    files = {
        RECORD_VARIABLE: options.record or kept.get(RECORD_VARIABLE, ""),
        RECORDING_VARIABLE: options.recording or kept.get(RECORDING_VARIABLE, ""),
        NOTEBOOK_VARIABLE: str(options.notebook),
    }
    kept |= {name: str(Path(file).absolute()) for name, file in files.items() if file}
    if options.mode:
        kept[MODE_VARIABLE] = options.mode
    return {**kept, "DEEPSHI_BASE_URL": options.base_url} if options.base_url else kept


class _Counting(Progress):
    """Prints the progress, and counts the cells that began."""

    cells = 0
    total = 0

    def begin(self, number: int, total: int, source: str) -> None:
        """Say which cell runs now."""
        self.cells, self.total = number, total
        super().begin(number, total, source)


def _run(
    notebook: NotebookNode, out: Path, options: argparse.Namespace, environment: dict[str, str]
) -> _Ran:
    """Run the cells, and write the notebook whatever happens once it runs."""
    from deepshi_jupyter.cli.execution import run_notebook
    from deepshi_jupyter.cli.ink import ink_for

    stream = sys.stderr if options.json else sys.stdout
    progress = _Counting(stream, ink_for(stream))
    folder = options.cwd or options.notebook.absolute().parent
    began, clock = time.time(), time.monotonic()
    try:
        outcome = run_notebook(notebook, progress, environment=environment, folder=folder)
    except DeepshiError:  # the kernel did not start: there is nothing to write
        raise
    except BaseException:
        _write(notebook, out, options.notebook)
        raise
    seconds = time.monotonic() - clock
    backup = _write(notebook, out, options.notebook)
    total = progress.total or sum(map(_has_code, notebook.cells))
    sums = _sums(notebook, progress.cells, began)
    return _Ran(outcome, progress.cells, total, seconds, out, backup, sums)


def _read(path: Path) -> NotebookNode:
    """Read the notebook.

    Raises:
        OptionError: It cannot be read, or is not in Python.
    """
    import nbformat

    from deepshi_jupyter.notebook.notebook_file import read_notebook

    try:
        read_notebook(path)
    except RecordError as error:
        raise OptionError(error.what, error.todo) from None
    notebook: NotebookNode = nbformat.read(path, as_version=4)
    language = notebook.metadata.get("kernelspec", {}).get("language", "python")
    if language != "python":
        raise OptionError(f"{path} is in {language}.", "Only notebooks in Python can be run.")
    return notebook


def _output(options: argparse.Namespace) -> Path:
    """Return the file to write; better to know now than after the answers were paid for.

    Raises:
        OptionError: It cannot be written.
    """
    out: Path = options.output or options.notebook.with_suffix(".executed.ipynb")
    if not out.parent.is_dir():
        raise OptionError(f"There is no folder {out.parent}.", "Create it, or name another.")
    if out.is_dir() or not os.access(out if out.exists() else out.parent, os.W_OK):
        raise OptionError(f"{out} cannot be written.", "Name another file with `-o`.")
    return out


def _check_files(options: argparse.Namespace, environment: Mapping[str, str]) -> None:
    """Find out before anything runs that a folder or recording is not there."""
    from deepshi_jupyter.notebook.recording_file import read_recording

    if options.cwd is not None and not options.cwd.is_dir():
        raise OptionError(f"There is no folder {options.cwd}.", "Create it, or name another.")
    record = environment.get(RECORD_VARIABLE, "")
    if record and not Path(record).parent.is_dir():
        raise OptionError(f"There is no folder for {record}.", "Create it, or name another file.")
    if recording := environment.get(RECORDING_VARIABLE, ""):
        try:
            read_recording(Path(recording))
        except RecordError as error:
            raise OptionError(error.what, error.todo) from None


def _write(notebook: NotebookNode, out: Path, source: Path) -> Path | None:
    """Write the result; return the copy of what it replaced, if answers would have been lost."""
    import json

    import nbformat

    from deepshi_jupyter.cli.backup import back_up
    from deepshi_jupyter.notebook.notebook_file import cell_views, read_notebook, write_notebook

    plain = json.loads(nbformat.writes(notebook))
    backup = None
    try:
        if out.exists() and out.samefile(source):
            kept = {record.id for view in cell_views(plain)[0] for record in view.records}
            views, troubles = cell_views(read_notebook(source))
            if troubles or not {r.id for view in views for r in view.records} <= kept:
                backup = back_up(source)
        write_notebook(plain, out)
    except OSError as error:
        raise ConfigurationError(
            f"{out} cannot be written: {error.strerror}.",
            "The answers are in the journal: `deepshi-jupyter restore` brings them back.",
        ) from None
    return backup


def _sums(notebook: NotebookNode, ran: int, began: float) -> RunSum:
    """Return what the first cells with code asked and used."""
    from deepshi_jupyter.notebook.notebook_file import cell_views
    from deepshi_jupyter.notebook.run_sum import run_sum

    cells = [cell for cell in notebook.cells if _has_code(cell)][:ran]
    return run_sum(cell_views({"cells": cells})[0], began)


def _has_code(cell: NotebookNode) -> bool:
    return cell.cell_type == "code" and bool(cell.source.strip())


def _report(ran: _Ran, stream: TextIO) -> None:
    """Say how it ended, what it took, and where the result is."""
    from deepshi_jupyter.cli.cell_failure import head

    failure = ran.outcome.failure
    if ran.outcome.interrupted:
        _say("Stopped.")
    elif failure is not None:
        lines = [f"    {line}" for line in head(failure.source, _SOURCE_LINES)]
        title = f"Cell {failure.number} of {failure.total} failed:"
        _say("\n".join([title, *lines, *failure.lines]))
    rest = ran.total - ran.cells
    left = f"; {rest} did not run, and {'hold' if rest > 1 else 'holds'} what was there" * bool(
        rest
    )
    print(f"{ran.cells} of {ran.total} cells in {ran.seconds:.1f} s{left}.", file=stream)
    print(f"{_in_words(ran.sums)}\nThe executed notebook is {ran.out}", file=stream)
    if ran.backup is not None:
        print(f"What it was is in {ran.backup}", file=stream)


def _in_words(sums: RunSum) -> str:
    from deepshi_jupyter.display.footer import dollars

    used = sums.used
    parts = [f"{sums.asked} asked", f"{sums.replayed} replayed"]
    parts += [f"{sums.partial} broke off"] if sums.partial else []
    words = f"{sums.answers} answer{'' if sums.answers == 1 else 's'}: {', '.join(parts)}"
    if not used.calls:
        return f"{words}; nothing was used."
    cost = "no cost reported" if used.usd is None else f"{dollars(used.usd)} as reported"
    if used.usd is not None and used.calls_without_cost:
        cost += f", {used.calls_without_cost} of {used.calls} calls without a cost"
    return f"{words}; {used.tokens_in:,} tokens in / {used.tokens_out:,} out, {cost}."


def _print_json(ran: _Ran, notebook: Path) -> None:
    import json

    import msgspec

    failure = ran.outcome.failure
    ended = "interrupted" if ran.outcome.interrupted else "failed" if failure else "complete"
    value: dict[str, Any] = {
        "notebook": str(notebook),
        "output": str(ran.out),
        "backup": str(ran.backup) if ran.backup else None,
        "outcome": ended,
        "cells": {"ran": ran.cells, "total": ran.total},
        "failure": msgspec.to_builtins(failure) if failure else None,
        "answers": {
            name: getattr(ran.sums, name) for name in ("answers", "asked", "replayed", "partial")
        },
        "used": msgspec.to_builtins(ran.sums.used),
        "seconds": round(ran.seconds, 3),
    }
    print(json.dumps(value, ensure_ascii=False, indent=2), flush=True)


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr)
