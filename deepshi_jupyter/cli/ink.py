"""Emphasis for a terminal that understands it, and plain text for every other place."""

from __future__ import annotations

import os
from typing import TextIO

_PLAIN = "\x1b[0m"


class Ink:
    """Writes text in a few weights and colours.

    Args:
        colour: Whether the place understands ANSI colours.
    """

    def __init__(self, colour: bool) -> None:
        self.colour = colour

    def bold(self, text: str) -> str:
        """Return a text that stands out."""
        return self._in("1", text)

    def dim(self, text: str) -> str:
        """Return a text that stands back."""
        return self._in("2", text)

    def red(self, text: str) -> str:
        """Return a text that says that something failed."""
        return self._in("31", text)

    def green(self, text: str) -> str:
        """Return a text that says that all is well."""
        return self._in("32", text)

    def yellow(self, text: str) -> str:
        """Return a text that warns."""
        return self._in("33", text)

    def _in(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}{_PLAIN}" if self.colour and text else text


def ink_for(out: TextIO) -> Ink:
    """Return what suits an output: colours only in a terminal that has them and wants them."""
    wanted = not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return Ink(wanted and out.isatty())
