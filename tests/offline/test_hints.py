from __future__ import annotations

from typing import Any

import pytest

from deepshi_jupyter.offline.hints import Hints


def _any(value: Any) -> bool:
    return True


def test_numbers_are_offered_in_order_and_once() -> None:
    hints = Hints("From 3 to -4.5 in 10 steps")
    assert [hints.number(_any) for _ in range(4)] == [3, -4.5, 10, None]


def test_a_number_that_does_not_fit_stays_for_the_next_question() -> None:
    hints = Hints("between 3 and 400")
    assert hints.number(lambda value: value > 100) == 400
    assert hints.number(_any) == 3


def test_digits_inside_of_a_word_are_no_number() -> None:
    assert Hints("gpt4 and v2.1").number(_any) is None


def test_a_capitalised_name_is_offered_but_not_the_first_word() -> None:
    hints = Hints("What is it like in New York or Oslo?")
    assert [hints.string("city", _any) for _ in range(3)] == ["New York", "Oslo", None]


def test_a_quotation_goes_before_a_name() -> None:
    assert Hints('Ask Anna about "the blue sea"').string("title", _any) == "the blue sea"


def test_without_names_the_word_after_a_preposition_is_offered() -> None:
    assert Hints("weather in paris please").string("city", _any) == "paris"


def test_a_query_is_the_whole_prompt() -> None:
    assert Hints("bees and flowers").string("query", _any) == "bees and flowers"


@pytest.mark.parametrize("key", ["expression", "mathFormula"])
def test_an_expression_is_the_arithmetic_of_the_prompt(key: str) -> None:
    assert Hints("What is 12 * (3 + 4)?").string(key, _any) == "12 * (3 + 4)"


def test_a_format_takes_what_has_it() -> None:
    hints = Hints("Write to ada@example.org on 2026-03-04 about https://example.org/a?b=1")
    assert hints.formatted("date", _any) == "2026-03-04"
    assert hints.formatted("email", _any) == "ada@example.org"
    assert hints.formatted("uri", _any) == "https://example.org/a?b=1"
    assert hints.formatted("uuid", _any) is None


def test_of_listed_values_the_one_mentioned_first_is_taken() -> None:
    assert Hints("in Fahrenheit, not celsius").mentioned(["celsius", "fahrenheit"]) == "fahrenheit"
    assert Hints("in kelvin").mentioned(["celsius", 3, None]) is None
