"""Rows of text → columns of a terminal; texts of models are made safe to print."""

from __future__ import annotations

import shutil
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from typing import TextIO

from deepshi_jupyter.core.printable import printable

GAP = "  "


def width_of(out: TextIO) -> int | None:
    """Return how many columns a terminal has; None if the output goes elsewhere."""
    return shutil.get_terminal_size().columns if out.isatty() else None


def columns_of(text: str) -> int:
    """Return how many columns a terminal needs for a text of one line."""
    return len(text) if text.isascii() else sum(map(_columns_of_character, text))


def one_line(text: str) -> str:
    """Return a text on one line, safe to print."""
    return " ".join(printable(text).split())


def shortened(text: str, width: int | None) -> str:
    """Return a text on one line that is no wider than this; None: however wide it is."""
    line = one_line(text)
    if width is None or columns_of(line) <= width:
        return line
    used, kept = 1, []
    for character in line:
        used += _columns_of_character(character)
        if used > width:
            break
        kept.append(character)
    return "".join(kept).rstrip() + "…"


def padded(rows: Sequence[Sequence[str]], right: Collection[int] = ()) -> list[list[str]]:
    """Return rows with every text as wide as its column.

    Args:
        rows: Texts of one line; all rows have the same number.
        right: The columns that are set to the right, such as those of numbers.
    """
    widths = [max(map(columns_of, column)) for column in zip(*rows, strict=True)]
    return [
        [_fill(text, width, i in right) for i, (text, width) in enumerate(_pairs(row, widths))]
        for row in rows
    ]


def aligned(rows: Sequence[Sequence[str]], right: Collection[int] = ()) -> list[str]:
    """Return rows as lines; arguments as for `padded`."""
    return [GAP.join(row).rstrip() for row in padded(rows, right)]


def _pairs(row: Sequence[str], widths: Sequence[int]) -> Iterable[tuple[str, int]]:
    return zip(row, widths, strict=True)


def _fill(text: str, width: int, to_the_right: bool) -> str:
    space = " " * (width - columns_of(text))
    return space + text if to_the_right else text + space


def _columns_of_character(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
