"""``deepshi-jupyter merge``: two versions of a notebook into one; git's driver for notebooks."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deepshi_jupyter.cli.complaint import complain
from deepshi_jupyter.cli.help_page import HelpPage, Subcommands, add_subcommand
from deepshi_jupyter.core.printable import printable
from deepshi_jupyter.errors import InputError, OptionError, RecordError

if TYPE_CHECKING:
    from deepshi_jupyter.notebook.merge import Remark

_CONFLICTS = 1
_FAILED = 3
"""Not 1 or 2, which are conflicts and wrong usage; up to 128 git takes it for a conflict, above
for a crash that ends the whole merge (https://git-scm.com/docs/gitattributes)."""

_NOTHING = "Nothing was written; check the name and the permissions."

_PAGE = HelpPage(
    summary="Merge two versions of a notebook, cell by cell.",
    description=(
        "Turns that were added on two branches both survive, and an answer that a cell cannot "
        "hold beside another gets a cell of its own. What both sides changed in different ways "
        "has git's conflict marks in the source of its cell; the file is a valid notebook all "
        "the same. What was decided without asking is said on stderr.\n\n"
        "The result is written to OURS, as git wants it, or to the file of -o."
    ),
    examples=(
        ("merge --install", "let git merge the notebooks of this repository with it"),
        ("merge base.ipynb ours.ipynb theirs.ipynb -o merged.ipynb", "merge three files"),
    ),
    exits=(
        (0, "merged, or installed"),
        (1, "merged, with conflicts to resolve"),
        (2, "wrong usage"),
        (3, "not a notebook, no repository, or not writable; nothing was written"),
    ),
)


def declare(commands: Subcommands) -> None:
    """Add the subcommand."""
    parser = add_subcommand(commands, "merge", _PAGE)
    for name, meaning in (
        ("base", "the version that both come from (git: %%O); an empty file if there is none"),
        ("ours", "this branch's version (git: %%A)"),
        ("theirs", "the other branch's version (git: %%B)"),
    ):
        parser.add_argument(name, metavar=name.upper(), nargs="?", type=Path, help=meaning)
    parser.add_argument("-o", "--output", metavar="OUT", type=Path, help="write to this file")
    parser.add_argument("--path", help="what to call the notebook in messages (git: %%P)")
    parser.add_argument(
        "--install",
        action="store_true",
        help="set the driver in the present repository's git configuration and .gitattributes",
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Merge, or install the driver."""
    files = (options.base, options.ours, options.theirs)
    if options.install and files == (None, None, None):
        return _install()
    if options.install or None in files:
        raise OptionError(
            "The merge takes three files, and --install takes none.",
            "See `deepshi-jupyter merge --help`.",
        )
    try:
        return _merge(*files, options.output or options.ours, options.path or str(options.ours))
    except InputError as error:
        complain(error, sys.stderr)
        return _FAILED


def _install() -> int:
    from deepshi_jupyter.cli.merge_install import install

    try:
        print("\n".join(install(Path.cwd())))
    except InputError as error:
        complain(error, sys.stderr)
        return _FAILED
    return 0


def _merge(base: Path, ours: Path, theirs: Path, output: Path, name: str) -> int:
    from deepshi_jupyter.notebook.merge import merge_notebooks
    from deepshi_jupyter.notebook.notebook_text import notebook_text

    merged = merge_notebooks(
        _read(base, f"the base of {name}", empty={}),
        _read(ours, f"our version of {name}"),
        _read(theirs, f"their version of {name}"),
    )
    _write(output, notebook_text(merged.notebook).encode())
    _say(name, "note", merged.decisions)
    _say(name, "CONFLICT", merged.conflicts)
    return _CONFLICTS if merged.conflicts else 0


def _read(path: Path, name: str, empty: dict[str, Any] | None = None) -> dict[str, Any]:
    """Read a version; git gives an empty file for the base of what two branches added."""
    from deepshi_jupyter.notebook.merge_input import read_version

    try:
        data = path.read_bytes()
    except OSError as error:
        raise RecordError(f"{path}, {name}, cannot be read: {error.strerror}.", _NOTHING) from None
    return empty if empty is not None and not data.strip() else read_version(data, name)


def _write(path: Path, data: bytes) -> None:
    try:
        path.write_bytes(data)
    except OSError as error:
        raise RecordError(f"{path} cannot be written: {error.strerror}.", _NOTHING) from None


def _say(name: str, kind: str, remarks: Iterable[Remark]) -> None:
    for where, what in remarks:
        line = " ".join(printable(f"{kind} {name}, {where}: {what}").split())
        print(line, file=sys.stderr)
