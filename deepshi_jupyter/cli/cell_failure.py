"""An error output of a notebook → the two lines that a terminal shows of it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from deepshi_jupyter.core.printable import printable

_STYLE = re.compile(r"\x1b\[[0-9;]*m")
_MOST_LINES = 2


class CellFailure(msgspec.Struct, frozen=True):
    """A cell that failed.

    Attributes:
        number: Its place among the code cells, from 1.
        total: How many code cells there are.
        source: What stands in it.
        lines: What happened, and what to do where that is known.
    """

    number: int
    total: int
    source: str
    lines: tuple[str, ...]


def unstyled(text: str) -> str:
    """Return what a kernel wrote without colours and control characters."""
    return printable(_STYLE.sub("", text))


def error_lines(error: Mapping[str, Any]) -> tuple[str, ...]:
    """Return one or two lines for an error output.

    Args:
        error: The output, of nbformat's type ``error``.

    Returns:
        The traceback itself where it has no more lines than that, as errors of this package have;
        else the error's name and the first line of its message.
    """
    traceback = unstyled("\n".join(error.get("traceback") or ())).strip().splitlines()
    if 1 <= len(traceback) <= _MOST_LINES:
        return tuple(traceback)
    message = unstyled(str(error.get("evalue") or "")).strip().splitlines()
    return (f"{error.get('ename') or 'Error'}: {message[0] if message else ''}".rstrip(": "),)


def head(source: str, most: int) -> Sequence[str]:
    """Return the first lines of a cell; ``…`` stands for what is left out."""
    lines = unstyled(source).rstrip("\n").split("\n")
    return lines if len(lines) <= most else [*lines[: most - 1], "…"]
