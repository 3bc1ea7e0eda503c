from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from deepshi_jupyter.notebook.notebook_file import cell_views
from deepshi_jupyter.notebook.run_sum import run_sum
from tests.notebook.study import Study

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC).timestamp()
BEFORE, AT, AFTER = (
    f"2026-11-20T{time}+00:00" for time in ("11:59:59.998", "12:00:00.000", "12:00:07.000")
)


def test_answers_that_began_before_the_run_were_replayed_and_cost_nothing() -> None:
    study = Study()
    study.ask("Old?", started=BEFORE, cost_usd=5.0)
    study.ask("New?", started=AT, cost_usd=0.25)
    study.loop(["a", "b"], started=AFTER, cost_usd=0.25)
    study.ask("Cut?", answer="Hal", status="truncated", started=AFTER, cost_usd=None)
    sums = run_sum(cell_views(study.notebook)[0], NOON)
    assert (sums.answers, sums.asked, sums.replayed, sums.partial) == (5, 4, 1, 1)
    assert (sums.used.calls, sums.used.usd, sums.used.calls_without_cost) == (4, 0.75, 1)
    assert sums.used.tokens_in == 40


def test_of_a_turn_with_several_calls_only_the_new_ones_count() -> None:
    study = Study()
    record = study.ask("Tools?", started=AFTER, cost_usd=0.5)
    earlier = msgspec.structs.replace(record.call, started=BEFORE, cost_usd=5.0)
    both = msgspec.structs.replace(record, calls=(earlier, record.call))
    view = msgspec.structs.replace(cell_views(study.notebook)[0][0], records=(both,))
    sums = run_sum([view], NOON)
    assert (sums.asked, sums.used.calls, sums.used.usd) == (1, 1, 0.5)


def test_a_call_that_does_not_say_when_was_not_made_now() -> None:
    study = Study()
    study.ask("When?", started="")
    sums = run_sum(cell_views(study.notebook)[0], NOON)
    assert (sums.asked, sums.replayed, sums.used.calls) == (0, 1, 0)


def test_nothing_that_ran_asked_nothing() -> None:
    sums = run_sum([], NOON)
    assert (sums.answers, sums.asked, sums.used.usd) == (0, 0, None)
