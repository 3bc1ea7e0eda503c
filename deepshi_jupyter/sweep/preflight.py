"""What a whole run would take, told from its first rows."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

import msgspec

from deepshi_jupyter.sweep.row import Row

PILOT = 20
"""So many rows tell what the others will take."""


class Preflight(msgspec.Struct, frozen=True):
    """What a run would take, with the rows that were asked already.

    Attributes:
        rows: How many rows are to be asked, those of the pilot included.
        pilot: How many were asked.
        good: How many of them were answered well.
        tokens: About how many tokens in and out all of them take, or None.
        low: About the USD that they cost at least (two standard errors below the mean), or None.
        high: The same at most.
    """

    rows: int
    pilot: int
    good: int
    tokens: int | None = None
    low: float | None = None
    high: float | None = None

    @property
    def sentence(self) -> str:
        """One line for a reader."""
        tokens = "tokens unknown" if self.tokens is None else f"≈ {self.tokens:,} tokens"
        bad = "" if self.good == self.pilot else f", {self.pilot - self.good} of them not well"
        return (
            f"{self.pilot} of {self.rows:,} rows asked{bad}; all of them: {tokens}, {self._cost()}"
        )

    def _cost(self) -> str:
        if self.low is None or self.high is None:
            return "cost not reported"
        return f"≈ ${self.low:.2g}–{self.high:.2g}"


def preflight(pilot: Sequence[Row], rows: int) -> Preflight:
    """Return what all rows would take.

    Args:
        pilot: The rows that were asked.
        rows: How many are to be asked, these included.
    """
    good = sum(row.state == "ok" for row in pilot)
    used = [(row.prompt_tokens or 0) + (row.completion_tokens or 0) for row in pilot]
    known = [row.cost for row in pilot if row.cost is not None]
    tokens = int(statistics.fmean(used) * rows) if any(used) else None
    if not known:
        return Preflight(rows, len(pilot), good, tokens)
    mean = statistics.fmean(known)
    error = statistics.stdev(known) / len(known) ** 0.5 if len(known) > 1 else 0.0
    low, high = max(sum(known), (mean - 2 * error) * rows), (mean + 2 * error) * rows
    return Preflight(rows, len(pilot), good, tokens, low, max(low, high))
