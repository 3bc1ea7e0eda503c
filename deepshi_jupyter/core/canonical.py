"""A JSON value → the one text that stands for it, which hashes are made of.

The text is that of RFC 8785 (https://www.rfc-editor.org/rfc/rfc8785): keys sorted by UTF-16 units,
no white space, numbers as ECMAScript writes them, so that ``0`` and ``0.0`` are the same. Whole
numbers beyond 2^53, which that RFC does not take, keep all their digits.
"""

from __future__ import annotations

import base64
import hashlib
import json
from decimal import Decimal
from typing import Any

from deepshi_jupyter.errors import InvalidRequestError

_EXACT = 2**53
_ESCAPED = json.encoder.encode_basestring


def canonical(value: Any) -> bytes:
    """Return the canonical JSON of a value, as UTF-8.

    Args:
        value: A JSON value; tuples count as arrays.

    Raises:
        InvalidRequestError: It is no JSON value, such as NaN or an object of another kind.
    """
    return _text(value).encode("utf-8", "surrogatepass")


def sha256(data: bytes) -> str:
    """Return the SHA-256 of bytes, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def text_sha256(text: str) -> str:
    """Return the SHA-256 of a text as UTF-8, in hexadecimal."""
    return sha256(text.encode("utf-8", "surrogatepass"))


def without_bytes(message: dict[str, Any]) -> dict[str, Any]:
    """Return a message with each image that it carries named by its hash.

    Args:
        message: A message of a request, or one that went through here before.

    Returns:
        The same message if it carries none; else one whose parts
        ``{"type": "image", "media_type": …, "sha256": …}`` stand for the images; all that they
        say beside the bytes, such as ``detail``, stays.
    """
    content = message.get("content")
    if not isinstance(content, list):
        return message
    parts = [_part_without_bytes(part) for part in content]
    same = all(new is old for new, old in zip(parts, content, strict=True))
    return message if same else {**message, "content": parts}


def image_bytes(part: Any) -> tuple[str, bytes] | None:
    """Return the media type and bytes of a content part that carries an image, else None."""
    if not isinstance(part, dict) or not isinstance(part.get("image_url"), dict):
        return None
    head, comma, data = str(part["image_url"].get("url", "")).partition(",")
    if not comma or not head.startswith("data:") or not head.endswith(";base64"):
        return None
    try:
        return head[len("data:") : -len(";base64")], base64.b64decode(data, validate=True)
    except ValueError:  # no base64, or text that cannot be
        return None


def _part_without_bytes(part: Any) -> Any:
    found = image_bytes(part)
    if found is None:
        return part
    media_type, data = found
    said = {name: part["image_url"][name] for name in part["image_url"] if name != "url"}
    beside = {name: part[name] for name in part if name not in ("type", "image_url")}
    named = {"type": "image", "media_type": media_type, "sha256": sha256(data)}
    return {**said, **beside, **named}


def _text(value: Any) -> str:
    if isinstance(value, str):
        return _ESCAPED(value)
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int | float):
        return _number(value)
    if isinstance(value, list | tuple):
        return f"[{','.join(map(_text, value))}]"
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return f"{{{','.join(f'{_ESCAPED(key)}:{_text(value[key])}' for key in _sorted(value))}}}"
    raise InvalidRequestError(
        f"A value of type {type(value).__name__} is not JSON.", "Replace it; nothing was sent."
    )


def _sorted(value: dict[str, Any]) -> list[str]:
    keys = list(value)
    if all(key.isascii() for key in keys):
        return sorted(keys)
    return sorted(keys, key=lambda key: key.encode("utf-16-be", "surrogatepass"))


def _number(value: float) -> str:
    if isinstance(value, int):
        return str(value)
    if value != value or value in (float("inf"), float("-inf")):
        raise InvalidRequestError(f"The number {value} is not JSON.", "Nothing was sent.")
    if value.is_integer() and abs(value) < _EXACT:
        return str(int(value))
    return _as_ecmascript(value)


def _as_ecmascript(value: float) -> str:
    """Write a number as ``Number.prototype.toString`` does (ECMA-262, 6.1.6.1.20)."""
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    text = "".join(map(str, digits))
    point = len(text) + int(exponent)
    if 0 < point <= 21:
        body = text + "0" * (point - len(text)) if point >= len(text) else _split(text, point)
    elif -6 < point <= 0:
        body = f"0.{'0' * -point}{text}"
    else:
        tail = f".{text[1:]}" if len(text) > 1 else ""
        body = f"{text[0]}{tail}e{point - 1:+d}"
    return f"-{body}" if sign else body


def _split(text: str, point: int) -> str:
    return f"{text[:point]}.{text[point:]}"
