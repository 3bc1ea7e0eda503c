"""A comparison while it runs, and what stays of it: on a page, or in a terminal."""

from __future__ import annotations

import sys
import time
import uuid
from collections.abc import Callable
from typing import Any, Protocol, TextIO

import msgspec

from deepshi_jupyter.core.printable import printable
from deepshi_jupyter.display.choose import choose
from deepshi_jupyter.display.deltas import Deltas
from deepshi_jupyter.display.live import Silent
from deepshi_jupyter.display.once import Once
from deepshi_jupyter.display.running_cell import running_cell
from deepshi_jupyter.display.table import Table
from deepshi_jupyter.display.terminal import Terminal

RATE = 4.0
"""A page is updated at most this many times a second."""

SHOWN = 100
"""Characters of a coming answer that are shown."""

Json = dict[str, Any]


class Progress(msgspec.Struct, frozen=True):
    """How far a comparison has come.

    Attributes:
        sentence: What it is, in one line.
        samples: How many answers each setting gets.
        rows: For each setting its label, and how many answers are there, how many of them failed,
            and the text of the last one.
    """

    sentence: str
    samples: int
    rows: list[tuple[str, tuple[int, int, str]]]


class View(Protocol):
    """Shows one comparison."""

    shows: bool
    """Whether what stays is seen where it runs."""

    takes_pictures: bool
    """Whether a picture can be seen there."""

    def begin(self, sentence: str) -> None:
        """Say what it will be."""

    def show(self, progress: Progress) -> None:
        """Show how far it has come; called often."""

    def end(self, bundle: Json) -> None:
        """Show what stays."""

    def picture(self, bundle: Json) -> None:
        """Show a picture below it."""

    def abandon(self) -> None:
        """Take away what was shown, as nothing came."""


def view_for(shell: Any, setting: str) -> View:
    """Return a view for the cell that runs now, chosen as the presenter of an answer is.

    Args:
        shell: The IPython shell, or None outside of one.
        setting: The setting ``display``.
    """
    presenter = choose(shell, setting)
    if isinstance(presenter, Silent):
        return Nothing()
    if isinstance(presenter, Terminal):
        return Lines()
    return Final() if isinstance(presenter, Once | Deltas) else Page()


class Nothing:
    """Shows nothing."""

    shows = False
    takes_pictures = False

    def begin(self, sentence: str) -> None:
        """Do nothing."""

    def show(self, progress: Progress) -> None:
        """Do nothing."""

    def end(self, bundle: Json) -> None:
        """Do nothing; the comparison shows as a value."""

    def picture(self, bundle: Json) -> None:
        """Do nothing."""

    def abandon(self) -> None:
        """Do nothing."""


class Final(Nothing):
    """Displays what stays, and nothing before: every update would stay among the messages."""

    shows = True
    takes_pictures = True

    def end(self, bundle: Json) -> None:
        """Display the table with the records."""
        _publish(bundle)

    def picture(self, bundle: Json) -> None:
        """Display a picture below it."""
        _publish(bundle)


class Page(Final):
    """Rewrites one display of a notebook page."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._due = 0.0
        self._id = f"deepshi-{uuid.uuid4().hex}"
        self._begun = False

    def begin(self, sentence: str) -> None:
        """Display what it will be."""
        self._publish({"text/plain": printable(sentence)})

    def show(self, progress: Progress) -> None:
        """Display the settings and how far each has come, at most `RATE` times a second."""
        now = self._clock()
        if now >= self._due:
            self._due = now + 1.0 / RATE
            self._publish(_table(progress)._repr_mimebundle_())

    def end(self, bundle: Json) -> None:
        """Put what stays in its place."""
        self._publish(bundle)

    def abandon(self) -> None:
        """Say that nothing came."""
        self._publish({"text/plain": "No answer came."})

    def _publish(self, bundle: Json) -> None:
        _publish(bundle, transient={"display_id": self._id}, update=self._begun)
        self._begun = True


class Lines:
    """Prints a line when a setting is done, and the table at the end."""

    shows = True
    takes_pictures = False

    def __init__(self, out: TextIO | None = None) -> None:
        self._out = out or sys.stdout
        self._done: set[str] = set()

    def begin(self, sentence: str) -> None:
        """Print what it will be."""
        self._print(sentence)

    def show(self, progress: Progress) -> None:
        """Print the settings that are done since last time."""
        for label, (done, failed, _) in progress.rows:
            if done == progress.samples and label not in self._done:
                self._done.add(label)
                count = f"{len(self._done)}/{len(progress.rows)}"
                self._print(f"{count} {label}: {_count(done, progress.samples, failed)}")

    def end(self, bundle: Json) -> None:
        """Print the table."""
        self._print(bundle["text/plain"])

    def picture(self, bundle: Json) -> None:
        """Do nothing: a terminal shows none."""

    def abandon(self) -> None:
        """Do nothing; the printed lines stay."""

    def _print(self, text: str) -> None:
        self._out.write(f"{printable(text)}\n")
        self._out.flush()


def _table(progress: Progress) -> Table:
    rows = []
    for label, (done, failed, text) in progress.rows:
        flat = " ".join(text[: 2 * SHOWN].split())
        shown = flat if len(flat) <= SHOWN else f"{flat[: SHOWN - 1]}…"
        rows.append((label, _count(done, progress.samples, failed), shown))
    return Table(("setting", "answers", "the last one"), rows, f"{progress.sentence}.")


def _count(done: int, samples: int, failed: int) -> str:
    return f"{done}/{samples}" + (f", {failed} failed" if failed else "")


def still_runs(shell: Any) -> Callable[[], bool]:
    """Return what tells whether the execution that runs now is still the one that runs."""
    now = running_cell(shell).execution
    return lambda: running_cell(shell).execution == now


def _publish(bundle: Json, **how: Any) -> None:
    from IPython.display import publish_display_data

    publish_display_data(bundle, **how)
