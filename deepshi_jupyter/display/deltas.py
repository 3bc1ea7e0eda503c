"""An answer as deltas over a comm, for a front end that said that it reads them.

The kernel opens a comm of the target `TARGET` for each answer and sends

* ``{"v": 1, "seq": n, "offset": o, "kind": "text" | "reasoning", "text": …}``: the next piece;
  ``offset`` counts the characters of this kind before it, so that a reader sees a gap,
* ``{"v": 1, "seq": n, "kind": "notice", "text": …}``: a sentence for the reader, such as a retry,
* ``{"v": 1, "seq": n, "kind": "end", "footer": …, "notices": […]}``: nothing more comes; the cell's
  output has it all. Footer and notices are missing where nothing came of the answer.

Text over the comm is the model's, untouched: the reader makes it safe for the place it shows it.
"""

from __future__ import annotations

import threading
from typing import Any

from deepshi_jupyter.core.events import Event
from deepshi_jupyter.display.answer import Answer, ToolOutcome
from deepshi_jupyter.display.footer import explanations, footer
from deepshi_jupyter.display.live import RATE, reasoning_of, retry_of, text_of
from deepshi_jupyter.display.once import Once
from deepshi_jupyter.display.tool_card import tool_line

TARGET = "deepshi.stream"
VERSION = 1

Json = dict[str, Any]


class DeltaMessages:
    """Makes the messages of one answer, and knows what they said so far.

    One thread makes them; any thread may ask for the snapshot.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seq = 0
        self._pieces: dict[str, list[str]] = {"text": [], "reasoning": []}
        self._offsets = {"text": 0, "reasoning": 0}

    def of(self, events: list[Event]) -> list[Json]:
        """Return the messages about what came."""
        made = []
        if retry := retry_of(events):
            made.append(self._make("notice", text=retry))
        for kind, text in (("reasoning", reasoning_of(events)), ("text", text_of(events))):
            if text:
                made.append(self._make(kind, text=text, offset=self._offsets[kind]))
        return made

    def card(self, outcome: ToolOutcome) -> Json:
        """Return one line about a tool call."""
        return self._make("notice", text=tool_line(outcome))

    def end(self, answer: Answer | None = None) -> Json:
        """Return the message that nothing more comes; without an answer if nothing came of it."""
        if answer is None:
            return self._make("end")
        return self._make("end", footer=footer(answer), notices=explanations(answer))

    def snapshot(self) -> Json:
        """Return ``{"seq": n, "text": …, "reasoning": …}``, all that was said before message n."""
        with self._lock:
            texts = {kind: "".join(pieces) for kind, pieces in self._pieces.items()}
            return {"seq": self._seq, **texts}

    def _make(self, kind: str, **fields: Any) -> Json:
        with self._lock:
            message = {"v": VERSION, "seq": self._seq, "kind": kind, **fields}
            self._seq += 1
            if kind in self._pieces:
                self._pieces[kind].append(fields["text"])
                self._offsets[kind] += len(fields["text"])
            return message


class Deltas:
    """Sends what comes over a comm, and displays the final bundle."""

    interval = 1.0 / RATE
    replaceable = True

    def __init__(self) -> None:
        from comm import create_comm

        self._comm = create_comm(target_name=TARGET, data={"v": VERSION})
        self._messages = DeltaMessages()

    def begin(self, answer: Answer) -> None:
        """Do nothing: what shows is what came."""

    def show(self, events: list[Event]) -> None:
        """Send what came."""
        for message in self._messages.of(events):
            self._comm.send(message)

    def card(self, outcome: ToolOutcome) -> None:
        """Send one line about a tool call."""
        self._comm.send(self._messages.card(outcome))

    def end(self, answer: Answer) -> None:
        """Say that nothing more comes, and display the final bundle."""
        self._finish(answer)
        Once().end(answer)

    def abandon(self) -> None:
        """Say that nothing more comes."""
        self._finish(None)

    def _finish(self, answer: Answer | None) -> None:
        self._comm.send(self._messages.end(answer))
        self._comm.close()
