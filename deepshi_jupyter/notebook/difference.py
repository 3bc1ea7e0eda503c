"""Two notebooks → which of their turns differ, and in what.

Turns are matched by the id of their cell and their place in it, then by their own id, then by chat
and question. What is compared is what a reader would call the result and its conditions; times,
ids and costs are not.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import Any, Literal

import msgspec

from deepshi_jupyter.core.staleness import CellView, statuses
from deepshi_jupyter.core.turn_record import TurnRecord, text_of

How = Literal["same", "changed", "added", "removed"]
MatchedBy = Literal["cell", "turn", "question", ""]
WordChange = tuple[Literal["same", "removed", "added"], str]

_WORDS = re.compile(r"\w+|\s+|[^\w\s]")


class Change(msgspec.Struct, frozen=True):
    """One thing in which two turns differ; a value is None where there is none.

    Attributes:
        what: Such as ``answer``, ``question``, ``context``, ``model``, ``parameters.seed``.
        a: Its value in the first notebook.
        b: Its value in the second.
    """

    what: str
    a: Any
    b: Any


class Side(msgspec.Struct, frozen=True):
    """A turn in one of the notebooks: its cell, which question of the cell it is, its record."""

    cell: CellView
    place: int
    record: TurnRecord


class TurnDifference(msgspec.Struct, frozen=True, kw_only=True):
    """A turn of either notebook, or the same turn of both.

    Attributes:
        how: What became of it from the first to the second.
        a: The turn in the first notebook, or None.
        b: The turn in the second, or None.
        matched_by: What told that they are the same turn.
        changes: In what they differ.
    """

    how: How
    a: Side | None = None
    b: Side | None = None
    matched_by: MatchedBy = ""
    changes: tuple[Change, ...] = ()


def differences(a: Sequence[CellView], b: Sequence[CellView]) -> list[TurnDifference]:
    """Compare the turns of two notebooks.

    Args:
        a: The code cells of the first.
        b: The code cells of the second.

    Returns:
        One for each turn in the order of the second; a removed one stands below the turn that it
        stood below in the first.
    """
    ones, others = _sides(a), _sides(b)
    matched = _matched(ones, others)
    found: list[tuple[tuple[int, int], TurnDifference]] = []
    last = -1
    for i, one in enumerate(ones):
        if i in matched:
            last, by = matched[i]
            found.append(((last, -1), _compared(one, others[last], by)))
        else:
            found.append(((last, i), TurnDifference(how="removed", a=one)))
    both = {j for j, _ in matched.values()}
    for j, other in enumerate(others):
        if j not in both:
            found.append(((j, -1), TurnDifference(how="added", b=other)))
    return [difference for _, difference in sorted(found, key=lambda entry: entry[0])]


def word_changes(a: str, b: str) -> list[WordChange]:
    """Return how one text becomes another, in pieces of whole words."""
    one, other = _WORDS.findall(a), _WORDS.findall(b)
    found: list[WordChange] = []
    for tag, a1, a2, b1, b2 in difflib.SequenceMatcher(None, one, other).get_opcodes():
        if tag == "equal":
            found.append(("same", "".join(one[a1:a2])))
            continue
        if a1 < a2:
            found.append(("removed", "".join(one[a1:a2])))
        if b1 < b2:
            found.append(("added", "".join(other[b1:b2])))
    return found


def _sides(cells: Sequence[CellView]) -> list[Side]:
    sides: list[Side] = []
    places: dict[int, int] = {}
    for status in statuses(cells):
        if status.turn is not None:
            place = places.get(status.cell.index, 0)
            places[status.cell.index] = place + 1
            sides.append(Side(status.cell, place, status.turn.record))
    return sides


def _matched(ones: Sequence[Side], others: Sequence[Side]) -> dict[int, tuple[int, MatchedBy]]:
    """Return which turn of the first is which of the second, and how that was told."""
    found: dict[int, tuple[int, MatchedBy]] = {}
    for by, key_of in _WAYS:
        taken = {j for j, _ in found.values()}
        free: dict[Hashable, list[int]] = {}
        for j, other in enumerate(others):
            if j not in taken and (key := key_of(other)):
                free.setdefault(key, []).append(j)
        for i, one in enumerate(ones):
            if i not in found and (candidates := free.get(key_of(one))):
                found[i] = (candidates.pop(0), by)
    return found


def _by_cell(side: Side) -> Hashable:
    return (side.cell.id, side.place) if side.cell.id else None


def _by_question(side: Side) -> Hashable:
    return side.record.chat, side.record.question


_WAYS: tuple[tuple[MatchedBy, Callable[[Side], Hashable]], ...] = (
    ("cell", _by_cell),
    ("turn", lambda side: side.record.id or None),
    ("question", _by_question),
)


def _compared(one: Side, other: Side, by: MatchedBy) -> TurnDifference:
    changes = tuple(_changes(one.record, other.record))
    how: How = "changed" if changes else "same"
    return TurnDifference(how=how, a=one, b=other, matched_by=by, changes=changes)


def _changes(a: TurnRecord, b: TurnRecord) -> Iterator[Change]:
    yield from _texts("question", [a.question], [b.question])
    if a.question == b.question:
        yield from _values("messages", list(a.messages), list(b.messages))
    yield from _answers(a, b)
    if a.tip and b.tip:  # version 1 kept no chain
        yield from _values("context", a.parent or None, b.parent or None)
    for what, value_of in _FACETS:
        yield from _values(what, value_of(a), value_of(b))
    for name in dict.fromkeys([*a.parameters, *b.parameters]):
        yield from _values(f"parameters.{name}", a.parameters.get(name), b.parameters.get(name))


_FACETS: tuple[tuple[str, Callable[[TurnRecord], Any]], ...] = (
    ("system", lambda record: record.system or None),
    ("chat", lambda record: record.chat),
    ("model", lambda record: record.model or None),
    ("served", lambda record: record.call.served or None),
    ("fingerprint", lambda record: record.call.system_fingerprint),
    ("endpoint", lambda record: record.endpoint or None),
    ("kind", lambda record: record.kind),
    ("status", lambda record: record.call.status),
    ("finish", lambda record: [answer.get("finish_reason") for answer in record.call.answers]),
)


def _answers(a: TurnRecord, b: TurnRecord) -> Iterator[Change]:
    """Compare the answers' texts; where they are the same, the messages."""
    ones, others = (_messages(record) for record in (a, b))
    texts = [text_of(message) for message in ones], [text_of(message) for message in others]
    yield from _texts("answer", *texts)
    if texts[0] == texts[1]:
        yield from _values("answer.message", ones, others)


def _messages(record: TurnRecord) -> list[dict[str, Any]]:
    return [answer["message"] for answer in record.call.answers]


def _texts(what: str, a: list[str], b: list[str]) -> Iterator[Change]:
    for place in range(max(len(a), len(b))):
        name = what if max(len(a), len(b)) == 1 else f"{what}.{place + 1}"
        yield from _values(name, _at(a, place), _at(b, place))


def _at(texts: Sequence[str], place: int) -> str | None:
    return texts[place] if place < len(texts) else None


def _values(what: str, a: Any, b: Any) -> Iterator[Change]:
    if a != b:
        yield Change(what, a, b)


def counts_of(found: Iterable[TurnDifference]) -> dict[How, int]:
    """Return how many turns are the same, changed, added and removed."""
    counts: dict[How, int] = {"same": 0, "changed": 0, "added": 0, "removed": 0}
    for difference in found:
        counts[difference.how] += 1
    return counts
