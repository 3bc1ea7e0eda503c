"""Values that a prompt mentions, for arguments and JSON that read as if they had been understood.

Nothing is understood: a number is offered for a number, a capitalised name, a quotation or the word
after a preposition for a string. Each is offered once, in the order in which it stands there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

_NUMBER: Final = re.compile(r"(?<![\w.])-?\d{1,15}(?:\.\d{1,15})?(?![\w])")
_QUOTED: Final = re.compile(r"[\"“`]([^\"”`\n]{1,80})[\"”`]")
_NAME: Final = re.compile(r"(?<=[^.?!:\s] )[^\W\d_a-z][\w'’-]+(?: [^\W\d_a-z][\w'’-]+)*")
_OBJECT: Final = re.compile(r"\b(?:in|for|of|at|to|from|about|on) (?:the |an? )?([^\W\d_]{3,})")
_EXPRESSION: Final = re.compile(r"[\d(][\d\s.()+*/^×÷−-]*[+*/^×÷−-][\d\s.()+*/^×÷−-]*[\d)]")
_DATE: Final = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")
_EMAIL: Final = re.compile(r"\b[\w.+-]+@[\w-]+\.[\w.-]*\w")
_ADDRESS: Final = re.compile(r"https?://[^\s\"'<>`]+")

_NO_NAMES: Final = frozenset({"I'm", "I'd", "I'll", "I've", "JSON"})
_WHOLE_KEYS: Final = frozenset(
    {"content", "input", "message", "prompt", "q", "query", "question", "search", "statement"}
    | {"sentence", "text"}
)
_EXPRESSION_KEYS: Final = frozenset({"calculation", "equation", "expression", "formula", "math"})
_FORMATS: Final = {"date": _DATE, "email": _EMAIL, "uri": _ADDRESS, "url": _ADDRESS}


class Hints:
    """What a prompt offers; each value is given once.

    Args:
        prompt: The last thing the user said.
    """

    def __init__(self, prompt: str) -> None:
        self.prompt = prompt
        self._numbers: list[str] = _NUMBER.findall(prompt)
        names = [name for name in _NAME.findall(prompt) if name not in _NO_NAMES]
        self._strings: list[str] = [*_QUOTED.findall(prompt), *names] or _OBJECT.findall(prompt)

    def number(self, fits: Callable[[float], bool]) -> float | None:
        """Give the next number that fits, an int where it is written as one."""
        for text in self._numbers:
            value = float(text) if "." in text else int(text)
            if fits(value):
                self._numbers.remove(text)
                return value
        return None

    def string(self, key: str, fits: Callable[[str], bool]) -> str | None:
        """Give the next string that fits a property of this name."""
        words = set(re.findall(r"[a-z]+", re.sub(r"([A-Z])", r" \1", key).lower()))
        if words & _EXPRESSION_KEYS:
            found = _EXPRESSION.search(self.prompt)
            return found.group() if found and fits(found.group()) else None
        for text in self._strings:
            if fits(text):
                self._strings.remove(text)
                return text
        if words & _WHOLE_KEYS and self.prompt and fits(self.prompt):
            return self.prompt
        return None

    def formatted(self, name: str, fits: Callable[[str], bool]) -> str | None:
        """Give a date, address or the like that the prompt mentions."""
        pattern = _FORMATS.get(name)
        found = pattern.search(self.prompt) if pattern else None
        return found.group() if found and fits(found.group()) else None

    def mentioned(self, values: Sequence[object]) -> object | None:
        """Give the value that the prompt mentions first, of those that are strings."""
        lowered = self.prompt.lower()
        places = {
            place: value
            for value in values
            if isinstance(value, str) and value and (place := lowered.find(value.lower())) >= 0
        }
        return places[min(places)] if places else None
