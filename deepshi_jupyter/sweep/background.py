"""The one event loop of this process that runs over tables use, in a thread of its own.

So the main thread and its interrupt stay free, a cell may itself run within a loop, and all runs of
a process share one limiter for each endpoint and model.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Coroutine
from typing import Any

from deepshi_jupyter.core.rate_limiter import RateLimiter
from deepshi_jupyter.sweep.gate import Gate

WATCH_SECONDS = 0.1
"""How often the waiting thread looks at what has come."""

STOP_SECONDS = 5.0
"""How long an interrupted run may take to close its connections."""


class Background:
    """An event loop in a thread, and the gates on it; `background` returns that of the process."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._gates: dict[tuple[str, str], Gate] = {}
        threading.Thread(target=self._serve, name="deepshi-rows", daemon=True).start()

    def gate(self, endpoint: str, model: str) -> Gate:
        """Return the gate of an endpoint and model; the first call makes it."""
        return self._gates.setdefault((endpoint, model), Gate(RateLimiter()))

    def run(self, work: Coroutine[Any, Any, None], watch: Callable[[], None]) -> None:
        """Run something on the loop and wait for it, interruptibly.

        Args:
            work: What to run; an interrupt cancels it and waits until it has ended.
            watch: Is called in this thread ten times a second.

        Raises:
            KeyboardInterrupt: The user interrupted.
        """
        ended = threading.Event()

        async def begin() -> None:
            try:
                await work
            finally:
                ended.set()

        future = asyncio.run_coroutine_threadsafe(begin(), self._loop)
        try:
            while not ended.wait(WATCH_SECONDS):
                watch()
        except BaseException:
            future.cancel()
            ended.wait(STOP_SECONDS)
            raise
        future.result()

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()


_current: tuple[int, Background] | None = None
_making = threading.Lock()


def background() -> Background:
    """Return the loop of this process; a fork has one of its own."""
    global _current  # one process has one quota
    with _making:
        if _current is None or _current[0] != os.getpid():
            _current = os.getpid(), Background()
        return _current[1]
