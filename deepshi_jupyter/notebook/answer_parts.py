"""An answer's markdown → its text and its Python code, in order, as cells will hold them.

Fences are read as `deepshi_jupyter.core.fences` reads them. A block becomes code of its own only if
it says that it is Python and stands at the top level; one that is indented by more than three
spaces belongs to a list, which would fall apart without it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Literal

import msgspec

from deepshi_jupyter.core.fences import code_blocks
from deepshi_jupyter.core.turn_record import RecordedCall, TurnRecord

_OPENING = re.compile(r"^(?P<indent>[ \t]*)(?P<fence>`{3,}|~{3,})[ \t]*(?P<info>.*)$")
_LINE_END = re.compile("\r\n|\n|\r")
_DEEPEST = 3
_PYTHON = frozenset({"python", "py", "python3", "ipython", "ipython3"})
_BROKEN_OFF = "*The answer broke off here.*"


class Part(msgspec.Struct, frozen=True):
    """A piece of an answer: markdown as the model wrote it, or the source of a code block."""

    kind: Literal["text", "code"]
    text: str


def parts_of(markdown: str) -> list[Part]:
    """Return the text and the Python blocks of a markdown text, in order; blank text is left out.

    Args:
        markdown: Anything that a model wrote.
    """
    lines = _LINE_END.split(markdown)
    found: list[Part] = []
    text: list[str] = []
    number = 0
    while number < len(lines):
        opening = _opening(lines[number])
        if opening is None:
            text.append(lines[number])
            number += 1
            continue
        end = _closing(lines, number + 1, opening["fence"])
        if _is_python(opening):
            found += [*_text(text), Part("code", _unindented(lines[number + 1 : end], opening))]
            text = []
        else:
            text += lines[number : end + 1]
        number = end + 1
    return [*found, *_text(text)]


def parts_of_answer(record: TurnRecord) -> list[Part]:
    """Return what a turn answered, in parts; each of several answers under a heading.

    Args:
        record: The turn; an answer that the user wanted as text, code or JSON stays that.
    """
    texts = list(answer_texts(record.call))
    found: list[Part] = []
    for number, text in enumerate(texts, 1):
        if len(texts) > 1:
            found.append(Part("text", f"**Answer {number} of {len(texts)}**"))
        found += parts_of(in_form(text, record.form))
    if record.is_partial and found:
        found.append(Part("text", _BROKEN_OFF))
    return _joined(found)


def answer_texts(call: RecordedCall) -> Iterator[str]:
    """Yield the text of each answer of a call, or its refusal; empty ones are left out."""
    for answer in call.answers:
        if text := text_of_message(answer.get("message") or {}):
            yield text


def text_of_message(message: dict[str, Any]) -> str:
    """Return what an assistant's message says: its text, or its refusal."""
    content = message.get("content")
    if isinstance(content, list):
        found = [part.get("text") for part in content if isinstance(part, dict)]
        content = "\n\n".join(text for text in found if isinstance(text, str))
    return content if isinstance(content, str) and content else str(message.get("refusal") or "")


def in_form(text: str, form: str) -> str:
    """Return markdown that shows a text in the form that the user asked for (``--as``)."""
    if form == "text":
        return fenced(text)
    if form == "code" and not code_blocks(text):
        return fenced(text)
    return fenced(text, "json") if form == "json" and _is_json(text) else text


def fenced(text: str, language: str = "") -> str:
    """Put a text into a fence that it cannot close."""
    runs = [len(run) for run in re.findall("`+", text)]
    fence = "`" * max([3, *(run + 1 for run in runs)])
    return f"{fence}{language}\n{text}\n{fence}"


def _opening(line: str) -> re.Match[str] | None:
    opening = _OPENING.match(line)
    if opening and "`" in opening["info"] and opening["fence"].startswith("`"):
        return None
    return opening


def _closing(lines: list[str], start: int, fence: str) -> int:
    """Return the place of the line that closes a fence, or the end."""
    for number in range(start, len(lines)):
        bare = lines[number].strip()
        if bare.startswith(fence) and not bare.strip(fence[0]):
            return number
    return len(lines)


def _is_python(opening: re.Match[str]) -> bool:
    language = (opening["info"].split() or [""])[0].strip("{}.").lower()
    return language in _PYTHON and len(opening["indent"].expandtabs(4)) <= _DEEPEST


def _unindented(lines: list[str], opening: re.Match[str]) -> str:
    indent = len(opening["indent"])
    return "\n".join(line[indent:] if not line[:indent].strip() else line for line in lines)


def _text(lines: list[str]) -> list[Part]:
    while lines and not lines[0].strip():
        lines = lines[1:]
    while lines and not lines[-1].strip():
        lines = lines[:-1]
    return [Part("text", "\n".join(lines))] if lines else []


def _joined(parts: list[Part]) -> list[Part]:
    """Return the parts with neighbouring texts as one."""
    found: list[Part] = []
    for part in parts:
        if found and found[-1].kind == part.kind == "text":
            part = Part("text", f"{found.pop().text}\n\n{part.text}")
        found.append(part)
    return found


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True
