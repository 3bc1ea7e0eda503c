"""The source of a ``%%deepshi`` cell → its options in one form, and its question.

The options are told in a form that does not depend on how they were typed: long names, numbers as
JSON has them, in alphabetical order; those that do not take part in the request are left out. Two
cells with the same options and body ask the same.
"""

from __future__ import annotations

import json
import re
import shlex

import msgspec

from deepshi_jupyter.core.canonical import canonical, text_sha256

MAGIC = "%%deepshi"

_SHORT = {"-m": "--model", "-t": "--temperature", "-n": "--n", "--samples": "--n"} | {
    "-o": "--output"
}
_FLAGS = frozenset({"--json", "--raw", "--new", "--once", "--logprobs"})
_NOT_ASKED = frozenset({"--output", "--as", "--mode", "--record", "--recording"})
_NOT_ASKED_FLAGS = frozenset({"--no-stream", "--dry-run", "--yes", "--sliders"})
_VALUED = (
    *("--model", "--system", "--param", "--attach", "--schema", "--repair", "--tools", "--n"),
    *("--vary", "--map", "--budget"),
    *("--chat", "--from", "--temperature", "--top-p", "--max-tokens", "--stop", "--seed"),
    *("--frequency-penalty", "--presence-penalty", "--top-logprobs"),
)
_NO_TURN = re.compile(r"(?:^|\s)--(?:dry-run|map)(?=[\s=]|$)")
_NUMBER = re.compile(r"-?(0|[1-9]\d{0,99})(\.\d+)?([eE][+-]?\d+)?", re.ASCII)
_INFINITE = (float("inf"), float("-inf"))
_ALL = (*_FLAGS, *_NOT_ASKED_FLAGS, *_NOT_ASKED, *_VALUED, *_SHORT)


class AskingCell(msgspec.Struct, frozen=True):
    """What a ``%%deepshi`` cell asks.

    Attributes:
        line: The rest of its first line, as written.
        body: Everything below, as written.
        options: The options that take part in the request, in one form.
    """

    line: str
    body: str
    options: tuple[str, ...]

    @property
    def source_sha256(self) -> str:
        """The hash of its body."""
        return text_sha256(self.body)

    def value(self, option: str) -> str | None:
        """Return the last value of an option such as ``--chat``, or None."""
        found, words = None, iter(self.options)
        for word in words:
            value = None if word in _FLAGS else next(words, None)
            found = value if word == option else found
        return found


def read_asking_cell(source: str) -> AskingCell | None:
    """Return what a cell asks; None if it is no ``%%deepshi`` cell, or no turn comes of it.

    Args:
        source: The source of a code cell.
    """
    first, _, body = source.lstrip().partition("\n")
    name, _, line = first.partition(" ")
    if name.strip() != MAGIC or _NO_TURN.search(line):
        return None
    return AskingCell(line.strip(), body, options_of(line))


def options_of(line: str) -> tuple[str, ...]:
    """Return the options of a ``%%deepshi`` line that take part in the request, in one form.

    Args:
        line: The line without the magic's name; ``{{…}}`` in it stays as written.
    """
    try:
        words = shlex.split(line)
    except ValueError:
        return (line,)
    pairs: list[tuple[str, ...]] = []
    rest = iter(words)
    for word in rest:
        name, equals, value = _long_name(word)
        if name in _FLAGS or name in _NOT_ASKED_FLAGS:
            pairs.append((name,))
        else:
            pairs.append((name, _in_one_form(value if equals else next(rest, ""))))
    asked = [pair for pair in pairs if pair[0] not in _NOT_ASKED | _NOT_ASKED_FLAGS]
    return tuple(word for pair in sorted(asked, key=lambda pair: pair[0]) for word in pair)


def _long_name(word: str) -> tuple[str, str, str]:
    """Return an option's long name, and the value where it is part of the word."""
    name, equals, value = word.partition("=")
    if not word.startswith("--") and len(word) > 2 and word[:2] in _SHORT:  # -t0.2
        return _SHORT[word[:2]], "=", word[2:].removeprefix("=")
    if name not in _ALL:  # argparse takes any beginning that only one option has
        longer = [option for option in _ALL if name.startswith("--") and option.startswith(name)]
        name = longer[0] if len(longer) == 1 else name
    return _SHORT.get(name, name), equals, value


def _in_one_form(value: str) -> str:
    if not _NUMBER.fullmatch(value):
        return value
    number = json.loads(value)
    return value if number in _INFINITE else canonical(number).decode()
