"""Tokens and cost, read leniently."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from deepshi_jupyter.core.usage import Usage, read_usage
from tests.core.json_values import ANY_OBJECT


def test_everything_that_the_service_reports_is_read() -> None:
    raw = {
        "prompt_tokens": 10,
        "completion_tokens": 20,
        "total_tokens": 30,
        "prompt_tokens_details": {"cached_tokens": 4},
        "completion_tokens_details": {"reasoning_tokens": 5},
        "cost": {"total_cost": 0.25},
    }
    assert read_usage(raw) == Usage(10, 20, 30, 4, 5, 0.25, raw)


def test_what_is_missing_stays_unknown_and_is_not_zero() -> None:
    assert read_usage({}) == Usage(raw={})


@pytest.mark.parametrize(
    ("cost", "usd"),
    [
        ({"total_cost": 0}, 0.0),
        ({"total_cost": None}, None),
        ({}, None),
        (0.0021, 0.0021),
        (None, None),
        (True, None),
        ("0.1", None),
        (10**400, None),
        (float("inf"), None),
        (float("nan"), None),
    ],
)
def test_a_cost_is_a_number_or_an_object_with_a_total(cost: Any, usd: float | None) -> None:
    assert read_usage({"cost": cost}).cost == usd


@pytest.mark.parametrize(
    ("value", "tokens"),
    [(7, 7), (7.0, 7), (0, 0), (True, None), ("7", None), (None, None), (float("inf"), None)],
)
def test_a_count_is_a_number(value: Any, tokens: int | None) -> None:
    assert read_usage({"prompt_tokens": value}).prompt_tokens == tokens
    details = {"prompt_tokens_details": {"cached_tokens": value}}
    assert read_usage(details).cached_tokens == tokens


@pytest.mark.parametrize("details", [None, [], "x", 5])
def test_details_of_another_form_say_nothing(details: Any) -> None:
    usage = read_usage({"prompt_tokens_details": details, "completion_tokens_details": details})
    assert (usage.cached_tokens, usage.reasoning_tokens) == (None, None)


@given(ANY_OBJECT)
def test_a_usage_of_any_form_is_read_without_an_error(raw: dict[str, Any]) -> None:
    assert read_usage(raw).raw == raw
