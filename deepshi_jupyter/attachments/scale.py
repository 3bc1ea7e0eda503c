"""Images that are too large to be sent → smaller ones, with Pillow where it is installed."""

from __future__ import annotations

import io
import warnings
from typing import Any

import msgspec

from deepshi_jupyter.attachments.attachment import Attachment, attach
from deepshi_jupyter.attachments.limits import LARGEST_FILE, LONGEST_SIDE, check_pixels, fits
from deepshi_jupyter.core.image_header import ImageHeader, read_header
from deepshi_jupyter.errors import InvalidRequestError

_FORMATS = {
    "image/png": "PNG",
    "image/jpeg": "JPEG",
    "image/gif": "GIF",
    "image/webp": "WEBP",
}
_JPEG_QUALITY = 90
_MOST_TRIES = 8


def scale_file(data: bytes, header: ImageHeader, what: str) -> Attachment:
    """Scale an image file down until it may be sent.

    Args:
        data: The file.
        header: Its header.
        what: What the user calls it, for errors.

    Raises:
        InvalidRequestError: Pillow is not installed, or cannot read the file.
    """
    image = _open(data, header, what)
    try:
        frames = int(getattr(image, "n_frames", 1))
        upright = _upright(image)
    except Exception as error:  # Pillow raises many kinds for a damaged file
        raise _unreadable(what, error) from None
    kind = "JPEG" if header.media_type == "image/jpeg" else "PNG"
    scaled = encode(upright, kind, what)
    notes = [scaled.note or f"written anew as {kind}"]
    notes += [f"the first of {frames} frames"] if frames > 1 else []
    return msgspec.structs.replace(scaled, note="; ".join(notes))


def encode(image: Any, kind: str, what: str) -> Attachment:
    """Encode a Pillow image, scaled down as far as it must be.

    Args:
        image: A ``PIL.Image.Image``.
        kind: ``PNG`` or ``JPEG``.
        what: What the user calls it, for errors.

    Raises:
        InvalidRequestError: Pillow cannot write it, or cannot make it small enough.
    """
    longest = min(max(image.size), LONGEST_SIDE)
    for _ in range(_MOST_TRIES):
        smaller = _shrink(image, longest, what)
        data = _write(smaller, kind, what)
        header = read_header(data)
        if header is not None and fits(header.width, header.height, len(data)):
            return attach(data, header, _note(image.size, smaller.size))
        longest = int(longest * min(0.9, (LARGEST_FILE / len(data)) ** 0.5))
    raise InvalidRequestError(
        f"{what} stays too large to be sent.", "Scale it down or cut out the part that matters."
    )


def _note(before: tuple[int, int], after: tuple[int, int]) -> str:
    if after == before:
        return ""
    return f"scaled down from {before[0]} × {before[1]} to {after[0]} × {after[1]}"


def _open(data: bytes, header: ImageHeader, what: str) -> Any:
    """Open with Pillow as the kind of file that it was recognised as, and as no other."""
    try:
        from PIL import Image
    except ImportError:
        raise InvalidRequestError(
            f"{what} is too large to be sent as it is ({header.width} × {header.height} pixels, "
            f"{len(data):,} bytes).",
            "Install Pillow to have it scaled down (`pip install pillow`), or scale it yourself to "
            f"at most {LONGEST_SIDE} pixels and {LARGEST_FILE:,} bytes.",
        ) from None
    try:
        with warnings.catch_warnings():
            # Pillow warns from 89 million pixels on; here the header was checked against 100.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(data), formats=(_FORMATS[header.media_type],))
    except Exception as error:  # Pillow raises many kinds for a damaged file
        raise _unreadable(what, error) from None
    check_pixels(*image.size, what)
    return image


def _upright(image: Any) -> Any:
    """Return the first frame as a camera meant it: a scaled copy carries no mark to turn it by."""
    from PIL import ImageOps

    image.seek(0)
    return ImageOps.exif_transpose(image)


def _shrink(image: Any, longest: int, what: str) -> Any:
    if max(image.size) <= longest:
        return image
    try:
        smaller = _plain(image).copy()
        smaller.thumbnail((longest, longest))
    except Exception as error:  # the pixels are read only now, and may be cut or damaged
        raise _unreadable(what, error) from None
    return smaller


def _plain(image: Any) -> Any:
    """Return an image whose pixels can be averaged: no palette, no single bits, 8 bits deep."""
    if image.mode in ("L", "LA", "RGB", "RGBA"):
        return image
    if image.mode == "1":
        return image.convert("L")
    if image.mode.startswith("I"):  # 16 bits of grey; a conversion alone would clip them at 255
        return image.point(lambda value: value * (1 / 256)).convert("L")
    return image.convert("RGBA" if _is_transparent(image) else "RGB")


def _is_transparent(image: Any) -> bool:
    return image.mode in ("PA", "La", "RGBa") or "transparency" in image.info


def _write(image: Any, kind: str, what: str) -> bytes:
    file = io.BytesIO()
    options = {"quality": _JPEG_QUALITY} if kind == "JPEG" else {}
    try:
        image.save(file, format=kind, **options)
    except Exception as error:  # a mode that the format does not have, a damaged file
        raise InvalidRequestError(
            f"{what} cannot be written as {kind}: {error}.",
            'Convert it first, such as with `image.convert("RGB")`.',
        ) from None
    return file.getvalue()


def _unreadable(what: str, error: Exception) -> InvalidRequestError:
    return InvalidRequestError(
        f"{what} cannot be read as an image: {error}.", "Check that the file is whole."
    )
