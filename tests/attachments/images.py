"""Image files to attach: headers made by hand, and whole images drawn with Pillow."""

from __future__ import annotations

import io
from typing import Any

from PIL import Image

PNG = b"\x89PNG\r\n\x1a\n"


def png_header(width: int, height: int) -> bytes:
    """The first 33 bytes of a PNG; nothing of its pixels."""
    size = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    return PNG + b"\0\0\0\rIHDR" + size + b"\x08\x02\0\0\0" + b"\0\0\0\0"


def drawn(kind: str, size: tuple[int, int] = (40, 30), mode: str = "RGB", **options: Any) -> bytes:
    """A whole image file of one colour."""
    file = io.BytesIO()
    Image.new(mode, size).save(file, format=kind, **options)
    return file.getvalue()


def noise(size: tuple[int, int]) -> Image.Image:
    """An image that no format makes small."""
    return Image.effect_noise(size, 100).convert("RGB")


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image
