"""The command line: which subcommands there are, and what their failures look like."""

from __future__ import annotations

import argparse
import io
import os
import sys
import warnings
from collections.abc import Sequence
from typing import TextIO

from deepshi_jupyter.cli import (
    ask,
    cost,
    demo,
    diff,
    doctor,
    drift,
    export,
    import_,
    log,
    merge,
    models,
    restore,
    run,
    scan,
    serve,
    status,
    verify,
)
from deepshi_jupyter.cli.complaint import complain
from deepshi_jupyter.cli.help_page import PROGRAM, HelpPage, epilog
from deepshi_jupyter.errors import DeepshiError, DeepshiWarning, OptionError
from deepshi_jupyter.version import __version__

SUBCOMMANDS = (
    *(demo, serve, doctor, models, ask, run, status, verify, log, cost),
    *(diff, drift, export, import_, restore, merge, scan),
)
"""Each has `declare`, which adds its parser, and sets `run` as what its options lead to."""

_PAGE = HelpPage(
    summary="Ask a language model from a notebook, and keep an answer that can be defended.",
    description="Begin with `deepshi-jupyter demo`: it needs no key and no network.",
    examples=(
        ("demo", "run a notebook against the embedded endpoint and watch its answers come"),
        ("doctor", "find out why a call does not work, or does not stream"),
        ("ask What is a p-value?", "ask in the terminal"),
    ),
    exits=((0, "it worked"), (1, "it did not; two lines on stderr say why"), (2, "wrong usage")),
    environment=("DEEPSHI_API_KEY", "DEEPSHI_BASE_URL", "DEEPSHI_MODEL", "NO_COLOR"),
)

_INTERRUPTED = 130
_PIPE_CLOSED = 141
"""Exit codes as shells give them for SIGINT and SIGPIPE: 128 and the signal's number."""


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line."""
    parser = argparse.ArgumentParser(
        prog=PROGRAM,
        description=f"{_PAGE.summary}\n\n{_PAGE.description}",
        epilog=epilog(_PAGE),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"{PROGRAM} {__version__}")
    parser.set_defaults(run=None)
    commands = parser.add_subparsers(title="subcommands", metavar="SUBCOMMAND")
    for subcommand in SUBCOMMANDS:
        subcommand.declare(commands)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run ``deepshi-jupyter``.

    Args:
        argv: The words after the program's name; default those of this process.

    Returns:
        The exit code: 0 it worked, 1 it did not, 2 wrong usage, 130 interrupted.

    Raises:
        SystemExit: The words ask for help or the version (0), or are wrong usage (2).
    """
    for stream in (sys.stdout, sys.stderr):
        _replace_what_cannot_be_encoded(stream)
    parser = build_parser()
    options = parser.parse_args(argv)
    if options.run is None:
        parser.print_help()
        return 2
    with warnings.catch_warnings():
        _show_own_warnings_in_one_line()
        return _run(options)


def _run(options: argparse.Namespace) -> int:
    """Run a subcommand, and turn how it ends into an exit code."""
    try:
        code = int(options.run(options))
        sys.stdout.flush()
    except DeepshiError as error:
        complain(error, sys.stderr)
        return 2 if isinstance(error, OptionError) else 1
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:
        # Nobody reads on, as after `| head`; Python would complain once more when it exits.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _PIPE_CLOSED
    return code


def _replace_what_cannot_be_encoded(stream: TextIO) -> None:
    """Let a terminal without UTF-8 show a question mark where it would raise an error."""
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="replace")


def _show_own_warnings_in_one_line() -> None:
    usual = warnings.showwarning

    def show(
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        if issubclass(category, DeepshiWarning):
            print(f"! {message}", file=sys.stderr)
        else:
            usual(message, category, filename, lineno, file, line)

    warnings.showwarning = show
    warnings.simplefilter("always", DeepshiWarning)
