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
from deepshi_jupyter.display.stop_buttons import Stop, StopButtons, may_arrive, will_arrive
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
        stopped: The numbers of the settings that the user has stopped.
    """

    sentence: str
    samples: int
    rows: list[tuple[str, tuple[int, int, str]]]
    stopped: frozenset[int] = frozenset()

    @property
    def running(self) -> list[int]:
        """The numbers of the settings that are not done."""
        left = (number for number, (_, row) in enumerate(self.rows) if row[0] < self.samples)
        return [number for number in left if number not in self.stopped]


class View(Protocol):
    """Shows one comparison."""

    shows: bool
    """Whether what stays is seen where it runs."""

    takes_pictures: bool
    """Whether a picture can be seen there."""

    def begin(self, sentence: str, stop: Stop | None = None) -> None:
        """Say what it will be.

        Args:
            sentence: What it will be.
            stop: Stops one setting, for a view that lets the user do so.
        """

    def show(self, progress: Progress) -> None:
        """Show how far it has come; called often."""

    def close(self) -> None:
        """Take away what can be pressed: nothing runs any more."""

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
    if isinstance(presenter, Once | Deltas):
        return Final()
    return Page(getattr(shell, "kernel", None))


class Nothing:
    """Shows nothing."""

    shows = False
    takes_pictures = False

    def begin(self, sentence: str, stop: Stop | None = None) -> None:
        """Do nothing."""

    def show(self, progress: Progress) -> None:
        """Do nothing."""

    def close(self) -> None:
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
    """Rewrites one display of a notebook page; with Stop buttons above it where they would work.

    Args:
        kernel: The kernel that runs, or None.
        clock: Seconds, as they pass.
    """

    def __init__(self, kernel: Any = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._kernel = kernel
        self._clock = clock
        self._due = 0.0
        self._first = _Place()
        self._below: _Place | None = None
        self._stop: Stop | None = None
        self._buttons: StopButtons | None = None

    def begin(self, sentence: str, stop: Stop | None = None) -> None:
        """Display what it will be."""
        self._stop = stop if may_arrive(self._kernel) else None
        self._first.put({"text/plain": printable(sentence)})

    def show(self, progress: Progress) -> None:
        """Display the settings and how far each has come, at most `RATE` times a second."""
        now = self._clock()
        if now >= self._due:
            self._due = now + 1.0 / RATE
            self._offer_stop(progress)
            (self._below or self._first).put(_table(progress)._repr_mimebundle_())

    def close(self) -> None:
        """Take the buttons away."""
        self._stop = None
        if self._buttons is not None:
            self._buttons.close()

    def end(self, bundle: Json) -> None:
        """Put what stays in its place."""
        self._first.put(bundle)
        if self._below is not None:
            self._below.put({"text/plain": ""})

    def picture(self, bundle: Json) -> None:
        """Display a picture below it."""
        if self._below is None:
            super().picture(bundle)
        else:
            self._below.put(bundle)

    def abandon(self) -> None:
        """Say that nothing came."""
        self.end({"text/plain": "No answer came."})

    def _offer_stop(self, progress: Progress) -> None:
        """Make the buttons; they take the first place as soon as the front end can press them."""
        if self._buttons is None:
            if self._stop is None or not progress.running:
                return
            self._buttons = StopButtons([label for label, _ in progress.rows], self._stop)
        self._buttons.update(progress.running, progress.stopped)
        if self._below is None and will_arrive(self._kernel):
            self._first.put(self._buttons.bundle)
            self._below = _Place()


class _Place:
    """One display of the cell, which can be rewritten."""

    def __init__(self) -> None:
        self._id = f"deepshi-{uuid.uuid4().hex}"
        self._begun = False

    def put(self, bundle: Json) -> None:
        _publish(bundle, transient={"display_id": self._id}, update=self._begun)
        self._begun = True


class Lines:
    """Prints a line when a setting is done, and the table at the end."""

    shows = True
    takes_pictures = False

    def __init__(self, out: TextIO | None = None) -> None:
        self._out = out or sys.stdout
        self._done: set[str] = set()

    def begin(self, sentence: str, stop: Stop | None = None) -> None:  # noqa: ARG002 - as all views
        """Print what it will be."""
        self._print(sentence)

    def show(self, progress: Progress) -> None:
        """Print the settings that are done since last time."""
        for label, (done, failed, _) in progress.rows:
            if done == progress.samples and label not in self._done:
                self._done.add(label)
                count = f"{len(self._done)}/{len(progress.rows)}"
                self._print(f"{count} {label}: {_count(done, progress.samples, failed)}")

    def close(self) -> None:
        """Do nothing; a terminal has nothing to press."""

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
    for number, (label, (done, failed, text)) in enumerate(progress.rows):
        flat = " ".join(text[: 2 * SHOWN].split())
        shown = flat if len(flat) <= SHOWN else f"{flat[: SHOWN - 1]}…"
        count = _count(done, progress.samples, failed)
        rows.append((label, count + ", stopped" * (number in progress.stopped), shown))
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
