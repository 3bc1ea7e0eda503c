"""Three versions of a text → one, line by line, with marks where two changes meet.

The rule is that of diff3 (Khanna, Kunal and Pierce, "A Formal Investigation of Diff3", 2007):
lines of the base that both sides kept divide the text, and between two of them the side that
changed something wins. Written here, as `git merge-file` needs a program and files and the one
library of it (merge3) is under a licence that this package cannot take up.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

OURS = "<<<<<<< ours"
BASE = "||||||| base"
THEIRS = "======="
END = ">>>>>>> theirs"
"""The lines around a conflict, as git writes them with ``merge.conflictStyle=zdiff3``."""


class MergedText(NamedTuple):
    """A text, and how many conflicts are marked in it."""

    text: str
    conflicts: int


class _Span(NamedTuple):
    base: list[str]
    ours: list[str]
    theirs: list[str]


def merge_text(base: str, ours: str, theirs: str) -> MergedText:
    """Return what two changed versions of a text make together.

    Args:
        base: The text that both come from.
        ours: One version.
        theirs: The other.

    Returns:
        The text; where both changed the same or neighbouring lines in different ways, both are in
        it between marks, with the base's lines in the middle.
    """
    lines: list[str] = []
    conflicts = 0
    for span in _spans(base.split("\n"), ours.split("\n"), theirs.split("\n")):
        if span.theirs in (span.base, span.ours):
            lines += span.ours
        elif span.ours == span.base:
            lines += span.theirs
        else:
            lines += _marked(span)
            conflicts += 1
    return MergedText("\n".join(lines), conflicts)


def _spans(base: list[str], ours: list[str], theirs: list[str]) -> Iterator[_Span]:
    """Cut the texts at the lines that all three have; those lines are spans of their own."""
    in_ours, in_theirs = _kept(base, ours), _kept(base, theirs)
    b = o = t = 0
    for line in range(len(base) + 1):
        if line not in in_ours or line not in in_theirs:
            continue
        to_ours, to_theirs = in_ours[line], in_theirs[line]
        if b < line or o < to_ours or t < to_theirs:
            yield _Span(base[b:line], ours[o:to_ours], theirs[t:to_theirs])
        same = base[line : line + 1]
        yield _Span(same, same, same)
        b, o, t = line + 1, to_ours + 1, to_theirs + 1


def _kept(base: Sequence[str], side: Sequence[str]) -> dict[int, int]:
    """Return where the lines of the base stand in a side; the end of the one is the other's."""
    blocks = SequenceMatcher(None, base, side, autojunk=False).get_matching_blocks()
    return {block.a + n: block.b + n for block in blocks for n in range(block.size or 1)}


def _marked(span: _Span) -> list[str]:
    """Return both sides between marks; lines that both begin or end with stay outside."""
    ours, theirs = span.ours, span.theirs
    head = _common(ours, theirs)
    tail = _common(ours[head:][::-1], theirs[head:][::-1])
    return [
        *ours[:head],
        *(OURS, *ours[head : len(ours) - tail]),
        *(BASE, *span.base),
        *(THEIRS, *theirs[head : len(theirs) - tail], END),
        *ours[len(ours) - tail :],
    ]


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    """Return how many lines two texts have in common from the start."""
    pairs = zip(one, other, strict=False)
    return next((n for n, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))
