"""An answer that somebody reads on: the text alone, and what is said about it beside it."""

from __future__ import annotations

from typing import TextIO

from deepshi_jupyter.core.events import Event
from deepshi_jupyter.core.printable import printable
from deepshi_jupyter.display.answer import Answer, ToolOutcome
from deepshi_jupyter.display.footer import explanations, footer
from deepshi_jupyter.display.live import RATE, retry_of, text_of
from deepshi_jupyter.display.tool_card import tool_line


class Piped:
    """Writes the answer to one place and the footer to another; reasoning to neither.

    Args:
        out: Where the answer goes.
        aside: Where sentences about it go.
    """

    interval = 1.0 / RATE

    def __init__(self, out: TextIO, aside: TextIO) -> None:
        self._out = out
        self._aside = aside
        self._shown = ""
        self._last = ""

    def begin(self, answer: Answer) -> None:
        """Do nothing: what shows is what came."""

    def show(self, events: list[Event]) -> None:
        """Write the text that came."""
        if retry := retry_of(events):
            print(printable(retry), file=self._aside, flush=True)
        text = text_of(events)
        self._shown += text
        self._write(printable(text))

    def card(self, outcome: ToolOutcome) -> None:
        """Say aside that a tool ran."""
        print(tool_line(outcome), file=self._aside, flush=True)

    def end(self, answer: Answer) -> None:
        """Write what is missing, end the line, and say aside what is to be said."""
        reply = answer.reply
        # A stopped answer may have brought more than was shown; so has one in a single piece.
        self._write(printable((reply.text or reply.refusal).removeprefix(self._shown)))
        self._end_line()
        for text in reply.texts[1:]:
            self._write(f"\n{printable(text)}")
            self._end_line()
        sentences = [f"! {sentence}" for sentence in explanations(answer)]
        for sentence in [*sentences, footer(answer)]:
            print(printable(sentence), file=self._aside, flush=True)

    def abandon(self) -> None:
        """End the line; what was written stays."""
        self._end_line()

    def _end_line(self) -> None:
        if self._last not in ("", "\n"):
            self._write("\n")

    def _write(self, text: str) -> None:
        if text:
            self._out.write(text)
            self._out.flush()
            self._last = text[-1]
