"""What a docstring says of a function and its parameters.

Reads the three conventions in use: Google (``Args:``), NumPy (``Parameters``, underlined) and
Sphinx (``:param name: …``). What is in none of these forms is passed over, never guessed.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from itertools import takewhile

import msgspec

_GOOGLE = re.compile(r"(Other |Keyword )?(Args|Arguments|Parameters|Params):$")
_NUMPY = re.compile(r"(Other )?Parameters$")
_SPHINX = re.compile(
    r":(param|parameter|arg|argument|key|keyword) ([^:]* )?(?P<names>\w+):(?P<text>.*)"
)

_GOOGLE_ENTRY = re.compile(r"(?P<names>\*{0,2}\w+)\s*(\(.*?\)\s*)?:(?P<text>.*)")
_NUMPY_ENTRY = re.compile(r"(?P<names>\*{0,2}\w+(\s*,\s*\*{0,2}\w+)*)\s*(:.*)?$")

_SECTION = re.compile(r"(Returns?|Yields?|Raises|Examples?|Notes?|Attributes|Warnings?|See Also):$")
_FIELD = re.compile(r":\w+[^:]*:")
_UNDERLINE = re.compile(r"-{3,}$")

_Entry = tuple[str, list[str]]
"""The names of parameters, and the lines that describe them."""


class Documentation(msgspec.Struct, frozen=True):
    """The first paragraph of a docstring, and what it says of each parameter."""

    summary: str
    parameters: dict[str, str]


def read_docstring(docstring: str | None) -> Documentation:
    """Return what a docstring says.

    Args:
        docstring: The docstring as it stands in the source, or None.

    Returns:
        Its first paragraph, and the descriptions by the name of the parameter, each on one line.
    """
    lines = inspect.cleandoc(docstring or "").splitlines()
    parameters = {}
    for names, described in _entries(lines):
        text = " ".join(" ".join(described).split())
        for name in names.split(","):
            if text:
                parameters[name.strip().lstrip("*")] = text
    return Documentation(_first_paragraph(lines), parameters)


def _entries(lines: list[str]) -> Iterator[_Entry]:
    for place, line in enumerate(lines):
        below = lines[place + 1 :]
        if field := _SPHINX.match(line):
            yield field["names"], [field["text"], *_indented(below)]
        elif _GOOGLE.match(line):
            section = inspect.cleandoc("\n".join(["", *_indented(below)])).splitlines()
            yield from _entries_of(section, _GOOGLE_ENTRY)
        elif _NUMPY.match(line) and below and _UNDERLINE.match(below[0]):
            yield from _entries_of(_until_next_heading(below[1:]), _NUMPY_ENTRY)


def _entries_of(section: list[str], form: re.Pattern[str]) -> Iterator[_Entry]:
    for place, line in enumerate(section):
        if entry := form.match(line):
            text = entry.groupdict().get("text") or ""
            yield entry["names"], [text, *_indented(section[place + 1 :])]


def _indented(lines: list[str]) -> list[str]:
    """Return the lines that still belong to what stands above them."""
    return list(takewhile(lambda line: not line or line[0].isspace(), lines))


def _until_next_heading(lines: list[str]) -> list[str]:
    underlined = (i - 1 for i, line in enumerate(lines) if i and _UNDERLINE.match(line))
    return lines[: next(underlined, len(lines))]


def _first_paragraph(lines: list[str]) -> str:
    paragraph = list(takewhile(lambda line: line.strip() and not _is_heading(line), lines))
    if any(_UNDERLINE.match(line) for line in paragraph[1:2]):
        return ""
    return " ".join(" ".join(paragraph).split())


def _is_heading(line: str) -> bool:
    return any(form.match(line) for form in (_GOOGLE, _SECTION, _FIELD))
