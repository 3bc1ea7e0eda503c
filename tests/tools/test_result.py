from __future__ import annotations

import datetime
import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepshi_jupyter.tools import ToolResult
from deepshi_jupyter.tools.result import text_of


@dataclass
class Place:
    city: str
    seen: datetime.date


class Model(pydantic.BaseModel):
    city: str


def test_a_text_stays_as_it_is() -> None:
    assert text_of("Grüezi\n{}").text == "Grüezi\n{}"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        ({"a": [1, True]}, '{"a": [1, true]}'),
        (Place("Zürich", datetime.date(2025, 1, 2)), '{"city": "Zürich", "seen": "2025-01-02"}'),
        (Model(city="Bern"), '{"city":"Bern"}'),
        ([np.float64(1.5), np.int64(2), np.bool_(True)], "[1.5, 2, true]"),
        ({1: "a"}, '{"1": "a"}'),
    ],
)
def test_what_json_can_carry_is_json(value: Any, text: str) -> None:
    assert text_of(value).text == text


def test_what_is_no_number_in_json_is_not_passed_off_as_null() -> None:
    assert text_of([1.0, float("nan")]).text == "[1.0, nan]"


def test_a_table_is_summarised() -> None:
    summary = text_of(pd.DataFrame({"a": range(1000)}))
    assert "Table of 1,000 rows" in summary.text
    assert summary.note == "first 10 of 1,000 rows"


def test_what_is_too_long_is_cut_and_says_so() -> None:
    for value in ("x" * 1_000_000, list(range(1_000_000)), [object()] * 100_000):
        summary = text_of(value)
        assert len(summary.text) < 21_000
        assert "characters left out" in summary.text
        assert summary.note


def test_a_value_that_holds_itself_has_a_text() -> None:
    loop: list[Any] = []
    loop.append(loop)
    assert text_of(loop).text == "[[...]]"


def test_no_half_of_a_surrogate_pair_comes_through() -> None:
    assert text_of("a\ud83d").text == "a�"
    assert text_of(["a\ud83d"]).text == '["a�"]'


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=10,
    )
)
def test_json_values_survive(value: Any) -> None:
    if not isinstance(value, str):
        assert json.loads(text_of(value).text) == value


def test_a_result_is_a_message_of_the_api() -> None:
    assert ToolResult("call_1", "f", "{}", "12").as_message() == {
        "role": "tool",
        "tool_call_id": "call_1",
        "content": "12",
    }
