"""What a kernel knows of its notebook: turns, their order, the journal, recorded answers."""

from __future__ import annotations

import os
import sys
import time
import warnings
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from deepshi_jupyter.core.conversation import Above, Marks, Turn
from deepshi_jupyter.core.mark import Mark, marks_of
from deepshi_jupyter.core.place import Place
from deepshi_jupyter.core.recordings import Recordings
from deepshi_jupyter.core.redaction import Redactor
from deepshi_jupyter.core.timeline import DocumentOrder, Timeline
from deepshi_jupyter.core.turn_record import OrderSource, TurnRecord, read_record
from deepshi_jupyter.core.ulid import ulid
from deepshi_jupyter.errors import DeepshiWarning, RecordError
from deepshi_jupyter.notebook.document import Document, notebook_path
from deepshi_jupyter.notebook.recording_file import read_recording
from deepshi_jupyter.version import __version__

if TYPE_CHECKING:
    from deepshi_jupyter.notebook.journal import Journal
    from deepshi_jupyter.notebook.restored import Restored
    from deepshi_jupyter.notebook.store import Store

NOTEBOOK_VARIABLE = "DEEPSHI_NOTEBOOK"
"""The notebook whose records may answer again, where Jupyter Server does not tell which runs."""


class Seen(msgspec.Struct, frozen=True):
    """What stands above a question.

    Attributes:
        turns: The visible turns, in order.
        order: Who said so.
    """

    turns: tuple[Turn, ...]
    order: OrderSource


class NotebookState:
    """The turns of one notebook, as its kernel knows them.

    Args:
        environ: The environment variables.
        store_setting: Returns where the journal is to lie, or an empty text.
        redactor: Returns what takes secrets out of what is written.

    Attributes:
        path: The notebook file, or None for a console.
        timeline: The turns by cell.
        marks: What the user said of turns, oldest first.
        note: Where the turns of an earlier kernel came from, in words; empty before `restore`.
        await_order: Waits for what a front end is about to tell of the order; called before a
            question is opened, and never with a lock held.
    """

    def __init__(
        self,
        environ: Mapping[str, str] = os.environ,
        store_setting: Callable[[], str] = str,
        redactor: Callable[[], Redactor] = Redactor,
    ) -> None:
        self.path = notebook_path(environ)
        self.timeline = Timeline()
        self.marks: list[Mark] = []
        self.note = ""
        self.await_order: Callable[[Place], None] = lambda _: None
        self._environ = environ
        self._store_setting = store_setting
        self._redactor = redactor
        self._document = Document(self.path)
        self._told: DocumentOrder | None = None
        self._both: tuple[DocumentOrder | None, ...] = (None, None, None)
        self._names: dict[str, str] = {}
        self._deleted: dict[str, float] = {}
        self._journal: Journal | None = None
        self._recordings: Recordings | None = None
        self._recording_files: set[str] = set()
        self._said: set[str] = set()

    def tell_order(self, order: DocumentOrder | None) -> None:
        """Take the order of cells from a front end, which knows it best; None takes it back."""
        self._told = order

    def order(self) -> DocumentOrder | None:
        """Return the order of cells as far as it is known."""
        told, saved = self._told, self._document.order()
        if told is None or saved is None:
            return told or saved
        was_told, was_saved, both = self._both
        if told is not was_told or saved is not was_saved:
            both = told.completed_by(saved)
            self._both = told, saved, both  # in one step: front ends are answered in other threads
        return both

    def begins(self, place: Place) -> Place:
        """Note that a cell runs: what it answered before is no longer on the page.

        Args:
            place: The cell as the front end tells it.

        Returns:
            The place as `located` gives it.
        """
        self.restore()
        place = self.located(place)
        self.timeline.begin(place)
        return place

    def located(self, place: Place) -> Place:
        """Return a place under the id that its cell has in the document, if that can be told."""
        order = self.order()
        cell = order.cell_of(place) if order else ""
        if place.cell and not cell:  # a name of the front end's own, told by the source once
            cell = self._names.get(place.cell, "")
        if cell and place.cell:
            self._names[place.cell] = cell
        found = msgspec.structs.replace(place, cell=cell or place.cell)
        return msgspec.structs.replace(found, deleted=self._deleted_cells(found))

    def _deleted_cells(self, place: Place) -> frozenset[str]:
        """Return the cells that are gone; a front end tells each deletion only once.

        One that runs, or that a file has which was saved since, was brought back.
        """
        order = self.order()
        saved_at = order.at if order else 0.0
        self._deleted = {**dict.fromkeys(place.deleted, saved_at), **self._deleted}
        self._deleted.pop(place.cell, None)
        if order is not None:
            told = order.source == "frontend"
            since = {cell for cell, at in self._deleted.items() if told or order.at > at}
            for cell in since.intersection(order.cells):
                del self._deleted[cell]
        return frozenset(self._deleted)

    def seen(self, place: Place) -> Seen:
        """Return the visible turns above a place.

        Args:
            place: A place as `located` gives it.
        """
        self.restore()
        turns, order = self.timeline.above(place, self.order())
        return Seen(tuple(turns), order)

    def above(self, seen: Seen, ignored: frozenset[str] = frozenset()) -> Above:
        """Return the turns above a place, ready to give the context of any chat."""
        above = Above(self.standing, ignored)
        for turn in seen.turns:
            above.add(turn)
        return above

    @property
    def standing(self) -> Marks:
        """Which turns are skipped and pinned."""
        return marks_of(self.marks)

    def keep(self, turn: Turn, place: Place) -> None:
        """Take in a turn that has ended, and what it recorded."""
        order = self._document.order()
        turn = msgspec.structs.replace(turn, file_at=order.at if order else 0.0)
        self.timeline.add(turn, place.key)
        if self._recordings is not None:
            self._recordings.add(turn.record, "this kernel", first=True)

    def versions(self, turn: Turn) -> list[TurnRecord]:
        """Return all answers that a cell has had, oldest first, also those of earlier kernels."""
        from deepshi_jupyter.notebook.restored import journaled_records

        known = {t.record.id: t.record for t in self.timeline.versions(turn)}
        for record in journaled_records(self.store, self._known_path()):
            if turn.cell and (record.cell, record.place) == (turn.cell, turn.record.place):
                known.setdefault(record.id, record)
        return sorted(known.values(), key=lambda record: (record.call.started, record.id))

    def pick(self, turn: Turn, record: TurnRecord) -> None:
        """Let another version of a turn count in its place."""
        same = [t for t in self.timeline.versions(turn) if t.record.id == record.id]
        version = same[0] if same else Turn(record=record, ended=turn.ended)
        self.timeline.pick(turn, msgspec.structs.replace(version, **_place_of(turn)))

    def visible(self) -> list[Turn]:
        """Return all visible turns in the order of the document."""
        self.restore()
        return self.timeline.visible(self.order(), frozenset(self._deleted))

    def journaled(self) -> list[TurnRecord]:
        """Return all turns of the journal, oldest first, those of this notebook last."""
        from deepshi_jupyter.notebook.restored import journaled_around

        return journaled_around(self.store, self._known_path())

    def keep_below(self, turn: Turn, cell: str) -> None:
        """Take in a turn that a cell had before its output was cleared."""
        self.timeline.add(turn, cell)

    def restore(self) -> str:
        """Bring back the turns of an earlier kernel, once, and say in words what was found."""
        if not self.note:
            self.note = self._restored_note()
        return self.note

    def has_something_to_restore(self) -> bool:
        """True if the notebook file holds turns."""
        return not self.note and self._document.holds_turns()

    def forget(self) -> None:
        """Forget all turns and marks; the notebook and the journal keep them."""
        self.timeline = Timeline()
        self.marks = []
        self.note = "forgotten with %deepshi reset"

    @property
    def store(self) -> Store:
        """Where the journal lies."""
        from deepshi_jupyter.notebook.store import find_store

        return find_store(self._known_path(), self._environ, setting=self._store_setting())

    @property
    def journal(self) -> Journal:
        """The journal of this process; nothing is written before its first event."""
        if self._journal is None:
            from deepshi_jupyter.notebook.journal import Journal

            self._journal = Journal(
                self.store,
                environment=versions(),
                clock=time.time,
                redact=lambda value: self._redactor().event(value),
            )
        return self._journal

    def warn_of_journal(self) -> None:
        """Say once where the journal is if not as expected, and what keeps it from being."""
        if self._journal is None:
            return
        for sentence in (self._journal.store.note, self._journal.trouble):
            if sentence and sentence not in self._said:
                self._said.add(sentence)
                warnings.warn(sentence, DeepshiWarning, stacklevel=2)

    def recordings(self, files: Iterable[str] = ()) -> Recordings:
        """Return all recorded answers: of the notebook, of recording files, of the journal.

        Args:
            files: Recording files.

        Raises:
            RecordError: A recording file cannot be read.
        """
        if self._recordings is None:
            self._recordings = Recordings()
            for record in self._records_of_notebook():
                self._recordings.add(record, "the notebook")
            self._add_files(files)
            for record in reversed(self.journaled()):
                self._recordings.add(record, "the journal")
        self._add_files(files)
        return self._recordings

    def new_id(self) -> str:
        """Return a new ULID."""
        return ulid(time.time_ns() // 1_000_000, os.urandom(10))

    def close(self) -> None:
        """Write what the journal still holds back."""
        if self._journal is not None:
            self._journal.close()

    def _add_files(self, files: Iterable[str]) -> None:
        for file in files:
            if file and file not in self._recording_files and self._recordings is not None:
                for record in read_recording(Path(file)):
                    self._recordings.add(record, file, first=True)
                self._recording_files.add(file)

    def _known_path(self) -> Path | None:
        given = self._environ.get(NOTEBOOK_VARIABLE, "")
        return self.path or (Path(given) if given else None)

    def _records_of_notebook(self) -> list[TurnRecord]:
        """Return the records in the notebook's file as it was when they are first wanted."""
        from deepshi_jupyter.notebook.notebook_file import cell_views, read_notebook

        path = self._known_path()
        if path is None or not path.exists():
            return []
        views, _ = cell_views(read_notebook(path))
        marked = [mark.record for view in views for mark in view.marks if mark.record]
        return [r for view in views for r in view.records] + [read_record(r) for r in marked]

    def _restored_note(self) -> str:
        if self.path is None:
            return "nothing restored: no notebook file belongs to this kernel"
        from deepshi_jupyter.notebook.restored import restore

        try:
            found = restore(self.path, self.store)
        except RecordError as error:
            return f"nothing restored: {error.what}"
        for number, turn in enumerate(found.turns):
            self.timeline.add(turn, turn.cell or f"restored[{number}]")
        self.marks = [*found.marks]
        return _found_in_words(found, self.path.name)


def _place_of(turn: Turn) -> dict[str, Any]:
    names = ("cell", "execution", "number", "shown_as", "source")
    return {name: getattr(turn, name) for name in names}


def versions() -> dict[str, str]:
    """Return the versions of what took part: this package, Python, IPython, httpx."""
    found = {"deepshi_jupyter": __version__, "python": ".".join(map(str, sys.version_info[:3]))}
    for name, module in (("ipython", "IPython"), ("httpx", "httpx")):
        if module in sys.modules:
            found[name] = str(getattr(sys.modules[module], "__version__", "unknown"))
    return found


def _found_in_words(found: Restored, name: str) -> str:
    troubles = f"; {len(found.troubles)} records cannot be read" if found.troubles else ""
    if found.cleared:
        brings = "`%deepshi restore` brings back what its journal holds"
        return f"nothing restored: {name} shows no answer; {brings}{troubles}"
    if not found.turns:
        return f"nothing restored: neither {name} nor its journal holds a turn{troubles}"
    count = len(found.turns)
    journal = f", {found.from_journal} of them from the journal" if found.from_journal else ""
    return f"{count} turn{'' if count == 1 else 's'} restored from {name}{journal}{troubles}"
