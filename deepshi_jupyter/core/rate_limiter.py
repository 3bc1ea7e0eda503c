"""How many requests may be under way at an endpoint, and how fast: a state machine, no clock.

Two limits work together, as a service may count either:

* a **window** of requests under way. It doubles with each round of answers (slow start) until the
  service says 429, then shrinks to what was under way and grows by one a round (additive increase,
  multiplicative decrease, as in TCP: https://www.rfc-editor.org/rfc/rfc5681).
* a **rate** of starts, unknown at first. The first 429 sets it to what the service has just
  accepted; each further one lowers it by a twentieth. Between them it grows again, slowly at
  first, and faster the longer nothing was refused (the idea of CUBIC,
  https://www.rfc-editor.org/rfc/rfc9438), so that a quota is used nearly whole and seldom
  exceeded.

``Retry-After`` holds all starts back. The headers ``x-ratelimit-…`` of this family of services
(https://platform.openai.com/docs/guides/rate-limits) lower the rate before there is a 429. After a
5xx nothing grows for a while. After a 401, 402 or 403 the circuit is open: nothing starts any more.
"""

from __future__ import annotations

import math
import re
from collections import deque
from collections.abc import Mapping

START = 8
"""So many requests go out before the first answer."""

MOST = 256
"""No more than so many are ever under way, unless more are asked for."""

CIRCUIT_STATUSES = frozenset({401, 402, 403})
"""With these no further request can succeed (API contract, "Errors")."""

_SHRINK = 0.7
_SLOW_DOWN = 0.95
_GROWTH = 0.005
"""The share by which the rate grows in a second, soon after a 429."""

_PATIENCE = 15.0
"""Seconds without a 429 after which that growth doubles, and doubles again."""

_FASTEST_GROWTH = 0.2
_MEASURED = 1.0
"""Seconds over which it is counted what the service accepts."""

_LEAST_MEASURED = 0.25
"""Seconds that it is counted over at least, however early the first 429 comes."""

_PAUSE_AFTER_5XX = 5.0
_FIRST_HOLD = 0.25
_LONGEST_HOLD = 30.0
_NEARLY_USED = 0.05
"""A quota of which this share is left is nearly used up."""

_SLACK = 0.05
"""Seconds by which starts may catch up where a timer was late."""


class RateLimiter:
    """The limits of one endpoint and model.

    Args:
        window: How many requests may be under way, if that is fixed; None adapts it.
        most: How many at most, where it adapts.

    Attributes:
        window: How many may be under way now.
        rate: Starts a second, or None as long as nothing was refused.
        in_flight: How many are under way.
        throttled: How many 429 came.
        circuit: Why nothing may start any more, or an empty text.
    """

    def __init__(self, window: int | None = None, *, most: int = MOST) -> None:
        self._fixed, self._most = False, float(most)
        self.window = float(min(START, most))
        self.rate: float | None = None
        self.in_flight = 0
        self.throttled = 0
        self.circuit = ""
        self._slow_start = True
        self._next_start = self._held_until = self._grows_from = 0.0
        self._shrunk_at = self._rate_at = float("-inf")
        self._holds = 0
        self._growing = 0
        self._probing = False
        self._first_start = 0.0
        self._starts: deque[float] = deque()
        self._refusals: deque[float] = deque()
        self._tokens = 0.0
        if window is not None:
            self.fix(window)

    def fix(self, window: int | None, *, most: int = MOST) -> None:
        """Fix how many requests may be under way, or let it adapt again.

        Args:
            window: How many; None adapts it, from what it is.
            most: How many at most, where it adapts.
        """
        was_fixed, self._fixed = self._fixed, window is not None
        self._most = float(window if window is not None else most)
        if window is not None:
            self.window = self._most
        elif was_fixed:
            self.window = float(min(START, most))
        self._slow_start = not self._fixed and self.rate is None

    def wait(self, now: float) -> float | None:
        """Return after how many seconds the next request may start.

        Args:
            now: Seconds of a clock that never goes back, here and in all other methods.

        Returns:
            0 for at once; None if one that is under way must end first, or the circuit is open.
        """
        if self.circuit or self.in_flight >= max(1, int(self.window)):
            return None
        due = self._held_until if self.rate is None else max(self._held_until, self._next_start)
        return max(0.0, due - now)

    def begin(self, now: float) -> None:
        """Count a request that starts now."""
        self.in_flight += 1
        if self.in_flight >= int(self.window):  # it limits: this round of answers may widen it
            self._growing = int(self.window)
        if not self._starts:
            self._first_start = self._first_start or now
        self._starts.append(now)
        self._forget(now)
        if self.rate is not None:
            self._next_start = max(self._next_start, now - _SLACK) + 1.0 / self.rate

    def release(self) -> None:
        """Count a request that was stopped, or that failed for a reason that is not the service."""
        self.in_flight -= 1

    def succeeded(
        self, now: float, headers: Mapping[str, str] | None = None, tokens: int | None = None
    ) -> None:
        """Take in that an answer came.

        Args:
            now: When.
            headers: Its headers, names in lower case or case-insensitive.
            tokens: What it used, or None if that is not known.
        """
        self.in_flight -= 1
        full, self._growing = self._growing > 0, max(0, self._growing - 1)
        self._holds = 0
        if tokens:
            self._tokens += (tokens - self._tokens) * (0.1 if self._tokens else 1.0)
        self._grow(now, full=full)
        if headers:
            self._learn(now, headers)

    def refused(self, now: float, began: float, retry_after: float | None = None) -> None:
        """Take in a 429.

        Args:
            now: When.
            began: When that request began; those that began before the last shrinking say nothing
                new.
            retry_after: Seconds that the service asks to wait, or None.
        """
        under_way, self.in_flight = self.in_flight, self.in_flight - 1
        self.throttled += 1
        self._refusals.append(now)
        news = began > self._shrunk_at
        if news:
            self._shrink(now, under_way)
        hold = retry_after if retry_after is not None and retry_after > 0 else None
        if hold is None and news:
            hold = min(_FIRST_HOLD * 2.0 ** min(self._holds, 20), _LONGEST_HOLD)
        if news:
            self._holds += 1
        self._held_until = max(self._held_until, now + (hold or 0.0))

    def failed(self, now: float, status: int | None, retry_after: float | None = None) -> None:
        """Take in that a request failed in another way.

        Args:
            now: When.
            status: Its HTTP status; None if no answer came.
            retry_after: Seconds that the service asks to wait, or None.
        """
        self.in_flight -= 1
        if status in CIRCUIT_STATUSES:
            self.open_circuit(f"the service answered {status}")
        elif status is None or status >= 500:
            self._grows_from = max(self._grows_from, now + _PAUSE_AFTER_5XX)
            self._slow_start = False
            if retry_after is not None:
                self._held_until = max(self._held_until, now + retry_after)

    def open_circuit(self, why: str) -> None:
        """Let nothing start any more."""
        self.circuit = self.circuit or why

    def close_circuit(self) -> None:
        """Let requests start again, as for a new run, whose key may be another one."""
        self.circuit = ""

    def _accepted(self, now: float) -> float:
        """Return how many starts a second the service has accepted of late."""
        self._forget(now)
        seconds = min(self._span, max(now - self._first_start, _LEAST_MEASURED))
        return max(0, len(self._starts) - len(self._refusals)) / seconds

    @property
    def _span(self) -> float:
        """The seconds over which it is counted: enough for some starts, however slow they are."""
        return _MEASURED if self.rate is None else min(max(_MEASURED, 5.0 / self.rate), 60.0)

    def _forget(self, now: float) -> None:
        for moments in (self._starts, self._refusals):
            while moments and moments[0] < now - self._span:
                moments.popleft()

    def _shrink(self, now: float, under_way: int) -> None:
        accepted = self._accepted(now)
        if self.rate is None:
            self.rate, self._probing = max(accepted, 0.5), True
            self._next_start = now
        else:
            self.rate = max(0.05, min(self.rate * _SLOW_DOWN, max(accepted, self.rate / 2)))
            self._probing = False
        self._shrunk_at = self._rate_at = now
        self._slow_start = False
        if not self._fixed:
            self.window = max(1.0, min(self.window, under_way) * _SHRINK)

    def _grow(self, now: float, *, full: bool) -> None:
        """Grow what limits; what is not used does not grow."""
        if now < self._grows_from:
            self._rate_at = now
            return
        accepted = self._accepted(now)
        if not self._fixed and full:
            alone = self._slow_start or (self.rate is not None and accepted < 0.9 * self.rate)
            self.window = min(self._most, self.window + (1.0 if alone else 1.0 / self.window))
        if self.rate is None:
            return
        if accepted >= 0.8 * self.rate and now > self._rate_at:
            self.rate *= 1.0 + self._growth(now) * min(now - self._rate_at, _MEASURED)
        self._rate_at = now

    def _growth(self, now: float) -> float:
        """Return the share by which the rate grows in a second."""
        if self._probing:
            return _FASTEST_GROWTH
        calm = min((now - self._shrunk_at) / _PATIENCE, 10.0)
        return min(_GROWTH * 2.0 ** int(calm), _FASTEST_GROWTH)

    def _learn(self, now: float, headers: Mapping[str, str]) -> None:
        """Lower the rate where the service says that a quota is nearly used up.

        ``reset`` is the time until all of the quota is there again, so what was used is refilled
        at ``used / reset``. Where a service means the end of a fixed minute by it, this is more
        than it allows and so does no harm.
        """
        for unit, cost in (("requests", 1.0), ("tokens", self._tokens)):
            limit = _number(headers.get(f"x-ratelimit-limit-{unit}", ""))
            left = _number(headers.get(f"x-ratelimit-remaining-{unit}", ""))
            reset = read_duration(headers.get(f"x-ratelimit-reset-{unit}", ""))
            if limit is None or left is None or not reset or not cost or limit <= 0:
                continue
            if left > max(_NEARLY_USED * limit, cost * 2):
                continue
            refill = max(limit - left, 0.0) / reset / cost
            if refill > 0 and (self.rate is None or refill < self.rate):
                self.rate = max(refill, 0.05)
                self._next_start = max(self._next_start, now)
                self._rate_at = self._shrunk_at = now
                self._slow_start = False


_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def read_duration(text: str) -> float | None:
    """Read the time of an ``x-ratelimit-reset-…`` header.

    Args:
        text: Such as ``1s``, ``6m0s``, ``120ms``, or plain seconds.

    Returns:
        Seconds, or None where it cannot be read.
    """
    text = text.strip()
    parts = _PART.findall(text)
    if parts and "".join(number + unit for number, unit in parts) == text:
        return sum(float(number) * _SECONDS[unit] for number, unit in parts)
    seconds = _number(text)
    return seconds if seconds is not None and seconds >= 0 else None


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
