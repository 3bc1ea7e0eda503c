"""Which front end runs a cell, and when its order is waited for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from deepshi_jupyter.core.canonical import text_sha256
from deepshi_jupyter.link.front_end import FrontEnd, Run
from deepshi_jupyter.link.front_ends import MOST, FrontEnds
from deepshi_jupyter.link.messages import Cell, Hello, Order

NOW = datetime(2026, 11, 23, 12)
TEXT = "%%deepshi\nWhy?"


class Waits:
    """Stands in for the waiting: notes it, and does what another thread would do meanwhile."""

    def __init__(self, front_ends: FrontEnds, monkeypatch: pytest.MonkeyPatch) -> None:
        self.waited: list[float] = []
        self.meanwhile: Callable[[], object] = lambda: None
        monkeypatch.setattr(front_ends, "_wait", self._wait)

    def _wait(self, is_so: Callable[[], object], seconds: float) -> bool:
        if is_so():
            return True
        self.waited.append(seconds)
        self.meanwhile()
        return bool(is_so())


@pytest.fixture
def front_ends() -> FrontEnds:
    return FrontEnds()


@pytest.fixture
def waits(front_ends: FrontEnds, monkeypatch: pytest.MonkeyPatch) -> Waits:
    return Waits(front_ends, monkeypatch)


def page(front_ends: FrontEnds, session: str = "lab", *, subshell: bool = True) -> FrontEnd:
    """A front end that is linked and said hello."""
    header = {"session": session, "date": NOW, "subshell_id": "s" if subshell else None}
    made = FrontEnd(None, {"header": header})
    front_ends.add(made)
    front_ends.hello(made, Hello(v=1, front_end="jupyterlab", reads=("stream",)))
    return made


def order(seq: int, *runs: str, cells: tuple[str, ...] = ("a", "b"), text: str = TEXT) -> Order:
    told = tuple(Cell(cell, text_sha256(text)) for cell in cells)
    return Order(v=1, seq=seq, cells=told, runs=runs)


def run(cell: str = "a", session: str = "lab", *, text: str = TEXT, **fields: Any) -> Run:
    return Run(id="r", session=session, cell=cell, sha256=text_sha256(text), **fields)


def test_an_order_that_names_the_cell_is_not_waited_for(
    front_ends: FrontEnds, waits: Waits
) -> None:
    lab = page(front_ends)
    front_ends.tells(lab, order(0, "a"))
    assert front_ends.of(run(), expected=False) is lab
    assert waits.waited == []


def test_an_order_on_its_way_is_waited_for(front_ends: FrontEnds, waits: Waits) -> None:
    lab = page(front_ends)
    front_ends.tells(lab, order(0, cells=("b",)))
    waits.meanwhile = lambda: front_ends.tells(lab, order(1, "a"))
    assert front_ends.of(run(), expected=False) is lab
    assert waits.waited == [0.2]
    assert lab.order is not None
    assert lab.order.cells == ("a", "b")


def test_a_front_end_that_does_not_tell_is_waited_for_once(
    front_ends: FrontEnds, waits: Waits
) -> None:
    lab = page(front_ends)
    front_ends.tells(lab, order(0))
    assert [front_ends.of(run(), expected=False) for _ in range(3)] == [lab] * 3
    assert waits.waited == [0.2]
    front_ends.tells(lab, order(1, "a"))
    front_ends.ran("a")
    front_ends.of(run(), expected=False)
    assert waits.waited == [0.2, 0.2], "it tells after all"


def test_each_execution_needs_an_announcement_of_its_own(
    front_ends: FrontEnds, waits: Waits
) -> None:
    lab = page(front_ends)
    front_ends.tells(lab, order(0, "a", "b"))
    front_ends.tells(lab, order(1, "a"))
    for _ in range(2):
        front_ends.of(run(), expected=False)
        front_ends.ran("a")
    assert waits.waited == []
    front_ends.of(run(), expected=False)
    assert waits.waited == [0.2]


def test_an_announcement_of_another_text_is_an_old_one(front_ends: FrontEnds, waits: Waits) -> None:
    """Such as one of a cell that did not run because the one before it failed."""
    lab = page(front_ends)
    front_ends.tells(lab, order(0, "a", text="before it was edited"))
    waits.meanwhile = lambda: front_ends.tells(lab, order(1, "a"))
    front_ends.of(run(), expected=False)
    assert waits.waited == [0.2]


def test_without_subshells_messages_are_in_order_and_nothing_is_waited_for(
    front_ends: FrontEnds, waits: Waits
) -> None:
    lab = page(front_ends, subshell=False)
    front_ends.tells(lab, order(0))
    assert front_ends.of(run(), expected=False) is lab
    assert waits.waited == []


def test_a_request_from_before_the_link_waits_for_the_first_order_only(
    front_ends: FrontEnds, waits: Waits
) -> None:
    """Run All sends all requests before the first cell has loaded the magics."""
    lab = page(front_ends)
    early = run(sent=NOW - timedelta(seconds=1))
    waits.meanwhile = lambda: front_ends.tells(lab, order(0))
    assert front_ends.of(early, expected=False) is lab
    assert front_ends.of(early, expected=False) is lab
    assert waits.waited == [0.2]


def test_of_two_pages_the_one_that_sent_the_request_is_asked(
    front_ends: FrontEnds, waits: Waits
) -> None:
    one, two = page(front_ends, "one"), page(front_ends, "two")
    front_ends.tells(one, order(0, "a"))
    front_ends.tells(two, order(0, "b"))
    assert front_ends.of(run("a", "one"), expected=False) is one
    assert front_ends.of(run("b", "two"), expected=False) is two
    assert waits.waited == []


def test_a_request_of_nobody_linked_is_of_whom_announced_it(
    front_ends: FrontEnds, waits: Waits
) -> None:
    """A server may send the request for a page."""
    lab = page(front_ends)
    front_ends.tells(lab, order(0, "a"))
    assert front_ends.of(run(session="server"), expected=False) is lab
    assert waits.waited == []


def test_a_page_that_is_gone_without_a_word_is_waited_for_once(
    front_ends: FrontEnds, waits: Waits
) -> None:
    front_ends.tells(page(front_ends), order(0))
    assert [front_ends.of(run(session="vscode"), expected=False) for _ in range(3)] == [None] * 3
    assert waits.waited == [0.2]


def test_hello_is_waited_for_once_where_it_is_expected(front_ends: FrontEnds, waits: Waits) -> None:
    assert front_ends.of(run(), expected=True) is None
    assert front_ends.of(run(), expected=True) is None
    assert waits.waited == [0.3]


def test_nobody_is_waited_for_where_nobody_is(front_ends: FrontEnds, waits: Waits) -> None:
    assert front_ends.of(run(), expected=False) is None
    assert waits.waited == []


def test_who_closed_its_link_is_asked_no_more(front_ends: FrontEnds, waits: Waits) -> None:
    lab, other = page(front_ends), page(front_ends, "other")
    front_ends.tells(lab, order(0, "a"))
    front_ends.tells(other, order(0, cells=("x",)))
    front_ends.remove(other)
    assert front_ends.latest_order() is lab.order
    front_ends.remove(lab)
    assert front_ends.latest_order() is None
    assert front_ends.of(run(), expected=False) is None


def test_an_order_that_was_overtaken_does_not_count(front_ends: FrontEnds) -> None:
    lab = page(front_ends)
    assert front_ends.tells(lab, order(3))
    assert not front_ends.tells(lab, order(2, cells=("x",)))
    assert lab.order is not None
    assert lab.order.cells == ("a", "b")


def test_pages_that_never_said_goodbye_are_forgotten(front_ends: FrontEnds) -> None:
    pages = [page(front_ends, str(number)) for number in range(MOST)]
    last = FrontEnd(None, {})
    assert front_ends.add(last) == [pages[0]]
