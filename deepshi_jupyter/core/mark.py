"""What a user says of a turn after it was asked: skip it, pin it, pick another version of it.

A mark is an output of the ``%deepshi`` cell that made it, so that the notebook file keeps it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

import msgspec

from deepshi_jupyter.core.conversation import Marks
from deepshi_jupyter.core.turn_record import read_record
from deepshi_jupyter.errors import RecordError

MIME_TYPE = "application/vnd.deepshi.mark+json"
VERSION = 1

What = Literal["skip", "unskip", "pin", "unpin", "pick", "again", "restore"]


class Mark(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing said of one turn.

    Attributes:
        v: The version of this form.
        mark: What was said.
        turn: The id of the turn; for ``pick``, of the version that counts from now on; for
            ``again``, of the turn that was asked in the place of a stale one; for ``restore``, of
            the turn that its cleared cell had.
        cell: The cell of the turn, where one is known.
        instead_of: For ``pick`` and ``again``, the id of the turn that stood there.
        record: For ``pick``, ``again`` and ``restore``, the record of the turn.
    """

    v: int
    mark: What
    turn: str
    cell: str = ""
    instead_of: str = ""
    record: dict[str, Any] | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the mark as it is written."""
        plain: dict[str, Any] = msgspec.to_builtins(self)
        return plain


def read_mark(value: Any) -> Mark:
    """Read a mark.

    Args:
        value: What stands under `MIME_TYPE`.

    Raises:
        RecordError: It is of a newer version, or not a mark, or its record cannot be read.
    """
    try:
        mark = msgspec.convert(value, Mark)
    except ValueError as error:  # also text that no UTF-8 can hold
        raise RecordError(f"A mark cannot be read: {error}.", "Make it again.") from None
    if mark.v != VERSION:
        raise RecordError(
            f"A mark has the version {mark.v}, expected {VERSION}.", "Update deepshi_jupyter."
        )
    if mark.record is not None:
        read_record(mark.record)
    return mark


def read_marks(value: Any) -> list[Mark]:
    """Read what stands under `MIME_TYPE`: one mark, or ``{"v": 1, "marks": […]}``.

    Raises:
        RecordError: One is of a newer version, or not a mark.
    """
    several = value.get("marks") if isinstance(value, dict) else None
    return [read_mark(mark) for mark in (several if isinstance(several, list) else [value])]


def marks_of(marks: Iterable[Mark]) -> Marks:
    """Return what holds after these marks, oldest first; a later one takes back an earlier."""
    skipped: set[str] = set()
    pinned: set[str] = set()
    for mark in marks:
        names = {name for name in (mark.turn, mark.cell) if name}
        if mark.mark in ("skip", "unskip"):
            skipped = skipped | names if mark.mark == "skip" else skipped - names
        elif mark.mark in ("pin", "unpin"):
            pinned = pinned | names if mark.mark == "pin" else pinned - names
    return Marks(frozenset(skipped), frozenset(pinned))
