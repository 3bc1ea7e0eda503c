"""One image that goes with a question, ready to be sent and to be recorded."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import msgspec

from deepshi_jupyter.core.image_header import ImageHeader


class Attachment(msgspec.Struct, frozen=True):
    """An image as it is sent.

    Attributes:
        media_type: ``image/png``, ``image/jpeg``, ``image/gif`` or ``image/webp``.
        data: The file's bytes.
        width: Pixels.
        height: Pixels.
        sha256: The SHA-256 of `data`, as hexadecimal digits.
        note: What was done to it, such as ``scaled down from 4000 × 3000 to 1568 × 1176``, or
            an empty text.
    """

    media_type: str
    data: bytes
    width: int
    height: int
    sha256: str
    note: str = ""

    def as_content_part(self) -> dict[str, Any]:
        """Return the part of a user message's ``content`` that carries the image.

        The form is that of the OpenAI API (https://platform.openai.com/docs/guides/images-vision),
        which the API contract refers to.
        """
        encoded = base64.b64encode(self.data).decode("ascii")
        url = f"data:{self.media_type};base64,{encoded}"
        return {"type": "image_url", "image_url": {"url": url}}

    def __repr__(self) -> str:
        note = f", {self.note}" if self.note else ""
        return (
            f"<Attachment {self.media_type}, {self.width} × {self.height} pixels, "
            f"{len(self.data):,} bytes{note}>"
        )


def attach(data: bytes, header: ImageHeader, note: str = "") -> Attachment:
    """Make the attachment of an image file whose header was read."""
    digest = hashlib.sha256(data).hexdigest()
    return Attachment(header.media_type, data, header.width, header.height, digest, note)
