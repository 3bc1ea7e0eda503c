"""The turns that a running kernel knows of, and which of them stand above a cell.

Turns are kept by the cell that asked. A cell that runs again replaces its turns; those that it had
stay as versions. Where the order of the document is known, it says what stands above; else the
order in which the cells first ran.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cached_property

import msgspec

from deepshi_jupyter.core.canonical import text_sha256
from deepshi_jupyter.core.conversation import Turn
from deepshi_jupyter.core.place import Place
from deepshi_jupyter.core.turn_record import OrderSource

_NBFORMAT_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
SAVED_AFTER = 2.0
"""Seconds after the end of a turn from which a saved file must show its answer."""


class DocumentOrder(msgspec.Struct, frozen=True, dict=True):
    """The cells of a document from the top, as somebody saw them.

    Attributes:
        source: Who says so.
        cells: Their ids.
        sources: Their sources, in the same order; empty where they are not known.
        answered: The ids of cells that show an answer; None where that is not known.
        at: When it was seen, in seconds since 1970; for a file, when it was saved.
        sha256s: The hashes of their sources, where a front end tells these and not the sources.
    """

    source: OrderSource
    cells: tuple[str, ...]
    sources: tuple[str, ...] = ()
    answered: frozenset[str] | None = None
    at: float = 0.0
    sha256s: tuple[str, ...] = ()

    @cached_property
    def places(self) -> dict[str, int]:
        """Where each cell stands, from 0."""
        return {cell: place for place, cell in enumerate(self.cells)}

    @cached_property
    def hashes(self) -> dict[str, str]:
        """The hash of each cell's source, where it is known."""
        told = self.sha256s or map(text_sha256, self.sources)
        return dict(zip(self.cells, told, strict=False))

    @cached_property
    def texts(self) -> dict[str, str]:
        """The source of each cell, where it is known."""
        return dict(zip(self.cells, self.sources, strict=False))

    def completed_by(self, saved: DocumentOrder) -> DocumentOrder:
        """Return what a front end told together with what the saved file adds.

        The file adds the texts that still are as they were saved, and which cells show no answer;
        what is not in it yet may show one.

        Args:
            saved: What the file says.
        """
        same = {c: saved.texts.get(c, "") for c in self.cells if self._is_as_in(saved, c)}
        new = frozenset(self.cells).difference(saved.cells)
        return msgspec.structs.replace(
            self,
            sources=self.sources or tuple(same.get(cell, "") for cell in self.cells),
            sha256s=tuple(self.hashes.get(cell, "") for cell in self.cells),
            answered=None if saved.answered is None else saved.answered | new,
            at=saved.at,
        )

    def _is_as_in(self, saved: DocumentOrder, cell: str) -> bool:
        return cell in self.hashes and self.hashes[cell] == saved.hashes.get(cell)

    def cell_of(self, place: Place) -> str:
        """Return the id of the cell that asks, or an empty text where it cannot be told.

        Front ends that send no id of nbformat's are known by the source, if only one cell has it.
        """
        if place.cell in self.places:
            return place.cell
        if place.cell and _NBFORMAT_ID.fullmatch(place.cell):
            return ""
        wanted = text_sha256(place.source)
        same = [cell for cell, sha256 in self.hashes.items() if sha256 == wanted]
        return same[0] if len(same) == 1 else ""

    def source_of(self, turn: Turn) -> str:
        """Return the source of a turn's cell if it is later than the turn, else an empty text.

        A file that was saved before the turn ended holds what the cell asked before.
        """
        if turn.source and self.source == "disk" and self.at <= turn.ended:
            return ""
        return self.texts.get(turn.cell, "")

    def is_rewritten(self, turn: Turn) -> bool:
        """True if a front end tells that a turn's cell has another text, which nobody knows yet."""
        if self.source != "frontend" or not turn.source or self.texts.get(turn.cell):
            return False
        return self.hashes.get(turn.cell, "") not in ("", text_sha256(turn.source))

    def shows(self, turn: Turn) -> bool:
        """False if the document no longer has a turn's cell, or was saved without its answer."""
        if not turn.cell or not _NBFORMAT_ID.fullmatch(turn.cell):
            return True
        there = turn.cell in self.places
        # The file's clock may be another one, and a file that was not saved since knows nothing.
        if self.at <= max(turn.ended + SAVED_AFTER, turn.file_at):
            return there or self.source == "disk"
        return there and (self.answered is None or turn.cell in self.answered)


class _Slot:
    """The turns of one cell."""

    def __init__(self) -> None:
        self.turns: list[Turn] = []
        self.versions: list[Turn] = []


class Timeline:
    """The turns by cell, in the order in which the cells first ran."""

    def __init__(self) -> None:
        self._slots: dict[str, _Slot] = {}

    def __iter__(self) -> Iterator[Turn]:
        for slot in self._slots.values():
            yield from slot.turns

    def __len__(self) -> int:
        return sum(len(slot.turns) for slot in self._slots.values())

    def begin(self, place: Place) -> None:
        """Note that a cell asks: what it answered in an earlier execution becomes a version."""
        slot = self._slots.get(place.key)
        if slot is not None:
            earlier = [turn for turn in slot.turns if turn.execution != place.execution]
            slot.versions += earlier
            slot.turns = [turn for turn in slot.turns if turn not in earlier]

    def add(self, turn: Turn, key: str) -> None:
        """Take in a turn.

        Args:
            turn: The turn.
            key: The `Place.key` of what asked it.
        """
        self._slots.setdefault(key, _Slot()).turns.append(turn)

    def versions(self, turn: Turn) -> tuple[Turn, ...]:
        """Return all versions of a turn, oldest first, itself as the last."""
        slot = self._slots[self.key_of(turn)]
        same = [t for t in slot.versions if t.record.place == turn.record.place]
        return (*same, turn)

    def pick(self, turn: Turn, version: Turn) -> None:
        """Let a version of a turn count in its place."""
        slot = self._slots[self.key_of(turn)]
        slot.turns[slot.turns.index(turn)] = version
        others = (t for t in slot.versions if t.record.id != version.record.id)
        slot.versions = [*others, turn]

    def lay(self, key: str, turns: Iterable[Turn]) -> None:
        """Let these turns, and no others, stand where a cell asks; the others become versions.

        Args:
            key: The `Place.key` of the cell.
            turns: Turns that it asked, or versions of them, in the order in which they count.
        """
        slot = self._slots.setdefault(key, _Slot())
        laid = list(turns)
        ids = {turn.record.id for turn in laid}
        known = {turn.record.id: turn for turn in (*slot.versions, *slot.turns)}
        slot.versions = [turn for turn in known.values() if turn.record.id not in ids]
        slot.turns = laid

    def above(self, place: Place, order: DocumentOrder | None) -> tuple[list[Turn], OrderSource]:
        """Return the visible turns above a place, and who gave the order.

        Args:
            place: Where the question is asked.
            order: The document as far as it is known.
        """
        if place.end:
            others = [key for key in self._slots if key != place.key]
            return self._in_order(others, order, place), order.source if order else "execution"
        cell = order.cell_of(place) if order else ""
        own = self._asked_before(place)
        if order is None or not cell:
            turns = self._turns(self._keys_before(place.key), order, place)
            # Without any cell id, what a file held need not be what stands above.
            return [*(t for t in turns if t.execution or place.cell), *own], "execution"
        ranks = self._ranks(order)
        mine = (order.places[cell], 0)
        before = sorted((k for k in self._slots if ranks[k] < mine), key=ranks.__getitem__)
        return [*self._turns(before, order, place), *own], order.source

    def visible(
        self, order: DocumentOrder | None, deleted: frozenset[str] = frozenset()
    ) -> list[Turn]:
        """Return all visible turns in the order of the document.

        Args:
            order: The document as far as it is known.
            deleted: The ids of cells that the front end says are gone.
        """
        return self._in_order(list(self._slots), order, Place(deleted=deleted))

    def _in_order(self, keys: list[str], order: DocumentOrder | None, place: Place) -> list[Turn]:
        if order is not None:
            keys.sort(key=self._ranks(order).__getitem__)
        return self._turns(keys, order, place)

    def _asked_before(self, place: Place) -> list[Turn]:
        """Return what the same execution of a cell has asked; its earlier answer is replaced."""
        slot = self._slots.get(place.key)
        return [turn for turn in slot.turns if turn.execution == place.execution] if slot else []

    def _keys_before(self, key: str) -> list[str]:
        """Return the cells that ran first before one."""
        keys = list(self._slots)
        return keys[: keys.index(key)] if key in self._slots else keys

    def _ranks(self, order: DocumentOrder) -> dict[str, tuple[int, int]]:
        """Return where each cell stands; one that is not in the document yet, after its forerunner.

        The forerunner is the cell that ran first before it.
        """
        index = order.places
        ranks: dict[str, tuple[int, int]] = {}
        last = (-1, 0)
        for key in self._slots:
            last = (index[key], 0) if key in index else (last[0], last[1] + 1)
            ranks[key] = last
        return ranks

    def _turns(self, keys: list[str], order: DocumentOrder | None, place: Place) -> list[Turn]:
        there = [key for key in keys if key in self._slots and key not in place.deleted]
        turns = [turn for key in there for turn in self._slots[key].turns]
        if order is None:
            return turns
        return [turn for turn in turns if turn.cell == place.cell or order.shows(turn)]

    def key_of(self, turn: Turn) -> str:
        """Return what a turn is kept under."""
        return next(key for key, slot in self._slots.items() if turn in slot.turns)
