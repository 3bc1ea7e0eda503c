"""An answer for a front end that shows it itself: one display, and deltas beside it.

The display holds the record of the turn as far as it came, with ``"stream": true``, and is
rewritten rarely, so that what is saved, or read without the front end's help, has most of it. The
text itself goes over a comm as it comes (`deepshi_jupyter.display.deltas`). At the end the display
holds what any other presenter leaves; nothing depends on a single delta.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import msgspec

from deepshi_jupyter.core.events import Event
from deepshi_jupyter.core.recorded_reply import recorded_call
from deepshi_jupyter.core.reply import Choice, Reply
from deepshi_jupyter.core.turn_record import read_record, record_sha256
from deepshi_jupyter.display.answer import Answer, ToolOutcome
from deepshi_jupyter.display.bundle import answer_bundle
from deepshi_jupyter.display.deltas import TARGET, VERSION, DeltaMessages
from deepshi_jupyter.display.live import RATE, reasoning_of, text_of
from deepshi_jupyter.display.publish import display_id, publish

Json = dict[str, Any]

SHORT = 2000
"""Characters after which an answer comes half as often, which nobody sees: a page draws no more
than 10 times a second, and each message weighs more than its text."""

REWRITTEN_AFTER = 5.0
"""Seconds after which the display is rewritten if the text has grown by half since."""

LARGE = 10_000
"""Characters after which it is rewritten at each doubling only: it holds the text three times."""

SMALL = 250
"""Characters that are not worth rewriting the display for."""

KEPT = 8
"""So many ended answers can still be asked for."""


class Streams:
    """The answers that front ends show themselves, by their turn; asked from any thread.

    Args:
        clean: Takes secrets out of a text that a display keeps.
    """

    def __init__(self, clean: Callable[[str], str] = str) -> None:
        self.clean = clean
        self._lock = threading.Lock()
        self._live: dict[str, LiveTurn] = {}
        self._ended: dict[str, Json] = {}

    def begun(self, turn: str, shown: LiveTurn) -> None:
        """Take note of an answer that begins."""
        with self._lock:
            self._live[turn] = shown

    def ended(self, turn: str) -> None:
        """Take note that nothing more comes."""
        with self._lock:
            shown = self._live.pop(turn, None)
            if shown is not None:
                self._ended[turn] = shown.snapshot()
            for oldest in [*self._ended][:-KEPT]:
                del self._ended[oldest]

    def running(self) -> list[Json]:
        """Return ``{"turn": …, "cell": …, "comm": …}`` for each answer that is coming.

        By the id of the comm a page that was not there when it was opened can go on reading it.
        """
        with self._lock:
            return [
                {"turn": turn, "cell": shown.cell, "comm": shown.comm_id}
                for turn, shown in self._live.items()
            ]

    def snapshot(self, turn: str) -> Json:
        """Return what came of an answer so far: ``seq``, ``text``, ``reasoning``, ``ended``."""
        with self._lock:
            shown, ended = self._live.get(turn), self._ended.get(turn)
        if shown is not None:
            return {**shown.snapshot(), "ended": False}
        return {**(ended or {"seq": 0, "text": "", "reasoning": ""}), "ended": True}

    def drop(self) -> None:
        """End the answers of this thread that nobody has ended, as after an error in a tool."""
        with self._lock:
            left = [one for one in self._live.values() if one.thread == threading.get_ident()]
        for shown in left:
            shown.drop()


class LiveTurn:
    """Shows one answer in one display, and sends it over a comm.

    Args:
        streams: Where front ends find it while it comes.
        clock: Seconds, as they pass.

    Attributes:
        cell: The cell that asks, or an empty text.
        thread: The thread that asks.
        interval: Seconds between two messages, at least.
    """

    replaceable = True

    def __init__(self, streams: Streams, clock: Callable[[], float] = time.monotonic) -> None:
        self.cell = ""
        self.thread = 0
        self.interval = 1.0 / RATE
        self._streams = streams
        self._clock = clock
        self._messages = DeltaMessages()
        self._comm: Any = None
        self._answer: Answer | None = None
        self._turn = ""
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self._length = 0
        self._written = 0
        self._written_at = 0.0
        self._begun_at = 0.0

    def begin(self, answer: Answer) -> None:
        """Show that a call goes out, in one display for all calls of the turn."""
        self._answer = answer
        self._text, self._reasoning = [], []
        self._length = self._written = 0
        self._begun_at = self._clock()
        first = self._comm is None
        if first:
            self._open(answer.record or {})
        self._write(first=first)

    def show(self, events: list[Event]) -> None:
        """Send what came, and rewrite the display if it is due."""
        text, reasoning = text_of(events), reasoning_of(events)
        self._text.append(text)
        self._reasoning.append(reasoning)
        self._length += len(text) + len(reasoning)
        self.interval = 1.0 / RATE if self._length < SHORT else 2.0 / RATE
        for message in self._messages.of(events):
            self._comm.send(message)
        if self._is_due():
            self._write()

    def card(self, outcome: ToolOutcome) -> None:
        """Send one line about a tool call."""
        message = self._messages.card(outcome)
        if self._comm is not None:  # else the calls so far were recorded ones
            self._comm.send(message)

    def end(self, answer: Answer) -> None:
        """Say that nothing more comes, and put the final bundle into the display."""
        own = bool(self._turn) and str((answer.record or {}).get("id", "")) == self._turn
        if not own:
            self._clear()
        self._finish(answer)
        publish(answer, instead_of=self._turn if own else "")

    def abandon(self) -> None:
        """Say that nothing more comes; the display goes with the next output."""
        self._clear()
        self._finish(None)

    def drop(self) -> None:
        """Leave what came as an answer that broke off."""
        self._write(stream=False)
        self._finish(None)

    @property
    def comm_id(self) -> str:
        """The id of its comm, or an empty text before it begins."""
        return str(self._comm.comm_id) if self._comm is not None else ""

    def snapshot(self) -> Json:
        """Return what was sent so far; from any thread."""
        return self._messages.snapshot()

    def _open(self, record: Json) -> None:
        from comm import create_comm

        self._turn, self.cell = str(record.get("id", "")), str(record.get("cell", ""))
        self.thread = threading.get_ident()
        data = {"v": VERSION, "turn": self._turn, "cell": self.cell}
        self._comm = create_comm(target_name=TARGET, data=data)
        self._streams.begun(self._turn, self)

    def _finish(self, answer: Answer | None) -> None:
        if self._comm is not None:
            self._comm.send(self._messages.end(answer))
            self._streams.ended(self._turn)
            self._comm.close()

    def _clear(self) -> None:
        """Take the display away as soon as the next output comes; no id can be taken back."""
        if self._comm is not None:
            from IPython.display import clear_output

            clear_output(wait=True)

    def _is_due(self) -> bool:
        if self._length < max(SMALL, 2 * self._written):
            late = self._clock() - self._written_at >= REWRITTEN_AFTER
            return late and 3 * self._written < 2 * self._length < 2 * LARGE
        return True

    def _write(self, *, first: bool = False, stream: bool = True) -> None:
        from IPython.display import publish_display_data

        self._written, self._written_at = self._length, self._clock()
        bundle = answer_bundle(self._so_far(stream=stream))
        transient = {"display_id": display_id(self._turn)}
        publish_display_data(bundle, transient=transient, update=not first)

    def _so_far(self, *, stream: bool) -> Answer:
        """Return the turn as it is if nothing more comes."""
        answer = self._answer or Answer(reply=Reply())
        record = read_record(answer.record)
        clean = self._streams.clean
        choice = Choice(text=clean("".join(self._text)), reasoning=clean("".join(self._reasoning)))
        reply = Reply(
            choices=(choice,) if self._length else (),
            status="truncated",
            request=answer.reply.request,
            endpoint=answer.reply.endpoint,
            duration=self._clock() - self._begun_at,
        )
        call = recorded_call(reply, messages=len(record.messages), repairs=len(record.repairs))
        record = msgspec.structs.replace(record, calls=(*record.calls, call))
        record = msgspec.structs.replace(record, tip=record.chained(record.parent))
        written = record.as_json() | ({"stream": True} if stream else {})
        written["sha256"] = record_sha256(written)
        return msgspec.structs.replace(answer, reply=reply, record=written)
