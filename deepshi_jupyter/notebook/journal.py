r"""What is written down while calls run, so that a killed kernel loses no paid word.

One file a process, one JSON object a line, only ever appended to; ``docs/journal.md`` describes
the events. The request is on the disk before it goes out. Text follows while it comes: the first
piece at once, then after each second or 4 kB.

Two things about that text. A key that a model repeats may come in two pieces, neither of which
`redact` would know; so the word that is being written is held back (at most `LONGEST_SECRET`
characters), and text is never cut in the middle of a secret. And nothing here runs by itself: in
a silence, the caller wakes up after `Journal.due` seconds and calls `Journal.progress` with no
pieces. What a killed process loses is the text of the last second, and the word it broke off in.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ParamSpec

import msgspec

from deepshi_jupyter.core.text import mend
from deepshi_jupyter.core.ulid import ulid
from deepshi_jupyter.notebook.store import Store, prepare, read_object, sync_folder, write_object

VERSION = 1
"""The version of the events; it rises when one that is described changes its meaning."""

LONGEST_PAUSE = 1.0
"""Seconds that text waits to be written."""

LARGEST_BUFFER = 4096
"""Bytes of text that are written without waiting."""

LONGEST_SECRET = 256
"""Characters of an unfinished word that are held back, as it may become a secret."""

_WORD = "".join(map(chr, range(0x21, 0x7F)))  # what a key may be made of: visible ASCII
_NO_SYNC = {errno.EINVAL, errno.ENOSYS, errno.ENOTSUP}  # a file system that knows no fsync
_NO_SPACE = {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}

Json = dict[str, Any]
Redact = Callable[[Any], Any]
_P = ParamSpec("_P")


class Journal:
    """The journal of one process; made without writing anything.

    No method raises. Where the file cannot be written, the journal is off from then on and
    `trouble` says so. After a fork the child writes a file of its own.

    Args:
        store: Where it lies.
        environment: The versions of Python and packages, for the first event.
        clock: Seconds since 1970.
        redact: JSON → the same JSON without secrets; a text stays a text.

    Attributes:
        store: The store that is used. It changes when the first event is written if the folder
            turns out not to be writable; then its `note` is new.
        trouble: What cannot be journaled and what to do, for the caller to show; else empty.
        name: The ULID that names the file; empty before the first event.
    """

    def __init__(
        self,
        store: Store,
        *,
        environment: Mapping[str, Any],
        clock: Callable[[], float],
        redact: Redact,
    ) -> None:
        self.store = store
        self.trouble = ""
        self._environment = dict(environment)
        self._clock = clock
        self._redact = redact
        self._off = store.off
        self._start_anew()

    @property
    def active(self) -> bool:
        """False when it is switched off, or could not be written."""
        return not self._off

    @property
    def path(self) -> Path | None:
        """The file, or None before the first event."""
        return self.store.journal_folder / f"{self.name}.jsonl" if self.name else None

    def begin(self, call: str, event: Json) -> None:
        """Write down a request; it is on the disk when this returns.

        Args:
            call: The call's ULID.
            event: What is asked, in which turn (``turn`` is the id of its record).
        """
        self._safely(self._append, {**event, "event": "begin", "call": call}, sync=True)

    def progress(self, call: str, pieces: Iterable[Mapping[str, Any]] = ()) -> None:
        """Take text that came, and write what is due, of all calls.

        Args:
            call: The call's ULID.
            pieces: ``{"choice": number, "field": "text" or "reasoning", "text": …}`` in order;
                none to write what waits, after `due` seconds of silence.
        """
        self._safely(self._take, call, pieces)

    def due(self) -> float | None:
        """Return the seconds after which `progress` is to be called; None if nothing waits."""
        now = self._clock()
        waits = [waiting.due(now) for waiting in [*self._waiting.values()]]
        return min((wait for wait in waits if wait is not None), default=None)

    def end(self, call: str, event: Json) -> None:
        """Write down that a call ended, after the last of its text.

        Args:
            call: The call's ULID.
            event: How it ended, such as its usage.
        """
        self._safely(self._finish, call, {**event, "event": "end", "call": call})

    def error(self, call: str, event: Json) -> None:
        """Write down that a call failed, after the last of its text.

        Args:
            call: The call's ULID.
            event: Why.
        """
        self._safely(self._finish, call, {**event, "event": "error", "call": call})

    def turn(self, record: Json) -> None:
        """Write down the record of a turn; it is on the disk when this returns.

        Args:
            record: The whole turn record, as a JSON object.
        """
        self._safely(self._append, {"event": "turn", "record": record}, sync=True)

    def note(self, kind: str, event: Json) -> None:
        """Write down what the user did with turns.

        Args:
            kind: What was done, such as ``skip``, ``pin``, ``pick``, ``import``, ``restore``.
            event: To which turns, and how.
        """
        self._safely(self._append, {**event, "event": "note", "kind": kind})

    def object(self, data: bytes) -> str:
        """Keep an attachment; it is on the disk when this returns, if it can be.

        Args:
            data: Its bytes. They are kept as they are: `redact` sees JSON only.

        Returns:
            Its SHA-256, in hexadecimal, also when it could not be kept.
        """
        self._safely(self._keep, data)
        return hashlib.sha256(data).hexdigest()

    def read_object(self, sha256: str) -> bytes | None:
        """Return the attachment of that SHA-256, or None if it is not there as it was."""
        return read_object(self.store, sha256)

    def close(self) -> None:
        """Write what waits and close the file."""
        for call in [*self._waiting]:
            self._safely(self._finish, call)
        self._safely(self._close_file)

    def _start_anew(self) -> None:
        """Begin without a file: at first, and in the child of a fork.

        What waits is the parent's to write, and its lock may be held by a thread that is not here.
        """
        self.name = ""
        self._process = os.getpid()
        self._lock = threading.RLock()
        self._file: _AppendedFile | None = None
        self._waiting: dict[str, _Waiting] = {}

    def _safely(self, act: Callable[_P, None], *args: _P.args, **kwargs: _P.kwargs) -> None:
        """Do it, one thread at a time; a call never fails because of its journal."""
        if self._process != os.getpid():
            self._close_file()
            self._start_anew()
        with self._lock:
            if self._off:
                return
            try:
                act(*args, **kwargs)
            except OSError as error:
                self._give_up(error)
            except Exception as error:
                self.trouble = (
                    f"An event could not be journaled ({type(error).__name__}); the answer is "
                    "shown and kept in the notebook. Save the notebook, and report this."
                )

    def _take(self, call: str, pieces: Iterable[Mapping[str, Any]]) -> None:
        now = self._clock()
        self._waiting.setdefault(call, _Waiting()).add(pieces)
        for other, waiting in self._waiting.items():
            if waiting.due(now) == 0:
                self._append(*_progress(other, waiting.take(now, self._redact)))

    def _finish(self, call: str, *event: Json) -> None:
        waiting = self._waiting.pop(call, _Waiting())
        self._append(*_progress(call, waiting.take_all()))  # apart: it is kept if the other fails
        self._append(*event)

    def _keep(self, data: bytes) -> None:
        self._file_now()  # so that the store is the one that can be written
        write_object(self.store, data)

    def _append(self, *events: Json, sync: bool = False) -> None:
        if not events:
            return
        lines = b"".join(map(self._line, events))
        file = self._file_now()
        file.write(lines)
        if sync:
            file.sync()

    def _line(self, event: Json) -> bytes:
        at = datetime.fromtimestamp(self._clock(), UTC).isoformat(timespec="milliseconds")
        return _encoded(self._redact({**event, "at": at})) + b"\n"

    def _file_now(self) -> _AppendedFile:
        """Return the file, opened if there is none, or if the user deleted it."""
        if self._file is None or self._file.is_deleted():
            self._close_file()
            self.store = prepare(self.store)
            self.name = ulid(max(0, int(self._clock() * 1000)), os.urandom(10))
            self._file = _AppendedFile(self.store.journal_folder / f"{self.name}.jsonl")
            self._file.write(self._line(self._start()))
        return self._file

    def _start(self) -> Json:
        return {
            "event": "start",
            "v": VERSION,
            "notebook": self.store.name_of(self.store.notebook),
            "environment": self._environment,
        }

    def _close_file(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _give_up(self, error: OSError) -> None:
        self._off = True
        self._close_file()
        self._waiting.clear()
        self.trouble = (
            f"The journal in {self.store.folder} cannot be written "
            f"({error.strerror or error}), so answers are not journaled from here on; they are "
            f"still shown and kept in the notebook. {_remedy(error)}"
        )


class _Waiting:
    """The text of one call that is not written yet."""

    def __init__(self) -> None:
        self._texts: dict[tuple[int, str], str] = {}
        self._size = 0
        self._is_news = False
        self._written: float | None = None

    def add(self, pieces: Iterable[Mapping[str, Any]]) -> None:
        """Take pieces in the order in which they came."""
        for piece in pieces:
            where, text = (piece["choice"], piece["field"]), piece["text"]
            self._texts[where] = self._texts.get(where, "") + text
            self._size += _bytes_in(text)
            self._is_news = True

    def due(self, now: float) -> float | None:
        """Return the seconds until it is to be written; None if nothing came since the last time.

        A clock that was set back makes it due.
        """
        if not self._is_news:
            return None
        if self._written is None or self._size >= LARGEST_BUFFER or now < self._written:
            return 0.0
        return max(0.0, self._written + LONGEST_PAUSE - now)

    def take(self, now: float, redact: Redact) -> list[Json]:
        """Return the pieces to write now, without what may be the beginning of a secret."""
        cuts = {where: _safe_cut(text, redact) for where, text in self._texts.items()}
        pieces = [_piece(where, text[: cuts[where]]) for where, text in self._texts.items()]
        self._texts = {where: text[cuts[where] :] for where, text in self._texts.items()}
        self._size = sum(map(_bytes_in, self._texts.values()))
        self._is_news = False
        pieces = [piece for piece in pieces if piece["text"]]
        if pieces:
            self._written = now
        return pieces

    def take_all(self) -> list[Json]:
        """Return all pieces, as the call has ended."""
        texts, self._texts = self._texts, {}
        self._is_news = False
        return [_piece(where, text) for where, text in texts.items() if text]


class _AppendedFile:
    """A file that lines are appended to, made new."""

    def __init__(self, path: Path) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | getattr(os, "O_BINARY", 0)
        self._descriptor = os.open(path, flags, 0o666)
        self._links = os.fstat(self._descriptor).st_nlink
        self._torn = False
        sync_folder(path.parent)

    def is_deleted(self) -> bool:
        """Whether no folder lists it any more, so that what is written would be lost."""
        return self._links > 0 and os.fstat(self._descriptor).st_nlink == 0

    def write(self, lines: bytes) -> None:
        """Append whole lines; where an interrupt left half a line, they start on a fresh one."""
        rest = memoryview(b"\n" + lines if self._torn else lines)
        self._torn = True
        while rest:
            rest = rest[os.write(self._descriptor, rest) :]
        self._torn = False

    def sync(self) -> None:
        """Bring what was written to the disk, where the file system can."""
        try:
            os.fsync(self._descriptor)
        except OSError as error:
            if error.errno not in _NO_SYNC:
                raise

    def close(self) -> None:
        """Close it; a network file system may complain only now, of what is lost by then."""
        with suppress(OSError):
            os.close(self._descriptor)


def _bytes_in(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))


def _piece(where: tuple[int, str], text: str) -> Json:
    choice, field = where
    return {"choice": choice, "field": field, "text": text}


def _progress(call: str, pieces: list[Json]) -> list[Json]:
    return [{"event": "progress", "call": call, "pieces": pieces}] if pieces else []


def _safe_cut(text: str, redact: Redact) -> int:
    """Return how much of a text can be written so that no secret is cut in two.

    A secret that begins before the cut has ended by the end of the text, as at most
    `LONGEST_SECRET` characters of an unfinished word follow the cut; so it shows as a whole.
    """
    end = text[-LONGEST_SECRET:]
    cut = len(text) - len(end) + len(end.rstrip(_WORD))
    whole = redact(text)
    return cut if whole == text or redact(text[:cut]) + redact(text[cut:]) == whole else 0


def _encoded(event: Any) -> bytes:
    """Return an event as JSON with sorted keys; what has no place in UTF-8 is replaced."""
    try:
        return msgspec.json.encode(event, order="sorted")
    except UnicodeEncodeError:  # a lone surrogate, such as a file name can hold
        form: Any = {"ensure_ascii": False, "allow_nan": False, "separators": (",", ":")}
        text = json.dumps(event, sort_keys=True, **form)
        return mend(text).encode()


def _remedy(error: OSError) -> str:
    if error.errno in _NO_SPACE:
        return "Free some space and restart the kernel, or set DEEPSHI_STORE to another disk."
    if error.errno == getattr(errno, "ESTALE", None):
        return "The file server lost the file: restart the kernel to begin a new one."
    return "Set DEEPSHI_STORE to a folder that can be written and restart the kernel."
