"""A notebook → for each of its records, what speaks against it and what cannot be vouched for.

Every hash is computed again from the file. That shows that a record was changed after it was
written, unless whoever changed it computed all hashes again: it is evidence, not proof.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal

import msgspec

from deepshi_jupyter.core.canonical import sha256
from deepshi_jupyter.core.chain import chain
from deepshi_jupyter.core.conversation import chain_of
from deepshi_jupyter.core.mark import MIME_TYPE as MARK
from deepshi_jupyter.core.mark import read_marks
from deepshi_jupyter.core.printable import printable
from deepshi_jupyter.core.request_key import key_of_chain
from deepshi_jupyter.core.staleness import CellStatus, CellView, as_shown, statuses
from deepshi_jupyter.core.turn_record import MIME_TYPE as RECORD
from deepshi_jupyter.core.turn_record import (
    VERSION,
    TurnRecord,
    read_record,
    record_sha256,
    text_of,
)
from deepshi_jupyter.errors import InputError, RecordError
from deepshi_jupyter.notebook.notebook_file import bundles, cell_views, records_in

Json = dict[str, Any]
Level = Literal["wrong", "unvouched"]
Judgement = Literal["vouched", "unvouched", "wrong"]
Formatted = Callable[[TurnRecord], list[str]]
"""Returns the pieces of text that the formatted output of a record must hold."""

_OURS = ("text/plain", "text/markdown", "application/vnd.deepshi.", "image/")
"""What the output of an answer holds; anything else could show another answer."""


class Finding(msgspec.Struct, frozen=True):
    """One thing that was found of a record.

    Attributes:
        level: ``wrong``: it contradicts itself. ``unvouched``: the file does not show that it is
            right.
        check: Which check found it, such as ``sha256`` or ``context``.
        text: What was found, in words.
    """

    level: Level
    check: str
    text: str


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one record.

    Attributes:
        index: The place of its cell in the document, from 0.
        number: The execution number of the cell, or None.
        cell: The id of the cell.
        turn: The id of the turn; empty if there is none or it cannot be read.
        chat: Its conversation.
        question: What was asked.
        findings: What was found, what is wrong first.
    """

    index: int
    number: int | None = None
    cell: str = ""
    turn: str = ""
    chat: str = ""
    question: str = ""
    findings: tuple[Finding, ...] = ()

    @property
    def judgement(self) -> Judgement:
        """The gravest of the findings."""
        return self.findings[0].level if self.findings else "vouched"


class _Kept(msgspec.Struct, frozen=True, kw_only=True):
    """One record as it stands in the file; `place` is that in its cell's view, if it is there."""

    cell: Json
    data: Json
    value: Any
    record: TurnRecord | None = None
    error: RecordError | None = None
    place: int | None = None
    is_picked: bool = False


def verify(notebook: Mapping[str, Any], formatted: Formatted | None = None) -> list[Verdict]:
    """Check every record of a notebook.

    Args:
        notebook: Its JSON.
        formatted: Tells what the markdown beside an answer must hold; None: it is not looked at.

    Returns:
        One verdict for each record, for each record or mark that cannot be read, and for each
        ``%%deepshi`` cell with an answer and no record; in the order of the document.
    """
    views, _ = cell_views(notebook)
    return _Verification(notebook, views, formatted).verdicts()


class _Verification:
    """One reading of a notebook."""

    def __init__(
        self, notebook: Mapping[str, Any], views: Sequence[CellView], formatted: Formatted | None
    ) -> None:
        self._cells = notebook["cells"]
        self._views = views
        self._formatted = formatted
        self._kept = {view.index: list(_kept_in(self._cells[view.index])) for view in views}
        self._records = [k.record for kept in self._kept.values() for k in kept if k.record]
        self._by_tip = {r.tip: r for r in self._records if _has_true_tip(r)}
        self._roots = {
            chain_of(text, ()): text for text in ("", *(r.system for r in self._records))
        }
        self._reachable = _reachable(self._roots, self._records)
        self._names = {name for view in views for name in _names_in(view)}
        self._redacted = {record.chat for record in self._records if record.redacted}
        self._hashes: dict[str, str] = {}
        self._statuses = _Statuses(statuses(views))
        unshown = [msgspec.structs.replace(view, shown=()) for view in views]
        self._as_kept = _Statuses(statuses(unshown))

    def verdicts(self) -> list[Verdict]:
        found = []
        for view in self._views:
            kept = self._kept[view.index]
            found += [self._verdict(view, entry) for entry in kept]
            if not kept and view.asking is not None and self._has_output(view):
                text = "the cell shows an answer without a record"
                found.append(_new(view, findings=(_unvouched("form", text),)))
        return found

    def _has_output(self, view: CellView) -> bool:
        return next(bundles(self._cells[view.index]), None) is not None

    def _verdict(self, view: CellView, kept: _Kept) -> Verdict:
        if kept.record is None:
            return _new(view, findings=(_unreadable(kept),))
        findings = sorted(self._findings(view, kept, kept.record), key=lambda f: f.level != "wrong")
        record = kept.record
        return _new(
            view,
            turn=record.id,
            chat=record.chat,
            question=record.question,
            findings=tuple(findings),
        )

    def _findings(self, view: CellView, kept: _Kept, record: TurnRecord) -> Iterator[Finding]:
        yield from _of_itself(kept.value, record)
        if record.tip:
            yield from self._keys(record)
            yield from self._system(record)
        yield from self._same_id(kept.value, record)
        if not kept.is_picked:
            yield from _shown(kept.data, record)
            yield from self._markdown(kept.data, record)
        yield from _images(kept.cell, record)
        yield from self._in_its_place(view, kept, record)

    def _keys(self, record: TurnRecord) -> Iterator[Finding]:
        """Compute the key of each call from the chain that the record keeps."""
        blurred = record.redacted or record.chat in self._redacted
        for number, call in enumerate(record.calls, 1):
            which = f"call {number} of {len(record.calls)}"
            if not call.request_key:
                if record.kind != "imported":
                    yield _unvouched("request-key", f"{which} keeps no request key")
                continue
            if _key_of(record, number - 1) == call.request_key:
                continue
            if blurred:
                text = f"the request key of {which}: secrets were taken out of what was sent"
                yield _unvouched("request-key", text)
            else:
                yield _wrong("request-key", f"{which} is not the request that its key stands for")

    def _system(self, record: TurnRecord) -> Iterator[Finding]:
        """Check the system prompt against the beginning of the chain, where that is known."""
        if record.redacted:
            return
        above = self._by_tip.get(record.parent)
        began_with = above.system if above else self._roots.get(record.parent, record.system)
        alone = record.start in ("new", "once") and record.fork is None
        if alone and record.parent != chain_of(record.system, ()):
            text = "it began anew, but its chain is not that of its system prompt alone"
            yield _wrong("system", text)
        elif began_with != record.system:
            yield _wrong("system", "its chain begins with another system prompt")

    def _same_id(self, value: Json, record: TurnRecord) -> Iterator[Finding]:
        """Find two live answers under one id."""
        if not record.id or record.kind != "live":
            return
        digest = _hash_or_none(value) or ""
        if self._hashes.setdefault(record.id, digest) != digest:
            yield _wrong("copy", "another record further up has the same id and says otherwise")

    def _markdown(self, data: Json, record: TurnRecord) -> Iterator[Finding]:
        markdown = data.get("text/markdown")
        if self._formatted is None or "turns" in data[RECORD] or markdown is None:
            return
        if not all(piece in _joined(markdown) for piece in self._formatted(record)):
            text = "the formatted answer is not what this version of the package makes of it"
            yield _unvouched("formatted", text)

    def _in_its_place(self, view: CellView, kept: _Kept, record: TurnRecord) -> Iterator[Finding]:
        """Say what the record's place in the document means for it."""
        status = self._statuses.at(view, kept)
        if status is None or status.turn is None or status.turn.record.id != record.id:
            if not kept.is_picked:
                yield _unvouched("place", "another version of the answer counts in its place")
        else:
            yield from _from_status(status)
        yield from self._context(self._as_kept.at(view, kept), status, record)

    def _context(
        self, as_kept: CellStatus | None, status: CellStatus | None, record: TurnRecord
    ) -> Iterator[Finding]:
        if not record.tip:
            return
        if record.fork and record.fork.turn not in self._names:
            text = f"the turn that it was forked from ({record.fork.turn}) is not in this file"
            yield _unvouched("fork", text)
        fits = any(s is not None and _has_context(s, record) for s in (as_kept, status))
        if not fits and record.parent not in self._reachable:
            yield _unvouched("context", "the context it was asked in is not in this file")


def _kept_in(cell: Json) -> Iterator[_Kept]:
    """Return the records of a cell, and what cannot be read; counted as `cell_views` does."""
    place = 0
    for data in bundles(cell):
        is_in_view = True
        for value in records_in(data):
            try:
                record = read_record(value)
            except RecordError as error:
                is_in_view = False
                yield _Kept(cell=cell, data=data, value=value, error=error)
                continue
            where = place if is_in_view else None
            place += is_in_view
            yield _Kept(cell=cell, data=data, value=value, record=record, place=where)
        if MARK in data:
            yield from _kept_in_marks(cell, data)


def _kept_in_marks(cell: Json, data: Json) -> Iterator[_Kept]:
    try:
        marks = read_marks(data[MARK])
    except RecordError as error:
        yield _Kept(cell=cell, data=data, value=data[MARK], error=error)
        return
    for mark in marks:
        if mark.record is not None:
            record = read_record(mark.record)
            yield _Kept(cell=cell, data=data, value=mark.record, record=record, is_picked=True)


def _new(view: CellView, **fields: Any) -> Verdict:
    return Verdict(index=view.index, number=view.number, cell=view.id, **fields)


def _wrong(check: str, text: str) -> Finding:
    return Finding("wrong", check, text)


def _unvouched(check: str, text: str) -> Finding:
    return Finding("unvouched", check, text)


def _unreadable(kept: _Kept) -> Finding:
    text = kept.error.what if kept.error else ""
    version = kept.value.get("v") if isinstance(kept.value, dict) else None
    if isinstance(version, int) and version > VERSION:
        return _unvouched("version", text)
    return _wrong("form", text)


def _of_itself(value: Json, record: TurnRecord) -> Iterator[Finding]:
    """Check what a record says of itself."""
    if value["v"] == 1:
        yield _unvouched("version", "records of version 1 keep no hash")
        return
    yield from _own_hash(value)
    yield from _tip(record)
    if record.redacted:
        count = f"{record.redacted} secret{'' if record.redacted == 1 else 's'}"
        yield _unvouched("redacted", f"{count} taken out of it: what was sent is not all here")
    if record.kind == "edited":
        yield _unvouched("author", "a human edited the answer")
    if record.kind == "imported":
        yield _unvouched("author", "it was imported: it was not asked from this notebook")
    if record.is_partial:
        yield _unvouched("partial", "the answer broke off")


def _own_hash(value: Json) -> Iterator[Finding]:
    kept = value.get("sha256")
    if kept is None:
        yield _wrong("sha256", "it does not keep its own hash, which every record has")
    elif kept != _hash_or_none(value):
        yield _wrong("sha256", "it was changed after it was written: its hash is another")


def _hash_or_none(value: Json) -> str | None:
    try:
        return record_sha256(value)
    except InputError:  # a number that is not JSON
        return None


def _tip(record: TurnRecord) -> Iterator[Finding]:
    if record.kind == "partial" or _has_true_tip(record):
        return
    if record.redacted:
        yield _unvouched("tip", "its chain: secrets were taken out of its messages")
    elif record.tip:
        yield _wrong("tip", "its messages and answer do not have the chain that it keeps")
    else:
        yield _wrong("tip", "it keeps no chain, which every record has")


def _has_true_tip(record: TurnRecord) -> bool:
    return bool(record.tip) and record.chained(record.parent) == record.tip


def _key_of(record: TurnRecord, place: int) -> str:
    call = record.calls[place]
    sent = [*record.messages[: call.messages], *record.repairs[: call.repairs]]
    body = {"model": record.model, **record.parameters}
    return key_of_chain(record.endpoint, chain(sent, record.parent), body, call.sample)


def _shown(data: Json, record: TurnRecord) -> Iterator[Finding]:
    """Compare what the output shows with the answer that the record keeps."""
    if "turns" in data[RECORD]:
        return
    if others := [name for name in data if not name.startswith(_OURS)]:
        text = f"the output also holds {', '.join(sorted(others))}, which may show something else"
        yield _unvouched("shown", text)
    if "text/plain" not in data:
        yield _unvouched("shown", "the output does not show the answer as text")
        return
    shown = _joined(data["text/plain"])
    if len(record.call.answers) == 1:
        differs = as_shown(record, shown) is not record
    else:
        texts = [text_of(answer["message"]) for answer in record.call.answers]
        differs = any(printable(text) not in shown for text in texts)
    if differs:
        yield _wrong("shown", "the answer that is shown is not the one that the record keeps")


def _joined(text: Any) -> str:
    return "".join(text) if isinstance(text, list) else str(text)


def _images(cell: Json, record: TurnRecord) -> Iterator[Finding]:
    """Find images that the model answered with and whose bytes the cell does not hold."""
    named = {name for answer in record.call.answers for name in _named_images(answer)}
    if named and (missing := named - set(_images_in(cell))):
        count = f"{len(missing)} image{'' if len(missing) == 1 else 's'}"
        yield _unvouched("images", f"the bytes of {count} of the answer are not in this file")


def _named_images(answer: Json) -> Iterator[str]:
    content = answer["message"].get("content")
    parts = [*(answer.get("images") or ()), *(content if isinstance(content, list) else ())]
    for part in parts:
        if isinstance(part, dict) and isinstance(part.get("sha256"), str):
            yield part["sha256"]


def _images_in(cell: Json) -> Iterator[str]:
    for data in bundles(cell):
        for name in data:
            if name.startswith("image/"):
                try:
                    yield sha256(base64.b64decode(_joined(data[name])))
                except (binascii.Error, ValueError):
                    continue


def _from_status(status: CellStatus) -> Iterator[Finding]:
    for state, reason in zip(status.states, status.reasons, strict=False):
        if state == "edited":
            yield _unvouched("source", reason)
        elif state == "params-changed":
            yield _unvouched("options", reason)
        elif state == "copied":
            yield _unvouched("copy", reason)


def _has_context(status: CellStatus, record: TurnRecord) -> bool:
    same = status.turn is not None and status.turn.record.id == record.id
    return same and "context-changed" not in status.states


class _Statuses:
    """The statuses of a document, found by where a record stands."""

    def __init__(self, found: Iterable[CellStatus]) -> None:
        self._by_cell: dict[int, list[CellStatus]] = {}
        self._by_turn: dict[str, CellStatus] = {}
        for status in found:
            self._by_cell.setdefault(status.cell.index, []).append(status)
            if status.turn is not None:
                self._by_turn.setdefault(status.turn.record.id, status)

    def at(self, view: CellView, kept: _Kept) -> CellStatus | None:
        """Return the status of a record; None if it is not the one that counts."""
        if kept.is_picked and kept.record is not None:
            return self._by_turn.get(kept.record.id)
        if kept.place is None:
            return None
        of_cell = self._by_cell.get(view.index, [])
        place = kept.place - (len(view.records) - len(of_cell))  # the last of an asking cell counts
        return of_cell[place] if 0 <= place < len(of_cell) else None


def _names_in(view: CellView) -> Iterator[str]:
    """Return what a fork can call the turns of a cell by."""
    if view.records and view.id:
        yield view.id
    yield from (record.id for record in view.records if record.id)


def _reachable(roots: Iterable[str], records: Sequence[TurnRecord]) -> set[str]:
    """Return the chains that turns of the file make, in whatever order they stand there.

    Args:
        roots: The chains that a conversation can begin with.
        records: All records of the file.
    """
    below: dict[str, list[TurnRecord]] = {}
    for record in records:
        if not record.is_partial and _has_true_tip(record):
            below.setdefault(record.parent, []).append(record)
    todo = list(roots)
    found: set[str] = set()
    while todo:
        tip = todo.pop()
        if tip not in found:
            found.add(tip)
            todo += [record.tip for record in below.get(tip, ())]
    return found
