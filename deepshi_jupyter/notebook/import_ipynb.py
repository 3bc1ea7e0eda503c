"""A notebook with a conversation in it → one with ``%%deepshi`` cells and the records of its turns.

Tried in this order, cell by cell: the records themselves; what `export_ipynb` wrote about a cell in
``metadata.deepshi``; and a guess from headings such as ``**User:**``. What was guessed says so, in
the record too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from deepshi_jupyter.core.cell_source import AskingCell, read_asking_cell
from deepshi_jupyter.core.chain import START, chain
from deepshi_jupyter.core.chat import MAIN_CHAT
from deepshi_jupyter.core.conversation import system_message
from deepshi_jupyter.core.turn_record import TurnRecord
from deepshi_jupyter.notebook.answer_parts import fenced
from deepshi_jupyter.notebook.export_ipynb import is_exported
from deepshi_jupyter.notebook.import_solveit import import_solveit, is_solveit
from deepshi_jupyter.notebook.import_turns import (
    Exchange,
    Imported,
    cells_of,
    notebook_of,
    record_of,
    turn_cell,
)
from deepshi_jupyter.notebook.notebook_file import source_of
from deepshi_jupyter.notebook.shown_turn import shown_in

Json = dict[str, Any]

_SPEAKER = re.compile(
    r"\s*(?:#{1,6}\s+)?(?:\*\*|__)?(?P<who>user|human|prompt|question|assistant|answer|ai|chatgpt)"
    r"(?:\s*:\s*(?:\*\*|__)?|(?:\*\*|__)\s*:?|\s*$)[ \t]*\n*",
    re.IGNORECASE | re.MULTILINE,
)
_USER = frozenset({"user", "human", "prompt", "question"})

_FROM_CELLS = (
    "The answer was read from the cells below its question, where it had been exported to."
)
_GUESSED = "Guessed from the headings of markdown cells: nothing in the file says who wrote what."


def import_ipynb(notebook: Mapping[str, Any]) -> Imported:
    """Return a notebook with the conversation that another one holds.

    Args:
        notebook: Any notebook of nbformat 4, as JSON; a Solveit dialog as well.

    Returns:
        The notebook without exported cells. All else in it stays as it is.
    """
    if is_solveit(notebook):
        return import_solveit(notebook)
    cells = list(notebook["cells"])
    known = _from_roles(cells)
    remarks = [_FROM_CELLS] if known != cells else []
    kept = [cell for cell in known if not is_exported(cell)]
    count = _turns(kept)
    if not count and (guessed := _guessed(kept)) is not None:
        kept, count = guessed
        remarks.append(_GUESSED)
    written = notebook if kept == cells else {**notebook, "cells": _with_ids(kept)}
    minor = int(notebook.get("nbformat_minor", 5))
    if written is not notebook:
        written = {**written, "nbformat": 4, "nbformat_minor": max(5, minor)}
    return Imported(notebook=dict(written), turns=count, remarks=tuple(remarks))


def _turns(cells: list[Json]) -> int:
    return len(shown_in({"cells": cells}).turns)


def _with_ids(cells: Sequence[Json]) -> list[Json]:
    named = [{"id": f"im-{place}", **cell} for place, cell in enumerate(cells)]
    made: list[Json] = notebook_of(named)["cells"]
    return made


def _from_roles(cells: list[Json]) -> list[Json]:
    """Return the cells, with a record for each question whose answer stands in cells below it."""
    shown = {one.place: one.turn.record for one in shown_in({"cells": cells}).turns}
    tips: dict[str, tuple[str, str]] = {}
    found: list[Json] = []
    for place, cell in enumerate(cells):
        record, answer = shown.get(place), _answer_below(cells, place)
        asking = read_asking_cell(source_of(cell)) if cell.get("cell_type") == "code" else None
        if record is None and asking is not None and answer:
            chat = asking.value("--chat") or MAIN_CHAT
            record = _rebuilt(asking, answer, tips.get(chat, (START, "")), chat, place)
            cell = {**cell, "outputs": turn_cell([record])["outputs"]}
        if record is not None:
            tips[record.chat] = (record.tip, record.system)
        found.append(cell)
    return found


def _rebuilt(
    asking: AskingCell, answer: str, above: tuple[str, str], chat: str, place: int
) -> TurnRecord:
    """Return the record of a question whose output was cleared, from its exported answer."""
    tip, system = above
    own = asking.value("--system")
    if own is not None or "--new" in asking.options or "--once" in asking.options:
        system = own if own is not None else "" if "--once" in asking.options else system
        tip = chain([system_message(system)] if system else [])
    record = record_of(
        Exchange(
            ({"role": "user", "content": asking.body},), {"role": "assistant", "content": answer}
        ),
        parent=tip,
        chat=chat,
        start="once" if "--once" in asking.options else "new" if "--new" in asking.options else "",
        system=system,
        system_from="cell" if own is not None else "above" if system else "",
        seed=f"cells {place}",
        remarks=(_FROM_CELLS,),
    )
    return msgspec.structs.replace(
        record, options=asking.options, source_sha256=asking.source_sha256
    )


def _answer_below(cells: Sequence[Json], place: int) -> str:
    """Return the answer that was exported to the cells right below a place."""
    parts = []
    for cell in cells[place + 1 :]:
        if not is_exported(cell):
            break
        source = source_of(cell)
        is_code = cell.get("cell_type") == "code"
        parts.append(fenced(source, "python") if is_code else source)
    return "\n\n".join(parts)


def _guessed(cells: Sequence[Json]) -> tuple[list[Json], int] | None:
    """Return the cells with a turn for each pair of headings, if there are any."""
    found: list[Json] = []
    question: tuple[int, str] | None = None
    tip, count = START, 0
    for place, cell in enumerate(cells):
        who, text = _spoken(cell)
        if who == "user":
            found += _asked(question, tip)
            question = (place, text)
        elif who == "assistant" and question is not None:
            record = _guess(question, text, tip)
            tip, count, question = record.tip, count + 1, None
            found += cells_of([record])
        else:
            found += [*_asked(question, tip), cell]
            question = None
    return ([*found, *_asked(question, tip)], count) if count else None


def _guess(question: tuple[int, str], answer: str | None, parent: str) -> TurnRecord:
    place, text = question
    said = None if answer is None else {"role": "assistant", "content": answer}
    exchange = Exchange(({"role": "user", "content": text},), said)
    return record_of(exchange, parent=parent, seed=f"guess {place}", remarks=(_GUESSED,))


def _asked(question: tuple[int, str] | None, tip: str) -> list[Json]:
    return [] if question is None else cells_of([_guess(question, None, tip)])


def _spoken(cell: Json) -> tuple[str, str]:
    """Return who a markdown cell says is speaking, and what is said."""
    source = source_of(cell)
    if cell.get("cell_type") != "markdown" or not (opening := _SPEAKER.match(source)):
        return "", ""
    who = "user" if opening["who"].lower() in _USER else "assistant"
    return who, source[opening.end() :]
