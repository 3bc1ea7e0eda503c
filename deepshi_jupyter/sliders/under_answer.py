"""``%%deepshi --sliders``: the parameters of a cell as controls under its answer."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from deepshi_jupyter.core.cell_source import MAGIC
from deepshi_jupyter.core.reply import Reply
from deepshi_jupyter.question import Question
from deepshi_jupyter.session import Session
from deepshi_jupyter.sliders.asked_cell import AskedCell
from deepshi_jupyter.sliders.control import controlled
from deepshi_jupyter.sliders.edit_cell import EditCell, nobody
from deepshi_jupyter.sliders.layers import Layer, default_layers
from deepshi_jupyter.sliders.place import Note, knows_widgets, replaces
from deepshi_jupyter.sliders.words import note_bundle, rows


def show_under_answer(
    session: Session,
    shell: Any,
    question: Question,
    reply: Reply,
    line: str,
    parser: argparse.ArgumentParser,
    *,
    keep: Callable[[Reply], None],
    edit_cell: EditCell = nobody,
) -> None:
    """Show the controls of a cell whose answer has come.

    Args:
        session: The kernel's session.
        shell: The IPython shell that runs the cell.
        question: What the cell has asked.
        reply: What came.
        line: Its first line without the magic's name, as it was typed.
        parser: The parser of the line.
        keep: Told the reply of the answer that counts, whenever it becomes another one.
        edit_cell: Sets the first line of a cell where the front end can.
    """
    if not knows_widgets(shell):
        Note().show(_without_controls(session, question, line))
        return
    from deepshi_jupyter.sliders.cell_view import CellView

    cell = AskedCell(session, question, reply, line, parser)
    view = CellView(session, cell, question.model, keep=keep, edit_cell=edit_cell)
    replaces(f"cell {question.place.key}", view.close)


def _without_controls(session: Session, question: Question, line: str) -> dict[str, Any]:
    """Return the values and the line as text, where nobody can move anything."""
    own = Layer("cell", controlled(question.parameters))
    layers = (own, *default_layers(session.settings))
    said = [
        f"{name} {value} ({source})" for name, value, source in rows(layers) if value != "not sent"
    ]
    sentence = f"Asked with {' · '.join(said) or 'no parameters: all are automatic, not sent'}."
    about = "Controls are shown in JupyterLab and Notebook. The line of this cell:"
    clean: dict[str, Any] = session.preparation.redactor.asked(
        note_bundle(sentence, about, f"{MAGIC} {line}".rstrip())
    )[0]
    return clean
