"""How far a run is, as a bar in a notebook or terminal (tqdm)."""

from __future__ import annotations

import importlib
from typing import Any, Protocol

import msgspec

from deepshi_jupyter.sweep.row import Row


class Sums(msgspec.Struct):
    """What a run has done so far.

    Attributes:
        settled: How many rows are done, those that are the same as others included.
        failed: How many were not answered well.
        replayed: How many were answered before.
        calls: How many requests went out.
        tokens: Tokens in and out.
        prompt_tokens: Tokens in.
        cost: USD as reported.
        unpriced: Rows that were asked and whose cost the service did not report.
    """

    settled: int = 0
    failed: int = 0
    replayed: int = 0
    calls: int = 0
    tokens: int = 0
    prompt_tokens: int = 0
    cost: float = 0.0
    unpriced: int = 0

    def add(self, row: Row, settled: int) -> None:
        """Add a row that was asked, and those that are the same."""
        self.settled += settled
        self.failed += settled if row.state != "ok" else 0
        self.calls += row.tries
        self.prompt_tokens += row.prompt_tokens or 0
        self.tokens += (row.prompt_tokens or 0) + (row.completion_tokens or 0)
        self.cost += row.cost or 0.0
        self.unpriced += row.cost is None and row.state == "ok"


class Progress(Protocol):
    """Shows how far a run is; called in the thread that waits for it."""

    def show(self, sums: Sums) -> None:
        """Show sums."""

    def say(self, sentence: str) -> None:
        """Show a sentence."""

    def close(self, sums: Sums) -> None:
        """Show the last sums and end."""


class Silent:
    """Shows nothing."""

    def show(self, sums: Sums) -> None:
        """Show nothing."""

    def say(self, sentence: str) -> None:
        """Say nothing."""

    def close(self, sums: Sums) -> None:
        """End."""


class Bar:
    """A tqdm bar: a widget in a notebook, text in a terminal.

    Args:
        rows: How many rows there are.
        settled: How many of them are done before the run begins.
    """

    def __init__(self, rows: int, settled: int) -> None:
        tqdm = importlib.import_module("tqdm.auto").tqdm  # 0.1 s to load; it carries no types
        self._bar: Any = tqdm(total=rows, initial=settled, unit="row")

    def show(self, sums: Sums) -> None:
        """Show rows done, rate and time left; failed, replayed, tokens, cost."""
        self._bar.set_postfix(_postfix(sums), refresh=False)
        self._bar.update(sums.settled - self._bar.n)

    def say(self, sentence: str) -> None:
        """Write a line above the bar."""
        self._bar.write(sentence)

    def close(self, sums: Sums) -> None:
        """Show the end and leave the bar standing."""
        self.show(sums)
        self._bar.refresh()
        self._bar.close()


def _postfix(sums: Sums) -> dict[str, str]:
    shown = {"failed": sums.failed, "replayed": sums.replayed, "tokens": sums.tokens}
    words = {name: f"{number:,}" for name, number in shown.items() if number}
    return words | ({"cost": f"${sums.cost:.4g}"} if sums.cost else {})
