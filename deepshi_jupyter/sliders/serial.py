"""Work that comes from several threads, done one piece at a time without anybody waiting.

A change of a widget comes in the thread that reads the front end's messages, news of the session in
any thread, the end of an answer in the thread that asked. Locks held across these would wait for
each other.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

Work = Callable[[], None]


class Serial:
    """Does work in the order in which it comes; what comes while it works waits for its turn.

    Args:
        failed: Told of an exception of a piece of work; the rest goes on.
    """

    def __init__(self, failed: Callable[[Exception], None]) -> None:
        self._failed = failed
        self._waiting: deque[Work] = deque()
        self._working = threading.Lock()

    def do(self, work: Work) -> None:
        """Do a piece of work now, or let the thread that works do it next."""
        self._waiting.append(work)
        while self._waiting and self._working.acquire(blocking=False):
            try:
                self._do_all()
            finally:
                self._working.release()

    def _do_all(self) -> None:
        while self._waiting:
            work = self._waiting.popleft()
            try:
                work()
            except Exception as error:  # of one piece of work; the next ones are others'
                self._failed(error)
