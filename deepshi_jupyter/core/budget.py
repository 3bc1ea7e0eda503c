"""What a run may use at most: reserved before each call, settled after it."""

from __future__ import annotations

import threading
from typing import Any

import msgspec

from deepshi_jupyter.errors import InvalidRequestError


class Amount(msgspec.Struct, frozen=True):
    """What one or more calls use.

    Attributes:
        calls: How many.
        tokens: Tokens in and out, or None if they are not known.
        usd: USD, or None if they are not known.
    """

    calls: int = 1
    tokens: int | None = None
    usd: float | None = None


NOTHING = Amount(0, 0, 0.0)


class Budget:
    """What may be used, over all runs that it is given to.

    Each call is reserved before it goes out, for the most that it can use where that is known, else
    for as much as the largest so far; what it truly used is settled when it ended. So calls that
    are under way together do not exceed the budget unknown to each other. Where nothing is known
    yet, the first call goes out alone.

    Args:
        usd: USD, as the service reports them, else by the prices of its catalogue.
        tokens: Tokens in and out together.
        calls: Requests, tries that failed not counted.
        minutes: Minutes from the first call on.

    Attributes:
        spent: What was used so far.

    Raises:
        InvalidRequestError: A limit is not above zero.
    """

    def __init__(
        self,
        usd: float | None = None,
        tokens: int | None = None,
        calls: int | None = None,
        minutes: float | None = None,
    ) -> None:
        for name, value in {
            "usd": usd,
            "tokens": tokens,
            "calls": calls,
            "minutes": minutes,
        }.items():
            if value is not None and not value > 0:
                raise InvalidRequestError(
                    f"The budget's {name} is {value!r}, expected a number above 0.",
                    "Leave it out for no limit.",
                )
        self.usd, self.tokens, self.calls, self.minutes = usd, tokens, calls, minutes
        self.spent = NOTHING
        self._reserved = NOTHING
        self._largest = Amount(1, None, None)
        self._open = 0
        self._began: float | None = None
        self._blind = ""
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        limits = {"usd": self.usd, "tokens": self.tokens, "calls": self.calls}
        limits["minutes"] = self.minutes
        given = ", ".join(f"{name}={value}" for name, value in limits.items() if value is not None)
        return f"Budget({given})"

    def reserve(self, now: float, most: Amount = Amount()) -> Amount | None:  # noqa: B008 - frozen
        """Reserve what a call may use.

        Args:
            now: Seconds of a clock that never goes back.
            most: The most that it can use, as far as that is known.

        Returns:
            What is to be given to `settle`; None if it does not fit beside what is under way.
        """
        with self._lock:
            if self._began is None:
                self._began = now
            amount = self._filled(most)
            if self._why_not(now, amount, with_reserved=True) or (
                self._unknown(amount) and self._open
            ):
                return None
            self._open += 1
            self._reserved = _sum(self._reserved, amount)
            return amount

    def reserve_rest(self, now: float) -> Amount:
        """Reserve all that is neither used nor reserved, for one share of a run.

        Args:
            now: As for `reserve`.

        Returns:
            What is to be given to `settle`; what has no limit is nothing.
        """
        with self._lock:
            self._began = now if self._began is None else self._began
            taken = _sum(self.spent, self._reserved)
            amount = Amount(
                0 if self.calls is None else self.calls - taken.calls,
                0 if self.tokens is None else self.tokens - (taken.tokens or 0),
                0.0 if self.usd is None else self.usd - (taken.usd or 0.0),
            )
            self._open += 1
            self._reserved = _sum(self._reserved, amount)
            return amount

    def settle(self, reserved: Amount, used: Amount) -> None:
        """Replace what was reserved by what was used.

        Args:
            reserved: What `reserve` returned.
            used: What the call used; unknown tokens or USD count as what was reserved, and where
                that is unknown, too, a limit on them can no longer be kept and lets nothing more
                through.
        """
        with self._lock:
            self._open -= 1
            self._reserved = _sum(self._reserved, reserved, -1)
            if used.calls:
                used = Amount(
                    used.calls,
                    reserved.tokens if used.tokens is None else used.tokens,
                    reserved.usd if used.usd is None else used.usd,
                )
                self._check_known(used)
                self._largest = _largest(self._largest, used)
            self.spent = _sum(self.spent, used)

    def exhausted(self, now: float, most: Amount = Amount()) -> str:  # noqa: B008 - frozen
        """Say why a call no longer fits even when all others have ended; empty if it does."""
        with self._lock:
            return self._blind or self._why_not(now, self._filled(most), with_reserved=False)

    def left(self, now: float) -> Budget:
        """Return what is neither used nor reserved, as a budget of its own."""
        with self._lock:
            taken = _sum(self.spent, self._reserved)
            seconds = now - (self._began if self._began is not None else now)
            return Budget(
                None if self.usd is None else max(self.usd - (taken.usd or 0.0), 1e-12),
                None if self.tokens is None else max(self.tokens - (taken.tokens or 0), 1),
                None if self.calls is None else max(self.calls - taken.calls, 1),
                None if self.minutes is None else max(self.minutes - seconds / 60.0, 1e-9),
            )

    def _filled(self, most: Amount) -> Amount:
        tokens, usd = self._largest.tokens, self._largest.usd
        return Amount(
            most.calls,
            most.tokens if most.tokens is not None else _times(tokens, most.calls),
            most.usd if most.usd is not None else _times(usd, most.calls),
        )

    def _unknown(self, amount: Amount) -> bool:
        return (self.usd is not None and amount.usd is None) or (
            self.tokens is not None and amount.tokens is None
        )

    def _why_not(self, now: float, amount: Amount, *, with_reserved: bool) -> str:
        if self._blind:
            return self._blind
        if self.minutes is not None and now - (self._began or now) >= self.minutes * 60.0:
            return f"the budget of {self.minutes:g} minutes is used up"
        taken = _sum(self.spent, self._reserved) if with_reserved else self.spent
        wanted = _sum(taken, amount)
        if self.calls is not None and wanted.calls > self.calls:
            return f"the budget of {self.calls:,} calls is used up"
        if self.tokens is not None and (wanted.tokens or 0) > self.tokens:
            return f"the budget of {self.tokens:,} tokens is used up"
        if self.usd is not None and (wanted.usd or 0.0) > self.usd * (1 + 1e-9):
            return f"the budget of ${self.usd:g} is used up"
        return ""

    def _check_known(self, used: Amount) -> None:
        if self.usd is not None and used.usd is None:
            self._blind = (
                "the service reports no cost and its catalogue no price, so that a budget in USD "
                "cannot be kept; give `tokens` or `calls`"
            )
        elif self.tokens is not None and used.tokens is None:
            self._blind = (
                "the service reports no tokens, so that a budget of tokens cannot be kept; "
                "give `calls`"
            )


def _sum(one: Amount, other: Amount, sign: int = 1) -> Amount:
    return Amount(
        one.calls + sign * other.calls,
        (one.tokens or 0) + sign * (other.tokens or 0),
        (one.usd or 0.0) + sign * (other.usd or 0.0),
    )


def _largest(one: Amount, other: Amount) -> Amount:
    """Return the largest call so far; of several calls together, the mean counts."""
    tokens = [v for v in (one.tokens, _divided(other.tokens, other.calls)) if v is not None]
    usd = [v for v in (one.usd, _divided(other.usd, other.calls)) if v is not None]
    return Amount(1, int(max(tokens)) if tokens else None, max(usd, default=None))


def _times(value: float | None, count: int) -> Any:
    return None if value is None else value * count


def _divided(value: float | None, count: int) -> float | None:
    return None if value is None else value / max(count, 1)
