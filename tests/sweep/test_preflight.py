from __future__ import annotations

import pytest

from deepshi_jupyter.sweep.preflight import preflight
from deepshi_jupyter.sweep.row import Row


def rows(*costs: float | None) -> list[Row]:
    return [Row(state="ok", prompt_tokens=10, completion_tokens=5, cost=cost) for cost in costs]


def test_all_rows_are_taken_to_be_like_those_that_were_asked() -> None:
    found = preflight(rows(*[0.5] * 20), 1000)
    assert (found.tokens, found.low, found.high) == (15_000, 500.0, 500.0)


def test_rows_that_differ_give_a_range_around_their_mean() -> None:
    found = preflight(rows(*[0.1, 0.3] * 10), 1000)
    assert found.low == pytest.approx(200 - 45.9, abs=0.1)
    assert found.high == pytest.approx(200 + 45.9, abs=0.1)


def test_what_is_not_reported_is_not_guessed() -> None:
    sentence = preflight([Row(state="ok", cost=None)] * 20, 100).sentence
    assert sentence == "20 of 100 rows asked; all of them: tokens unknown, cost not reported"


def test_rows_that_were_not_answered_well_are_told() -> None:
    pilot = [*rows(*[0.5] * 18), Row(state="invalid"), Row(state="error")]
    assert "20 of 100 rows asked, 2 of them not well;" in preflight(pilot, 100).sentence
