"""What a user attaches → an image that can be sent.

Figures and Pillow images are recognised by their methods, so that neither matplotlib nor Pillow is
needed or loaded here. Files are recognised by their first bytes, never by their names.
"""

from __future__ import annotations

import base64
import binascii
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

from deepshi_jupyter.attachments.attachment import Attachment, attach
from deepshi_jupyter.attachments.limits import LARGEST_READ, check_pixels, fits
from deepshi_jupyter.attachments.scale import encode, scale_file
from deepshi_jupyter.core.image_header import media_type_of, read_header
from deepshi_jupyter.errors import InvalidRequestError

_SHOWING = ("_repr_png_", "_repr_jpeg_")
_ADDRESSES = ("http://", "https://", "data:")


def content_parts(value: Any) -> tuple[Attachment, ...]:
    """Return the attachments of a value, or of each value of a list or tuple.

    Args:
        value: What `content_part` takes, or a list of such values.

    Raises:
        InvalidRequestError: One of them is no image that can be sent, or the list is empty.
    """
    if not isinstance(value, list | tuple):
        return (content_part(value),)
    if not value:
        raise InvalidRequestError("The list of attachments is empty.", "Name a figure or file.")
    return tuple(content_part(each) for each in value)


def content_part(value: Any) -> Attachment:
    """Make an attachment of a figure, an image or an image file.

    Args:
        value: A matplotlib figure or axes, a Pillow image, the path of a PNG, JPEG, GIF or WebP
            file, the bytes of one, or any object that shows itself as PNG or JPEG
            (``_repr_png_``, ``_repr_jpeg_``).

    Returns:
        The image as it is sent. One with a side above 1568 pixels or above 5 MB of base64 is
        scaled down; its `note` says so.

    Raises:
        InvalidRequestError: It is no image, cannot be read, or is too large.
    """
    if isinstance(value, str | Path):
        return _of_file(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return _of_bytes(bytes(value), "The attached value")
    for recognises, make in _KINDS:
        if recognises(value):
            return make(value)
    raise _no_image(value)


def _of_file(name: str | Path) -> Attachment:
    if isinstance(name, str) and name.startswith(_ADDRESSES):
        raise InvalidRequestError(
            "An address is not fetched here.", "Download the image and give the path of the file."
        )
    path = Path(name).expanduser()
    return _of_bytes(_read(path), f"The file {path.name!r}")


def _read(path: Path) -> bytes:
    """Read a regular file: a pipe or a device might never end."""
    try:
        if path.is_file() and path.stat().st_size <= LARGEST_READ:
            return path.read_bytes()
        what = _unread(path)
    except (OSError, ValueError) as error:
        what = f"The file {str(path)!r} cannot be read: {error}."
    raise InvalidRequestError(what, "Give the path of a PNG, JPEG, GIF or WebP file.")


def _unread(path: Path) -> str:
    if path.is_dir():
        return f"{str(path)!r} is a directory, expected an image file."
    if path.is_file():
        return f"The file {str(path)!r} has more than {LARGEST_READ:,} bytes."
    if path.exists():
        return f"{str(path)!r} is no regular file."
    where = "" if path.is_absolute() else " in the kernel's working directory"
    return f"There is no file {str(path)!r}{where}."


def _of_bytes(data: bytes, what: str) -> Attachment:
    if media_type_of(data) is None:
        raise InvalidRequestError(
            f"{what} is no PNG, JPEG, GIF or WebP image{_looks_like(data)}.",
            "Convert it to one of these first.",
        )
    header = read_header(data)
    if header is None:
        raise InvalidRequestError(
            f"{what} begins as {media_type_of(data)} and is cut off or damaged.",
            "Check that the file is whole.",
        )
    check_pixels(header.width, header.height, what)
    if fits(header.width, header.height, len(data)):
        return attach(data, header)
    return scale_file(data, header, what)


def _looks_like(data: bytes) -> str:
    """Say what the bytes are, where that is plain to see and a user may wonder."""
    if not data:
        return " but empty"
    if data.startswith(b"%PDF"):
        return " but a PDF"
    if data[:2] in (b"II", b"MM") and data[2:4] in (b"*\0", b"\0*"):
        return " but a TIFF"
    return " but an SVG" if b"<svg" in data[:1000] else ""


def _is_figure(value: Any) -> bool:
    return callable(getattr(value, "savefig", None))


def _is_axes(value: Any) -> bool:
    return callable(getattr(value, "get_figure", None))


def _is_picture(value: Any) -> bool:
    """True for what looks like a ``PIL.Image.Image``: an array has a size too, but no `save`."""
    return callable(getattr(value, "save", None)) and isinstance(
        getattr(value, "size", None), tuple
    )


def _shows_itself(value: Any) -> bool:
    return any(callable(getattr(value, name, None)) for name in _SHOWING)


def _of_figure(figure: Any) -> Attachment:
    file = io.BytesIO()
    try:
        figure.savefig(file, format="png")
    except Exception as error:  # whatever the drawing of the figure raises
        raise _not_drawn(figure, error) from None
    return _of_bytes(file.getvalue(), "The figure")


def _of_axes(axes: Any) -> Attachment:
    figure = axes.get_figure()
    if figure is None or not _is_figure(figure):
        raise _no_image(axes)
    return _of_figure(figure)


def _of_picture(picture: Any) -> Attachment:
    width, height = picture.size
    check_pixels(width, height, "The image")
    if not width or not height:
        raise InvalidRequestError("The image has no pixels.", "Attach another one.")
    kind = "JPEG" if getattr(picture, "format", None) == "JPEG" else "PNG"
    return encode(picture, kind, "The image")


def _of_display(value: Any) -> Attachment:
    for name in _SHOWING:
        data = _shown(value, getattr(value, name, None))
        if data is not None:
            return _of_bytes(data, f"The {type(value).__name__}")
    raise _no_image(value)


def _shown(value: Any, show: Any) -> bytes | None:
    """Return the bytes of one of IPython's display methods, which may answer in four ways."""
    try:
        shown = show() if callable(show) else None
    except Exception as error:  # whatever the object's own method raises
        raise _not_drawn(value, error) from None
    data = shown[0] if isinstance(shown, tuple) and shown else shown  # with metadata beside it
    if isinstance(data, str):
        return _decoded(data)
    return data if isinstance(data, bytes) else None


def _decoded(text: str) -> bytes | None:
    """Decode base64, which IPython takes as well as bytes."""
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        return None


def _not_drawn(value: Any, error: Exception) -> InvalidRequestError:
    return InvalidRequestError(
        f"The {type(value).__name__} could not be drawn: {type(error).__name__}: {error}.",
        "Show it in a cell of its own first; nothing was sent.",
    )


def _no_image(value: Any) -> InvalidRequestError:
    todo = (
        "Attach a matplotlib figure, a PIL image, the path or the bytes of an image file, or a "
        "list of these."
    )
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        todo = "Make an image of an array first: `PIL.Image.fromarray(array)`, or plot it."
    return InvalidRequestError(
        f"A value of type {type(value).__name__} cannot be attached as an image.", todo
    )


_KINDS: tuple[tuple[Callable[[Any], bool], Callable[[Any], Attachment]], ...] = (
    (_is_figure, _of_figure),
    (_is_axes, _of_axes),
    (_is_picture, _of_picture),
    (_shows_itself, _of_display),
)
"""What is recognised, in this order: a Pillow image shows itself as PNG as well, but unscaled."""
