"""Which cell of one notebook is which cell of another.

Cells are told by id, then by the answers in them, then by their source. An id alone is not
enough: older notebooks have none, and some tools give new ones at each save.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Any

from deepshi_jupyter.core.canonical import text_sha256
from deepshi_jupyter.notebook.notebook_file import records_in

Cell = dict[str, Any]
Keys = Callable[[Cell], Iterable[Hashable]]


def answers_in(value: Cell) -> list[str]:
    """Return what tells each answer in a cell, or in one of its outputs.

    Returns:
        The ids of the turn records; the hash of the whole record where it has no id, as in
        version 1.
    """
    return [_record_id(record) or _digest(record) for record in _records(value)]


def match_versions(base: Sequence[Cell], side: Sequence[Cell]) -> dict[int, int]:
    """Return which cell of a later version each cell of the base became.

    Args:
        base: The cells of the version that it comes from.
        side: The cells of the later version.

    Returns:
        Places in `base` and `side`; no cell is matched twice. A cell of the base that is not among
        them was deleted, one of `side` was added.
    """
    return _matched(base, side, (_whole, _id, _asked, _text))


def match_added(ours: Sequence[Cell], theirs: Sequence[Cell]) -> dict[int, int]:
    """Return which cells that two sides added are the same.

    Args:
        ours: Cells that one side added.
        theirs: Cells that the other added.

    Returns:
        Places in both: of cells that hold the same answer, or have the same source and do not hold
        different answers. An id says nothing here, as some tools number cells.
    """
    matched = _matched(ours, theirs, (_whole, _answers))
    taken = set(matched.values())
    left = [place for place in range(len(theirs)) if place not in taken]
    for place, cell in enumerate(ours):
        if place not in matched:
            same = next((other for other in left if _agree(cell, theirs[other])), None)
            if same is not None:
                matched[place] = same
                left.remove(same)
    return matched


def _agree(ours: Cell, theirs: Cell) -> bool:
    if _text(ours) != _text(theirs):
        return False
    mine, other = set(answers_in(ours)), set(answers_in(theirs))
    return not mine or not other or mine == other


def _matched(one: Sequence[Cell], other: Sequence[Cell], ways: Iterable[Keys]) -> dict[int, int]:
    """Match by one way after the other; of several cells that are alike, the first with the first.

    The first way looks at whole cells, so that a notebook matches itself cell by cell.
    """
    found: dict[int, int] = {}
    for keys in ways:
        taken = set(found.values())
        by_key: dict[Hashable, list[int]] = {}
        for place, cell in enumerate(other):
            for key in keys(cell) if place not in taken else ():
                by_key.setdefault(key, []).append(place)
        for place, cell in enumerate(one):
            if place in found:
                continue
            candidates = (n for key in keys(cell) for n in by_key.get(key, ()) if n not in taken)
            if (match := min(candidates, default=None)) is not None:
                found[place] = match
                taken.add(match)
    return found


def _whole(cell: Cell) -> list[str]:
    return [_digest(cell)]


def _id(cell: Cell) -> list[str]:
    return [cell["id"]] if cell.get("id") else []


def _answers(cell: Cell) -> list[str]:
    return list(dict.fromkeys(answers_in(cell)))


def _asked(cell: Cell) -> list[str]:
    """Return the ids of a cell's records; where they have none, the hash of what was asked."""
    found = [_record_id(record) or record.get("source_sha256") for record in _records(cell)]
    return list(dict.fromkeys(name for name in found if isinstance(name, str)))


def _text(cell: Cell) -> list[tuple[Any, Any]]:
    return [(cell.get("cell_type"), cell.get("source"))]


def _records(value: Cell) -> list[dict[str, Any]]:
    outputs = value.get("outputs", [value])
    bundles = [output.get("data") for output in outputs]
    found = [record for data in bundles if isinstance(data, dict) for record in records_in(data)]
    return [record for record in found if isinstance(record, dict)]


def _record_id(record: Mapping[str, Any]) -> str:
    name = record.get("id")
    return name if isinstance(name, str) else ""


def _digest(value: Any) -> str:
    return text_sha256(json.dumps(value, sort_keys=True, ensure_ascii=False))
