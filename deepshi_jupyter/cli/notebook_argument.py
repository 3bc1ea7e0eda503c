"""The notebook that a subcommand reads: its argument, and what it holds of turns."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from deepshi_jupyter.core.printable import printable
from deepshi_jupyter.errors import OptionError, RecordError

if TYPE_CHECKING:
    from deepshi_jupyter.core.staleness import CellView
    from deepshi_jupyter.notebook.notebook_file import Trouble


class Opened(NamedTuple):
    """A notebook that was read.

    Args:
        path: Its path as the user gave it.
        notebook: Its JSON.
        views: Its code cells.
        troubles: The records and marks in it that cannot be read.
    """

    path: str
    notebook: dict[str, Any]
    views: list[CellView]
    troubles: list[Trouble]


def add_notebook(
    parser: argparse.ArgumentParser, name: str = "notebook", nargs: Any = None
) -> None:
    """Add the argument that names a notebook file, or several of them."""
    parser.add_argument(name, metavar=name.upper(), nargs=nargs, help="an .ipynb file")


def opened(path: str) -> Opened:
    """Read a notebook that the user named.

    Args:
        path: Its path.

    Raises:
        OptionError: It is not there, or no notebook.
    """
    from deepshi_jupyter.notebook.notebook_file import cell_views, read_notebook

    try:
        notebook = read_notebook(Path(path))
    except RecordError as error:
        raise OptionError(error.what, error.todo) from None
    return Opened(path, notebook, *cell_views(notebook))


def say_what_cannot_be_read(found: Opened) -> None:
    """Print a line on stderr for each record and mark that cannot be read."""
    for trouble in found.troubles:
        line = f"! {found.path}, cell {trouble.cell + 1}: {trouble.error.what}"
        print(" ".join(printable(line).split()), file=sys.stderr)


def troubles_as_json(found: Opened) -> list[dict[str, Any]]:
    """Return what cannot be read, for a program."""
    return [{"index": trouble.cell, "error": trouble.error.what} for trouble in found.troubles]
