"""An answer on its way: what a presenter is told, and when it is worth telling.

A presenter shows one answer in one kind of place. It is begun, told what came since last time (at
most `RATE` times a second), and ended with the reply; which one fits is chosen by `choose`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from deepshi_jupyter.core.events import Event, ReasoningDelta, Retrying, TextDelta
from deepshi_jupyter.display.answer import Answer, ToolOutcome

RATE = 20.0
"""A presenter is told news at most this many times a second."""


class Presenter(Protocol):
    """Shows one answer while it comes and when it is there."""

    interval: float
    """Seconds between two calls of `show`, at least.

    A presenter whose last display can be replaced later (`deepshi_jupyter.display.publish`) has the
    attribute ``replaceable = True``.
    """

    def begin(self, answer: Answer) -> None:
        """Show that a call goes out; again for each call of a turn.

        Args:
            answer: What is known of the turn so far; its record is partial.
        """

    def show(self, events: list[Event]) -> None:
        """Show what came since the last call."""

    def card(self, outcome: ToolOutcome) -> None:
        """Show what came of a tool call, between two rounds."""

    def end(self, answer: Answer) -> None:
        """Show the whole answer, or what there is of it."""

    def abandon(self) -> None:
        """Take away what was shown, because nothing came of it."""


class Silent:
    """Shows nothing, for a caller that uses the reply itself."""

    interval = 0.1

    def begin(self, answer: Answer) -> None:
        """Do nothing."""

    def show(self, events: list[Event]) -> None:
        """Do nothing."""

    def card(self, outcome: ToolOutcome) -> None:
        """Do nothing."""

    def end(self, answer: Answer) -> None:
        """Do nothing."""

    def abandon(self) -> None:
        """Do nothing."""


def text_of(events: Iterable[Event]) -> str:
    """Return the text that these events add to the first answer."""
    return "".join(e.text for e in events if isinstance(e, TextDelta) and e.choice == 0)


def reasoning_of(events: Iterable[Event]) -> str:
    """Return the reasoning that these events add to the first answer."""
    return "".join(e.text for e in events if isinstance(e, ReasoningDelta) and e.choice == 0)


def retry_of(events: Iterable[Event]) -> str:
    """Return a sentence about the last failed try among these events, or an empty text."""
    tries = [event for event in events if isinstance(event, Retrying)]
    return f"{tries[-1].why} Trying again in {tries[-1].wait:.1f} s." if tries else ""
