"""What the first bytes of an image say: its media type, width and height; nothing is decoded.

Read as the specifications describe them: PNG (https://www.w3.org/TR/png-3/#11IHDR), GIF
(https://www.w3.org/Graphics/GIF/spec-gif89a.txt, 18), JPEG (ITU-T T.81, B.1.1 and B.2.2) and WebP
(https://developers.google.com/speed/webp/docs/riff_container).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

_NO_FRAME = frozenset({0xC4, 0xC8, 0xCC})
"""JPEG markers between C0 and CF that begin no frame: tables, a reserved one, conditioning."""

_BARE = frozenset({0x01, *range(0xD0, 0xD9)})
"""JPEG markers that stand alone, without a length."""

Size = tuple[int, int]


class ImageHeader(msgspec.Struct, frozen=True):
    """The media type of an image, and its width and height in pixels."""

    media_type: str
    width: int
    height: int

    @property
    def pixels(self) -> int:
        """Width times height."""
        return self.width * self.height


def media_type_of(data: bytes) -> str | None:
    """Return the media type that the first bytes of a file show, or None if it is none of the four.

    Args:
        data: The file, or at least its first 12 bytes.
    """
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return None


def read_header(data: bytes) -> ImageHeader | None:
    """Read the header of a PNG, JPEG, GIF or WebP image.

    Args:
        data: The file from its first byte on; a JPEG keeps its size behind its metadata.

    Returns:
        What the header says, or None if this is no such image, or its header is cut or damaged.
    """
    media_type = media_type_of(data)
    size = _READERS[media_type](data) if media_type else None
    if media_type is None or size is None or 0 in size:
        return None
    return ImageHeader(media_type, *size)


def _png(data: bytes) -> Size | None:
    if len(data) < 24 or data[12:16] != b"IHDR":
        return None
    return int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")


def _gif(data: bytes) -> Size | None:
    if len(data) < 10:
        return None
    return int.from_bytes(data[6:8], "little"), int.from_bytes(data[8:10], "little")


def _jpeg(data: bytes) -> Size | None:
    """Walk over the segments to the frame header; pixels that come first mean damage."""
    place = 2
    while place + 1 < len(data) and data[place] == 0xFF:
        marker = data[place + 1]
        if marker == 0xFF:  # a fill byte may stand before any marker
            place += 1
        elif marker in _BARE:
            place += 2
        elif 0xC0 <= marker <= 0xCF and marker not in _NO_FRAME:
            return _frame(data[place + 4 : place + 9])
        elif marker in (0xD9, 0xDA):
            return None
        else:
            place += 2 + max(2, int.from_bytes(data[place + 2 : place + 4], "big"))
    return None


def _frame(fields: bytes) -> Size | None:
    """Read precision, height and width of a JPEG frame header."""
    if len(fields) < 5:
        return None
    return int.from_bytes(fields[3:5], "big"), int.from_bytes(fields[1:3], "big")


def _webp(data: bytes) -> Size | None:
    if len(data) < 30:
        return None
    kind = data[12:16]
    if kind == b"VP8X":
        return int.from_bytes(data[24:27], "little") + 1, int.from_bytes(data[27:30], "little") + 1
    if kind == b"VP8L" and data[20] == 0x2F:
        bits = int.from_bytes(data[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8 " and data[23:26] == b"\x9d\x01\x2a":
        width, height = data[26:28], data[28:30]
        return int.from_bytes(width, "little") & 0x3FFF, int.from_bytes(height, "little") & 0x3FFF
    return None


_READERS: Mapping[str, Callable[[bytes], Size | None]] = {
    "image/png": _png,
    "image/jpeg": _jpeg,
    "image/gif": _gif,
    "image/webp": _webp,
}
