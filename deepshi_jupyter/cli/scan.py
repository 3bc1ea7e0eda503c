"""``deepshi-jupyter scan``: keys that stand in notebooks and in the journal beside them."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from deepshi_jupyter.cli.complaint import complain
from deepshi_jupyter.cli.help_page import HelpPage, Subcommands, add_subcommand
from deepshi_jupyter.errors import OptionError, RecordError

if TYPE_CHECKING:
    from deepshi_jupyter.notebook.secret_scan import Place

_PAGE = HelpPage(
    summary="Find API keys in notebooks and in `.deepshi/`.",
    description=(
        "Looks at source, outputs, metadata, attachments and widget state, for what has the shape "
        "of a key and for the keys of this environment (variables whose names say key, token, "
        "secret or password). A key is shown by its prefix and last 4 characters at most. Nothing "
        "is changed and nothing is sent.\n\n"
        "A folder stands for the notebooks in it, checkpoints as well, and its `.deepshi/`; a "
        "notebook also for the folders in which its answers are journaled: the nearest "
        "`.deepshi/` beside or above it, and what DEEPSHI_STORE names. Any other file is searched "
        "as text."
    ),
    examples=(
        ("scan", "the notebooks of this folder and below"),
        ("scan analysis.ipynb --json", "one notebook and its journal, for a program to read"),
        ("scan --no-store analysis.ipynb", "the notebook alone, as before a commit"),
    ),
    exits=(
        (0, "no key was found"),
        (1, "a key was found, or a file cannot be read"),
        (2, "wrong usage, such as a path that does not exist"),
    ),
    environment=("DEEPSHI_API_KEY",),
)

_TODO = (
    "Revoke each key at its service first and make a new one. Then take it out: edit the cell, "
    "clear the output, save; in .deepshi/ delete the file or the line. A commit or a copy that "
    "has it keeps it."
)
_NOT_OURS = frozenset(
    {".git", ".venv", "venv", "node_modules", "site-packages", "__pycache__", ".tox"}
)


class Scan(NamedTuple):
    """What was searched and found.

    Args:
        files: The paths that were looked at.
        places: Where keys stand.
        unread: One error for each file that could not be read.
    """

    files: list[Path]
    places: list[Place]
    unread: list[RecordError]


def declare(commands: Subcommands) -> None:
    """Add the subcommand."""
    parser = add_subcommand(commands, "scan", _PAGE)
    parser.add_argument(
        "paths", nargs="*", default=["."], metavar="PATH", help="files and folders; default: ."
    )
    parser.add_argument(
        "--env",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="look for the values of this environment's keys, too (default: yes)",
    )
    parser.add_argument(
        "--store",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="look into the `.deepshi/` of a notebook, too (default: yes)",
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of lines")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print where keys stand."""
    from deepshi_jupyter.core.secrets import known_secrets

    known = known_secrets(os.environ) if options.env else ()
    paths = [Path(path) for path in options.paths]
    files = {path.resolve(): path for path in reversed([*_files(paths, options.store)])}
    scan = _scan(reversed(files.values()), known)
    if options.json:
        _print_json(scan, known)
    else:
        _print_lines(scan, known)
    for error in scan.unread:
        complain(error, sys.stderr)
    return 1 if scan.places or scan.unread else 0


def _scan(files: Iterable[Path], known: tuple[str, ...]) -> Scan:
    from deepshi_jupyter.notebook.secret_scan import scan_file

    scan = Scan([], [], [])
    for file in files:
        try:
            scan.places.extend(scan_file(file, known))
            scan.files.append(file)
        except RecordError as error:
            scan.unread.append(error)
    return scan


def _files(paths: Iterable[Path], with_store: bool) -> Iterator[Path]:
    """Yield the files that paths stand for; one may come twice."""
    for path in paths:
        if not os.path.exists(path):
            raise OptionError(f"There is no {path}.", "Name files or folders that exist.")
        if path.is_dir():
            yield from _in_folder(path, with_store)
        else:
            yield path
        if with_store and (path.is_dir() or path.suffix == ".ipynb"):
            yield from _journaled(path)


def _in_folder(folder: Path, with_store: bool) -> Iterator[Path]:
    """Yield the notebooks below a folder, and what its stores hold."""
    from deepshi_jupyter.notebook.secret_scan import files_in
    from deepshi_jupyter.notebook.store import FOLDER

    for path in files_in(folder, skipping=_NOT_OURS if with_store else {*_NOT_OURS, FOLDER}):
        if path.suffix == ".ipynb" or FOLDER in path.absolute().parts:
            yield path


def _journaled(path: Path) -> Iterator[Path]:
    """Yield the files of the stores that a notebook, or those in a folder, are journaled in.

    They are the store of this environment, and the one there would be without DEEPSHI_STORE.
    """
    from deepshi_jupyter.notebook.secret_scan import files_in
    from deepshi_jupyter.notebook.store import find_store

    notebook = path / "any.ipynb" if path.is_dir() else path
    here = Path.cwd()
    environments: tuple[Mapping[str, str], ...] = (os.environ, {})
    stores = [find_store(notebook, environ) for environ in environments]
    for folder in (folder for store in stores for folder in store.folders):
        yield from files_in(folder.relative_to(here) if folder.is_relative_to(here) else folder)


def _print_json(scan: Scan, known: tuple[str, ...]) -> None:
    import json

    import msgspec

    from deepshi_jupyter.core.secrets import redact

    found = [msgspec.to_builtins(place) for place in scan.places]
    record = {"found": found, "files": len(scan.files), "unread": len(scan.unread)}
    print(json.dumps(redact(record, known)[0], ensure_ascii=False, indent=2))


def _print_lines(scan: Scan, known: tuple[str, ...]) -> None:
    from deepshi_jupyter.core.printable import printable
    from deepshi_jupyter.core.secrets import redact

    for place in scan.places:
        line = f"{place.file}: {place.where}: {place.kind} {place.shown}"
        print(" ".join(printable(redact(line, known)[0]).split()))
    files = _count(len(scan.files), "file")
    if not scan.places:
        print(f"No key was found in {files}.")
        return
    holding = len({place.file for place in scan.places})
    print(f"\n{_count(len(scan.places), 'place')} with a key, in {holding} of {files}.\n→ {_TODO}")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
