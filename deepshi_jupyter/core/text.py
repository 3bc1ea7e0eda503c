r"""Text that arrives in pieces and may be cut in the middle of a surrogate pair.

JSON may carry one character as two ``\uXXXX`` halves, and a server may send them in two events.
A lone half in an output makes a notebook impossible to save, so none ever leaves this module.
"""

from __future__ import annotations

import re

_JOIN_AT = 2048
_SURROGATE = re.compile("[\ud800-\udfff]")


def mend(text: str) -> str:
    """Join surrogate halves that belong together and replace lone ones by U+FFFD."""
    if text.isascii() or not _SURROGATE.search(text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


class TextBuilder:
    """Joins pieces of text, holding back a trailing high half until its mate comes.

    The pieces are joined from time to time, so that many small ones do not cost many times
    the memory of the text.
    """

    __slots__ = ("_held", "_joined", "_pieces")

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._joined: list[str] = []
        self._held = ""

    def add(self, piece: str) -> str:
        """Take the next piece and return what can be shown of it now."""
        if self._held or not piece.isascii():
            piece = self._hold_back(self._held + piece)
        pieces = self._pieces
        pieces.append(piece)
        if len(pieces) >= _JOIN_AT:
            self._join()
        return piece

    def flush(self) -> str:
        """End the text and return what was still held back, mended."""
        piece, self._held = mend(self._held), ""
        self._pieces.append(piece)
        return piece

    def __str__(self) -> str:
        return "".join(self._joined) + "".join(self._pieces)

    def __bool__(self) -> bool:
        return bool(self._held or any(self._pieces) or any(self._joined))

    def _join(self) -> None:
        self._joined.append("".join(self._pieces))
        self._pieces.clear()

    def _hold_back(self, piece: str) -> str:
        self._held = piece[-1:] if "\ud800" <= piece[-1:] <= "\udbff" else ""
        return mend(piece[:-1] if self._held else piece)
