"""Turns → cells: each answer as markdown and code below its question.

Questions stay what they are, with their records; so what was exported can be read back, and
exported again. An exported cell is known by its ``metadata.deepshi`` and its id, which follow from
the turn alone. What a user has changed or run of an exported cell is his, and stays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from deepshi_jupyter.core.canonical import text_sha256
from deepshi_jupyter.core.printable import printable
from deepshi_jupyter.core.text import mend
from deepshi_jupyter.core.turn_record import TurnRecord
from deepshi_jupyter.notebook.answer_parts import Part, parts_of_answer
from deepshi_jupyter.notebook.notebook_file import source_of
from deepshi_jupyter.notebook.shown_turn import ShownTurn

Json = dict[str, Any]
Neutral = Callable[[str], str]

ROLES = ("answer", "code")
TAGS: Mapping[str, str] = {"answer": "deepshi-answer", "code": "deepshi-code"}


def to_ipynb(notebook: Mapping[str, Any], turns: Iterable[ShownTurn], neutral: Neutral) -> Json:
    """Return a notebook with the answers as cells of their own.

    Args:
        notebook: The notebook that shows the turns; it is not changed.
        turns: The turns to export (`deepshi_jupyter.notebook.shown_turn.shown_in`).
        neutral: Makes a model's markdown safe to display.

    Returns:
        A notebook of nbformat 4.5. Exporting it again gives the same.
    """
    cells: list[Json] = [dict(cell) for cell in notebook["cells"]]
    wanted: dict[int, list[Json]] = {}
    for shown in turns:
        wanted.setdefault(shown.place, []).extend(answer_cells(shown.turn.record, neutral))
    _distinguish(cell for below in wanted.values() for cell in below)
    written = _Rewriting(cells, wanted).written()
    _give_ids(written)
    minor = max(5, int(notebook.get("nbformat_minor", 5)))
    return {**notebook, "cells": written, "nbformat": 4, "nbformat_minor": minor}


def answer_cells(record: TurnRecord, neutral: Neutral) -> list[Json]:
    """Return the cells that show what a turn answered; code in them has not been run.

    Args:
        record: The turn.
        neutral: Makes a model's markdown safe to display.
    """
    name = record.id or str(record.as_json()["sha256"])
    found = []
    for number, part in enumerate(parts_of_answer(record)):
        about = {"turn": record.id, "tip": record.tip, "part": number}
        seed = f"{record.tip}\n{name}\n{number}"
        found.append(_cell(f"ds-{text_sha256(seed)[:16]}", part, about, neutral))
    return found


def is_exported(cell: Mapping[str, Any]) -> bool:
    """True if a cell is an answer, or a piece of one, that `to_ipynb` wrote."""
    return _about(cell).get("role") in ROLES


def _cell(name: str, part: Part, about: Json, neutral: Neutral) -> Json:
    is_code = part.kind == "code"
    role = "code" if is_code else "answer"
    source = printable(mend(part.text)) if is_code else neutral(part.text).strip("\n")
    about = {"role": role, **about, "sha256": text_sha256(source)}
    metadata = {"deepshi": about, "tags": [TAGS[role]]}
    cell: Json = {
        "cell_type": "code" if is_code else "markdown",
        "id": name,
        "metadata": metadata,
        "source": source,
    }
    return cell | ({"execution_count": None, "outputs": []} if is_code else {})


class _Rewriting:
    """One pass over a notebook that puts cells below others.

    Args:
        cells: The cells of the notebook.
        wanted: For each place of a question, the cells that are to stand below it.
    """

    def __init__(self, cells: list[Json], wanted: Mapping[int, list[Json]]) -> None:
        self._cells = cells
        self._wanted = wanted
        names = {cell["id"] for below in wanted.values() for cell in below}
        self._there = _found(cells, wanted)
        self._taken = {id(cell) for cell in self._there.values()}
        self._names = names

    def written(self) -> list[Json]:
        """Return all cells in their new order."""
        out: list[Json] = []
        replaces = False  # below a question that is exported, what an older turn left goes
        for place, cell in enumerate(self._cells):
            if is_exported(cell):
                if id(cell) in self._taken or (replaces and not _is_users(cell)):
                    continue
                out.append(_freed(cell, self._names))
                continue
            out.append(cell)
            below = self._wanted.get(place)
            replaces = below is not None
            out += [_kept(self._there.get(new["id"]), new) for new in below or ()]
        return out


def _found(cells: list[Json], wanted: Mapping[int, list[Json]]) -> dict[str, Json]:
    """Return the cells of an earlier export by the id that they have, or should have again."""
    exported = [cell for cell in cells if is_exported(cell)]
    by_id = {str(cell["id"]): cell for cell in exported if cell.get("id")}
    by_name = {_name(cell): cell for cell in reversed(exported)}
    found: dict[str, Json] = {}
    taken: set[int] = set()
    for new in (new for below in wanted.values() for new in below):
        old = by_id.get(new["id"]) or by_name.get(_name(new))
        if old is not None and id(old) not in taken:
            found[new["id"]] = old
            taken.add(id(old))
    return found


def _name(cell: Json) -> tuple[str, ...]:
    about = _about(cell)
    return tuple(str(about.get(field)) for field in ("role", "turn", "tip", "part"))


def _kept(old: Json | None, new: Json) -> Json:
    """Return the new cell, or the old one in its place if a user has changed or run it."""
    return {**old, "id": new["id"]} if old is not None and _is_users(old) else new


def _is_users(cell: Json) -> bool:
    """True if a user has changed an exported cell, or run it."""
    changed = text_sha256(source_of(cell)) != _about(cell).get("sha256")
    return changed or bool(cell.get("outputs")) or cell.get("execution_count") is not None


def _freed(cell: Json, names: set[str]) -> Json:
    """Return a cell without its id, if one that was just written has the same."""
    return {k: v for k, v in cell.items() if k != "id"} if cell.get("id") in names else cell


def _distinguish(cells: Iterable[Json]) -> None:
    """Give the second of two cells of the same turn an id of its own."""
    seen: set[str] = set()
    for cell in cells:
        name, number = cell["id"], 1
        while cell["id"] in seen:
            number += 1
            seed = f"{name}\n{number}"
            cell["id"] = f"ds-{text_sha256(seed)[:16]}"
        seen.add(cell["id"])


def _give_ids(cells: list[Json]) -> None:
    """Give cells an id that have none, as those of nbformat 4.4; it follows from their content."""
    names = {str(cell["id"]) for cell in cells if cell.get("id")}
    for place, cell in enumerate(cells):
        if not cell.get("id"):
            cell["id"] = next(name for name in _names(cell, place) if name not in names)
            names.add(cell["id"])


def _names(cell: Json, place: int) -> Iterator[str]:
    number = 0
    while True:
        number += 1
        seed = f"{place}\n{number}\n{source_of(cell)}"
        yield f"dc-{text_sha256(seed)[:16]}"


def _about(cell: Mapping[str, Any]) -> Json:
    metadata = cell.get("metadata")
    about = metadata.get("deepshi") if isinstance(metadata, dict) else None
    return about if isinstance(about, dict) else {}
