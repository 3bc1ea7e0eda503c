"""``deepshi-jupyter export``: the turns of a notebook in another form."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deepshi_jupyter.cli.help_page import HelpPage, Subcommands, add_subcommand
from deepshi_jupyter.errors import InputError, OptionError

if TYPE_CHECKING:
    from deepshi_jupyter.notebook.shown_turn import Shown

_ENDINGS = {
    "ipynb": ".answers.ipynb",
    "md": ".md",
    "jsonl": ".jsonl",
    "html": ".html",
    "py": ".py",
    "methods": ".methods.md",
}
_PAGE = HelpPage(
    summary="Write the questions and answers of a notebook in another form.",
    description=(
        "The result is a file beside the notebook unless `-o` names another; `-o -` prints it. "
        "An existing file is replaced with `--force` alone.\n\n"
        "ipynb: a notebook with each answer as markdown and code cells, which have not been run. "
        "md, html: to read; html is one page without scripts. jsonl: one conversation a line, as "
        "for fine-tuning. py: a script that asks the same again. methods: a paragraph and a table "
        "for a paper. docs/export.md says what each keeps and loses."
    ),
    examples=(
        ("export study.ipynb --to html", "write study.html"),
        ("export study.ipynb --to methods -o -", "print a methods paragraph"),
        ("export study.ipynb --to ipynb --inplace", "put the answers into the notebook itself"),
        ("export study.ipynb --to jsonl --records -o study.jsonl", "all that is known, to import"),
    ),
    exits=(
        (0, "written"),
        (1, "not written, or something had to be left out; stderr says what"),
        (2, "wrong usage, such as a file that is there already"),
    ),
    environment=(),
)


def declare(commands: Subcommands) -> None:
    """Add the subcommand."""
    parser = add_subcommand(commands, "export", _PAGE)
    parser.add_argument("notebook", type=Path, metavar="NB", help="the notebook file")
    parser.add_argument("--to", required=True, choices=tuple(_ENDINGS), help="the form")
    parser.add_argument("-o", "--output", metavar="OUT", help="the file to write; - prints it")
    parser.add_argument("--force", action="store_true", help="replace an existing file")
    parser.add_argument("--chat", metavar="NAME", help="one conversation; default all")
    parser.add_argument(
        "--all", action="store_true", help="jsonl: also answers that are stale, edited or partial"
    )
    parser.add_argument(
        "--records",
        action="store_true",
        help="jsonl: with all that is known of each turn, in a field that services refuse",
    )
    parser.add_argument(
        "--inplace", action="store_true", help="ipynb: change NB itself, and keep a .bak of it"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Write the notebook's turns in another form."""
    from deepshi_jupyter.notebook.notebook_file import read_notebook
    from deepshi_jupyter.notebook.shown_turn import shown_in

    _check(options)
    notebook = read_notebook(options.notebook)
    shown = _wanted(shown_in(notebook), options)
    out = None if options.inplace else _output(options)
    problems = [
        f"cell {trouble.cell + 1}: {trouble.error.what} It is left out."
        for trouble in shown.troubles
    ]
    text = _text(notebook, shown, options, problems)
    if options.inplace:
        _replace(options.notebook, notebook, text)
    elif out is None:
        sys.stdout.write(text)
    else:
        _write(out, text)
        _say(f"Wrote {out}: {len(shown.turns):,} turn{'' if len(shown.turns) == 1 else 's'}.")
    for problem in problems:
        _say(f"! {problem}")
    return 1 if problems else 0


def _check(options: argparse.Namespace) -> None:
    if options.inplace and (options.to != "ipynb" or options.output):
        raise OptionError("--inplace goes with `--to ipynb` and without `-o`.", "Leave one out.")
    if (options.all or options.records) and options.to != "jsonl":
        raise OptionError("--all and --records go with `--to jsonl`.", "Leave them out.")


def _wanted(shown: Shown, options: argparse.Namespace) -> Shown:
    if options.chat is None:
        return shown
    if options.chat not in shown.chats:
        names = ", ".join(shown.chats) or "none"
        raise OptionError(
            f"There is no conversation {options.chat!r}.", f"The notebook has: {names}."
        )
    return shown.of_chat(options.chat)


def _output(options: argparse.Namespace) -> Path | None:
    """Return the file to write, or None for standard output."""
    if options.output == "-":
        return None
    name = options.notebook.with_suffix(_ENDINGS[options.to])
    out = Path(options.output) if options.output else name
    if out.exists() and out.samefile(options.notebook):
        raise OptionError(f"{out} is the notebook itself.", "Name another file, or see --inplace.")
    if out.exists() and not options.force:
        raise OptionError(f"{out} is there already.", "Replace it with --force, or name another.")
    if not out.parent.is_dir():
        raise OptionError(f"There is no folder {out.parent}.", "Create it, or name another.")
    return out


def _text(
    notebook: dict[str, Any], shown: Shown, options: argparse.Namespace, problems: list[str]
) -> str:
    """Return what is written; what has to be left out goes to the problems."""
    from deepshi_jupyter.display.safe_markdown import safe_markdown

    turns, title = shown.turns, options.notebook.stem
    match options.to:
        case "ipynb":
            from deepshi_jupyter.notebook.export_ipynb import to_ipynb
            from deepshi_jupyter.notebook.notebook_text import notebook_text

            return notebook_text(to_ipynb(notebook, turns, safe_markdown))
        case "md":
            from deepshi_jupyter.notebook.export_markdown import to_markdown

            return to_markdown(turns, safe_markdown, title)
        case "html":
            from deepshi_jupyter.display.markdown_html import markdown_html
            from deepshi_jupyter.notebook.export_html import to_html

            return to_html(turns, markdown_html, title)
        case "py":
            from deepshi_jupyter.notebook.export_python import to_python

            return to_python(turns, notebook if options.chat is None else None)
        case "methods":
            from deepshi_jupyter.notebook.methods import to_methods

            return to_methods(turns, safe_markdown)
    return _jsonl(shown, options, problems)


def _jsonl(shown: Shown, options: argparse.Namespace, problems: list[str]) -> str:
    from deepshi_jupyter.notebook.export_jsonl import to_jsonl
    from deepshi_jupyter.notebook.shown_turn import unfit
    from deepshi_jupyter.notebook.store import find_store, read_object

    if not options.all and (lines := unfit(shown.turns)):
        raise InputError(
            f"{len(lines)} of {len(shown.turns)} answers are not what a model gave to what stands "
            f"above them: {'; '.join(lines)}.",
            "Run these cells again, or give --all to write them all the same.",
        )
    store = find_store(options.notebook, os.environ)
    lines_ = to_jsonl(
        shown.turns,
        marks=shown.marks,
        objects=lambda name: read_object(store, name),
        records=options.records,
    )
    problems += [f"{sentence}; it is left out." for sentence in lines_.left_out]
    return lines_.text


def _write(out: Path, text: str) -> None:
    try:
        out.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise InputError(
            f"{out} cannot be written: {error.strerror}.", "Name another file with `-o`."
        ) from None


def _replace(path: Path, before: dict[str, Any], text: str) -> None:
    """Write a notebook in its own place, and keep what was there."""
    from deepshi_jupyter.cli.backup import back_up
    from deepshi_jupyter.notebook.notebook_file import write_notebook
    from deepshi_jupyter.notebook.notebook_text import notebook_text

    if text == notebook_text(before):
        _say(f"{path} has all answers already; nothing was changed.")
        return
    try:
        backup = back_up(path)
        write_notebook(json.loads(text), path)
    except OSError as error:
        raise InputError(
            f"{path} cannot be changed: {error.strerror}.", "Write another file with `-o`."
        ) from None
    _say(
        f"Changed {path}; what it was is in {backup.name}. Jupyter's signature no longer fits: "
        "until it is run or trusted again (`jupyter trust`), outputs show without HTML."
    )


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr)
