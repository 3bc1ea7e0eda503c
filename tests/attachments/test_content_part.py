from __future__ import annotations

import base64
import contextlib
import hashlib
import io
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure
from PIL import Image

from deepshi_jupyter.attachments import limits
from deepshi_jupyter.attachments.content_part import content_part, content_parts
from deepshi_jupyter.core.image_header import media_type_of
from deepshi_jupyter.errors import InvalidRequestError
from tests.attachments.images import PNG, drawn, noise, opened, png_header


def a_figure() -> Figure:
    figure = Figure(figsize=(4, 3), dpi=100)
    figure.subplots().plot([1, 2, 3])
    return figure


def test_a_figure_is_drawn_as_png() -> None:
    attachment = content_part(a_figure())
    assert (attachment.media_type, attachment.width, attachment.height) == ("image/png", 400, 300)
    assert attachment.note == ""


def test_the_axes_of_a_plot_stand_for_its_figure() -> None:
    figure = a_figure()
    assert content_part(figure.axes[0]) == content_part(figure)


def test_a_figure_that_cannot_be_drawn_says_why() -> None:
    figure = a_figure()
    figure.axes[0].set_title("$\\nonsense$")
    with pytest.raises(InvalidRequestError, match="The Figure could not be drawn: ValueError"):
        content_part(figure)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_a_pillow_image_keeps_its_pixels(mode: str) -> None:
    image = Image.new(mode, (5, 4), 255 if len(mode) == 1 else None)
    attachment = content_part(image)
    assert (attachment.media_type, attachment.width, attachment.height) == ("image/png", 5, 4)
    seen = image.convert("L") if mode == "P" else image
    assert opened(attachment.data).convert(seen.mode).tobytes() == seen.tobytes()


def test_a_photo_stays_a_jpeg() -> None:
    assert content_part(opened(drawn("JPEG"))).media_type == "image/jpeg"


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
@pytest.mark.parametrize("as_given", [str, Path])
def test_a_file_goes_byte_for_byte_whatever_its_name(
    kind: str, as_given: Callable[[str], Any], tmp_path: Path
) -> None:
    path = tmp_path / "image.txt"
    path.write_bytes(drawn(kind))
    attachment = content_part(as_given(str(path)))
    assert attachment.media_type == f"image/{kind.lower()}"
    assert attachment.data == path.read_bytes()
    assert (attachment.width, attachment.height, attachment.note) == (40, 30, "")
    assert attachment.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_path_may_begin_at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "a.png").write_bytes(drawn("PNG"))
    assert content_part("~/a.png").width == 40


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_bytes_are_taken(kind: Callable[[bytes], Any]) -> None:
    assert content_part(kind(drawn("PNG"))).data == drawn("PNG")


class Shown:
    def __init__(self, png: Any = None, jpeg: Any = None) -> None:
        self._png, self._jpeg = png, jpeg

    def _repr_png_(self) -> Any:
        if isinstance(self._png, Exception):
            raise self._png
        return self._png

    def _repr_jpeg_(self) -> Any:
        return self._jpeg


@pytest.mark.parametrize(
    "value",
    [
        Shown(drawn("PNG")),
        Shown((drawn("PNG"), {"width": 20})),
        Shown(base64.b64encode(drawn("PNG")).decode()),
        Shown(None, drawn("JPEG")),
    ],
)
def test_an_object_that_shows_itself_as_an_image_is_taken(value: Shown) -> None:
    assert (content_part(value).width, content_part(value).height) == (40, 30)


def test_the_content_part_is_that_of_the_api() -> None:
    part = content_part(drawn("PNG")).as_content_part()
    assert part["type"] == "image_url"
    head, _, encoded = part["image_url"]["url"].partition(",")
    assert head == "data:image/png;base64"
    assert base64.b64decode(encoded, validate=True) == drawn("PNG")


def test_an_attachment_shows_its_facts_and_not_its_bytes() -> None:
    shown = repr(content_part(drawn("PNG")))
    assert shown.startswith("<Attachment image/png, 40 × 30 pixels, ")
    assert "\\x" not in shown


def test_a_list_gives_one_attachment_each() -> None:
    first, second = content_parts([a_figure(), drawn("GIF")])
    assert (first.media_type, second.media_type) == ("image/png", "image/gif")
    assert content_parts(drawn("GIF")) == (second,)


def test_an_empty_list_is_an_error() -> None:
    with pytest.raises(InvalidRequestError, match="list of attachments is empty"):
        content_parts([])


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (3, "type int cannot be attached"),
        (Image, "type module cannot be attached"),
        (numpy.zeros((2, 2)), "PIL.Image.fromarray"),
        (b"", "image but empty"),
        (b"%PDF-1.7", "image but a PDF"),
        (b"II*\0\x08\0\0\0", "image but a TIFF"),
        (b"<?xml version='1.0'?><svg/>", "image but an SVG"),
        (b"plain text", "no PNG, JPEG, GIF or WebP image."),
        (png_header(4, 4)[:20], "begins as image/png and is cut off"),
        (Shown(), "type Shown cannot be attached"),
        (Shown("no base64!"), "type Shown cannot be attached"),
        (Shown(OSError("broken")), "could not be drawn: OSError: broken"),
        (Image.new("F", (2, 2)), "cannot be written as PNG"),
        (Image.new("RGB", (0, 2)), "has no pixels"),
        ("https://example.org/a.png", "not fetched here"),
        ("nul\0byte.png", "There is no file"),
    ],
)
def test_what_is_no_image_says_what_it_is(value: Any, words: str) -> None:
    with pytest.raises(InvalidRequestError, match=re.escape(words)) as caught:
        content_part(value)
    assert caught.value.todo


def test_a_missing_file_a_directory_and_a_pipe_are_told_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe")
    Path("text.png").write_text("no image")
    for name, words in [
        ("missing.png", "There is no file 'missing.png' in the kernel's working directory."),
        (".", "'.' is a directory"),
        ("pipe", "'pipe' is no regular file"),
        ("text.png", "The file 'text.png' is no PNG, JPEG, GIF or WebP image"),
    ]:
        with pytest.raises(InvalidRequestError, match=re.escape(words)):
            content_part(name)


def test_a_file_too_large_to_be_read_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deepshi_jupyter.attachments.content_part.LARGEST_READ", 10)
    (tmp_path / "a.png").write_bytes(drawn("PNG"))
    with pytest.raises(InvalidRequestError, match="more than 10 bytes"):
        content_part(tmp_path / "a.png")


def test_a_large_image_is_scaled_down_and_says_so() -> None:
    attachment = content_part(drawn("PNG", (4000, 3000)))
    assert (attachment.width, attachment.height) == (1568, 1176)
    assert opened(attachment.data).size == (1568, 1176)
    assert attachment.note == "scaled down from 4000 × 3000 to 1568 × 1176"


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16"])
def test_a_large_pillow_image_of_any_mode_is_scaled_down(mode: str) -> None:
    attachment = content_part(Image.new(mode, (3136, 2)))
    assert (attachment.width, attachment.height) == (1568, 1)
    assert attachment.note == "scaled down from 3136 × 2 to 1568 × 1"


def test_sixteen_bits_of_grey_keep_their_brightness_when_scaled() -> None:
    image = Image.new("I;16", (3136, 2), 128 * 256)
    assert opened(content_part(image).data).getpixel((0, 0)) == 128


def test_a_large_image_with_transparent_palette_stays_transparent() -> None:
    image = Image.new("P", (2000, 2))
    image.info["transparency"] = 0
    scaled = opened(content_part(image).data)
    assert scaled.mode == "RGBA"
    assert scaled.getpixel((0, 0)) == (0, 0, 0, 0)


def test_an_image_heavy_in_bytes_is_made_lighter(monkeypatch: pytest.MonkeyPatch) -> None:
    largest = 100_000
    for module in ("limits", "scale"):
        monkeypatch.setattr(f"deepshi_jupyter.attachments.{module}.LARGEST_FILE", largest)
    attachment = content_part(noise((300, 200)))
    assert len(attachment.data) <= largest
    assert attachment.note.startswith("scaled down from 300 × 200 to ")


def test_five_megabytes_are_counted_as_they_are_sent() -> None:
    part = len(base64.b64encode(bytes(limits.LARGEST_FILE)))
    assert part == limits.LARGEST_ENCODED


def test_a_file_that_is_only_stored_badly_says_that_it_was_written_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data = drawn("PNG", (200, 200), compress_level=0)
    monkeypatch.setattr("deepshi_jupyter.attachments.limits.LARGEST_FILE", 100_000)
    assert content_part(data).note == "written anew as PNG"


def test_a_scaled_photo_stands_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90 degrees to show it
    attachment = content_part(drawn("JPEG", (2000, 1000), exif=exif))
    assert (attachment.media_type, attachment.width, attachment.height) == ("image/jpeg", 784, 1568)
    assert attachment.note == "scaled down from 1000 × 2000 to 784 × 1568"


def test_of_a_large_animation_the_first_frame_goes_and_the_note_says_so() -> None:
    frames = [Image.new("RGB", (2000, 10), colour) for colour in ("red", "green", "blue")]
    data = drawn_animation(frames)
    attachment = content_part(data)
    assert attachment.media_type == "image/png"
    assert attachment.note == "scaled down from 2000 × 10 to 1568 × 8; the first of 3 frames"


def drawn_animation(frames: list[Image.Image]) -> bytes:
    file = io.BytesIO()
    frames[0].save(file, format="GIF", save_all=True, append_images=frames[1:])
    return file.getvalue()


def test_a_bomb_is_refused_by_its_header() -> None:
    for data in (png_header(100_000, 100_000), png_header(10_001, 10_000)):
        with pytest.raises(InvalidRequestError, match="at most 100 million"):
            content_part(data)


def test_a_large_pillow_image_is_refused_before_it_is_decoded() -> None:
    class Unread(Image.Image):
        size = (20_000, 20_000)

    with pytest.raises(InvalidRequestError, match="at most 100 million"):
        content_part(Unread())


def test_a_large_image_that_is_cut_off_is_an_error() -> None:
    data = drawn("PNG", (2000, 2000))
    with pytest.raises(InvalidRequestError, match="cannot be read as an image"):
        content_part(data[: len(data) // 2])


def test_without_pillow_a_large_image_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    large, small = drawn("PNG", (2000, 10)), drawn("PNG")
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(InvalidRequestError, match="2000 × 10 pixels") as caught:
        content_part(large)
    assert "pip install pillow" in caught.value.todo
    assert content_part(small).width == 40


@given(st.sampled_from([b"", PNG, b"GIF89a", b"\xff\xd8\xff"]), st.binary(max_size=80))
def test_whatever_the_bytes_are_they_are_an_image_or_a_clear_error(
    head: bytes, tail: bytes
) -> None:
    with contextlib.suppress(InvalidRequestError):
        assert content_part(head + tail).media_type == media_type_of(head)
