from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepshi_jupyter.core.image_header import ImageHeader, media_type_of, read_header
from tests.attachments.images import drawn, png_header

FILES = {
    "image/png": drawn("PNG", (300, 7)),
    "image/gif": drawn("GIF", (300, 7)),
    "image/jpeg": drawn("JPEG", (300, 7)),
    "image/webp": drawn("WEBP", (300, 7)),
}
WEBP_LOSSLESS = drawn("WEBP", (300, 7), lossless=True)
WEBP_EXTENDED = drawn("WEBP", (300, 7), exif=b"Exif\0\0nothing")
JPEG_PROGRESSIVE = drawn("JPEG", (300, 7), progressive=True)
JPEG_WITH_METADATA = drawn("JPEG", (300, 7), exif=b"Exif\0\0" + bytes(60_000), comment=b"\xff\xc0")


@pytest.mark.parametrize("media_type", FILES)
def test_the_size_of_each_kind_is_read(media_type: str) -> None:
    assert read_header(FILES[media_type]) == ImageHeader(media_type, 300, 7)


@pytest.mark.parametrize(
    "data", [WEBP_LOSSLESS, WEBP_EXTENDED, JPEG_PROGRESSIVE, JPEG_WITH_METADATA]
)
def test_the_size_of_each_variant_is_read(data: bytes) -> None:
    header = read_header(data)
    assert header is not None
    assert (header.width, header.height, header.pixels) == (300, 7, 2100)


def test_the_variants_of_webp_are_what_they_say() -> None:
    kinds = [data[12:16] for data in (FILES["image/webp"], WEBP_LOSSLESS, WEBP_EXTENDED)]
    assert kinds == [b"VP8 ", b"VP8L", b"VP8X"]


def test_fill_bytes_and_bare_markers_stand_before_a_jpeg_frame() -> None:
    data = FILES["image/jpeg"]
    assert read_header(b"\xff\xd8\xff\xff\xff\x01" + data[2:]) == read_header(data)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"text",
        b"BM" + bytes(60),
        b"RIFF\x10\0\0\0WAVEfmt " + bytes(60),
        png_header(0, 7),
        b"\x89PNG\r\n\x1a\n\0\0\0\rIDAT" + bytes(60),
        b"RIFF\x10\0\0\0WEBPVP9 " + bytes(60),
        b"\xff\xd8\xff\xd9" + bytes(60),
        b"\xff\xd8\xff\xda" + bytes(60),
        b"\xff\xd8\xff\xe0\0\0" * 20,
    ],
)
def test_what_is_no_image_or_damaged_has_no_header(data: bytes) -> None:
    assert read_header(data) is None


@given(st.sampled_from([*FILES.values(), WEBP_LOSSLESS, WEBP_EXTENDED]), st.integers(0, 700))
def test_a_cut_header_gives_the_size_or_nothing(data: bytes, end: int) -> None:
    assert read_header(data[:end]) in (None, read_header(data))


@given(st.sampled_from([data[:4] for data in FILES.values()]), st.binary(max_size=300))
def test_no_bytes_are_too_strange(head: bytes, tail: bytes) -> None:
    header = read_header(head + tail)
    assert header is None or header.media_type == media_type_of(head + tail)
