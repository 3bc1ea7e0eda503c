"""The answers of rows on the disk: JSON Lines, one file a run, only ever appended to.

They are apart from the journal's files, so that a kernel that restores a conversation does not
read a hundred thousand rows. An answer is in the file before it counts as done: a run that was
killed is resumed from it. A line holds the key of the request and not the question, which stands in
the table and the template. What is known as a secret is taken out of the answers.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Container, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from deepshi_jupyter.sweep.row import Row

FOLDER = "rows"
VERSION = 1
_SYNC_SECONDS = 5.0

Redact = Callable[[Any], Any]


class RecordedRow(msgspec.Struct, omit_defaults=True, kw_only=True):
    """One answer as it is written; fields as of `deepshi_jupyter.sweep.row.Row`."""

    event: str = "row"
    key: str = ""
    at: str = ""
    state: str = ""
    text: str = ""
    error: str = ""
    finish_reason: str = ""
    model: str = ""
    response_id: str = ""
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cost: float | None = None
    seconds: float = 0.0
    tries: int = 0
    repairs: int = 0


class RowFile:
    """The file of one run, made when the first line is written.

    Args:
        path: Where.
        redact: JSON → the same without known secrets.
        about: What the rows have in common, for the first line.
    """

    def __init__(self, path: Path, redact: Redact, about: Mapping[str, Any]) -> None:
        self._path = path
        self._redact = redact
        self._about = dict(about)
        self._descriptor: int | None = None
        self._synced = time.monotonic()

    def write(self, row: Row) -> None:
        """Append a row.

        Raises:
            OSError: The file cannot be written.
        """
        if self._descriptor is None:
            self._open()
        recorded = {name: getattr(row, name) for name in _WRITTEN}
        for name in ("text", "error"):
            recorded[name] = self._redact(recorded[name])
        self._append(msgspec.json.encode(RecordedRow(at=_now(), **recorded)))
        if time.monotonic() - self._synced > _SYNC_SECONDS:
            self._sync()

    def close(self) -> None:
        """Bring what was written to the disk."""
        if self._descriptor is not None:
            self._sync()
            os.close(self._descriptor)
            self._descriptor = None

    def _open(self) -> None:
        self._path.parent.mkdir(exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
        self._descriptor = os.open(self._path, flags, 0o666)
        self._append(
            msgspec.json.encode({"event": "map", "v": VERSION, "at": _now(), **self._about})
        )

    def _append(self, line: bytes) -> None:
        rest = memoryview(line + b"\n")
        while rest and self._descriptor is not None:
            rest = rest[os.write(self._descriptor, rest) :]

    def _sync(self) -> None:
        self._synced = time.monotonic()
        if self._descriptor is not None:
            with suppress(OSError):  # a file system that knows no fsync
                os.fsync(self._descriptor)


_WRITTEN = tuple(name for name in RecordedRow.__struct_fields__ if name not in ("event", "at"))


def recorded_rows(folders: tuple[Path, ...], wanted: Container[str]) -> Iterator[RecordedRow]:
    """Return the good answers among what is recorded, newest file last.

    Args:
        folders: Folders of row files; one that is not there counts as empty.
        wanted: The keys of interest; others are passed over, so that memory does not grow.
    """
    paths = [path for folder in folders if folder.is_dir() for path in folder.glob("*.jsonl")]
    for path in sorted(paths, key=lambda path: path.name):
        with suppress(OSError), path.open("rb") as file:
            for line in file:
                row = _decoded(line)
                if row is not None and row.state == "ok" and row.key in wanted:
                    yield row


_DECODER = msgspec.json.Decoder(RecordedRow)


def _decoded(line: bytes) -> RecordedRow | None:
    """Return a line's row; None for one that is none, or that a crash has torn."""
    try:
        row = _DECODER.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return row if row.event == "row" else None


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
