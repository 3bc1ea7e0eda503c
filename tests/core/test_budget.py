from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepshi_jupyter.core.budget import NOTHING, Amount, Budget
from deepshi_jupyter.errors import InvalidRequestError


def used(budget: Budget, amount: Amount) -> None:
    """Reserve and settle one call."""
    reserved = budget.reserve(0.0)
    assert reserved is not None
    budget.settle(reserved, amount)


@pytest.mark.parametrize("limits", [{"usd": 0}, {"tokens": -1}, {"calls": 0}, {"minutes": 0}])
def test_a_limit_of_nothing_is_refused(limits: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequestError, match=f"{next(iter(limits))} is"):
        Budget(**limits)


def test_a_budget_shows_its_limits() -> None:
    assert repr(Budget(usd=5, calls=100)) == "Budget(usd=5, calls=100)"


def test_no_more_calls_are_let_through_than_there_are() -> None:
    budget = Budget(calls=2)
    assert budget.reserve(0.0)
    assert budget.reserve(0.0)
    assert budget.reserve(0.0) is None
    assert not budget.exhausted(0.0)  # those under way may still turn out to be none


def test_a_call_that_was_not_made_gives_back_what_it_reserved() -> None:
    budget = Budget(calls=1)
    reserved = budget.reserve(0.0)
    assert reserved is not None
    budget.settle(reserved, NOTHING)
    assert budget.reserve(0.0)


def test_where_nothing_is_known_the_first_call_goes_out_alone() -> None:
    budget = Budget(usd=1.0)
    first = budget.reserve(0.0)
    assert first is not None
    assert budget.reserve(0.0) is None
    budget.settle(first, Amount(1, 10, 0.25))
    assert [bool(budget.reserve(0.0)) for _ in range(4)] == [True, True, True, False]


def test_the_most_that_a_call_can_use_is_reserved_where_it_is_known() -> None:
    budget = Budget(usd=1.0)
    most = Amount(1, None, 0.4)
    assert budget.reserve(0.0, most)
    assert budget.reserve(0.0, most)
    assert budget.reserve(0.0, most) is None


def test_the_largest_call_so_far_is_what_the_next_is_taken_for() -> None:
    budget = Budget(tokens=1000)
    used(budget, Amount(1, 400, None))
    used(budget, Amount(1, 100, None))
    assert budget.reserve(0.0) == Amount(1, 400, None)


def test_a_budget_says_which_limit_is_used_up() -> None:
    budget = Budget(tokens=1000)
    used(budget, Amount(1, 600, None))
    assert budget.reserve(0.0) is None
    assert budget.exhausted(0.0) == "the budget of 1,000 tokens is used up"


def test_minutes_count_from_the_first_call() -> None:
    budget = Budget(minutes=1)
    assert budget.reserve(1000.0)
    assert budget.reserve(1059.0)
    assert budget.reserve(1060.0) is None
    assert budget.exhausted(1060.0) == "the budget of 1 minutes is used up"


def test_a_budget_in_usd_cannot_be_kept_where_nobody_tells_the_cost() -> None:
    budget = Budget(usd=1)
    used(budget, Amount(1, 10, None))
    assert budget.reserve(0.0) is None
    assert "reports no cost" in budget.exhausted(0.0)


def test_a_budget_of_tokens_cannot_be_kept_where_nobody_tells_them() -> None:
    budget = Budget(tokens=10)
    used(budget, Amount(1, None, None))
    assert "reports no tokens" in budget.exhausted(0.0)


def test_what_is_left_is_neither_used_nor_reserved() -> None:
    budget = Budget(usd=1.0, tokens=100, calls=10)
    used(budget, Amount(1, 10, 0.1))
    budget.reserve(0.0)
    left = budget.left(0.0)
    assert (left.usd, left.tokens, left.calls) == (pytest.approx(0.8), 80, 8)


def test_a_share_for_several_calls_takes_the_largest_for_each() -> None:
    budget = Budget(usd=1.0)
    used(budget, Amount(1, 10, 0.1))
    assert budget.reserve(0.0, Amount(5)) == Amount(5, 50, 0.5)
    assert budget.reserve(0.0, Amount(5)) is None


@given(st.lists(st.tuples(st.booleans(), st.floats(0.001, 0.1)), max_size=80))
def test_a_budget_is_never_exceeded_where_the_most_is_known(
    calls: list[tuple[bool, float]],
) -> None:
    budget, most, under_way = Budget(usd=1.0), Amount(1, None, 0.1), []
    for begin, cost in calls:
        if begin and (reserved := budget.reserve(0.0, most)) is not None:
            under_way.append(reserved)
        elif under_way:
            budget.settle(under_way.pop(), Amount(1, 1, cost))
    for reserved in under_way:
        budget.settle(reserved, Amount(1, 1, 0.1))
    assert (budget.spent.usd or 0.0) <= 1.0 + 1e-9
