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

from typing import Any

from deepshi_jupyter.core.events import Event
from deepshi_jupyter.display.answer import Answer, ToolOutcome
from deepshi_jupyter.display.footer import explanations, footer
from deepshi_jupyter.display.live import RATE, reasoning_of, retry_of, text_of
from deepshi_jupyter.display.once import Once
from deepshi_jupyter.display.tool_card import tool_line

TARGET = "deepshi.stream"
VERSION = 1


class Deltas:
    """Sends what comes over a comm, and displays the final bundle."""

    interval = 1.0 / RATE
    replaceable = True

    def __init__(self) -> None:
        from comm import create_comm

        self._comm = create_comm(target_name=TARGET, data={"v": VERSION})
        self._seq = 0
        self._offsets = {"text": 0, "reasoning": 0}

    def begin(self, answer: Answer) -> None:
        """Do nothing: what shows is what came."""

    def show(self, events: list[Event]) -> None:
        """Send what came."""
        if retry := retry_of(events):
            self._send("notice", text=retry)
        for kind, text in (("reasoning", reasoning_of(events)), ("text", text_of(events))):
            if text:
                self._send(kind, text=text, offset=self._offsets[kind])
                self._offsets[kind] += len(text)

    def card(self, outcome: ToolOutcome) -> None:
        """Send one line about a tool call."""
        self._send("notice", text=tool_line(outcome))

    def end(self, answer: Answer) -> None:
        """Say that nothing more comes, and display the final bundle."""
        self._finish(footer=footer(answer), notices=explanations(answer))
        Once().end(answer)

    def abandon(self) -> None:
        """Say that nothing more comes."""
        self._finish()

    def _finish(self, **said: Any) -> None:
        self._send("end", **said)
        self._comm.close()

    def _send(self, kind: str, **fields: Any) -> None:
        self._comm.send({"v": VERSION, "seq": self._seq, "kind": kind, **fields})
        self._seq += 1
