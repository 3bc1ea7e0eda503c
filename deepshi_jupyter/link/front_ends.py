"""The front ends that are connected, and which of them runs a cell; asked from several threads."""

from __future__ import annotations

import threading
from collections.abc import Callable

from deepshi_jupyter.core.timeline import DocumentOrder
from deepshi_jupyter.link.front_end import FrontEnd, Run
from deepshi_jupyter.link.messages import Hello, Order

HELLO_SECONDS = 0.3
"""How long the first question waits for a front end that was told that the magics are there."""

ORDER_SECONDS = 0.2
"""How long a question waits for the order that names its cell.

The front end sends it before the request that runs the cell, but another thread reads it."""

MOST = 8
"""So many front ends are remembered; one that was closed with its page never says so."""


class FrontEnds:
    """The front ends that opened a link, the latest last."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._all: list[FrontEnd] = []
        self._awaited_hello = False

    def add(self, front_end: FrontEnd) -> list[FrontEnd]:
        """Take in a front end; return those that are given up for it."""
        with self._changed:
            self._all.append(front_end)
            given_up = self._all[:-MOST]
            del self._all[:-MOST]
            return given_up

    def remove(self, front_end: FrontEnd) -> None:
        """Take out a front end that closed its link."""
        with self._changed:
            if front_end in self._all:
                self._all.remove(front_end)
                self._changed.notify_all()

    def hello(self, front_end: FrontEnd, hello: Hello) -> None:
        """Take note of what a front end reads."""
        with self._changed:
            front_end.says_hello(hello)
            self._changed.notify_all()

    def tells(self, front_end: FrontEnd, order: Order) -> bool:
        """Take note of the order that a front end tells; False if it is outdated."""
        with self._changed:
            told = front_end.tells(order)
            self._changed.notify_all()
            return told

    def reads(self, what: str) -> bool:
        """True if a front end that is there said that it reads something, such as ``edit``."""
        with self._changed:
            return any(what in one.reads for one in self._present())

    def latest_order(self) -> DocumentOrder | None:
        """Return the order of the front end that linked up last, of those that told any."""
        with self._changed:
            return next((one.order for one in reversed(self._all) if one.order), None)

    def ran(self, cell: str) -> None:
        """Take note that a cell has run."""
        with self._changed:
            for front_end in self._all:
                front_end.ran(cell)

    def of(self, run: Run, *, expected: bool) -> FrontEnd | None:
        """Return the front end that runs a cell, as soon as its order is as of this execution.

        Args:
            run: The execution.
            expected: Whether a front end may be about to say hello; that is waited for once.
        """
        with self._changed:
            if expected and not self._awaited_hello:
                self._awaited_hello = True
                self._wait(lambda: bool(self._present()), HELLO_SECONDS)
            asked = self._asked(run)
            waiting = [one for one in asked if one.on_subshell and one.announces]
            if waiting and not self._wait(lambda: _announcer(asked, run), ORDER_SECONDS):
                for front_end in waiting:  # it does not tell: never wait for it again
                    front_end.announces = False
            same = next((one for one in reversed(asked) if one.session == run.session), None)
            return _announcer(asked, run) or same

    def _wait(self, is_so: Callable[[], object], seconds: float) -> bool:
        return bool(self._changed.wait_for(is_so, seconds))

    def _present(self) -> list[FrontEnd]:
        return [one for one in self._all if one.present]

    def _asked(self, run: Run) -> list[FrontEnd]:
        """Return who may have sent a request: its sender; else, as a server may send it, anyone."""
        present = self._present()
        return [one for one in present if one.session == run.session] or present


def _announcer(asked: list[FrontEnd], run: Run) -> FrontEnd | None:
    return next((one for one in reversed(asked) if one.announced(run)), None)
