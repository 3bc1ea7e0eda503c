"""A way to stop a turn from another thread than the one that asks, at whatever stage it is."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Stop:
    """Ends one turn when somebody wishes it: its call now, or its next one before it begins."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._cancel: Callable[[], None] | None = None
        self._requested = False

    @property
    def requested(self) -> bool:
        """True if the turn is to end."""
        return self._requested

    def request(self) -> None:
        """End the turn; from any thread, and as often as one likes."""
        with self._lock:
            self._requested = True
            cancel = self._cancel
        if cancel is not None:
            cancel()

    @contextmanager
    def ending(self, cancel: Callable[[], None]) -> Iterator[None]:
        """Let the wish end a call while it runs.

        Args:
            cancel: Ends the call, from another thread.
        """
        with self._lock:
            self._cancel = cancel
            requested = self._requested
        if requested:
            cancel()
        try:
            yield
        finally:
            with self._lock:
                self._cancel = None
