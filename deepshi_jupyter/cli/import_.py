"""``deepshi-jupyter import``: a conversation from elsewhere as a notebook."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from deepshi_jupyter.cli.help_page import HelpPage, Subcommands, add_subcommand
from deepshi_jupyter.errors import InputError, OptionError

if TYPE_CHECKING:
    from deepshi_jupyter.notebook.import_turns import Imported

_PAGE = HelpPage(
    summary="Make a notebook of a conversation from elsewhere.",
    description=(
        "Reads what `export` writes as ipynb and jsonl, JSON Lines of chats as for fine-tuning, a "
        "file of messages ([{role, content}, …] or {messages: […]}), a Solveit dialog, and a "
        "notebook whose markdown cells say who speaks.\n\n"
        "Each turn becomes a `%%deepshi` cell with its record; conversations go on from there. "
        "The same file always gives the same notebook."
    ),
    examples=(
        ("import chats.jsonl", "write chats.ipynb"),
        ("import dialog.ipynb -o study.ipynb", "a Solveit dialog as a notebook of questions"),
    ),
    exits=(
        (0, "written"),
        (1, "the file cannot be read, or holds no conversation"),
        (2, "wrong usage, such as a file that is there already"),
    ),
)


def declare(commands: Subcommands) -> None:
    """Add the subcommand."""
    parser = add_subcommand(commands, "import", _PAGE)
    parser.add_argument("file", type=Path, metavar="FILE", help="the file to read")
    parser.add_argument("-o", "--output", type=Path, metavar="NB", help="the notebook to write")
    parser.add_argument("--force", action="store_true", help="replace an existing notebook")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Write a notebook of what a file holds."""
    from deepshi_jupyter.display.safe_markdown import safe_markdown
    from deepshi_jupyter.notebook.import_turns import with_markdown
    from deepshi_jupyter.notebook.notebook_file import write_notebook

    out = _output(options)
    imported = _read(options.file)
    if not imported.turns:
        raise InputError(
            f"{options.file} holds no conversation.",
            "See `deepshi-jupyter import --help` for what can be read.",
        )
    _keep_objects(imported, out)
    try:
        write_notebook(with_markdown(imported.notebook, safe_markdown), out)
    except OSError as error:
        raise InputError(f"{out} cannot be written: {error.strerror}.", "See -o.") from None
    for remark in imported.remarks:
        print(f"! {remark}", file=sys.stderr)
    turns = f"{imported.turns:,} turn{'' if imported.turns == 1 else 's'}"
    print(f"Wrote {out}: {turns}.", file=sys.stderr)
    return 0


def _read(path: Path) -> Imported:
    if path.suffix == ".ipynb":
        from deepshi_jupyter.notebook.import_ipynb import import_ipynb
        from deepshi_jupyter.notebook.notebook_file import read_notebook

        return import_ipynb(read_notebook(path))
    from deepshi_jupyter.notebook.import_chats import import_chats

    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.", "Check the name.") from None
    return import_chats(data)


def _output(options: argparse.Namespace) -> Path:
    name: Path = options.file.with_suffix(".ipynb")
    if options.file.suffix == ".ipynb":
        name = options.file.with_suffix(".imported.ipynb")
    out: Path = options.output or name
    if out.exists() and not options.force:
        raise OptionError(f"{out} is there already.", "Replace it with --force, or name another.")
    if out.exists() and options.file.exists() and out.samefile(options.file):
        raise OptionError(f"{out} is the file itself.", "Name another with `-o`.")
    if not out.parent.is_dir():
        raise OptionError(f"There is no folder {out.parent}.", "Create it, or name another.")
    return out


def _keep_objects(imported: Imported, out: Path) -> None:
    """Keep the bytes of images beside the notebook, which names them by their hash."""
    if not imported.objects:
        return
    import os

    from deepshi_jupyter.notebook.store import find_store, prepare, write_object

    store = find_store(out, os.environ)
    if store.off:
        return
    try:
        store = prepare(store)
        for data in imported.objects.values():
            write_object(store, data)
    except OSError as error:
        print(f"! The images could not be kept: {error.strerror}.", file=sys.stderr)
    else:
        print(f"Kept {len(imported.objects)} images in {store.objects_folder}.", file=sys.stderr)
