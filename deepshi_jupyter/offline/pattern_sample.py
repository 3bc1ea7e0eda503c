r"""A text that matches a regular expression, for the ``pattern`` of a JSON schema.

The part of the syntax that schemas use: literals, ``.``, classes, ``\d \w \s``, groups, ``|``,
``* + ? {m,n}``, ``^`` and ``$``. Look-around and back-references raise `PatternError`.
"""

from __future__ import annotations

import re
import string
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from random import Random

_SHORTHANDS: Final = {
    "d": string.digits,
    "w": string.ascii_lowercase + string.digits,
    "s": " ",
    "D": string.ascii_lowercase,
    "W": " -",
    "S": string.ascii_lowercase,
}
_CONTROLS: Final = {"n": "\n", "t": "\t", "r": "\r"}
_PRINTABLE: Final = string.ascii_letters + string.digits + " .,-_/:"
_MORE: Final = 3
_LONGEST: Final = 500
_REPEATS: Final = {"*": (0, _MORE), "+": (1, _MORE), "?": (0, 1)}
_BRACES: Final = re.compile(r"\{(\d+)(,?)(\d*)\}")


class PatternError(ValueError):
    """The pattern uses something that cannot be sampled."""


def sample_pattern(pattern: str, rng: Random) -> str:
    """Make a text that a pattern matches.

    Args:
        pattern: A regular expression, as JSON Schema's ``pattern`` has it
            (https://json-schema.org/draft/2020-12/json-schema-validation, 6.3.3).
        rng: Chooses.

    Returns:
        A text in which ``re.search`` finds the pattern.

    Raises:
        PatternError: The pattern is malformed or uses what cannot be sampled.
    """
    walk = _Walk(pattern, rng)
    text = walk.alternatives()
    if walk.rest or not re.search(pattern, text):
        raise PatternError(f"the pattern {pattern!r} cannot be sampled")
    return text


class _Walk:
    """Reads a pattern from left to right and writes a text that matches as it goes."""

    def __init__(self, pattern: str, rng: Random) -> None:
        self.rest = pattern
        self.rng = rng

    def take(self, length: int = 1) -> str:
        taken, self.rest = self.rest[:length], self.rest[length:]
        if len(taken) < length:
            raise PatternError("the pattern ends too early")
        return taken

    def alternatives(self) -> str:
        options = [self.sequence()]
        while self.rest.startswith("|"):
            self.take()
            options.append(self.sequence())
        return self.rng.choice(options)

    def sequence(self) -> str:
        text = ""
        while self.rest and self.rest[0] not in "|)":
            text += self.repeated()
        return text

    def repeated(self) -> str:
        """Read an atom with its quantifier; an atom is read again for each repeat."""
        start = self.rest
        first = self.atom()
        after = self.rest
        least, most = self.quantifier()
        end = self.rest
        pieces = [first]
        count = self.rng.randint(least, most)
        for _ in range(1, count):
            self.rest = start
            pieces.append(self.atom())
            if self.rest != after:
                raise PatternError("the pattern is ambiguous")
        self.rest = end
        return "".join(pieces[:count])

    def quantifier(self) -> tuple[int, int]:
        if self.rest[:1] in _REPEATS and self.rest:
            bounds = _REPEATS[self.take()]
        elif found := _BRACES.match(self.rest):
            self.take(found.end())
            least = int(found[1])
            most = int(found[3]) if found[3] else least + (_MORE if found[2] else 0)
            bounds = (least, min(most, least + _LONGEST))
            if least > _LONGEST:
                raise PatternError(f"the pattern repeats something more than {_LONGEST} times")
        else:
            return 1, 1
        self.rest = self.rest.removeprefix("?")
        return bounds

    def atom(self) -> str:
        mark = self.take()
        if mark == "(":
            return self.group()
        if mark == "[":
            return self.rng.choice(self.character_class())
        if mark == "\\":
            return self.rng.choice(self.escaped())
        if mark == ".":
            return self.rng.choice(string.ascii_lowercase)
        return "" if mark in "^$" else mark

    def group(self) -> str:
        if self.rest.startswith("?"):
            named = re.match(r"\?(?::|P?<\w+>)", self.rest)
            if not named:
                raise PatternError("the pattern looks around")
            self.take(named.end())
        text = self.alternatives()
        if self.take() != ")":
            raise PatternError("a group is not closed")
        return text

    def escaped(self) -> str:
        """Give the characters that an escape stands for."""
        mark = self.take()
        if mark in _SHORTHANDS:
            return _SHORTHANDS[mark]
        if mark in "xu":
            return chr(int(self.take(2 if mark == "x" else 4), 16))
        if mark.isalnum() and mark not in _CONTROLS:
            raise PatternError(f"the pattern uses \\{mark}")
        return _CONTROLS.get(mark, mark)

    def character_class(self) -> str:
        """Give the characters of a class."""
        negated = self.rest.startswith("^")
        self.rest = self.rest[negated:]
        characters = ""
        while not characters or not self.rest.startswith("]"):
            characters += self.class_member()
        self.take()
        if negated:
            characters = "".join(mark for mark in _PRINTABLE if mark not in characters)
        if not characters:
            raise PatternError("a class of the pattern is empty")
        return characters

    def class_member(self) -> str:
        first = self.take()
        first = self.escaped() if first == "\\" else first
        if len(first) > 1 or not re.match(r"-[^\]]", self.rest):
            return first
        self.take()
        last = self.take()
        last = self.escaped() if last == "\\" else last
        return "".join(map(chr, range(ord(first), min(ord(last[0]), ord(first) + 200) + 1)))
