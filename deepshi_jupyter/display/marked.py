"""A sentence with the marks that it speaks of, which stay in the notebook with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from deepshi_jupyter.core.mark import MIME_TYPE, Mark
from deepshi_jupyter.display.safe_markdown import literal


class Marked:
    """What a command did to turns.

    Args:
        sentence: What it did.
        marks: The marks, one or more.
        below: Markdown to show below the sentence, neutralised.
    """

    def __init__(self, sentence: str, marks: Sequence[Mark], below: str = "") -> None:
        self.sentence = sentence
        self.marks = tuple(marks)
        self._below = below

    def __repr__(self) -> str:
        return self.sentence

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        markdown = "\n\n".join(part for part in (literal(self.sentence), self._below) if part)
        bundle: dict[str, Any] = {"text/plain": self.sentence, "text/markdown": markdown}
        if len(self.marks) == 1:
            bundle[MIME_TYPE] = self.marks[0].as_json()
        elif self.marks:
            bundle[MIME_TYPE] = {"v": 1, "marks": [mark.as_json() for mark in self.marks]}
        return bundle
