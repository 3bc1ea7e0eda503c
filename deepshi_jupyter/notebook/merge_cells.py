"""Three versions of a cell → one cell.

The source is merged line by line. Outputs cannot be merged, so they are those of one side: the
one whose source it is, or the one that ran the cell.
"""

from __future__ import annotations

from typing import NamedTuple

from deepshi_jupyter.notebook.match_cells import Cell, answers_in
from deepshi_jupyter.notebook.merge_lines import MergedText, merge_text
from deepshi_jupyter.notebook.merge_values import Path, merge_values, same

KEPT_TAG = "deepshi-other-branch"
"""The tag of a cell that holds the other side's answer."""

_OF_A_RUN = ("execution", "papermill")
"""Cell metadata that speaks of the run which the outputs are of."""

_APART = ("source", "outputs", "execution_count")


class MergedCell(NamedTuple):
    """A cell, whether its source has conflicts, and what was decided without asking."""

    cell: Cell
    conflict: bool = False
    decisions: tuple[str, ...] = ()


def merge_cell(base: Cell | None, ours: Cell | None, theirs: Cell | None) -> MergedCell | None:
    """Return what became of a cell.

    Args:
        base: The cell in the version that both sides come from; None if it was added since.
        ours: The cell on one side; None if it is not there.
        theirs: The same of the other side.

    Returns:
        The cell, or None if it is deleted. A cell that one side deleted and the other edited or
        ran again stays.
    """
    if ours is None or theirs is None:
        return _of_one_side(base, ours, theirs)
    if same(theirs, base) or same(theirs, ours):
        return MergedCell(ours)
    if same(ours, base):
        return MergedCell(theirs)
    return _of_both(base or {}, ours, theirs)


def kept_answer(cell: Cell, missing: set[str], side: str) -> Cell:
    """Return a cell for answers of one side that the merged cell does not hold.

    Args:
        cell: The cell that they stand in.
        missing: The answers (`answers_in`).
        side: ``ours`` or ``theirs``.
    """
    outputs = cell.get("outputs", [])
    metadata = cell.get("metadata", {})
    own = metadata.get("deepshi")
    return {
        "cell_type": "code",
        "execution_count": cell.get("execution_count"),
        "metadata": metadata
        | {
            "tags": list(dict.fromkeys([*_tags(cell), KEPT_TAG])),
            "deepshi": (own if isinstance(own, dict) else {}) | {"merged_from": side},
        },
        "outputs": [o for o in outputs if not answers_in(o) or missing.intersection(answers_in(o))],
        "source": cell["source"],
    }


def _of_one_side(base: Cell | None, ours: Cell | None, theirs: Cell | None) -> MergedCell | None:
    cell = theirs if ours is None else ours
    if cell is None or base is None:
        return None if cell is None else MergedCell(cell)
    if not _worked_on(base, cell):
        return None
    side, other = ("theirs", "ours") if ours is None else ("ours", "theirs")
    return MergedCell(cell, decisions=(f"{other} deleted it, {side} changed it: it stays",))


def _worked_on(base: Cell, cell: Cell) -> bool:
    """Tell whether a cell was edited or run; not if its outputs were cleared or only counted."""
    if any(base.get(key) != cell.get(key) for key in ("source", "cell_type", "attachments")):
        return True
    return bool(cell.get("outputs")) and not _shows_the_same(cell, base)


def _of_both(base: Cell, ours: Cell, theirs: Cell) -> MergedCell:
    text = merge_text(base.get("source", ""), ours["source"], theirs["source"])
    ran = _whose_outputs(base, ours, theirs, text)
    sides = [{k: v for k, v in c.items() if k not in _APART} for c in (base, ours, theirs)]
    cell, clashes = merge_values(*sides)
    cell["source"] = text.text
    _settle_metadata(cell, clashes, (base, ours, theirs), ran)
    _set_outputs(cell, ran)
    decisions = [
        f"both sides changed {'.'.join(path)}: it is that of ours"
        for path in dict.fromkeys(path[:3] for path in clashes)
        if not _is_settled(path)
    ]
    decisions += _about_outputs(base, ours, theirs, ran)
    return MergedCell(cell, bool(text.conflicts), tuple(decisions))


def _about_outputs(base: Cell, ours: Cell, theirs: Cell, ran: Cell) -> list[str]:
    """Say which outputs are gone; nothing of answers, which stay."""
    if answers_in(ours) or answers_in(theirs) or not (ours.get("outputs") or theirs.get("outputs")):
        return []
    if ran is not ours and ran is not theirs:
        return ["its source is of both sides, so that neither's output fits it: run it again"]
    pairs = ((ours, base), (theirs, base), (ours, theirs))
    if ran is not ours or any(_shows_the_same(*pair) for pair in pairs):
        return []
    return ["both sides ran it: the output is that of ours"]


def _whose_outputs(base: Cell, ours: Cell, theirs: Cell, text: MergedText) -> Cell:
    """Return the side whose outputs stay; a cell without any where the source is neither's."""
    if ours["source"] == theirs["source"]:
        return _who_ran(base, ours, theirs)
    for side in (ours, theirs):
        if text.text == side["source"]:
            return side
    return ours if answers_in(ours) else {}


def _who_ran(base: Cell, ours: Cell, theirs: Cell) -> Cell:
    if _shows_the_same(theirs, base) or _shows_the_same(theirs, ours):
        return ours
    if _shows_the_same(ours, base):
        return theirs
    before = set(answers_in(base))
    asked_here, asked_there = (set(answers_in(side)) - before for side in (ours, theirs))
    return theirs if asked_there and not asked_here else ours


def _shows_the_same(one: Cell, other: Cell) -> bool:
    """Compare the outputs of two cells, but for the numbers of their runs."""
    shown = [
        [{k: v for k, v in output.items() if k != "execution_count"} for output in outputs]
        for outputs in (one.get("outputs", []), other.get("outputs", []))
    ]
    return same(*shown)


def _set_outputs(cell: Cell, ran: Cell) -> None:
    if cell["cell_type"] == "code":
        cell.pop("attachments", None)  # of a markdown cell that one side made into code
        cell["outputs"] = ran.get("outputs", [])
        cell["execution_count"] = ran.get("execution_count")


def _is_settled(path: Path) -> bool:
    return path == ("id",) or (path[0] == "metadata" and path[1:2] in _SETTLED)


_SETTLED = (("tags",), *((key,) for key in _OF_A_RUN))


def _settle_metadata(
    cell: Cell, clashes: list[Path], sides: tuple[Cell, Cell, Cell], ran: Cell
) -> None:
    """Set the metadata that both sides changed and that needs no choice between them."""
    metadata = cell["metadata"]
    for key in {path[1] for path in clashes if len(path) > 1 and _is_settled(path)}:
        if key == "tags":
            metadata["tags"] = _merged_tags(*sides)
        elif key in ran.get("metadata", {}):
            metadata[key] = ran["metadata"][key]
        else:
            metadata.pop(key, None)


def _merged_tags(base: Cell, ours: Cell, theirs: Cell) -> list[str]:
    """Return the tags of both sides without those that one of them took away."""
    before, here, there = _tags(base), _tags(ours), _tags(theirs)
    gone = [tag for tag in before if tag not in here or tag not in there]
    return [tag for tag in dict.fromkeys([*here, *there]) if tag not in gone]


def _tags(cell: Cell) -> list[str]:
    tags = cell.get("metadata", {}).get("tags")
    return [tag for tag in tags if isinstance(tag, str)] if isinstance(tags, list) else []
