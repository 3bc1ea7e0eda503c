"""``%deepshi export``: the conversation of the running notebook as a file, or as cells below."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from deepshi_jupyter.display.marked import Marked
from deepshi_jupyter.display.running_cell import running_shell
from deepshi_jupyter.display.safe_markdown import safe_markdown
from deepshi_jupyter.errors import ConfigurationError, OptionError
from deepshi_jupyter.magics.turn_commands import Words, turns_above
from deepshi_jupyter.notebook.shown_turn import ShownTurn, shown_turns
from deepshi_jupyter.session import Session

_PYTHON = ("", "py", "python", "python3")


def export(session: Session, words: list[str]) -> Marked:
    """Write the conversation above into FILE, or with ``--cells`` into a cell below.

    ``--last`` takes the last answer alone, ``--code`` its code; ``--chat NAME`` one conversation;
    ``--to FORM`` says the form where the file's name does not, ``--force`` replaces a file.
    """
    reader = Words(prog="export", add_help=False)
    reader.add_argument("file", nargs="?", metavar="FILE")
    reader.add_argument("--to", choices=[*_WRITERS], help="the form; default by the file's name")
    reader.add_argument("--chat", metavar="NAME")
    reader.add_argument("--force", action="store_true", help="replace a file that is there")
    reader.add_argument("--cells", action="store_true", help="into a cell below")
    reader.add_argument("--last", action="store_true", help="only the last answer")
    reader.add_argument("--code", action="store_true", help="only its code")
    options = reader.parse_args(words)
    turns = [t for t in turns_above(session) if options.chat in (None, t.record.chat)]
    if not turns:
        raise OptionError("There is no turn to export above this cell.", "Ask something first.")
    shown = shown_turns(turns[-1:] if options.last or options.code else turns)
    if options.cells or options.code:
        return Marked(_into_cell(session, shown, code=options.code), [])
    return Marked(_into_file(session, shown, options.file, options.to, force=options.force), [])


def _into_file(
    session: Session, shown: list[ShownTurn], name: str | None, form: str | None, *, force: bool
) -> str:
    if name is None:
        raise OptionError(
            "export needs a FILE, or --cells.", "Such as `%deepshi export conversation.md`."
        )
    path = Path(name).expanduser()
    form = form or _FORMS.get(path.suffix.lower(), "")
    if form not in _WRITERS:
        raise OptionError(
            f"The form of {name} is not known from its name.",
            f"End it in one of {', '.join(_FORMS)}, or give --to {'|'.join(_WRITERS)}.",
        )
    if path.exists() and not force:
        raise OptionError(f"{name} is there already.", "Replace it with --force, or name another.")
    text = _WRITERS[form](session, shown)
    try:
        path.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise ConfigurationError(f"{name} cannot be written: {error.strerror}.", "") from None
    return f"Wrote {len(shown)} turn{'' if len(shown) == 1 else 's'} to {path}."


def _into_cell(session: Session, shown: Sequence[ShownTurn], *, code: bool) -> str:
    """Put text into the cell below; a kernel can only offer one, and only as code."""
    shell = running_shell()
    if code:
        blocks = [str(b) for t in shown for b in _reply_code(t) if b.language.lower() in _PYTHON]
        if not blocks:
            raise OptionError("The last answer holds no Python code.", "Try --cells --last.")
        source = "\n\n".join(blocks)
        served = shown[-1].turn.record.call.served
        source = f"# Written by {served}; read it before you run it.\n{source}"
    else:
        source = f"%%markdown\n{_markdown(session, list(shown))}"
    shell.set_next_input(source)
    return (
        "The cell below holds it; nothing was run. A kernel alone can offer one cell at a time: "
        "for cells of their own, save and run `deepshi-jupyter export NB --to ipynb`."
    )


def _reply_code(shown: ShownTurn) -> list[Any]:
    from deepshi_jupyter.core.fences import code_blocks

    return list(code_blocks(shown.turn.record.text))


def _ipynb(_: Session, shown: list[ShownTurn]) -> str:
    from deepshi_jupyter.notebook.export_ipynb import to_ipynb
    from deepshi_jupyter.notebook.import_turns import cells_of, notebook_of, with_markdown
    from deepshi_jupyter.notebook.notebook_text import notebook_text
    from deepshi_jupyter.notebook.shown_turn import shown_in

    notebook = notebook_of(cells_of(one.turn.record for one in shown))
    notebook = with_markdown(notebook, safe_markdown)
    return notebook_text(to_ipynb(notebook, shown_in(notebook).turns, safe_markdown))


def _markdown(_: Session, shown: list[ShownTurn]) -> str:
    from deepshi_jupyter.notebook.export_markdown import to_markdown

    return to_markdown(shown, safe_markdown)


def _jsonl(session: Session, shown: list[ShownTurn]) -> str:
    from deepshi_jupyter.notebook.export_jsonl import to_jsonl

    written = to_jsonl(shown, marks=session.state.marks, objects=session.state.journal.read_object)
    if written.left_out:
        raise OptionError(f"{'; '.join(written.left_out)}.", "Skip these turns, or ask them again.")
    return written.text


def _html(_: Session, shown: list[ShownTurn]) -> str:
    from deepshi_jupyter.display.markdown_html import markdown_html
    from deepshi_jupyter.notebook.export_html import to_html

    return to_html(shown, markdown_html)


def _python(_: Session, shown: list[ShownTurn]) -> str:
    from deepshi_jupyter.notebook.export_python import to_python

    return to_python(shown)


def _methods(_: Session, shown: list[ShownTurn]) -> str:
    from deepshi_jupyter.notebook.methods import to_methods

    return to_methods(shown, safe_markdown)


_WRITERS: Mapping[str, Callable[[Session, list[ShownTurn]], str]] = {
    "ipynb": _ipynb,
    "md": _markdown,
    "jsonl": _jsonl,
    "html": _html,
    "py": _python,
    "methods": _methods,
}
_FORMS = {".ipynb": "ipynb", ".md": "md", ".jsonl": "jsonl", ".html": "html", ".py": "py"}
