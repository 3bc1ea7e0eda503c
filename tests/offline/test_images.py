from __future__ import annotations

import base64
import struct
from typing import Any

import pytest

from deepshi_jupyter.offline.images import ImageFacts, facts_of
from tests.offline.asking import refused, text

PNG = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", 640, 480) + bytes(5)
GIF = b"GIF89a" + struct.pack("<HH", 20, 10) + bytes(4)
JPEG = (
    b"\xff\xd8\xff\xe0\x00\x04ab\xff\xc4\x00\x03a"
    + b"\xff\xc2\x00\x0b\x08"
    + struct.pack(">HH", 30, 50)
    + bytes(8)
)
RIFF = b"RIFF\0\0\0\0WEBP"
WEBP_LOSSY = RIFF + b"VP8 " + bytes(10) + struct.pack("<HH", 70, 60)
WEBP_LOSSLESS = RIFF + b"VP8L" + bytes(4) + b"/" + struct.pack("<I", 69 | 59 << 14) + bytes(9)
WEBP_EXTENDED = RIFF + b"VP8X" + bytes(8) + bytes([69, 0, 0, 59, 0, 0])


@pytest.mark.parametrize(
    ("data", "facts"),
    [
        (PNG, ImageFacts("image/png", 640, 480)),
        (GIF, ImageFacts("image/gif", 20, 10)),
        (JPEG, ImageFacts("image/jpeg", 50, 30)),
        (WEBP_LOSSY, ImageFacts("image/webp", 70, 60)),
        (WEBP_LOSSLESS, ImageFacts("image/webp", 70, 60)),
        (WEBP_EXTENDED, ImageFacts("image/webp", 70, 60)),
        (b"", None),
        (b"<svg/>", None),
        (JPEG[:12], None),
        (PNG[:20], None),
    ],
)
def test_a_header_is_read(data: bytes, facts: ImageFacts | None) -> None:
    assert facts_of(data) == facts


def _url(data: bytes, kind: str = "image/png") -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def _shown(*urls: str) -> list[dict[str, Any]]:
    parts: list[dict[str, Any]] = [{"type": "text", "text": "What is on these?"}]
    parts += [{"type": "image_url", "image_url": {"url": url}} for url in urls]
    return [{"role": "user", "content": parts}]


def test_the_vision_model_says_how_many_images_of_what_kind_it_was_shown() -> None:
    said = text(model="offline-vision", messages=_shown(_url(PNG), _url(GIF)))
    assert said.startswith(
        "You have shown 2 images. "
        f"Image 1 is image/png, 640 × 480 pixels, {len(PNG)} bytes. "
        f"Image 2 is image/gif, 20 × 10 pixels, {len(GIF)} bytes."
    )


def test_an_address_is_not_fetched() -> None:
    said = text(model="offline-vision", messages=_shown("https://example.org/a.png?x=1"))
    assert "Image 1 is at example.org, and an endpoint without network does not fetch it." in said


@pytest.mark.parametrize(
    "url", ["data:image/png;base64,@@@", "data:,hi", "file:///etc/passwd", _url(b"no image")]
)
def test_an_image_that_is_none_is_refused(url: str) -> None:
    status, error = refused(model="offline-vision", messages=_shown(url))
    assert (status, error["code"]) == (400, "invalid_image")
    assert error["param"] == "messages[0].content[1].image_url"


def test_a_model_without_eyes_refuses_images() -> None:
    status, error = refused(model="offline-chat", messages=_shown(_url(PNG)))
    assert (status, error["code"]) == (400, "unsupported_modality")
    assert "offline-vision" in error["message"]
