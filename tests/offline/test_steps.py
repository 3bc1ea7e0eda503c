from __future__ import annotations

from deepshi_jupyter.offline.steps import Schedule


def test_steps_that_come_in_time_wait_for_their_delay() -> None:
    schedule = Schedule(10.0)
    assert schedule.wait(0.5, 10.0) == 0.5
    assert schedule.wait(0.5, 10.5) == 0.5


def test_a_late_step_does_not_delay_those_after_it() -> None:
    schedule = Schedule(10.0)
    assert schedule.wait(0.5, 10.75) == 0
    assert schedule.wait(0.5, 10.75) == 0.25


def test_a_step_without_delay_never_waits() -> None:
    assert Schedule(10.0).wait(0.0, 10.0) == 0
