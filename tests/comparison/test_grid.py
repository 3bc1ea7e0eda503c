"""What is varied, and all combinations of it."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepshi_jupyter.comparison.grid import grid_of, read_vary, shown_value
from deepshi_jupyter.errors import InvalidRequestError, OptionError

numbers = st.lists(st.floats(0, 2, allow_nan=False), min_size=1, max_size=5)


def test_a_list_is_varied_and_a_single_value_is_not() -> None:
    grid = grid_of({"model": ["a", "b"], "temperature": 0.5, "seed": [1]})
    assert grid.names == ("model",)
    assert grid.fixed == {"temperature": 0.5, "seed": 1}
    assert grid.settings == [{"model": "a"}, {"model": "b"}]


def test_nothing_varied_is_one_setting() -> None:
    assert grid_of({"temperature": 0.5}).settings == [{}]


def test_every_combination_comes_once_and_the_last_changes_fastest() -> None:
    settings = grid_of({"temperature": [0, 1], "model": ["a", "b"]}).settings
    assert [tuple(setting.values()) for setting in settings] == [
        *((0, "a"), (0, "b"), (1, "a"), (1, "b")),
    ]


@given(numbers, numbers, st.lists(st.integers(0, 9), min_size=1, max_size=4))
def test_the_settings_are_the_product_of_the_different_values(
    temperature: list[float], top_p: list[float], seed: list[int]
) -> None:
    given_values: dict[str, Any] = {"temperature": temperature, "top_p": top_p, "seed": seed}
    grid = grid_of(given_values)
    assert len(grid.settings) == prod(len(set(values)) for values in given_values.values())
    seen = {tuple(setting.items()) for setting in grid.settings}
    assert len(seen) == len(grid.settings)
    for name, values in given_values.items():
        used = {setting[name] for setting in grid.settings} if name in grid.names else set()
        assert used or grid.fixed[name] == values[0]
        assert not used or used == set(values)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0, 0.0, 1], (0, 1)),
        (range(3), (0, 1, 2)),
        ((0.1, 0.2), (0.1, 0.2)),
        (numpy.linspace(0, 1, 3), (0.0, 0.5, 1.0)),
        ([numpy.int64(1), numpy.int64(2)], (1, 2)),
        ([None, 1], (None, 1)),
    ],
)
def test_lists_of_all_kinds_are_varied(values: Any, expected: tuple[Any, ...]) -> None:
    (axis,) = grid_of({"seed": values}).axes
    assert axis.values == expected
    assert [type(value) for value in axis.values] == [type(value) for value in expected]


def test_what_is_a_list_by_nature_is_varied_by_a_list_of_lists() -> None:
    assert grid_of({"stop": ["a", "b"]}).fixed == {"stop": ["a", "b"]}
    assert grid_of({"stop": [["a"], ["b"]]}).axes[0].values == (["a"], ["b"])


def test_no_value_and_an_unknown_name_are_errors() -> None:
    with pytest.raises(InvalidRequestError, match="temperature has no value"):
        grid_of({"temperature": []})
    with pytest.raises(InvalidRequestError, match="Did you mean temperature"):
        grid_of({"temprature": [0, 1]})
    with pytest.raises(InvalidRequestError, match="samples"):
        grid_of({"n": [1, 2]})


def test_words_of_a_cell_are_read_as_their_parameter_takes_them() -> None:
    words = ["temperature=0,0.7", "model=a, b", 'system=["Be brief.", "Be long, please."]']
    assert read_vary(words) == {
        "temperature": [0, 0.7],
        "model": ["a", "b"],
        "system": ["Be brief.", "Be long, please."],
    }
    assert read_vary(["top-p=auto,0.5", "stop=1,2", "seed=7"]) == {
        "top_p": [None, 0.5],
        "stop": ["1", "2"],
        "seed": [7],
    }


@pytest.mark.parametrize("word", ["temperature", "temperature=", "=1", "system=[1"])
def test_words_of_another_form_are_errors(word: str) -> None:
    with pytest.raises((OptionError, InvalidRequestError)):
        read_vary([word])


def test_a_name_is_varied_once() -> None:
    with pytest.raises(OptionError, match="twice"):
        read_vary(["seed=1,2", "seed=3"])


def test_a_value_shows_in_one_line() -> None:
    assert [shown_value(v) for v in (None, 0.7, "a\n b", {"a": "ä"})] == [
        *("not set", "0.7", "a b", '{"a": "ä"}'),
    ]
