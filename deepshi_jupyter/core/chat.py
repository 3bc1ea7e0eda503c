"""How conversations are named, and where a question's context begins."""

from __future__ import annotations

from typing import Literal

MAIN_CHAT = "main"
"""The conversation of a notebook that names none."""

Start = Literal["", "new", "once", "aside"]
"""Where its context begins: above as usual, at this turn, or nowhere at all; ``aside``: above as
usual, and what comes below does not see it, as the samples of a comparison."""
