"""The parameters of a request, checked before anything is sent."""

from __future__ import annotations

import contextlib
import json
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

from deepshi_jupyter.core.parameters import PARAMETERS, Parameter, check_parameters, expected_values
from deepshi_jupyter.errors import InvalidRequestError
from tests.core.json_values import ANY_JSON

RANGES = [
    ("temperature", 0, 2),
    ("top_p", 0, 1),
    ("max_tokens", 1, None),
    ("max_completion_tokens", 1, None),
    ("n", 1, 128),
    ("frequency_penalty", -2, 2),
    ("presence_penalty", -2, 2),
    ("top_logprobs", 0, 20),
]
NOT_A_NUMBER = [True, "1", float("nan"), float("inf"), 10**400, [1], {}, 1j, Decimal(1)]


def checked(name: str, value: Any) -> Any:
    needed = {"logprobs": True} if name == "top_logprobs" else {}
    return check_parameters({name: value, **needed})[name]


def refused(name: str, value: Any) -> str:
    with pytest.raises(InvalidRequestError) as caught:
        checked(name, value)
    assert caught.value.todo
    return caught.value.what


def test_the_ranges_are_those_of_the_contract() -> None:
    ranged = [p for p in PARAMETERS.values() if p.low is not None or p.high is not None]
    assert [(p.name, p.low, p.high) for p in ranged] == RANGES


@pytest.mark.parametrize(("name", "low", "high"), RANGES)
def test_each_edge_of_a_range_is_accepted_and_what_lies_beyond_refused(
    name: str, low: int, high: int | None
) -> None:
    step = 0.001 if PARAMETERS[name].kind == "number" else 1
    assert checked(name, low) == low
    assert refused(name, low - step).startswith(f"{name} is ")
    if high is None:
        assert checked(name, 10**9) == 10**9
        assert refused(name, 0).endswith("at least 1.")
    else:
        assert checked(name, high) == high
        assert refused(name, high + step).endswith(f"from {low:g} to {high:g}.")


@pytest.mark.parametrize("name", ["temperature", "top_p", "frequency_penalty"])
@pytest.mark.parametrize("value", NOT_A_NUMBER, ids=lambda value: repr(value)[:20])
def test_what_is_no_number_is_refused_and_a_bool_is_none(name: str, value: Any) -> None:
    assert "expected a number" in refused(name, value)


@pytest.mark.parametrize("value", [True, "1", 1.5, float("nan"), float("inf"), [1], Fraction(1, 2)])
def test_what_is_no_whole_number_is_refused_and_a_bool_is_none(value: Any) -> None:
    assert "expected a whole number" in refused("seed", value)


@pytest.mark.parametrize(
    ("name", "value", "sent"),
    [
        ("temperature", 1, 1),
        ("temperature", 0.5, 0.5),
        ("temperature", Fraction(1, 2), 0.5),
        ("temperature", np.float64(0.5), 0.5),
        ("temperature", np.float32(0.5), 0.5),
        ("temperature", np.int64(1), 1),
        ("max_tokens", 5.0, 5),
        ("max_tokens", np.int32(5), 5),
        ("max_tokens", np.float64(5.0), 5),
        ("seed", -1, -1),
        ("seed", 2**63, 2**63),
        ("stop", "\n", "\n"),
        ("stop", ("a", "b"), ["a", "b"]),
        ("logit_bias", {50256: -100}, {"50256": -100}),
        ("tools", ({"type": "function"},), [{"type": "function"}]),
        ("tool_choice", "none", "none"),
        ("logprobs", False, False),
        ("user", "", ""),
    ],
)
def test_a_value_is_sent_as_plain_json_whatever_it_was(name: str, value: Any, sent: Any) -> None:
    result = checked(name, value)
    assert (result, type(result)) == (sent, type(sent))
    json.dumps(result)


@pytest.mark.parametrize("texts", [["a"], ["a", "b", "c", "d"]])
def test_one_to_four_stops_are_accepted(texts: list[str]) -> None:
    assert checked("stop", texts) == texts


@pytest.mark.parametrize("value", [[], ["a"] * 5, "", [""], ["a", 5], 5, {"a": 1}, True])
def test_no_stops_five_stops_and_empty_ones_are_refused(value: Any) -> None:
    assert "a list of 1 to 4 texts, none empty" in refused("stop", value)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("logprobs", 1, "true or false"),
        ("logprobs", "true", "true or false"),
        ("parallel_tool_calls", None.__class__, "true or false"),
        ("user", 5, "a text"),
        ("response_format", "json", "an object"),
        ("logit_bias", [1], "an object"),
        ("tools", {"type": "function"}, "a list"),
    ],
)
def test_a_value_of_another_type_is_refused(name: str, value: Any, expected: str) -> None:
    assert f"expected {expected}." in refused(name, value)


def test_none_means_not_set() -> None:
    assert check_parameters(dict.fromkeys(PARAMETERS)) == {}


def test_values_come_in_the_order_of_the_table() -> None:
    assert list(check_parameters({"user": "u", "seed": 1, "temperature": 0})) == [
        "temperature",
        "seed",
        "user",
    ]


@pytest.mark.parametrize(
    ("name", "near"),
    [("temprature", "temperature"), ("max_token", "max_tokens"), ("topp", "top_p")],
)
def test_an_unknown_name_is_refused_with_the_near_ones(name: str, near: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        check_parameters({name: 1})
    assert f"Did you mean {near}" in caught.value.todo


def test_a_name_that_is_like_no_other_goes_into_extra() -> None:
    with pytest.raises(InvalidRequestError, match="goes into `extra"):
        check_parameters({"zzz": None})


@pytest.mark.parametrize(
    "given_",
    [
        {"top_logprobs": 3},
        {"top_logprobs": 3, "logprobs": False},
        {"max_tokens": 5, "max_completion_tokens": 5},
    ],
)
def test_what_does_not_go_together_is_refused(given_: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequestError):
        check_parameters(given_)


def test_a_long_value_is_not_repeated_whole() -> None:
    assert len(refused("user", ["x" * 1000])) < 150


@pytest.mark.parametrize("parameter", PARAMETERS.values(), ids=lambda p: p.name)
def test_every_parameter_has_help_and_words_for_its_values(parameter: Parameter) -> None:
    assert parameter.help.endswith(".")
    assert expected_values(parameter)


@pytest.mark.parametrize("name", PARAMETERS)
@settings(max_examples=25)
@given(value=ANY_JSON)
def test_any_value_at_all_is_accepted_or_refused_in_words(name: str, value: Any) -> None:
    with contextlib.suppress(InvalidRequestError):
        json.dumps(check_parameters({name: value}))
