"""A file of chats → a notebook: JSON Lines of ours or anybody's, or one list of messages.

Read are ``[{"role": …}, …]``, ``{"messages": […]}``, a list of either, and JSON Lines of either:
the forms of https://platform.openai.com/docs/api-reference/chat and of fine-tuning files. A line of
`deepshi_jupyter.notebook.export_jsonl` with records gives back the turns as they were.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from deepshi_jupyter.core.chat import MAIN_CHAT
from deepshi_jupyter.core.mark import read_mark
from deepshi_jupyter.core.turn_record import TurnRecord, read_record
from deepshi_jupyter.errors import RecordError
from deepshi_jupyter.notebook.export_jsonl import RECORDS_VERSION
from deepshi_jupyter.notebook.import_turns import (
    Imported,
    cells_of,
    load_cell,
    mark_cell,
    notebook_of,
    objects_in,
    records_of,
    turn_cell,
)

Json = dict[str, Any]


class _Kept(msgspec.Struct, frozen=True):
    """A turn of which a line holds the record."""

    place: int
    record: TurnRecord
    cell: int = -1
    source: str = ""


def import_chats(data: bytes) -> Imported:
    """Return a notebook of the chats of a file.

    Args:
        data: The file: JSON, or JSON Lines.

    Raises:
        RecordError: It is neither, or holds no chats.
    """
    values = _values(data)
    if any("deepshi" in value for value in values):
        return _from_records(values)
    records: list[TurnRecord] = []
    for number, value in enumerate(values, 1):
        chat = MAIN_CHAT if len(values) == 1 else f"chat-{number}"
        try:
            records += records_of(
                value["messages"], chat=chat, seed=str(number), **_known_fields(value)
            )
        except RecordError as error:
            raise RecordError(f"In chat {number}: {error.what}", error.todo) from None
    return Imported(
        notebook=notebook_of([load_cell(), *cells_of(records)]),
        turns=len(records),
        objects=_objects(values),
    )


def _from_records(values: Sequence[Json]) -> Imported:
    """Return the notebook of lines that hold the records of their turns."""
    kept: dict[int, _Kept] = {}
    marks: list[Json] = []
    for number, value in enumerate(values, 1):
        turns, said = _told(value.get("deepshi"), number)
        kept |= {turn.place: turn for turn in turns}
        marks += said
    cells = _cells([kept[place] for place in sorted(kept)])
    made = [mark_cell(read_mark(mark)) for mark in marks]
    return Imported(
        notebook=notebook_of([load_cell(), *cells, *made]),
        turns=len(kept),
        objects=_objects(values),
    )


def _told(value: Any, number: int) -> tuple[list[_Kept], list[Json]]:
    if not isinstance(value, dict) or value.get("v") != RECORDS_VERSION:
        raise RecordError(
            f"Line {number} has no records of version {RECORDS_VERSION}, as other lines have.",
            "Export it again with `--records`, or take the field `deepshi` out of all lines.",
        )
    try:
        found = [
            _Kept(
                place=int(turn["place"]),
                record=read_record(turn["record"]),
                cell=int(turn.get("cell", -1)),
                source=str(turn.get("source", "")),
            )
            for turn in value["turns"]
        ]
        return found, list(value.get("marks", ()))
    except (KeyError, TypeError, ValueError) as error:
        raise RecordError(
            f"The records of line {number} cannot be read: {error!r}.", "Export it again."
        ) from None


def _cells(turns: Iterable[_Kept]) -> list[Json]:
    """Return the cells of turns; those of one cell stay in one."""
    groups: list[list[_Kept]] = []
    for turn in turns:
        if groups and turn.cell >= 0 and groups[-1][0].cell == turn.cell:
            groups[-1].append(turn)
        else:
            groups.append([turn])
    return [turn_cell([turn.record for turn in group], group[0].source) for group in groups]


def _values(data: bytes) -> list[Json]:
    """Return the chats of a file, each as ``{"messages": …}``."""
    try:
        value = msgspec.json.decode(data.removeprefix(b"\xef\xbb\xbf"))
        read = [value] if value and _is_chat(value) else value
    except msgspec.DecodeError:
        read = list(_lines(data))
    if not isinstance(read, list) or not read or not all(map(_is_chat, read)):
        raise RecordError(
            "The file holds no chats.",
            'Expected is a list of messages, {"messages": […]}, or one of these a line.',
        )
    return [{"messages": value} if isinstance(value, list) else value for value in read]


def _lines(data: bytes) -> Iterable[Any]:
    for number, line in enumerate(data.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        if line.strip():
            try:
                yield msgspec.json.decode(line)
            except msgspec.DecodeError as error:
                raise RecordError(
                    f"Line {number} is not JSON: {error}.", "Each line has to be a JSON object."
                ) from None


def _is_chat(value: Any) -> bool:
    messages = value.get("messages") if isinstance(value, dict) else value
    return isinstance(messages, list) and all(
        isinstance(message, dict) and "role" in message for message in messages
    )


def _known_fields(value: Mapping[str, Any]) -> Json:
    """Return what a chat says of itself beside its messages."""
    found: Json = {}
    if isinstance(value.get("model"), str):
        found["model"] = value["model"]
    parameters = {name: value[name] for name in ("tools", "parallel_tool_calls") if name in value}
    return found | ({"parameters": parameters} if parameters else {})


def _objects(values: Iterable[Json]) -> dict[str, bytes]:
    return objects_in(message for value in values for message in value["messages"])
