"""How large an image may be: to be read at all, and to be sent as it is."""

from __future__ import annotations

from deepshi_jupyter.errors import InvalidRequestError

LONGEST_SIDE = 1568
"""Pixels of the longest side that are sent; vision models scale down what is larger, and bill for
it first (https://docs.claude.com/en/docs/build-with-claude/vision)."""

LARGEST_ENCODED = 5_000_000
"""Bytes that an image may take in the request, as base64; services of this family refuse more."""

LARGEST_FILE = LARGEST_ENCODED // 4 * 3
"""Bytes of an image file that becomes `LARGEST_ENCODED` bytes of base64."""

MOST_PIXELS = 100_000_000
"""An image of more pixels is refused by its header: unpacked it would take 400 MB of memory."""

LARGEST_READ = 200_000_000
"""Bytes of a file that is read at all."""


def fits(width: int, height: int, size: int) -> bool:
    """True if an image of this width and height in pixels and size in bytes is sent as it is."""
    return max(width, height) <= LONGEST_SIDE and size <= LARGEST_FILE


def check_pixels(width: int, height: int, what: str) -> None:
    """Refuse an image that would fill the memory.

    Raises:
        InvalidRequestError: It has more than `MOST_PIXELS`.
    """
    if width * height > MOST_PIXELS:
        raise InvalidRequestError(
            f"{what} has {width:,} × {height:,} pixels; at most {MOST_PIXELS // 1_000_000} million "
            "are taken.",
            "Scale it down or cut out the part that matters.",
        )
