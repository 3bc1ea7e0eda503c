"""Identifiers that sort by the time at which they were made."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepshi_jupyter.core.ulid import ulid, ulid_milliseconds

TIMES = st.integers(0, 2**48 - 1)
RANDOMNESS = st.binary(min_size=10, max_size=10)


@pytest.mark.parametrize(
    ("milliseconds", "randomness", "text"),
    [
        (0, bytes(10), "0" * 26),
        (2**48 - 1, b"\xff" * 10, "7" + "Z" * 25),
        (1469918176385, bytes(10), "01ARYZ6S41" + "0" * 16),
        (1, bytes(9) + b"\x20", "0000000001" + "0" * 14 + "10"),
    ],
)
def test_it_is_the_one_of_the_specification(
    milliseconds: int, randomness: bytes, text: str
) -> None:
    assert ulid(milliseconds, randomness) == text


@given(TIMES, RANDOMNESS)
def test_its_time_can_be_read_again(milliseconds: int, randomness: bytes) -> None:
    text = ulid(milliseconds, randomness)
    assert re.fullmatch("[0-7][0-9A-HJKMNP-TV-Z]{25}", text)
    assert ulid_milliseconds(text) == milliseconds


@given(st.tuples(TIMES, RANDOMNESS), st.tuples(TIMES, RANDOMNESS))
def test_they_sort_as_text_as_their_times_do(
    one: tuple[int, bytes], two: tuple[int, bytes]
) -> None:
    assert (ulid(*one) < ulid(*two)) == (one < two)


@pytest.mark.parametrize("milliseconds", [-1, 2**48])
def test_a_time_that_it_cannot_hold_is_refused(milliseconds: int) -> None:
    with pytest.raises(ValueError, match=str(milliseconds)):
        ulid(milliseconds, bytes(10))


@pytest.mark.parametrize("size", [0, 9, 11])
def test_another_number_of_random_bytes_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match="10 random bytes"):
        ulid(0, bytes(size))


@pytest.mark.parametrize(
    "text", ["", "0" * 25, "0" * 27, "8" + "0" * 25, "U" + "0" * 25, "a" * 26, "٣" * 26, "-" * 26]
)
def test_what_is_no_ulid_has_no_time(text: str) -> None:
    with pytest.raises(ValueError, match="is no ULID"):
        ulid_milliseconds(text)
