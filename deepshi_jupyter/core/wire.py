"""JSON of the API → values: a typed reader for plain text deltas, a lenient one for all else.

Nearly every event of a stream carries one piece of text and nothing more. `decode_plain` reads
just these, fast; whatever is not exactly of that form (tool calls, usage, errors, several choices,
odd spellings, invalid UTF-8, ``NaN``, halves of surrogate pairs) is read by `decode_lenient`.
Both give the same text for what both can read; a property test holds that.
"""

from __future__ import annotations

import json
import math
from typing import Any

import msgspec

from deepshi_jupyter.core.text import mend


class PlainDelta(msgspec.Struct, gc=False):
    """A delta with text or reasoning and nothing else; ``None`` fields must be null or absent."""

    content: str | None = None
    reasoning: str | None = None
    reasoning_content: str | None = None
    reasoning_details: None = None
    refusal: None = None
    tool_calls: None = None
    function_call: None = None
    images: None = None


class PlainChoice(msgspec.Struct, gc=False):
    """One choice of a plain chunk."""

    delta: PlainDelta
    index: int = 0
    finish_reason: None = None
    logprobs: None = None


class PlainChunk(msgspec.Struct, gc=False):
    """A chunk of the stream with exactly one choice and no usage or error."""

    choices: tuple[PlainChoice]
    id: str | None = None
    model: str | None = None
    created: int | None = None
    system_fingerprint: str | None = None
    usage: None = None
    error: None = None


MAX_DEPTH = 200
"""JSON nested deeper than this is no answer of this API, and would exhaust Python's stack."""

_TOO_DEEP = "the JSON is nested too deeply"
_decode = msgspec.json.Decoder(PlainChunk).decode


def decode_plain(data: bytes) -> PlainChunk | None:
    """Read a chunk that carries one piece of text or reasoning, or return None."""
    try:
        return _decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def decode_lenient(data: bytes) -> Any:
    """Read any JSON; invalid UTF-8 becomes U+FFFD and a number that JSON lacks becomes None.

    Args:
        data: The bytes of one JSON value; a byte order mark and white space may surround it.

    Returns:
        The value; strings may hold surrogate halves, which `deepshi_jupyter.core.text` mends.

    Raises:
        ValueError: The bytes are not JSON, or it is nested deeper than `MAX_DEPTH`.
    """
    text = data.decode("utf-8", "replace").lstrip("\ufeff")
    try:
        value = json.loads(text, parse_constant=_no_number, parse_float=_finite)
    except RecursionError:
        raise ValueError(_TOO_DEEP) from None
    if data.count(b"[") + data.count(b"{") > MAX_DEPTH and _is_too_deep(value):
        raise ValueError(_TOO_DEEP)
    return value


def _is_too_deep(value: Any) -> bool:
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        lists = [item for item in level if isinstance(item, list)]
        lists += [list(item.values()) for item in level if isinstance(item, dict)]
        if not lists:
            return False
        level = [inner for items in lists for inner in items]
    return True


def _no_number(_: str) -> None:
    return None


def _finite(digits: str) -> float | None:
    value = float(digits)
    return value if math.isfinite(value) else None


def as_text(value: Any) -> str:
    """Return the text of a ``content`` field: a string, or a list of parts with text."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "".join(as_text(part.get("text")) for part in value if isinstance(part, dict))
    return ""


def as_dict(value: Any) -> dict[str, Any]:
    """Return the value if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def as_dicts(value: Any) -> list[dict[str, Any]]:
    """Return the objects of a list; anything else counts as an empty list."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def as_name(value: Any) -> str | None:
    """Return a non-empty string, mended, else None."""
    return mend(value) if isinstance(value, str) and value else None


def storable(value: Any) -> Any:
    """Return a JSON value whose strings can all be written as UTF-8."""
    if isinstance(value, str):
        return mend(value)
    if isinstance(value, list):
        return [storable(item) for item in value]
    if isinstance(value, dict):
        return {mend(key): storable(item) for key, item in value.items()}
    return value
