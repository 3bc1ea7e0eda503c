"""What can be told of an image without looking at it: its media type and its size in pixels.

The headers are read as their specifications describe them: PNG
(https://www.w3.org/TR/png-3/#11IHDR), GIF89a, JPEG (ITU-T T.81, B.2.2) and WebP
(https://developers.google.com/speed/webp/docs/riff_container).
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from deepshi_jupyter.offline.messages import ImagePart, Message, UserMessage
from deepshi_jupyter.offline.refusal import Refusal

_DATA_URL: Final = re.compile(r"data:[\w.+/-]*(?:;[\w=.-]+)*;base64,", re.ASCII)
_NO_FRAMES: Final = frozenset({0xC4, 0xC8, 0xCC})


class ImageFacts(NamedTuple):
    """What the header of an image says: media type, width and height in pixels."""

    media_type: str
    width: int
    height: int


def facts_of(data: bytes) -> ImageFacts | None:
    """Read the header of an image.

    Args:
        data: The image file.

    Returns:
        What its header says, or None when it is no PNG, GIF, JPEG or WebP.
    """
    if data[:8] == b"\x89PNG\r\n\x1a\n" and len(data) >= 24:
        return ImageFacts("image/png", _big(data[16:20]), _big(data[20:24]))
    if data[:6] in (b"GIF87a", b"GIF89a") and len(data) >= 10:
        return ImageFacts("image/gif", _little(data[6:8]), _little(data[8:10]))
    if data[:2] == b"\xff\xd8":
        return _jpeg(data)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP" and len(data) >= 30:
        return _webp(data)
    return None


def _big(data: bytes) -> int:
    return int.from_bytes(data, "big")


def _little(data: bytes) -> int:
    return int.from_bytes(data, "little")


def _jpeg(data: bytes) -> ImageFacts | None:
    """Walk over the segments to the frame header."""
    place = 2
    while place + 9 <= len(data) and data[place] == 0xFF:
        marker = data[place + 1]
        if 0xC0 <= marker <= 0xCF and marker not in _NO_FRAMES:
            height, width = _big(data[place + 5 : place + 7]), _big(data[place + 7 : place + 9])
            return ImageFacts("image/jpeg", width, height)
        place += 2 + _big(data[place + 2 : place + 4])
    return None


def _webp(data: bytes) -> ImageFacts | None:
    kind = data[12:16]
    if kind == b"VP8X":
        size = _little(data[24:27]) + 1, _little(data[27:30]) + 1
    elif kind == b"VP8L":
        bits = _little(data[21:25])
        size = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    elif kind == b"VP8 ":
        size = _little(data[26:28]) & 0x3FFF, _little(data[28:30]) & 0x3FFF
    else:
        return None
    return ImageFacts("image/webp", *size)


def image_urls(messages: Sequence[Message]) -> list[tuple[str, str]]:
    """Find the images of a conversation.

    Args:
        messages: The conversation.

    Returns:
        The path of each in the request, and its URL.
    """
    return [
        (f"messages[{place}].content[{part_place}].image_url", part.image_url.url)
        for place, message in enumerate(messages)
        if isinstance(message, UserMessage) and isinstance(message.content, list)
        for part_place, part in enumerate(message.content)
        if isinstance(part, ImagePart)
    ]


def describe(messages: Sequence[Message]) -> str:
    """Say what can be said about the images of a conversation.

    Args:
        messages: The conversation.

    Returns:
        One sentence for their number and one for each; empty without images.

    Raises:
        Refusal: 400 for an image that is malformed or of another kind.
    """
    urls = image_urls(messages)
    if not urls:
        return ""
    sentences = [f"Image {place} {_sentence(*url)}" for place, url in enumerate(urls, 1)]
    number = "one image" if len(urls) == 1 else f"{len(urls)} images"
    return " ".join([f"You have shown {number}.", *sentences])


def _sentence(path: str, url: str) -> str:
    if url.startswith(("https://", "http://")):
        return f"is at {urlsplit(url).hostname}, and an endpoint without network does not fetch it."
    data = _decoded(path, url)
    facts = facts_of(data)
    if facts is None:
        raise _refused(path, "is not a PNG, JPEG, GIF or WebP image")
    return f"is {facts.media_type}, {facts.width} × {facts.height} pixels, {len(data)} bytes."


def _decoded(path: str, url: str) -> bytes:
    head = _DATA_URL.match(url)
    if head is None:
        raise _refused(path, "must be a 'data:…;base64,' or 'https:' URL")
    try:
        return base64.b64decode(url[head.end() :], validate=True)
    except binascii.Error as error:
        raise _refused(path, f"is not base64 ({error})") from None


def _refused(path: str, problem: str) -> Refusal:
    return Refusal(400, f"{path!r} {problem}.", code="invalid_image", param=path)
