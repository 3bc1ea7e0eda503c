"""The turns of a panel → the text of a file."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from deepshi_jupyter.core.mark import Mark
from deepshi_jupyter.core.turn_record import Json
from deepshi_jupyter.display.safe_markdown import safe_markdown
from deepshi_jupyter.errors import OptionError
from deepshi_jupyter.notebook.shown_turn import ShownTurn

Turns = list[ShownTurn]


def exported(
    form: str,
    turns: Turns,
    chat: str,
    *,
    marks: list[Mark],
    objects: Callable[[str], bytes | None],
) -> Json:
    """Return the text of a file, and a name for it.

    Args:
        form: One of `FORMS`.
        turns: What is exported.
        chat: The conversation.
        marks: What the user has said of turns.
        objects: Returns the bytes of an image by its hash.

    Raises:
        OptionError: There is no such form, there are no turns, or one cannot be written.
    """
    if form not in FORMS:
        raise OptionError(
            f"The form {form!r} is not known.", f"Expected one of {', '.join(FORMS)}."
        )
    if not turns:
        raise OptionError("There is no turn to export.", "Ask something first.")
    text = _jsonl(turns, marks, objects) if form == "jsonl" else _WRITERS[form](turns)
    name = re.sub(r"[^\w-]+", "-", chat).strip("-") or "conversation"
    return {"format": form, "text": text, "name": f"{name}.{_ENDS.get(form, form)}"}


def _markdown(turns: Turns) -> str:
    from deepshi_jupyter.notebook.export_markdown import to_markdown

    return to_markdown(turns, safe_markdown)


def _ipynb(turns: Turns) -> str:
    from deepshi_jupyter.notebook.export_ipynb import to_ipynb
    from deepshi_jupyter.notebook.import_turns import cells_of, notebook_of, with_markdown
    from deepshi_jupyter.notebook.notebook_text import notebook_text
    from deepshi_jupyter.notebook.shown_turn import shown_in

    notebook = notebook_of(cells_of(shown.turn.record for shown in turns))
    notebook = with_markdown(notebook, safe_markdown)
    return notebook_text(to_ipynb(notebook, shown_in(notebook).turns, safe_markdown))


def _html(turns: Turns) -> str:
    from deepshi_jupyter.display.markdown_html import markdown_html
    from deepshi_jupyter.notebook.export_html import to_html

    return to_html(turns, markdown_html)


def _python(turns: Turns) -> str:
    from deepshi_jupyter.notebook.export_python import to_python

    return to_python(turns)


def _methods(turns: Turns) -> str:
    from deepshi_jupyter.notebook.methods import to_methods

    return to_methods(turns, safe_markdown)


def _jsonl(turns: Turns, marks: list[Mark], objects: Callable[[str], bytes | None]) -> str:
    from deepshi_jupyter.notebook.export_jsonl import to_jsonl

    made = to_jsonl(turns, marks=marks, objects=objects)
    if made.left_out:
        raise OptionError(f"{'; '.join(made.left_out)}.", "Skip these turns, or ask them again.")
    return made.text


_WRITERS: Mapping[str, Callable[[Turns], str]] = {
    "md": _markdown,
    "ipynb": _ipynb,
    "html": _html,
    "py": _python,
    "methods": _methods,
}
FORMS = (*_WRITERS, "jsonl")
_ENDS = {"methods": "methods.md"}
