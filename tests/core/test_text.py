"""Text in pieces, cut between the halves of a surrogate pair or not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepshi_jupyter.core.text import TextBuilder, mend
from tests.core.json_values import ANY_TEXT

HIGH, LOW = "\ud83d", "\ude00"


@pytest.mark.parametrize(
    ("text", "mended"),
    [
        ("plain", "plain"),
        ("Grüezi 😀", "Grüezi 😀"),
        (HIGH + LOW, "😀"),
        (HIGH, "\ufffd"),
        (LOW, "\ufffd"),
        (LOW + HIGH, "\ufffd\ufffd"),
        (HIGH + HIGH + LOW, "\ufffd😀"),
        (HIGH + LOW + LOW, "😀\ufffd"),
        (f"a{HIGH}b{LOW}c", "a\ufffdb\ufffdc"),
        ("😀" + HIGH, "😀\ufffd"),
        ("", ""),
    ],
)
def test_halves_that_belong_together_are_joined_and_lone_ones_replaced(
    text: str, mended: str
) -> None:
    assert mend(text) == mended


@given(st.text())
def test_text_without_halves_stays_as_it_is(text: str) -> None:
    assert mend(text) == text


@given(ANY_TEXT)
def test_mended_text_can_be_saved_and_is_not_mended_again(text: str) -> None:
    mended = mend(text)
    mended.encode()
    assert mend(mended) == mended


@given(st.lists(ANY_TEXT, max_size=12))
def test_text_cut_anywhere_shows_the_same_as_the_whole(pieces: list[str]) -> None:
    builder = TextBuilder()
    shown = [builder.add(piece) for piece in pieces]
    shown.append(builder.flush())
    for piece in shown:
        piece.encode()
    assert "".join(shown) == str(builder) == mend("".join(pieces))


def test_a_high_half_is_held_back_until_its_mate_comes() -> None:
    builder = TextBuilder()
    assert builder.add(f"a{HIGH}") == "a"
    assert str(builder) == "a"
    assert builder.add("") == ""
    assert builder.add(f"{LOW}b") == "😀b"
    assert builder.flush() == ""


def test_what_was_held_back_counts_as_text() -> None:
    builder = TextBuilder()
    assert not builder
    builder.add(HIGH)
    assert builder


def test_many_pieces_are_joined_and_none_is_lost() -> None:
    builder = TextBuilder()
    for number in range(5000):
        builder.add(f"{number} ")
    assert str(builder).split() == [str(number) for number in range(5000)]
    assert len(builder._pieces) < 5000


def test_any_number_of_empty_pieces_is_no_text() -> None:
    builder = TextBuilder()
    for _ in range(5000):
        builder.add("")
    assert not builder
