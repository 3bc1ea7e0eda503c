"""Text of a model or service → text that a terminal or a page can show without side effects."""

from __future__ import annotations

import re

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""C0 and C1 controls but tab and line feed, and the marks that turn the direction of text."""


def printable(text: str) -> str:
    """Return a text without control characters, so that it cannot drive a terminal.

    Args:
        text: Anything that a model or a service wrote.

    Returns:
        The text with CRLF and CR as line feeds; escape sequences lose their first character and
        show as what they are.
    """
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
