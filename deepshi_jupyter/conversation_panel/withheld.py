"""A text that comes in pieces, given out without keys, however they are cut."""

from __future__ import annotations

from deepshi_jupyter.core.redaction import Redactor


class Withheld:
    """Holds back the end of a text as long as it may be the beginning of a key.

    Args:
        redactor: Knows the keys.
    """

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._held = ""

    def take(self, piece: str) -> str:
        """Take the next piece, and return what can be shown now."""
        text = str(self._redactor.answered(self._held + piece)[0])
        length = max((_beginning(key, text) for key in self._redactor.known), default=0)
        end = len(text) - length
        self._held = text[end:]
        return text[:end]

    def rest(self) -> str:
        """Return what was held back, as nothing more comes."""
        rest, self._held = self._held, ""
        return rest


def _beginning(key: str, text: str) -> int:
    """Return how many of a key's first characters a text ends with; less than all of them."""
    longest = min(len(key) - 1, len(text))
    return next((n for n in range(longest, 0, -1) if text.endswith(key[:n])), 0)
