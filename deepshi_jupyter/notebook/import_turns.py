"""Messages and records → a notebook of ``%%deepshi`` cells, with the record of each as output.

What came from elsewhere has the kind ``imported``: its messages and their chain are known, and
nothing else. Ids follow from the content, so that the same file always gives the same notebook.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from deepshi_jupyter.core.canonical import (
    canonical,
    image_bytes,
    sha256,
    text_sha256,
    without_bytes,
)
from deepshi_jupyter.core.cell_source import MAGIC, options_of, read_asking_cell
from deepshi_jupyter.core.chain import START, chain
from deepshi_jupyter.core.chat import MAIN_CHAT
from deepshi_jupyter.core.conversation import system_message
from deepshi_jupyter.core.mark import MIME_TYPE as MARK
from deepshi_jupyter.core.mark import Mark
from deepshi_jupyter.core.printable import printable
from deepshi_jupyter.core.turn_record import MIME_TYPE as RECORD
from deepshi_jupyter.core.turn_record import RecordedCall, SystemSource, TurnRecord, read_record
from deepshi_jupyter.core.ulid import ulid
from deepshi_jupyter.errors import RecordError
from deepshi_jupyter.notebook.answer_parts import answer_texts, in_form
from deepshi_jupyter.notebook.notebook_file import source_of
from deepshi_jupyter.version import __version__

Json = dict[str, Any]

_PLAIN_LINE = re.compile(r"[^\x00-\x1f\x7f-\x9f\u2028\u2029\"'\\{}]*")
_NOT_WRITTEN = re.compile(r"[\"'\\{}\x00-\x1f\x7f-\x9f\u2028\u2029]|-(?=-)")


class Imported(msgspec.Struct, frozen=True, kw_only=True):
    """A notebook that was made of something else.

    Attributes:
        notebook: The notebook, of nbformat 4.5.
        turns: How many turns it holds.
        objects: The bytes of images that the file carried, by SHA-256.
        remarks: What a user should know of it, such as what was guessed or left out.
    """

    notebook: Json
    turns: int = 0
    objects: Mapping[str, bytes] = {}
    remarks: tuple[str, ...] = ()


class Exchange(msgspec.Struct, frozen=True):
    """What one turn adds to a conversation: its messages, and the answer if one came."""

    messages: tuple[Json, ...]
    answer: Json | None


def exchanges_of(messages: Iterable[Json]) -> list[Exchange]:
    """Cut messages into turns: each ends with an assistant's message that calls no tool.

    Args:
        messages: The messages below the system prompt, oldest first.
    """
    found: list[Exchange] = []
    held: list[Json] = []
    for message in messages:
        if message.get("role") == "assistant" and not message.get("tool_calls"):
            found.append(Exchange(tuple(held), message))
            held = []
        else:
            held.append(message)
    return [*found, Exchange(tuple(held), None)] if held else found


def records_of(
    messages: Sequence[Any], *, chat: str = MAIN_CHAT, seed: str = "", **fields: Any
) -> list[TurnRecord]:
    """Return the records of a conversation of which only the messages are known.

    Args:
        messages: All messages, the system prompt first if there is one.
        chat: The conversation's name in the notebook.
        seed: What tells this conversation from others with the same messages, such as its line.
        fields: Fields of the records that are known, such as `model`.

    Returns:
        One record a turn. Their chain is that of the messages. What stands after the last answer
        is a turn without one.

    Raises:
        RecordError: Something in it is no message.
    """
    named = [without_bytes(_checked(message)) for message in messages]
    system = _system_of(named)
    tip = chain(named[:1]) if system else START
    found: list[TurnRecord] = []
    for exchange in exchanges_of(named[1:] if system else named):
        source: SystemSource = "" if not system else "above" if found else "cell"
        record = record_of(
            exchange, parent=tip, chat=chat, system=system, system_from=source, seed=seed, **fields
        )
        found.append(record)
        tip = record.tip
    return found


def record_of(exchange: Exchange, *, seed: str = "", **fields: Any) -> TurnRecord:
    """Return the record of an imported turn.

    Args:
        exchange: What was said.
        seed: What tells this turn from another with the same messages.
        fields: Fields of the record that are known.
    """
    answers = () if exchange.answer is None else ({"message": exchange.answer},)
    call = RecordedCall(messages=len(exchange.messages), answers=answers)
    record = TurnRecord(
        v=2,
        kind="imported" if answers else "partial",
        messages=exchange.messages,
        calls=(call,) if answers else (),
        made_by={"deepshi_jupyter": __version__},
        **fields,
    )
    line = line_of(record)
    tip = record.chained(record.parent)
    name = f"{seed}\n{record.chat}\n{record.parent}\n{tip}".encode("utf-8", "surrogatepass")
    return msgspec.structs.replace(
        record,
        id=ulid(0, bytes.fromhex(sha256(name))[:10]),
        tip=tip,
        options=options_of(line),
        source_sha256=text_sha256(body_of(record)),
    )


def line_of(record: TurnRecord) -> str:
    """Return the options of a cell that asks what an imported turn asked.

    A question is sent as it is (``--raw``) where it holds what looks like a template.
    """
    words = []
    if record.chat != MAIN_CHAT:
        words += ["--chat", shlex.quote(record.chat)]
    if record.system_from == "cell" and record.system:
        words += ["--system", quoted(record.system)]
    if "{{" in record.question:
        words.append("--raw")
    return " ".join(words)


def quoted(text: str) -> str:
    r"""Return a text as one word of a magic's line, whatever it holds.

    What cannot stand on one line is written as an expression, ``"{{'first\x0asecond'}}"``.
    """
    if _PLAIN_LINE.fullmatch(text) and "--" not in text:
        return shlex.quote(text)
    inner = _NOT_WRITTEN.sub(lambda match: f"\\x{ord(match[0]):02x}", text)
    inner = inner.replace("\\x2028", "\\u2028").replace("\\x2029", "\\u2029")
    return f"\"{{{{'{inner}'}}}}\""


def body_of(record: TurnRecord) -> str:
    """Return the text of a cell that asks what a turn asked: its template, or its question."""
    template = (record.prompt or {}).get("template")
    return template if isinstance(template, str) else record.question


def source_of_record(record: TurnRecord) -> str:
    """Return the source of a cell that asks what a turn asked, with the options that it had."""
    if record.kind == "imported":
        line = line_of(record)
    else:
        line = shlex.join(record.options) if len(record.options) != 1 else record.options[0]
    return f"{MAGIC} {line}".rstrip() + f"\n{body_of(record)}"


def turn_cell(records: Sequence[TurnRecord], source: str = "", name: str = "") -> Json:
    """Return a code cell with the records of its turns as output.

    Args:
        records: What the cell asked; several if it is a plain cell that asked more than once.
        source: Its source; without one that of a ``%%deepshi`` cell which asks the same.
        name: Its id; without one it follows from the records.
    """
    source = source or source_of_record(records[0])
    is_asking = read_asking_cell(source) is not None
    outputs = [_output(record) for record in records] if is_asking else [_turns_output(records)]
    return {
        "cell_type": "code",
        "id": name or f"im-{text_sha256(records[0].id + records[0].tip)[:16]}",
        "metadata": {},
        "execution_count": None,
        "source": source,
        "outputs": outputs,
    }


def mark_cell(mark: Mark) -> Json:
    """Return the ``%deepshi`` cell that makes a mark."""
    value = mark.as_json()
    bundle = {"text/plain": f"{mark.mark} {mark.turn}", MARK: value}
    return {
        "cell_type": "code",
        "id": f"im-{sha256(canonical(value))[:16]}",
        "metadata": {},
        "execution_count": None,
        "source": f"%deepshi {mark.mark} {mark.turn}",
        "outputs": [{"output_type": "display_data", "data": bundle, "metadata": {}}],
    }


def unsent_cell(record: TurnRecord) -> Json:
    """Return a ``%%deepshi`` cell with a question that has no answer yet."""
    return {**turn_cell([record]), "outputs": []}


def cells_of(records: Iterable[TurnRecord]) -> list[Json]:
    """Return the cells of imported turns, each of one; a question without an answer is unsent."""
    return [
        unsent_cell(record) if _is_question(record) else turn_cell([record]) for record in records
    ]


def notebook_of(cells: Iterable[Json]) -> Json:
    """Return a notebook of cells; the second of two with the same id gets another."""
    seen: set[str] = set()
    found = []
    for cell in cells:
        name, number = str(cell["id"]), 1
        while name in seen:
            number += 1
            name = f"im-{text_sha256(cell['id'] + str(number))[:16]}"
        seen.add(name)
        found.append({**cell, "id": name})
    return {
        "cells": found,
        "metadata": {"kernelspec": _KERNEL, "language_info": {"name": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


_KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}


def load_cell() -> Json:
    """Return the cell that loads the extension."""
    return {
        "cell_type": "code",
        "id": "im-load",
        "metadata": {},
        "execution_count": None,
        "source": "%load_ext deepshi_jupyter",
        "outputs": [],
    }


def objects_in(messages: Iterable[Any]) -> dict[str, bytes]:
    """Return the bytes of the images that messages carry, by SHA-256."""
    found = {}
    for message in messages:
        content = message.get("content") if isinstance(message, dict) else None
        for part in content if isinstance(content, list) else ():
            if (image := image_bytes(part)) is not None:
                found[sha256(image[1])] = image[1]
    return found


def with_markdown(notebook: Json, neutral: Callable[[str], str]) -> Json:
    """Return an imported notebook whose answers also show as markdown.

    Args:
        notebook: The notebook; outputs that have markdown, or no record, stay as they are.
        neutral: Makes a model's markdown safe to display.
    """
    return {**notebook, "cells": [_cell_with_markdown(cell, neutral) for cell in notebook["cells"]]}


def _cell_with_markdown(cell: Json, neutral: Callable[[str], str]) -> Json:
    outputs = cell.get("outputs")
    if not isinstance(outputs, list) or read_asking_cell(source_of(cell)) is None:
        return cell
    return {**cell, "outputs": [_output_with_markdown(output, neutral) for output in outputs]}


def _output_with_markdown(output: Json, neutral: Callable[[str], str]) -> Json:
    data = output.get("data")
    if not isinstance(data, dict) or RECORD not in data or "text/markdown" in data:
        return output
    record = read_record(data[RECORD])
    texts = [in_form(text, record.form) for text in answer_texts(record.call)]
    markdown = neutral("\n\n---\n\n".join(texts))
    return {**output, "data": {**data, "text/markdown": markdown}}


def _output(record: TurnRecord) -> Json:
    """Return the output of a turn: its text as a kernel would leave it, and the record."""
    texts = [str(answer["message"].get("content") or "") for answer in record.call.answers]
    text = record.text or str((record.answer or {}).get("refusal") or "")
    if len(texts) > 1:
        text = "\n\n".join(f"[{number}]\n{text}" for number, text in enumerate(texts, 1))
    bundle = {"text/plain": printable(text), RECORD: record.as_json()}
    return {"output_type": "display_data", "data": bundle, "metadata": {}}


def _turns_output(records: Sequence[TurnRecord]) -> Json:
    value = {"v": 2, "turns": [record.as_json() for record in records]}
    bundle = {"text/plain": f"{len(records)} turns", RECORD: value}
    return {"output_type": "display_data", "data": bundle, "metadata": {}}


def _checked(message: Any) -> Json:
    if not isinstance(message, dict) or not isinstance(message.get("role"), str):
        raise RecordError(
            f"{str(message)[:60]!r} is no message, expected an object with a role.",
            'Each is of the form {"role": "user", "content": "…"}.',
        )
    return message


def _system_of(messages: Sequence[Json]) -> str:
    """Return the system prompt, if the first message is nothing but one."""
    text = messages[0].get("content") if messages else None
    plain = isinstance(text, str) and bool(text)
    return str(text) if plain and messages[0] == system_message(str(text)) else ""


def _is_question(record: TurnRecord) -> bool:
    """True if a turn is one question in words, without an answer."""
    only = record.messages[0] if len(record.messages) == 1 else {}
    return not record.calls and only.keys() == {"role", "content"} and only["role"] == "user"
