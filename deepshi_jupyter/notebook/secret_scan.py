"""Where keys stand in a notebook, and in the files beside it.

A notebook is read as plain JSON and not as a notebook, so that one which is broken, or newer than
this package, is searched all the same. What is found is described, never repeated.
"""

from __future__ import annotations

import codecs
import json
import os
import re
from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from deepshi_jupyter.core.secrets import find_secrets, glimpse, redact
from deepshi_jupyter.errors import RecordError

_WIDGET_STATE = ("metadata", "widgets", "application/vnd.jupyter.widget-state+json", "state")
_LONGEST_NAME = 120

Steps = tuple[str | int, ...]
"""The steps from a JSON value to a text in it: names of fields and indices."""

Text = tuple[Steps, list[str]]
"""The path of a text, and its lines; one that is kept as one string is one line here."""


class Place(msgspec.Struct, frozen=True):
    """Where a key was found.

    Args:
        where: The place in the file, such as ``cell 3, source, line 2``.
        kind: What it is, such as ``GitHub token``.
        shown: Its prefix and last 4 characters at most.
        file: The path of the file; empty where a value was searched and no file.
    """

    where: str
    kind: str
    shown: str
    file: str = ""


def scan_notebook(nb: dict[str, Any], known: Iterable[str] = ()) -> list[Place]:
    """Find the keys in the JSON of a notebook.

    Args:
        nb: What a notebook file holds: source, outputs, attachments, metadata, widget state.
        known: Keys to look for as they are (`deepshi_jupyter.core.secrets.find_secrets`).

    Returns:
        Each place, in the order of the file. A text that the file keeps as a list of lines is also
        searched as one text.
    """
    return _places(_texts(nb, ()), _place, tuple(known))


def scan_file(path: Path, known: Iterable[str] = ()) -> list[Place]:
    """Find the keys in a file.

    Args:
        path: A notebook, JSON Lines, or any other file, which is read as text; so is a notebook or
            a line that is no JSON.
        known: Keys to look for as they are.

    Returns:
        Each place, in the order of the file.

    Raises:
        RecordError: The file cannot be read.
    """
    try:
        text = _decoded(path.read_bytes())
    except OSError as error:
        raise RecordError(
            f"{path} cannot be read: {error.strerror}.", "Look at its permissions, or leave it out."
        ) from error
    places = _scanned(text, path.suffix, tuple(known))
    return [msgspec.structs.replace(place, file=str(path)) for place in places]


def scan_store(folder: Path, known: Iterable[str] = ()) -> list[Place]:
    """Find the keys in every file of a ``.deepshi`` folder.

    Args:
        folder: The folder itself.
        known: Keys to look for as they are.

    Returns:
        Each place, file by file.

    Raises:
        RecordError: A file cannot be read.
    """
    keys = tuple(known)
    return [place for path in files_in(folder) for place in scan_file(path, keys)]


def files_in(folder: Path, skipping: Collection[str] = ()) -> list[Path]:
    """Return every file below a folder, sorted; links to folders are not followed.

    Args:
        folder: A folder; one that does not exist has no files.
        skipping: Names of folders that are left out.
    """
    paths = []
    for root, folders, names in os.walk(folder):
        folders[:] = (name for name in folders if name not in skipping)
        paths += [Path(root, name) for name in names]
    return sorted(path for path in paths if path.is_file())


def _decoded(data: bytes) -> str:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", "replace")  # as PowerShell writes it
    return data.decode("utf-8-sig", "replace")


def _scanned(text: str, suffix: str, keys: tuple[str, ...]) -> list[Place]:
    if suffix == ".ipynb" and isinstance(notebook := _json(text), dict):
        return scan_notebook(notebook, keys)
    if suffix != ".jsonl":
        return _places([((), [text])], lambda _: "", keys)
    lines = enumerate(text.split("\n"), 1)
    return [place for number, line in lines for place in _in_record(line, number, keys)]


def _in_record(line: str, number: int, keys: tuple[str, ...]) -> list[Place]:
    """Find the keys in one line of JSON Lines."""
    value = _json(line)
    texts = [((), [line])] if value is None else list(_texts(value, ()))
    return _places(texts, lambda path: _words(f"line {number}", path), keys)


def _json(text: str) -> Any:
    """Return a JSON value, or None where a text is none that can be walked through."""
    try:
        value = json.loads(text)
        list(_texts(value, ()))
    except (ValueError, RecursionError):
        return None
    return value


def _texts(value: Any, path: Steps) -> Iterator[Text]:
    """Yield every text of a JSON value, names of fields as well, and lists of texts as lines."""
    if isinstance(value, str):
        yield path, [value]
    elif isinstance(value, list):
        lines = [item for item in value if isinstance(item, str)]
        if lines:
            yield path, lines
        for index, item in enumerate(value):
            if not isinstance(item, str):
                yield from _texts(item, (*path, index))
    elif isinstance(value, dict):
        for name, item in value.items():
            yield (*path, name), [name]
            yield from _texts(item, (*path, name))


def _places(
    texts: Iterable[Text], words: Callable[[Steps], str], keys: tuple[str, ...]
) -> list[Place]:
    """Find the keys in texts, in the lines of each by themselves and as one."""
    found: dict[Place, None] = {}
    for path, lines in texts:
        for joint in ("", "\n") if len(lines) > 1 else ("",):
            text = joint.join(lines)
            if not (secrets := find_secrets(text, keys)):
                continue
            where = _named(words(path), keys)
            starts = _line_starts(lines, len(joint))
            numbered = not where or path[-1:] == ("source",) or len(starts) > 1
            for secret in secrets:
                line = f"line {bisect_right(starts, secret.start)}" if numbered else ""
                place = ", ".join(filter(None, (where, line)))
                found[Place(place, secret.kind, glimpse(text, secret))] = None
    return list(found)


def _line_starts(lines: list[str], joint: int) -> list[int]:
    """Return where the lines of joined texts begin; each text begins one."""
    starts: list[int] = []
    at = 0
    for text in lines:
        inside = (match.end() for match in re.finditer("\n", text))
        starts += [at, *(at + end for end in inside if end < len(text))]
        at += len(text) + joint
    return starts


def _named(where: str, keys: tuple[str, ...]) -> str:
    """Return a place without the keys that names in it may be, and not too long."""
    shown = redact(where, keys)[0]
    return shown if len(shown) <= _LONGEST_NAME else f"{shown[: _LONGEST_NAME - 1]}…"


def _place(path: Steps) -> str:
    """Return the path of a text in a notebook in words."""
    if path[: len(_WIDGET_STATE)] == _WIDGET_STATE:
        return _words("widget state", path[len(_WIDGET_STATE) :])
    if path[:1] == ("metadata",):
        return _words("notebook metadata", path[1:])
    if path[:1] == ("cells",) and len(path) > 1 and isinstance(path[1], int):
        return _place_in_cell(f"cell {path[1] + 1}", path[2:])
    return _field(path)


def _place_in_cell(cell: str, path: Steps) -> str:
    if path[:1] == ("outputs",) and len(path) > 1 and isinstance(path[1], int):
        output = f"{cell}, output {path[1] + 1}"
        rest = path[2:]
        if rest[:1] == ("data",) and len(rest) > 1:
            return _words(f"{output}, {rest[1]}", rest[2:])
        return _words(output, rest)
    if path[:1] == ("attachments",):
        return _words(f"{cell}, attachments", path[1:])
    return _words(cell, path)


def _words(place: str, path: Steps) -> str:
    return f"{place}, {_field(path)}" if path else place


def _field(path: Steps) -> str:
    """Return a path as ``messages[0].content``."""
    names = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return "".join(names).removeprefix(".")
