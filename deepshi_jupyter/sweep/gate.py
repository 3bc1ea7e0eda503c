"""Who may send next: requests wait here, in order, until the limiter lets them through."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Mapping

from deepshi_jupyter.core.rate_limiter import RateLimiter
from deepshi_jupyter.errors import (
    AuthenticationError,
    CallError,
    InsufficientCreditsError,
    PermissionDeniedError,
    RateLimitError,
)

HOPELESS = (AuthenticationError, InsufficientCreditsError, PermissionDeniedError)
"""After one of these no other request of the same key and model can succeed."""


class StoppedError(Exception):
    """A row is not asked any more; its words are the reason."""


class Gate:
    """Lets requests through one by one; lives on one event loop.

    Args:
        limiter: Says when.
        clock: Seconds of a clock that never goes back.
    """

    def __init__(self, limiter: RateLimiter, clock: Callable[[], float] = time.monotonic) -> None:
        self.limiter = limiter
        self._clock = clock
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._timer: asyncio.TimerHandle | None = None

    async def enter(self, *, first: bool = False) -> float:
        """Wait until a request may start, and count it.

        Args:
            first: Whether it goes before those that wait, as a second try does.

        Returns:
            When it starts.

        Raises:
            StoppedError: No request can succeed any more.
        """
        turn = asyncio.get_running_loop().create_future()
        if first:
            self._waiting.appendleft(turn)
        else:
            self._waiting.append(turn)
        self._let_in()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self.leave()  # it was let in at the very moment
            raise
        return self._clock()

    def leave(self) -> None:
        """Count a request that was stopped, or whose failure says nothing of the service."""
        self.limiter.release()
        self._let_in()

    def succeeded(self, headers: Mapping[str, str], tokens: int | None) -> None:
        """Take in that an answer came."""
        self.limiter.succeeded(self._clock(), headers, tokens)
        self._let_in()

    def tried(self, status: int | None, began: float, wait: float) -> None:
        """Take in that a try failed which is followed by another."""
        if status == 429:
            self.limiter.refused(self._clock(), began, wait)
        else:
            self.limiter.failed(self._clock(), status)
        self._let_in()

    def failed(self, error: CallError, began: float) -> None:
        """Take in that a call failed for good."""
        if isinstance(error, HOPELESS):
            self.limiter.release()
            self.limiter.open_circuit(error.what)
        elif isinstance(error, RateLimitError):
            self.limiter.refused(self._clock(), began)
        elif error.status is None or error.status >= 500:
            self.limiter.failed(self._clock(), error.status)
        else:
            self.limiter.release()
        self._let_in()

    def _let_in(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while self._waiting:
            if self.limiter.circuit:
                self._send_away()
                return
            if self._waiting[0].done():  # cancelled while it waited
                self._waiting.popleft()
                continue
            wait = self.limiter.wait(self._clock())
            if wait is None:
                return
            if wait > 0:
                loop = asyncio.get_running_loop()
                self._timer = loop.call_later(wait, self._let_in)
                return
            self.limiter.begin(self._clock())
            self._waiting.popleft().set_result(None)

    def _send_away(self) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_exception(StoppedError(self.limiter.circuit))
