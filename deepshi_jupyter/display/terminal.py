"""An answer in a terminal: plain text as it comes, reasoning dimmed, a footer at the end."""

from __future__ import annotations

import sys
from typing import TextIO

from deepshi_jupyter.core.events import Event
from deepshi_jupyter.core.printable import printable
from deepshi_jupyter.core.reply import Reply
from deepshi_jupyter.display.answer import Answer, ToolOutcome
from deepshi_jupyter.display.footer import explanations, footer
from deepshi_jupyter.display.live import RATE, reasoning_of, retry_of, text_of
from deepshi_jupyter.display.tool_card import tool_line

_DIM, _PLAIN = "\x1b[2m", "\x1b[0m"


class Terminal:
    """Prints an answer.

    Args:
        out: Where to print; default standard output.
        colour: Whether the place understands ANSI colours; default: if it is a terminal.
    """

    interval = 1.0 / RATE

    def __init__(self, out: TextIO | None = None, colour: bool | None = None) -> None:
        self._out = out or sys.stdout
        self._colour = self._out.isatty() if colour is None else colour
        self._last = "\n"
        self._in_reasoning = False
        self._printed = ""

    def begin(self, answer: Answer) -> None:
        """Do nothing: what shows is what came."""

    def show(self, events: list[Event]) -> None:
        """Print what came."""
        if retry := retry_of(events):
            self._print(self._dim(f"{retry}\n"))
        if reasoning := reasoning_of(events):
            self._in_reasoning = True
            self._print(self._dim(printable(reasoning)))
        if text := text_of(events):
            self._leave_reasoning()
            shown = printable(text)
            self._printed += shown
            self._print(shown)
        self._out.flush()

    def card(self, outcome: ToolOutcome) -> None:
        """Print one line about a tool call."""
        self._leave_reasoning()
        self._end_line()
        self._print(self._dim(f"{tool_line(outcome)}\n"))
        self._printed = ""
        self._out.flush()

    def end(self, answer: Answer) -> None:
        """Print what is still missing, what is unusual, and the footer."""
        reply = answer.reply
        self._leave_reasoning()
        if len(reply.choices) > 1:
            self._print_choices(reply)
        else:
            self._print(printable(reply.text or reply.refusal).removeprefix(self._printed))
        self._end_line()
        for sentence in explanations(answer):
            self._print(f"! {printable(sentence)}\n")
        self._print(self._dim(f"{printable(footer(answer))}\n"))
        self._out.flush()

    def abandon(self) -> None:
        """End the line; printed text stays."""
        self._end_line()
        self._out.flush()

    def _print_choices(self, reply: Reply) -> None:
        first = 1 if self._printed else 0
        self._end_line()
        for number, text in enumerate(reply.texts[first:], first + 1):
            self._print(self._dim(f"— answer {number} of {len(reply.choices)}\n"))
            self._print(f"{printable(text)}\n")

    def _leave_reasoning(self) -> None:
        if self._in_reasoning:
            self._in_reasoning = False
            self._end_line()
            self._print("\n")

    def _end_line(self) -> None:
        if self._last != "\n":
            self._print("\n")

    def _print(self, text: str) -> None:
        if text:
            self._out.write(text)
            bare = text.removesuffix(_PLAIN)
            self._last = bare[-1:] or self._last

    def _dim(self, text: str) -> str:
        if not self._colour:
            return text
        return f"{_DIM}{text.rstrip(chr(10))}{_PLAIN}" + "\n" * text.endswith("\n")
