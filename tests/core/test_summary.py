"""A Python value → text for a prompt, within a stated size."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepshi_jupyter.core.summary import LONGEST_TEXT, LONGEST_VALUE, ROWS, Summary, summarise

MARKER = 100
"""No more characters than this say what was left out, or of what shape a value is."""


@pytest.mark.parametrize(
    ("value", "text"),
    [("text", "text"), ("", ""), (5, "5"), (None, "None"), ([1, "a"], "[1, 'a']"), (0.1, "0.1")],
)
def test_a_short_value_is_its_text(value: Any, text: str) -> None:
    assert summarise(value) == Summary(text)


@pytest.mark.parametrize(
    ("value", "limit"),
    [("x" * (LONGEST_TEXT + 7), LONGEST_TEXT), (["x" * (LONGEST_VALUE + 3)], LONGEST_VALUE)],
)
def test_the_middle_of_a_long_value_is_left_out_and_that_is_said_twice(
    value: Any, limit: int
) -> None:
    summary = summarise(value)
    assert summary.text.startswith(str(value)[: limit // 2])
    assert summary.text.endswith(str(value)[-limit // 2 :])
    assert "[… 7 characters left out …]" in summary.text
    assert summary.note == f"7 of {limit + 7:,} characters left out"


def test_a_text_at_the_limit_is_whole() -> None:
    assert summarise("x" * LONGEST_TEXT) == Summary("x" * LONGEST_TEXT)


def test_a_small_table_is_its_csv() -> None:
    assert summarise(pd.DataFrame({"x": [1, 2], "y": ["a", "b"]})) == Summary("x,y\n1,a\n2,b")
    assert summarise(pd.DataFrame({"x": [1]}, index=["r"])) == Summary(",x\nr,1")


def test_a_large_table_keeps_shape_types_and_first_rows() -> None:
    frame = pd.DataFrame({"x": range(5000), "y": [0.5] * 5000})
    summary = summarise(frame)
    first, *rows = summary.text.split("\n")
    assert first == (
        "Table of 5,000 rows × 2 columns (x: int64, y: float64); first 10 of 5,000 rows:"
    )
    assert rows == ["x,y", *(f"{i},0.5" for i in range(ROWS))]
    assert summary.note == "first 10 of 5,000 rows"


def test_a_wide_table_says_what_is_missing_although_all_its_rows_are_there() -> None:
    summary = summarise(pd.DataFrame({f"column {i}": [i] * 3 for i in range(2000)}))
    assert "3 rows × 2,000 columns" in summary.text
    assert "characters left out" in summary.note
    assert len(summary.text) <= LONGEST_VALUE + MARKER


def test_a_long_and_wide_table_says_both() -> None:
    summary = summarise(pd.DataFrame({f"column {i}": [i] * 30 for i in range(2000)}))
    assert summary.note.startswith("first 10 of 30 rows; ")
    assert summary.note.endswith("characters left out")


def test_of_a_huge_table_only_the_first_rows_are_written() -> None:
    class Huge:
        columns: tuple[str, ...] = ("x",)
        dtypes: tuple[str, ...] = ("int64",)
        shape = (10**9, 1)
        index = range(0)

        def head(self, rows: int) -> pd.DataFrame:
            return pd.DataFrame({"x": range(rows)})

        def to_csv(self, **_: Any) -> str:
            raise AssertionError("the whole table was written")

    assert summarise(Huge()).note == "first 10 of 1,000,000,000 rows"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (np.arange(3), "[0 1 2]"),
        (np.float64(0.5), "0.5"),
        (np.array(7), "7"),
        (np.array([]), "[]"),
        (pd.Series([1, 2], name="x"), "0    1\n1    2\nName: x, dtype: int64"),
    ],
)
def test_a_small_array_is_its_text(value: Any, text: str) -> None:
    assert summarise(value) == Summary(text)


@pytest.mark.parametrize("value", [np.zeros((2000, 30)), pd.Series(range(60_000))])
def test_a_large_array_keeps_shape_and_type_and_says_that_it_is_abridged(value: Any) -> None:
    summary = summarise(value)
    shape = "2000 × 30" if value.ndim == 2 else "60000"
    assert summary.text.startswith(f"Array of {shape} ({value.dtype}):\n")
    assert summary.note == "60,000 values abridged"
    assert len(summary.text) <= LONGEST_VALUE + MARKER


def test_a_middling_array_that_is_all_there_is_not_said_to_be_abridged() -> None:
    summary = summarise(np.arange(200))
    assert summary.text.startswith("Array of 200 (int64):\n")
    assert "199]" in summary.text
    assert summary.note == ""


def test_an_array_whose_size_is_a_method_is_an_array_too() -> None:
    class Tensor:
        shape = (3, 4)
        dtype = "torch.float32"

        def size(self) -> tuple[int, ...]:
            return self.shape

        def __str__(self) -> str:
            return "tensor(…)"

    assert summarise(Tensor()) == Summary("tensor(…)")


BIG = {
    "dict": dict.fromkeys(range(1000), "x" * 50),
    "array of texts": np.full(900, "x" * 40),
    "table of long texts": pd.DataFrame({"x": ["y" * 10_000] * 3}),
    "wide table": pd.DataFrame(np.zeros((2, 20_000))),
    "table without columns": pd.DataFrame(index=range(10**6)),
}


@pytest.mark.parametrize("value", BIG.values(), ids=BIG)
def test_every_value_stays_within_the_size_and_says_what_is_missing(value: Any) -> None:
    summary = summarise(value)
    assert len(summary.text) <= LONGEST_VALUE + MARKER
    assert summary.note


@given(st.text(max_size=60), st.integers(0, 2000))
def test_any_text_stays_within_the_size(text: str, times: int) -> None:
    summary = summarise(text * times)
    assert len(summary.text) <= LONGEST_TEXT + MARKER
    assert bool(summary.note) == (len(text * times) > LONGEST_TEXT)
