"""Turns → JSON Lines: one conversation a line, as services take them for fine-tuning.

A line holds the messages that the last of its turns was sent with, and its answer: the system
prompt, the turns of its context, tools with their definitions. Reasoning is left out. The form is
that of https://platform.openai.com/docs/guides/supervised-fine-tuning; with ``records`` a line also
has a field ``deepshi`` with all that is known of its turns, from which `import` makes the same
notebook again, to the hash. Services refuse fields that they do not know.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec

from deepshi_jupyter.core.canonical import sha256
from deepshi_jupyter.core.conversation import (
    Above,
    Context,
    Turn,
    Wanted,
    cut_as_recorded,
    system_message,
)
from deepshi_jupyter.core.mark import Mark, marks_of
from deepshi_jupyter.notebook.shown_turn import ShownTurn

Json = dict[str, Any]
Objects = Callable[[str], bytes | None]

RECORDS_VERSION = 1
_ALSO_LINE_ENDS = {0x85: "\\u0085", 0x2028: "\\u2028", 0x2029: "\\u2029"}
"""What some readers, such as `str.splitlines`, take for the end of a line."""

_PASSED_ON = ("tools", "parallel_tool_calls")
_LEFT_OUT = frozenset({"reasoning", "reasoning_content", "reasoning_details"})


class Lines(msgspec.Struct, frozen=True):
    """JSON Lines, and what could not be written: one sentence for each conversation left out."""

    text: str
    left_out: tuple[str, ...] = ()


def to_jsonl(
    turns: Sequence[ShownTurn],
    *,
    marks: Iterable[Mark] = (),
    objects: Objects | None = None,
    records: bool = False,
) -> Lines:
    """Return conversations as JSON Lines.

    Args:
        turns: The turns, in the order of the document.
        marks: What was said of them afterwards; a skipped turn is in no later context.
        objects: Gives the bytes of an image by its SHA-256, or None.
        records: Whether each line also holds the records of its turns.

    Returns:
        The lines. A conversation whose images are not at hand is left out; with `records` it is
        written with the hashes of its images.
    """
    marks = tuple(marks)
    lines: list[str] = []
    left_out: list[str] = []
    told: set[int] = set()
    for context, turn in _conversations([shown.turn for shown in turns], marks):
        messages, missing = _with_images(_messages(context, turn), objects)
        if missing and not records:
            left_out.append(_why_left_out(turn, missing))
            continue
        line = {"messages": messages, **_passed_on([*context.turns, turn])}
        if records:
            line["deepshi"] = _records(turns, [*context.turns, turn], told, marks)
            marks = ()
        lines.append(json.dumps(line, ensure_ascii=False).translate(_ALSO_LINE_ENDS))
    return Lines("".join(f"{line}\n" for line in lines), tuple(left_out))


def _conversations(turns: Sequence[Turn], marks: Iterable[Mark]) -> list[tuple[Context, Turn]]:
    """Return each turn that no later one goes on from, with its context."""
    above = Above(marks_of(marks))
    last: dict[int, tuple[Context, Turn]] = {}
    for turn in turns:
        context = _context(above, turn)
        name = id(context.turns[-1]) if context.turns else 0
        if name in last and _goes_on(last[name], context):
            del last[name]
        last[id(turn)] = (context, turn)
        above.add(turn)
    return list(last.values())


def _context(above: Above, turn: Turn) -> Context:
    record = turn.record
    own = None if record.system_from == "above" else record.system
    context = above.context(Wanted(record.chat, record.start, record.fork, own), record.system)
    return cut_as_recorded(context, record.cut) if record.cut else context


def _goes_on(before: tuple[Context, Turn], context: Context) -> bool:
    """True if a context is all of an earlier one and its turn, below the same system prompt."""
    earlier, turn = before
    return (*earlier.turns, turn) == context.turns and earlier.system == context.system


def _messages(context: Context, turn: Turn) -> list[Json]:
    system = [system_message(context.system)] if context.system else []
    own = [message for one in (*context.turns, turn) for message in one.messages]
    return system + [{k: v for k, v in message.items() if k not in _LEFT_OUT} for message in own]


def _passed_on(turns: Iterable[Turn]) -> Json:
    """Return the definitions of tools that the last turn with some was sent with."""
    found: Json = {}
    for turn in turns:
        parameters = turn.record.parameters
        if "tools" in parameters:
            found = {name: parameters[name] for name in _PASSED_ON if name in parameters}
    return found


def _with_images(messages: list[Json], objects: Objects | None) -> tuple[list[Json], list[str]]:
    """Return messages with the bytes of their images, and the hashes of those not at hand."""
    missing: list[str] = []

    def filled(part: Any) -> Any:
        if not (isinstance(part, dict) and part.get("type") == "image" and "sha256" in part):
            return part
        name = str(part["sha256"])
        data = objects(name) if objects else None
        if data is None or sha256(data) != name:
            missing.append(name)
            return part
        url = f"data:{part.get('media_type', '')};base64,{base64.b64encode(data).decode()}"
        detail = {"detail": part["detail"]} if "detail" in part else {}
        return {"type": "image_url", "image_url": {"url": url, **detail}}

    found = []
    for message in messages:
        content = message.get("content")
        if isinstance(content, list):
            message = {**message, "content": [filled(part) for part in content]}
        found.append(message)
    return found, missing


def _why_left_out(turn: Turn, missing: Sequence[str]) -> str:
    names = ", ".join(f"{name[:12]}…" for name in dict.fromkeys(missing))
    chat = turn.record.chat
    return f"the conversation {chat!r}: the bytes of {names} are not in the journal's objects"


def _records(
    turns: Sequence[ShownTurn], wanted: Iterable[Turn], told: set[int], marks: Iterable[Mark]
) -> Json:
    """Return what is known of the turns of a line; a turn of several lines is told in the first."""
    names = {id(turn) for turn in wanted} - told
    told |= names
    found = [
        {"place": place, "cell": shown.place, "source": shown.source}
        | {"record": shown.turn.record.as_json()}
        for place, shown in enumerate(turns)
        if id(shown.turn) in names
    ]
    value: Json = {"v": RECORDS_VERSION, "turns": found}
    if said := [mark.as_json() for mark in marks]:
        value["marks"] = said
    return value
