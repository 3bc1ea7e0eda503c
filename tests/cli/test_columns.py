from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from deepshi_jupyter.cli.columns import aligned, columns_of, shortened


def test_wide_characters_take_two_columns_and_marks_none() -> None:
    assert columns_of("ab") == 2
    assert columns_of("日本") == 4
    assert columns_of("e\u0301") == 1


@given(st.text(), st.integers(1, 30))
def test_a_shortened_text_fits(text: str, width: int) -> None:
    line = shortened(text, width)
    assert columns_of(line) <= width
    assert "\n" not in line
    assert "\x1b" not in line


def test_rows_stand_in_columns() -> None:
    rows = [("日本", "1"), ("a", "10")]
    assert aligned(rows, right=[1]) == ["日本   1", "a     10"]
    assert aligned(rows) == ["日本  1", "a     10"]
