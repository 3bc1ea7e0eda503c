r"""The options of a ``%%deepshi`` line, rewritten: what is not changed stays as it was typed.

A line is read as the cell reads it: ``{{…}}`` first, then the quotes of a shell, then options by
argparse's rules.
"""

from __future__ import annotations

import argparse
import json
import re
import shlex
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from deepshi_jupyter.core.template import _OPENING, _field_at  # a field is what a prompt reads
from deepshi_jupyter.sliders.control import ALIAS, CONTROLS, Values

_WORD = re.compile(r"""(?:[^\s'"\\]|[^ \t\r\n\S]|\\.|'[^']*'|"(?:[^"\\]|\\.)*")+""", re.DOTALL)
"""A word as `shlex.split` has it; only these four characters stand between two words."""

_MASK = "\x00"
_ABSENT = object()
_SPELLED = {"temperature": "-t", "n": "-n"}


class _Word(msgspec.Struct, frozen=True):
    start: int
    end: int
    text: str


class _Option(msgspec.Struct, frozen=True):
    """An option of a line: where it stands, how it is spelled, which parameter it sets."""

    start: int
    end: int
    spelled: str
    name: str


def rewritten(line: str, before: Values, after: Values, parser: argparse.ArgumentParser) -> str:
    r"""Return a line whose options give other values.

    Args:
        line: The line without the magic's name, as it was typed.
        before: What it says of the parameters that have a control.
        after: What it is to say: a value, None for "not sent, whatever the default"; what is
            missing is said no longer.
        parser: The parser of the line.

    Returns:
        The line. What has the same value before and after stays as it is, ``{{…}}`` included; a
        changed option stays in its place; new ones come at the end.
    """
    changed = [n for n in CONTROLS if before.get(n, _ABSENT) != after.get(n, _ABSENT)]
    found = [option for option in _options(line, parser) if option.name in changed]
    first: dict[str, _Option] = {}
    for option in found:
        first.setdefault(option.name, option)
    for option in reversed(found):
        keeps = first[option.name] is option and option.name in after
        text = _written(option.name, after[option.name], option.spelled) if keeps else ""
        line = _replaced(line, option, text)
    new = [_written(name, after[name]) for name in changed if name in after and name not in first]
    return " ".join(part for part in (line.rstrip() if new else line, *new) if part)


def _replaced(line: str, option: _Option, text: str) -> str:
    """Put a text in the place of an option; without one, the space before it goes as well."""
    before, rest = line[: option.start], line[option.end :]
    if text:
        return f"{before}{text}{rest}"
    before = before.rstrip()
    return f"{before}{rest}" if before else rest.lstrip()


def _written(name: str, value: Any, spelled: str = "") -> str:
    """Return a parameter as options of a line."""
    if value is None and CONTROLS[name].kind == "texts":
        return f"--param {name}=null"
    if not spelled or spelled == "--param":
        spelled = _SPELLED.get(name) or f"--{name.replace('_', '-')}"
    values = value if isinstance(value, list) else [json.dumps(value)]
    return " ".join(_option(spelled, text) for text in values)


def _option(spelled: str, text: str) -> str:
    between = "=" if text.startswith("-") else " "  # else argparse takes it for an option
    return f"{spelled}{between}{quoted(text)}"


def quoted(text: str) -> str:
    r"""Return a text as one word of a line.

    Args:
        text: Any text that is not empty.

    Returns:
        The word, in quotes where a shell needs them; with a line end or another character that
        does not print, as a Python text in ``{{…}}``.
    """
    if not text.isprintable():
        return f"{{{{{text!r}}}}}"
    return shlex.quote(text).replace("{{", r"\{{")


def _options(line: str, parser: argparse.ArgumentParser) -> Iterator[_Option]:
    words = iter(_words(line))
    for word in words:
        action, spelled, value = _read(word.text, parser)
        end = word.end
        if action is None:
            continue
        if action.nargs != 0 and value is None:
            following = next(words, None)
            value, end = (following.text, following.end) if following else ("", end)
        yield _Option(word.start, end, spelled, _parameter(action, value or ""))


def _parameter(action: argparse.Action, value: str) -> str:
    """Return the parameter that an option sets, ``--param NAME=JSON`` included."""
    name = value.partition("=")[0].strip() if action.dest == "param" else action.dest
    return "max_tokens" if name == ALIAS else name


def _read(word: str, parser: argparse.ArgumentParser) -> tuple[argparse.Action | None, str, Any]:
    """Read a word as an option, its spelling, and its value where that is part of the word."""
    known = parser._option_string_actions
    if word in known:
        return known[word], word, None
    name, equals, value = word.partition("=")
    if equals and name in known:
        return known[name], name, value
    if word.startswith("--"):
        longer = [option for option in known if option.startswith(name)]
        found = longer[0] if len(longer) == 1 else ""
        return known.get(found), name, value if equals else None
    if word.startswith("-") and word[:2] in known:
        return known[word[:2]], word[:2], word[2:]
    return None, "", None


def _words(line: str) -> Sequence[_Word]:
    masked = _masked(line)
    return [
        _Word(match.start(), match.end(), "".join(shlex.split(match[0])))
        for match in _WORD.finditer(masked)
    ]


def _masked(line: str) -> str:
    r"""Return a line of the same length whose ``{{…}}`` hold no space and no quote."""
    start = 0
    while (opening := _OPENING.search(line, start)) is not None:
        end = opening.end()
        if not opening[0].startswith("\\"):
            _, end = _field_at(line, end)
        line = f"{line[: opening.start()]}{_MASK * (end - opening.start())}{line[end:]}"
        start = end
    return line
