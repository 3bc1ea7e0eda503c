"""A notebook with turns in it, made by hand: what a kernel would have left, with true hashes.

``Study()`` starts an empty notebook; ``ask`` appends a ``%%deepshi`` cell with its answer, whose
context is what stands above it. ``Study.notebook`` is the file as JSON.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from deepshi_jupyter.core.canonical import text_sha256
from deepshi_jupyter.core.cell_source import AskingCell, read_asking_cell
from deepshi_jupyter.core.chain import chain
from deepshi_jupyter.core.conversation import Above, Marks, Turn, Wanted, fitted
from deepshi_jupyter.core.mark import MIME_TYPE as MARK
from deepshi_jupyter.core.mark import Mark, What, marks_of
from deepshi_jupyter.core.printable import printable
from deepshi_jupyter.core.request_key import key_of_chain
from deepshi_jupyter.core.staleness import CellStatus, statuses, visible_turns
from deepshi_jupyter.core.turn_record import MIME_TYPE as RECORD
from deepshi_jupyter.core.turn_record import Fork, RecordedCall, TurnRecord, read_record
from deepshi_jupyter.notebook.notebook_file import cell_views, source_of, write_notebook

Json = dict[str, Any]

ENDPOINT = "https://api.example/v1"
MODEL = "deepshi-3.0"
SERVED = "deepshi-3.0-2026-10-01"
_BEGIN = datetime(2026, 11, 1, 9, tzinfo=UTC)
_CALL_FIELDS = frozenset(RecordedCall.__struct_fields__) - {"messages"}
"""Fields of a call; `messages` means those of the turn."""


class Study:
    """A notebook that is written cell by cell.

    Args:
        system: The system prompt that the user's setting gives.
        room: How many turns a context may hold, or None.
    """

    def __init__(self, system: str = "", room: int | None = None) -> None:
        self.system = system
        self.room = room
        self.notebook: Json = {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
        self._above: Above | None = Above()
        self._said: list[Mark] = []
        self._made = 0
        self._cells_made = 0

    @property
    def cells(self) -> list[Json]:
        """The cells of the notebook."""
        found: list[Json] = self.notebook["cells"]
        return found

    def ask(
        self, body: str, options: str = "", answer: str | None = "Yes.", **fields: Any
    ) -> TurnRecord:
        """Append a ``%%deepshi`` cell with its answer.

        Args:
            body: The question.
            options: The options of the cell's first line.
            answer: The answer; None if nothing came.
            fields: Fields of the record, or of its last call.
        """
        cell = self.code(_source(body, options))
        return self._answer(cell, self._seen_here(), answer, fields)

    def rerun(
        self,
        index: int,
        answer: str | None = "Yes.",
        *,
        body: str | None = None,
        options: str | None = None,
        **fields: Any,
    ) -> TurnRecord:
        """Run a ``%%deepshi`` cell again: its outputs are replaced.

        Args:
            index: Its place in the notebook.
            answer: The new answer.
            body: Its new question, if it is edited before.
            options: Its new options, if they are edited before.
            fields: As for `ask`.
        """
        cell = self.cells[index]
        asking = read_asking_cell(source_of(cell))
        assert asking is not None
        body = asking.body if body is None else body
        self.edit(index, body, asking.line if options is None else options)
        above = self._read(self.cells[:index])
        self._above = None
        return self._answer(cell, above, answer, fields)

    def edit(self, index: int, body: str, options: str = "") -> None:
        """Change the source of a ``%%deepshi`` cell and do not run it."""
        self.cells[index]["source"] = _source(body, options)

    def loop(self, questions: list[str], source: str = "", **fields: Any) -> list[TurnRecord]:
        """Append a plain cell that calls ``ask()`` several times, with all turns in one output."""
        cell = self.code(source or f"for text in {questions!r}:\n    deepshi_jupyter.ask(text)")
        records = []
        for place, text in enumerate(questions):
            made = self._record(cell, self._seen_here(), text, f"Yes to {text}", fields, place)
            self._take(made, cell)
            records.append(made)
        turns = {"v": 2, "turns": [record.as_json() for record in records]}
        cell["outputs"] = [output({"text/plain": repr(questions), RECORD: turns})]
        return records

    def code(self, source: str, outputs: list[Json] | None = None) -> Json:
        """Append a code cell and return it."""
        cell = {
            "cell_type": "code",
            "id": self._new_cell_id(),
            "metadata": {},
            "execution_count": self._cells_made,
            "source": source,
            "outputs": outputs or [],
        }
        self.cells.append(cell)
        return cell

    def markdown(self, source: str) -> Json:
        """Append a markdown cell and return it."""
        name = self._new_cell_id()
        cell: Json = {"cell_type": "markdown", "id": name, "metadata": {}, "source": source}
        self.cells.append(cell)
        return cell

    def mark(self, what: What, turn: TurnRecord, **fields: Any) -> Mark:
        """Append a ``%deepshi`` cell that marks a turn."""
        mark = Mark(v=1, mark=what, turn=turn.id, **fields)
        shown = output({"text/plain": f"{what} {turn.id}", MARK: mark.as_json()})
        self.code(f"%deepshi {what} {turn.cell}", [shown])
        self._said.append(mark)
        self._above = None
        return mark

    def pick(self, instead_of: TurnRecord, version: TurnRecord) -> Mark:
        """Append a ``%deepshi`` cell that picks another version of a turn."""
        return self.mark("pick", version, instead_of=instead_of.id, record=version.as_json())

    def records(self) -> list[TurnRecord]:
        """Return all records, in the order of the file."""
        return [record for view in cell_views(self.notebook)[0] for record in view.records]

    def statuses(self) -> list[CellStatus]:
        """Return the status of every question, as the file has it."""
        views, troubles = cell_views(self.notebook)
        assert troubles == []
        return statuses(views)

    def states(self) -> list[str]:
        """Return the states of every question, joined by ``+``."""
        return ["+".join(status.states) for status in self.statuses()]

    def save(self, path: Path) -> Path:
        """Write the notebook to a file and return its path."""
        write_notebook(self.notebook, path)
        return path

    def copied(self) -> Study:
        """Return a copy of the notebook, as of a file that was copied."""
        copy = Study(self.system, self.room)
        copy.notebook = json.loads(json.dumps(self.notebook))
        copy._made, copy._cells_made, copy._above = self._made, self._cells_made, None
        copy._said = [*self._said]
        return copy

    def _new_cell_id(self) -> str:
        self._cells_made += 1
        return f"cell-{self._cells_made}"

    def _answer(self, cell: Json, above: Above, answer: str | None, fields: Json) -> TurnRecord:
        asking = read_asking_cell(source_of(cell))
        assert asking is not None
        record = self._record(cell, above, asking, answer, fields)
        cell["outputs"] = [answer_output(record)]
        self._take(record, cell)
        return record

    def _take(self, record: TurnRecord, cell: Json) -> None:
        if self._above is not None:
            self._above.add(Turn(record=record, cell=cell["id"]))

    def _record(
        self,
        cell: Json,
        above: Above,
        asked: AskingCell | str,
        answer: str | None,
        fields: Json,
        place: int = 0,
    ) -> TurnRecord:
        asking = AskingCell("", asked, ()) if isinstance(asked, str) else asked
        wanted = self._wanted(asking)
        context = fitted(
            above.context(wanted, self.system), self.room, lambda turn: 1, self._marks()
        )
        call = self._call(answer, {n: v for n, v in fields.items() if n in _CALL_FIELDS})
        if isinstance(asked, str):  # the whole cell is the source of what a plain cell asks
            source_sha256 = text_sha256(source_of(cell))
        else:
            source_sha256 = asking.source_sha256
        record = TurnRecord(
            v=2,
            kind="live" if answer is not None and call.status == "complete" else "partial",
            id=f"01KDEEPSH1{self._made:016d}",
            chat=wanted.chat,
            start=wanted.start,
            fork=wanted.fork,
            options=asking.options,
            source_sha256=source_sha256,
            cell=cell["id"],
            place=place,
            endpoint=ENDPOINT,
            model=asking.value("--model") or MODEL,
            parameters=_parameters(asking),
            made_by={"deepshi_jupyter": "0.1.0", "python": "3.11.9"},
            parent=context.parent,
            system=context.system,
            system_from=context.system_from,
            cut=context.cut,
            messages=({"role": "user", "content": asking.body},),
            calls=(call,),
        )
        own = {name: value for name, value in fields.items() if name not in _CALL_FIELDS}
        return hashed(msgspec.structs.replace(record, **own))

    def _call(self, answer: str | None, fields: Json) -> RecordedCall:
        self._made += 1
        message = {"role": "assistant", "content": answer}
        words = len((answer or "").split())
        started = _BEGIN + timedelta(minutes=self._made)
        call = RecordedCall(
            answers=() if answer is None else ({"message": message, "finish_reason": "stop"},),
            served=SERVED,
            usage={"prompt_tokens": 10, "completion_tokens": words, "total_tokens": 10 + words},
            cost_usd=0.001,
            response_id=f"chatcmpl-{self._made}",
            system_fingerprint="fp_1",
            created=int(started.timestamp()),
            started=started.isoformat(timespec="milliseconds"),
            time_to_first_token=0.1,
            duration=0.5,
        )
        return msgspec.structs.replace(call, **fields)

    def _wanted(self, asking: AskingCell) -> Wanted:
        start = next((name for name in ("new", "once") if f"--{name}" in asking.options), "")
        chat = asking.value("--chat") or "main"
        return Wanted(
            chat=chat,
            start=start,  # type: ignore[arg-type]  # one of the two above, or empty
            fork=self._fork(asking.value("--from")),
            system=asking.value("--system"),
        )

    def _fork(self, source: str | None) -> Fork | None:
        """Return the fork that ``--from CHAT@CELL`` means."""
        if source is None:
            return None
        chat, _, cell = source.partition("@")
        found = [record for record in self.records() if cell in (record.cell, record.id)]
        return Fork(chat, found[-1].id if found else cell)

    def _seen_here(self) -> Above:
        if self._above is None:
            self._above = self._read(self.cells)
        return self._above

    def _read(self, cells: list[Json]) -> Above:
        """Return what stands above the end of these cells; marks hold from anywhere."""
        views, _ = cell_views({"cells": cells})
        above = Above(self._marks())
        for turn in visible_turns(views):
            above.add(turn)
        return above

    def _marks(self) -> Marks:
        return marks_of(self._said)


def hashed(record: TurnRecord) -> TurnRecord:
    """Return a record with the `tip` and the keys of its calls that follow from the rest of it."""
    calls = []
    for call in record.calls:
        if not call.request_key:
            count = call.messages if len(record.calls) > 1 else len(record.messages)
            sent = [*record.messages[:count], *record.repairs[: call.repairs]]
            body = {"model": record.model, **record.parameters}
            key = key_of_chain(record.endpoint, chain(sent, record.parent), body, call.sample)
            call = msgspec.structs.replace(call, messages=count, request_key=key)
        calls.append(call)
    record = msgspec.structs.replace(record, calls=tuple(calls))
    return msgspec.structs.replace(record, tip=record.chained(record.parent))


def answer_output(record: TurnRecord) -> Json:
    """Return the output that a ``%%deepshi`` cell leaves."""
    text = printable(record.text)
    data = {"text/plain": text, "text/markdown": text, RECORD: record.as_json()}
    return output(data)


def output(data: Json) -> Json:
    """Return an output with a bundle."""
    return {"output_type": "display_data", "data": data, "metadata": {}}


def record_of(cell: Json) -> TurnRecord:
    """Return the record in the last output of a cell."""
    return read_record(cell["outputs"][-1]["data"][RECORD])


def _source(body: str, options: str) -> str:
    return f"%%deepshi {options}".rstrip() + f"\n{body}"


def _parameters(asking: AskingCell) -> Json:
    """Return the request's fields that the options with numbers give."""
    found = {}
    for name, value in zip(asking.options, asking.options[1:], strict=False):
        if name.startswith("--") and value.lstrip("-").replace(".", "", 1).isdigit():
            found[name[2:].replace("-", "_")] = json.loads(value)
    return found
