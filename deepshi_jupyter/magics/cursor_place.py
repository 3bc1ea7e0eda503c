"""What the cursor stands in, in a cell that asks: an option, a value, an expression, prose."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec

Kind = Literal[
    "option",
    "value",
    "expression",
    "subcommand",
    "subcommand option",
    "setting",
    "setting value",
    "prose",
]

_CELL = re.compile(r"\s*%%deepshi\s")
_LINE = re.compile(r"\s*(?:[\w.,\[\]'\" ]+=\s*)?%deepshi\s")
_OPENING = re.compile(r"\\\{\{|\{\{")
_LONGEST = 4000
_EXPRESSIONS = frozenset({"--attach", "--map", "--schema"})


class Place(msgspec.Struct, frozen=True):
    """Where the cursor stands.

    Attributes:
        kind: What is being written there.
        fragment: What is written of it already, up to the cursor.
        name: The option, subcommand or setting that it belongs to, where there is one.
    """

    kind: Kind
    fragment: str = ""
    name: str = ""


class Option(msgspec.Struct, frozen=True):
    """An option of a cell's first line.

    Attributes:
        names: Its short and long names.
        takes_value: True if a value follows it.
        choices: The only values that it takes, or none.
        dest: The parameter that it sets.
    """

    names: tuple[str, ...]
    takes_value: bool = True
    choices: tuple[str, ...] = ()
    dest: str = ""

    @property
    def long_name(self) -> str:
        """The name that begins with two dashes, or the first."""
        return next((name for name in self.names if name.startswith("--")), self.names[0])


def options_of(parser: argparse.ArgumentParser) -> tuple[Option, ...]:
    """Return the options that a magic's parser knows."""
    return tuple(
        Option(
            tuple(action.option_strings),
            action.nargs != 0,
            tuple(str(choice) for choice in action.choices or ()),
            action.dest,
        )
        for action in parser._actions
        if action.option_strings
    )


def place_at(text: str, line: int, column: int, options: Sequence[Option]) -> Place | None:
    """Say what the cursor stands in.

    Args:
        text: The whole cell, or the one line that a front end sends.
        line: The cursor's line, from 0.
        column: The characters before the cursor in its line.
        options: The options of a cell's first line.

    Returns:
        The place, or None where it is no part of a ``%%deepshi`` cell or ``%deepshi`` line.
    """
    lines = text.split("\n")
    before = lines[line][:column]
    first = next((number for number, each in enumerate(lines) if each.strip()), 0)
    if _CELL.match(f"{lines[first]}\n") is None:
        opening = _LINE.match(before)
        return _in_line_magic(before[opening.end() :]) if opening else None
    if line > first:
        body = "\n".join([*lines[first + 1 : line], before])
        return _in_body(body, lines[first])
    opening = _CELL.match(before)
    return _in_first_line(before[opening.end() :], options) if opening else None


def _in_body(body: str, first_line: str) -> Place:
    expression = None if "--raw" in first_line.split() else open_expression(body)
    return Place("prose") if expression is None else Place("expression", expression)


def _in_first_line(written: str, options: Sequence[Option]) -> Place:
    if (expression := open_expression(written)) is not None:
        return Place("expression", expression)
    *words, current = split_words(written)
    name, equals, value = current.partition("=")
    if equals and (option := _find(name, options)) is not None:
        return _value_place(option, value)
    option = _find(words[-1], options) if words else None
    if option is not None and option.takes_value and not current.startswith("-"):
        return _value_place(option, current)
    return Place("option" if not current or current.startswith("-") else "prose", current)


def _find(name: str, options: Iterable[Option]) -> Option | None:
    return next((option for option in options if name in option.names), None)


def _value_place(option: Option, value: str) -> Place:
    kind: Kind = "expression" if option.long_name in _EXPRESSIONS else "value"
    return Place(kind, value, option.long_name)


def _in_line_magic(written: str) -> Place:
    *words, current = split_words(written)
    if not words:
        return Place("subcommand", current)
    if words[0] != "set":
        return Place("subcommand option", current, words[0])
    name, equals, value = current.partition("=")
    return Place("setting value", value, name) if equals else Place("setting", name)


def split_words(written: str) -> list[str]:
    """Split an unfinished line into words as a shell does; the last is the one being written.

    Args:
        written: The line up to the cursor; a quote may still be open.

    Returns:
        The words without their quotes; the last one is empty after a space.
    """
    words, quote = [""], ""
    for character in written:
        if quote:
            if character == quote:
                quote = ""
            else:
                words[-1] += character
        elif character in "'\"":
            quote = character
        elif not character.isspace():
            words[-1] += character
        elif words[-1]:
            words.append("")
    return words


def open_expression(text: str) -> str | None:
    """Return what stands in a ``{{`` that is not closed yet, or None.

    Args:
        text: A prompt up to the cursor (`deepshi_jupyter.core.template` says how it is read).
    """
    start = 0
    while (opening := _OPENING.search(text, start)) is not None:
        start = opening.end()
        if opening[0].startswith("\\"):
            continue
        end = text.find("}}", start)
        if end >= 0:
            start = end + 2
        elif len(text) - start <= _LONGEST and "\n\n" not in text[start:]:
            return text[start:]
    return None
