from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepshi_jupyter.schema.form import Misfit
from deepshi_jupyter.schema.json_text import read_json, unfenced

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(json_values, st.sampled_from([None, 2]))
def test_json_is_read_as_it_was_written(value: Any, indent: int | None) -> None:
    text = json.dumps(value, indent=indent)
    assert read_json(text) == value
    assert read_json(unfenced(f"\n ```json\n{text}\n``` ")) == value


@given(st.text())
def test_any_text_is_read_as_json_or_refused(text: str) -> None:
    with suppress(Misfit):
        json.dumps(read_json(unfenced(text)), allow_nan=False)


def test_line_and_column_are_those_of_the_text() -> None:
    for text in ('{"a":\n  oops}', '```json\n{"a":\n  oops}\n```', '\n\n```\n{"a":\n  oops}\n```'):
        line = text[: text.index("oops")].count("\n") + 1
        with pytest.raises(Misfit, match='before "oops}"') as caught:
            read_json(unfenced(text))
        assert caught.value.where == f"line {line}, column 3"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("NaN", "NaN is no JSON value"),
        ("[-Infinity]", "-Infinity is no JSON value"),
        ("1e999", "too large"),
        ('{"a": 1, "a": 2}', 'the field "a" twice'),
        ("1" * 5000, "digits"),
        ("[" * 100_000, "nested too deeply"),
        ('{"a": ', "the text ends"),
        (" ", "no text"),
    ],
)
def test_what_would_silently_become_something_else_is_refused(text: str, said: str) -> None:
    with pytest.raises(Misfit, match=said):
        read_json(text)


def test_no_half_of_a_surrogate_pair_comes_through() -> None:
    assert read_json('"\\ud83d\\ude00 \\ud83d"') == "😀 �"
