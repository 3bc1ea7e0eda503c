"""Answers as pages, and work from several threads."""

from __future__ import annotations

import threading

from deepshi_jupyter.core.turn_record import TurnRecord
from deepshi_jupyter.sliders.page import Page, Pages
from deepshi_jupyter.sliders.serial import Serial


def page(name: str) -> Page:
    return Page(TurnRecord(v=2, id=name, parameters={"seed": 3, "user": "x"}), {"seed": 3})


def test_a_new_page_is_shown_and_turning_ends_at_the_ends() -> None:
    pages = Pages((page("a"),)).added(page("b")).added(page("c"))
    assert (pages.page.record.id, pages.count) == ("c", 3)
    assert pages.turned(1) == pages
    assert pages.turned(-1).page.record.id == "b"
    assert pages.turned(-9).page.record.id == "a"
    assert pages.turned(-1).added(page("d")).page.record.id == "d"


def test_a_page_tells_the_controlled_parameters_that_were_sent() -> None:
    assert page("a").sent == {"seed": 3}


def test_work_that_comes_while_work_is_done_waits_and_is_done() -> None:
    done: list[str] = []
    serial = Serial(lambda _: None)

    def outer() -> None:
        serial.do(lambda: done.append("inner"))
        done.append("outer")

    serial.do(outer)
    assert done == ["outer", "inner"]


def test_no_work_is_lost_and_none_runs_beside_another() -> None:
    done: list[int] = []
    inside = threading.Lock()
    collided: list[bool] = []

    def work(number: int) -> None:
        if not inside.acquire(blocking=False):
            collided.append(True)
            return
        done.append(number)
        inside.release()

    serial = Serial(lambda _: None)

    def many(first: int) -> None:
        for number in range(first, first + 200):
            serial.do(lambda number=number: work(number))  # type: ignore[misc]

    threads = [threading.Thread(target=many, args=(first,)) for first in range(0, 1000, 200)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(done) == list(range(1000))
    assert collided == []


def test_a_failure_is_told_and_the_rest_goes_on() -> None:
    told: list[Exception] = []
    serial = Serial(told.append)
    serial.do(lambda: [][0])
    serial.do(lambda: None)
    assert [type(error) for error in told] == [IndexError]
