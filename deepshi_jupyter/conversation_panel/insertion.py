"""A turn of a panel → a cell of the notebook: the answer, its code, or the question, too."""

from __future__ import annotations

from deepshi_jupyter.conversation_panel.page_messages import What
from deepshi_jupyter.core.fences import code_blocks
from deepshi_jupyter.core.turn_record import Json, TurnRecord
from deepshi_jupyter.display.safe_markdown import safe_markdown
from deepshi_jupyter.errors import OptionError
from deepshi_jupyter.notebook.import_turns import cells_of, notebook_of, with_markdown

_PYTHON = ("", "py", "python", "python3")


def insertion(record: TurnRecord, what: What, *, is_kept: bool) -> Json:
    """Return what is to be inserted.

    Args:
        record: The turn.
        what: ``answer``: its text as a markdown cell. ``code``: its Python code. ``turn``: a
            ``%%deepshi`` cell with the question.
        is_kept: Whether the notebook shows the turn already; if not, its cell brings the answer
            and the record along.

    Returns:
        ``source`` to paste, the ``cells`` as nbformat has them, and a ``note`` for the reader.

    Raises:
        OptionError: The answer has no such part.
    """
    if what == "turn":
        (cell,) = with_markdown(notebook_of(cells_of([record])), safe_markdown)["cells"]
        if is_kept:
            cell = {**cell, "outputs": []}
        note = "" if is_kept else "The cell holds the answer; it need not run."
        return _inserted(cell, note)
    if what == "code":
        return _inserted(_cell("code", _code(record)), "Read it before you run it.")
    return _inserted(_cell("markdown", _text(record)), "")


def _inserted(cell: Json, note: str) -> Json:
    return {"source": cell["source"], "cells": [cell], "note": note}


def _code(record: TurnRecord) -> str:
    blocks = [str(b) for b in code_blocks(record.text) if b.language.lower() in _PYTHON]
    if not blocks:
        raise OptionError("The answer holds no Python code.", "Insert the answer as text.")
    source = "\n\n".join(block.rstrip("\n") for block in blocks)
    served = " ".join((record.call.served or record.model).split())
    return f"# Written by {served}; read it before you run it.\n{source}"


def _text(record: TurnRecord) -> str:
    if not record.text.strip():
        raise OptionError("The turn has no answer.", "Ask again.")
    return safe_markdown(record.text)


def _cell(kind: str, source: str) -> Json:
    more: Json = {"execution_count": None, "outputs": []} if kind == "code" else {}
    return {"cell_type": kind, "metadata": {}, "source": source, **more}
