"""Reading what `deepshi_jupyter.notebook.journal` wrote, in whatever state a crash left it.

A line that is no event is counted and passed over; an event that is not known is kept. All of it
takes time in proportion to the size of the files.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from deepshi_jupyter.core.ulid import ulid_milliseconds
from deepshi_jupyter.notebook.store import Store

Json = dict[str, Any]


class Event(msgspec.Struct, frozen=True):
    """One line of a journal.

    Attributes:
        name: What happened, such as ``begin``.
        fields: The whole JSON object.
        file: The name of its file without the ending: a ULID, the same for one process.
        line: The number of its line, from 1.
        notebook: The notebook of that process, as `Store.name_of` names it; may be empty.
    """

    name: str
    fields: Json
    file: str
    line: int
    notebook: str

    @property
    def at(self) -> str:
        """When it happened: UTC, ISO 8601 with milliseconds; empty if it does not say."""
        return _text(self.fields.get("at"))

    @property
    def call(self) -> str:
        """The call's ULID, or an empty text."""
        return _text(self.fields.get("call"))


class JournaledTurn(msgspec.Struct, frozen=True):
    """A turn record and where it comes from.

    Attributes:
        record: The record, as it was written.
        notebook: Its notebook, as `Store.name_of` names it; empty for a console.
        file: The name of its file without the ending.
        file_time: When that file was begun; None where its name does not tell.
        at: When the record was written: UTC, ISO 8601.
    """

    record: Json
    notebook: str
    file: str
    file_time: datetime | None
    at: str


class Unfinished(msgspec.Struct):
    """A call whose end, or whose turn, is not in the journal.

    Attributes:
        call: The call's ULID.
        begin: The event that began it, with the request.
        notebook: Its notebook, as `Store.name_of` names it.
        file: The name of its file without the ending; a running kernel has calls of its own there.
        last_at: When the last event of it was written: UTC, ISO 8601.
        ending: The ``end`` or ``error`` event, or None.
    """

    call: str
    begin: Json
    notebook: str
    file: str
    last_at: str
    ending: Json | None = None
    _pieces: dict[tuple[int, str], list[str]] = msgspec.field(default_factory=dict)

    def text(self, choice: int = 0) -> str:
        """Return the answer as far as it came."""
        return "".join(self._pieces.get((choice, "text"), []))

    def reasoning(self, choice: int = 0) -> str:
        """Return the thinking trace as far as it came."""
        return "".join(self._pieces.get((choice, "reasoning"), []))

    @property
    def choices(self) -> list[int]:
        """The numbers of the choices of which something came."""
        return sorted({choice for choice, _ in self._pieces})

    def add(self, event: Event) -> None:
        """Take an event of this call."""
        self.last_at = event.at or self.last_at
        if event.name in ("end", "error"):
            self.ending = event.fields
        elif event.name == "progress":
            for where, text in _pieces(event.fields.get("pieces")):
                self._pieces.setdefault(where, []).append(text)


class Journals:
    """The events of all journals of some folders, read anew each time that they are iterated.

    Args:
        folders: Folders of ``*.jsonl`` files; one that is not there counts as empty.

    Attributes:
        damaged: How many lines were no events, of what was read so far.
        unreadable: The folders and files that could not be read to their end.
    """

    def __init__(self, *folders: Path) -> None:
        self._folders = folders
        self.damaged = 0
        self.unreadable: list[Path] = []

    def __iter__(self) -> Iterator[Event]:
        """Read file by file in the order of their ULIDs, and line by line."""
        self.damaged = 0
        self.unreadable = []
        files = [path for folder in self._folders for path in self._files(folder)]
        for path in sorted(files, key=lambda path: path.name):
            yield from self._events(path)

    def _files(self, folder: Path) -> list[Path]:
        try:
            names = os.listdir(folder)
        except FileNotFoundError:
            return []
        except OSError:
            self.unreadable.append(folder)
            return []
        journals = [folder / name for name in names if name.endswith(".jsonl")]
        return [path for path in journals if os.path.isfile(path)]

    def _events(self, path: Path) -> Iterator[Event]:
        notebook = ""
        for number, line in enumerate(self._lines(path), 1):
            fields = _decoded(line)
            if fields is None:
                self.damaged += bool(line.strip())
                continue
            name = fields["event"]
            if name == "start":
                notebook = _text(fields.get("notebook"))
            yield Event(name, fields, path.stem, number, notebook)

    def _lines(self, path: Path) -> Iterator[bytes]:
        try:
            with path.open("rb") as file:
                yield from file
        except OSError:
            self.unreadable.append(path)


def read_journals(folder: Path) -> Journals:
    """Return the events of a journal's folder, to be iterated.

    Args:
        folder: A `Store.journal_folder`.
    """
    return Journals(folder)


def turns_in(store: Store, notebook: Path | None = None) -> dict[str, JournaledTurn]:
    """Return the turns of a store by their id, in the order in which they were first written.

    Where a record was written again, the last one counts. A record without an id is named by its
    place, ``file:line``.

    Args:
        store: Where to look.
        notebook: Whose turns; None returns those of all notebooks, also of one that had another
            name then.
    """
    name = None if notebook is None else store.name_of(notebook)
    turns: dict[str, JournaledTurn] = {}
    for event in _events_of(store):
        record = event.fields.get("record")
        if event.name == "turn" and isinstance(record, dict) and name in (None, event.notebook):
            turn_id = _text(record.get("id")) or f"{event.file}:{event.line}"
            began = _file_time(event.file)
            turns[turn_id] = JournaledTurn(record, event.notebook, event.file, began, event.at)
    return turns


def unfinished(store: Store, *, ended: bool = False) -> list[Unfinished]:
    """Return the calls that were begun and not brought to an end, as ``kill -9`` leaves them.

    A call of a kernel that still runs is among them.

    Args:
        store: Where to look.
        ended: True returns also calls that ended or failed, but whose turn was never written: a
            kernel that was killed between its calls leaves those.
    """
    calls: dict[str, Unfinished] = {}
    of_turn: dict[str, list[str]] = {}
    for event in _events_of(store):
        if event.name == "begin" and event.call:
            began = (event.call, event.fields, event.notebook, event.file, event.at)
            calls[event.call] = Unfinished(*began)
            of_turn.setdefault(_text(event.fields.get("turn")), []).append(event.call)
        elif event.name == "turn":
            _forget_turn(event, calls, of_turn)
        elif event.call in calls:
            calls[event.call].add(event)
            if event.name in ("end", "error") and not ended:
                del calls[event.call]
    return [*calls.values()]


def marks(store: Store, notebook: Path | None = None) -> list[Event]:
    """Return what users did with turns (the ``note`` events), in order.

    Args:
        store: Where to look.
        notebook: Whose; None returns those of all notebooks.
    """
    name = None if notebook is None else store.name_of(notebook)
    events = _events_of(store)
    return [event for event in events if event.name == "note" and name in (None, event.notebook)]


def _events_of(store: Store) -> Journals:
    return Journals(*(folder / "journal" for folder in store.folders))


def _forget_turn(event: Event, calls: dict[str, Unfinished], of_turn: dict[str, list[str]]) -> None:
    record = event.fields.get("record")
    turn_id = _text(record.get("id")) if isinstance(record, dict) else ""
    for call in of_turn.pop(turn_id, []) if turn_id else []:
        calls.pop(call, None)


def _decoded(line: bytes) -> Json | None:
    """Return an event, or None for a line that is none."""
    try:
        fields = msgspec.json.decode(line)
    except (ValueError, RecursionError):
        return None
    return fields if isinstance(fields, dict) and isinstance(fields.get("event"), str) else None


def _pieces(pieces: Any) -> Iterator[tuple[tuple[int, str], str]]:
    for piece in pieces if isinstance(pieces, list) else []:
        match piece:
            case {"choice": int(choice), "field": str(field), "text": str(text)}:
                yield (choice, field), text


def _file_time(name: str) -> datetime | None:
    try:
        return datetime.fromtimestamp(ulid_milliseconds(name) / 1000, UTC)
    except (ValueError, OverflowError, OSError):  # no ULID, or a year that no calendar has
        return None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
