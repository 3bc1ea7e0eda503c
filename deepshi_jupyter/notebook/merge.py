"""Three versions of a notebook → one, cell by cell, in which no answer is lost.

nbformat is described at https://nbformat.readthedocs.io/en/latest/format_description.html.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Any, NamedTuple

from nbformat.v4 import nbjson

from deepshi_jupyter.core.canonical import text_sha256
from deepshi_jupyter.notebook.match_cells import Cell, answers_in, match_added, match_versions
from deepshi_jupyter.notebook.merge_cells import MergedCell, kept_answer, merge_cell
from deepshi_jupyter.notebook.merge_values import merge_values

Json = dict[str, Any]

_FIRST_MINOR_WITH_IDS = 5
"""Cells have ids from nbformat 4.5 on (https://jupyter.org/enhancement-proposals/62-cell-id)."""

_NO_MINOR = -1


class Remark(NamedTuple):
    """What happened to a part of the notebook: where, such as ``cell 3``, and what."""

    where: str
    what: str


class Merged(NamedTuple):
    """A merged notebook.

    Attributes:
        notebook: A notebook of nbformat 4, texts as single strings.
        conflicts: Cells whose source has marks in it that the user must resolve.
        decisions: What was decided where both sides changed the same thing, and answers that
            were put in a cell of their own.
    """

    notebook: Json
    conflicts: tuple[Remark, ...]
    decisions: tuple[Remark, ...]


class _Row(NamedTuple):
    """One cell in the three versions: its place in each, or None where it is not."""

    base: int | None
    ours: int | None
    theirs: int | None


class _Versions(NamedTuple):
    base: list[Cell]
    ours: list[Cell]
    theirs: list[Cell]

    def of(self, row: _Row) -> tuple[Cell | None, Cell | None, Cell | None]:
        base, ours, theirs = (
            None if place is None else cells[place] for cells, place in zip(self, row, strict=True)
        )
        return base, ours, theirs


def merge_notebooks(base: Json, ours: Json, theirs: Json) -> Merged:
    """Merge two changed versions of a notebook.

    The order is that of `ours`; cells that `theirs` added or moved follow the cell that they
    follow there. Every answer that a side has and none of them took away is in the result: where a
    cell cannot hold both, the other side's stands in a cell of its own below it.

    Args:
        base: The notebook that both come from, of nbformat 4; ``{}`` if there is none.
        ours: One version; its values win where both changed the same one.
        theirs: The other.

    Returns:
        The merged notebook; it is a function of the three alone.
    """
    sides = [_in_memory(notebook) for notebook in (base, ours, theirs)]
    versions = _Versions(*(side["cells"] for side in sides))
    rows = _rows(versions)
    merged = {row: cell for row in rows if (cell := merge_cell(*versions.of(row)))}
    cells, conflicts, decisions = _arranged(versions, merged, _order(list(merged)))
    metadata, clashes = merge_values(*(side["metadata"] for side in sides))
    decisions += [
        Remark("notebook", f"both sides changed metadata {name}: it is that of ours")
        for name in dict.fromkeys(".".join(path[:3]) for path in clashes)
    ]
    minor = _merged_minor(*(side["nbformat_minor"] for side in sides))
    notebook = {
        "cells": _with_ids(cells) if minor >= _FIRST_MINOR_WITH_IDS else _without_ids(cells),
        "metadata": metadata,
        "nbformat": 4,
        "nbformat_minor": minor,
    }
    return Merged(notebook, tuple(conflicts), tuple(decisions))


def _in_memory(notebook: Json) -> Json:
    """Return a copy with texts as single strings, and what nbformat requires filled in."""
    notebook = {"metadata": {}, "cells": [], "nbformat_minor": _NO_MINOR, **notebook}
    joined: Json = nbjson.to_notebook(notebook)
    for cell in joined["cells"]:
        cell.setdefault("metadata", {})
        cell.setdefault("source", "")
        if cell["cell_type"] == "code":
            cell.setdefault("outputs", [])
            cell.setdefault("execution_count", None)
    return joined


def _merged_minor(base: int, ours: int, theirs: int) -> int:
    changed = {ours, theirs} - {base}
    minor = max(changed, default=base)
    return _FIRST_MINOR_WITH_IDS if minor == _NO_MINOR else minor


def _rows(versions: _Versions) -> list[_Row]:
    """Return each cell once: those of the base, then those that were added."""
    to_ours = match_versions(versions.base, versions.ours)
    to_theirs = match_versions(versions.base, versions.theirs)
    rows = [_Row(n, to_ours.get(n), to_theirs.get(n)) for n in range(len(versions.base))]
    here = _left(versions.ours, to_ours)
    there = _left(versions.theirs, to_theirs)
    same = match_added([versions.ours[n] for n in here], [versions.theirs[n] for n in there])
    rows += [
        _Row(None, place, there[same[n]] if n in same else None) for n, place in enumerate(here)
    ]
    taken = set(same.values())
    return rows + [_Row(None, None, place) for n, place in enumerate(there) if n not in taken]


def _left(cells: Sequence[Cell], matched: dict[int, int]) -> list[int]:
    taken = set(matched.values())
    return [place for place in range(len(cells)) if place not in taken]


def _order(rows: list[_Row]) -> list[_Row]:
    """Return the order of the cells: ours, with what theirs added or moved at its place there."""
    ours = sorted((row for row in rows if row.ours is not None), key=lambda row: row.ours or 0)
    theirs = sorted(
        (row for row in rows if row.theirs is not None), key=lambda row: row.theirs or 0
    )
    follow = _moved(rows, theirs) - _moved(rows, ours)
    order = [row for row in ours if row not in follow]
    placed, on_their_side = set(order), set(theirs)
    previous: _Row | None = None
    for row in theirs:
        if row not in placed:
            place = 0 if previous is None else order.index(previous) + 1
            while place < len(order) and order[place] not in on_their_side:
                place += 1  # cells that ours added at the same place come first
            order.insert(place, row)
        previous = row
    return order


def _moved(rows: list[_Row], side: list[_Row]) -> set[_Row]:
    """Return the rows that a side moved, of those that all three versions have."""
    everywhere = [row for row in rows if None not in row]
    before = sorted(everywhere, key=lambda row: row.base or 0)
    now = [row for row in side if None not in row]
    blocks = SequenceMatcher(None, before, now, autojunk=False).get_matching_blocks()
    stayed = {row for block in blocks for row in before[block.a : block.a + block.size]}
    return set(now) - stayed


def _arranged(
    versions: _Versions, merged: dict[_Row, MergedCell], order: list[_Row]
) -> tuple[list[Cell], list[Remark], list[Remark]]:
    """Return the cells in order, with the answers that would be lost in cells of their own."""
    cells: list[Cell] = []
    conflicts: list[Remark] = []
    decisions: list[Remark] = []
    missing = _to_keep(versions) - {a for found in merged.values() for a in answers_in(found.cell)}
    for row in order:
        found = merged[row]
        cells.append(found.cell)
        where = f"cell {len(cells)}"
        if found.conflict:
            conflicts.append(Remark(where, "both sides changed the same lines of its source"))
        decisions += [Remark(where, decision) for decision in found.decisions]
        for side, kept in _kept(versions.of(row), missing):
            cells.append(kept)
            what = f"the answer of {side} is kept in cell {len(cells)}, below the one of the other"
            decisions.append(Remark(where, what))
    return cells, conflicts, decisions


def _kept(
    sides: tuple[Cell | None, Cell | None, Cell | None], missing: set[str]
) -> Iterator[tuple[str, Cell]]:
    """Yield cells for the missing answers of a row, and take them off what is missing."""
    for side, cell in zip(("ours", "theirs"), sides[1:], strict=True):
        if cell is not None and (lost := missing.intersection(answers_in(cell))):
            missing -= lost
            yield side, kept_answer(cell, lost, side)


def _to_keep(versions: _Versions) -> set[str]:
    """Return the answers of both sides without those that one of them took away."""
    base, ours, theirs = ({a for cell in cells for a in answers_in(cell)} for cells in versions)
    return (ours | theirs) - (base - (ours & theirs))


def _with_ids(cells: list[Cell]) -> list[Cell]:
    """Give an id of its own to each cell that has none or one that an earlier cell has."""
    used: set[str] = {cell["id"] for cell in cells if cell.get("id")}
    seen: set[str] = set()
    identified = []
    for cell in cells:
        name = cell.get("id")
        if not name or name in seen:
            name = _new_id(cell, used)
        seen.add(name)
        used.add(name)
        identified.append({**cell, "id": name})
    return identified


def _without_ids(cells: list[Cell]) -> list[Cell]:
    return [{key: value for key, value in cell.items() if key != "id"} for cell in cells]


def _new_id(cell: Cell, used: set[str]) -> str:
    """Return an id that follows from what the cell holds."""
    content = "\n".join((cell["cell_type"], cell["source"], *answers_in(cell)))
    number = 0
    while (name := f"ds-{text_sha256(f'{number} {content}')[:16]}") in used:
        number += 1
    return name
