"""A ``%%deepshi`` cell's first line, set by the front end where one says that it can.

The kernel opens a comm of the target `TARGET` with ``{"v": 1, "cell": …, "line": …}``; it is used
once.
"""

from __future__ import annotations

from collections.abc import Callable

EditCell = Callable[[str, str], bool]
"""Takes the id of a cell and its new first line; False where nobody edits cells."""

TARGET = "deepshi.edit"
VERSION = 1


def edits_by_comm(listens: Callable[[], bool]) -> EditCell:
    """Return what edits cells where a front end listens.

    Args:
        listens: Tells whether one said that it reads this (``deepshi.control``, ``hello``).
    """

    def edit(cell: str, line: str) -> bool:
        if not cell or not listens():
            return False
        from comm import create_comm

        create_comm(target_name=TARGET, data={"v": VERSION, "cell": cell, "line": line}).close()
        return True

    return edit


def nobody(_: str, __: str) -> bool:
    """Edit nothing: the line is shown, to be pasted."""
    return False
