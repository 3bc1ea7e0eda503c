"""A notebook that runs, as a terminal shows it: each cell, and what comes of it while it comes.

Answers come as the deltas that `deepshi_jupyter.display.deltas` sends over a comm; the bundle that
follows them fills what they left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TextIO

from deepshi_jupyter.cli.cell_failure import error_lines, head, unstyled
from deepshi_jupyter.cli.ink import Ink
from deepshi_jupyter.core.events import ReasoningDelta, TextDelta
from deepshi_jupyter.core.printable import printable
from deepshi_jupyter.display.terminal import Terminal

_SHOWN_LINES = 8
_INDENT = "      "
_DELTAS_VERSION = 1


class Progress:
    """Prints cells, answers and outputs.

    Args:
        out: Where to print.
        ink: How to print it.
    """

    def __init__(self, out: TextIO, ink: Ink) -> None:
        self._out = out
        self._ink = ink
        self._answer: _Answer | None = None
        self._line_open = False

    def begin(self, number: int, total: int, source: str) -> None:
        """Say which cell runs now.

        Args:
            number: Its place among the code cells, from 1.
            total: How many there are.
            source: What stands in it.
        """
        first, *rest = head(source, _SHOWN_LINES)
        self._print(f"{self._ink.dim(f'[{number}/{total}]')} {self._ink.bold(first)}\n")
        for line in rest:
            self._print(f"{self._ink.dim(f'{_INDENT}{line}'.rstrip())}\n")

    def end(self, seconds: float) -> None:
        """Say how long the cell took."""
        self._end_line()
        self._print(self._ink.dim(f"{_INDENT}{seconds:.1f} s") + "\n\n")

    def delta(self, data: Mapping[str, Any]) -> None:
        """Take one message of the delta protocol (`deepshi_jupyter.display.deltas`)."""
        if data.get("v") != _DELTAS_VERSION:
            return
        if self._answer is None:
            self._end_line()
            self._answer = _Answer(self._out, self._ink)
        self._answer.take(data)

    def output(self, output: Mapping[str, Any]) -> None:
        """Print an output of the running cell: printed text, a display, a result, an error."""
        kind = output.get("output_type")
        if kind == "stream":
            text = unstyled(str(output.get("text", "")))
            self._print(self._ink.dim(text) if output.get("name") == "stderr" else text)
        elif kind == "error":
            self._end_line()
            self._print("".join(f"{line}\n" for line in error_lines(output)))
        else:
            self._bundle(output.get("data") or {})

    def _bundle(self, data: Mapping[str, Any]) -> None:
        text = unstyled(_joined(data.get("text/plain", "")))
        if self._answer is not None:
            answer, self._answer = self._answer, None
            self._print_text(answer.missing(text))
            answer.say_the_rest()
        else:
            self._print_text(text)

    def _print_text(self, text: str) -> None:
        if text:
            self._end_line()
            self._print(f"{text}\n")

    def _end_line(self) -> None:
        if self._line_open:
            self._print("\n")

    def _print(self, text: str) -> None:
        if text:
            self._out.write(text)
            self._out.flush()
            self._line_open = not text.endswith("\n")


class _Answer:
    """One answer as its deltas tell it."""

    def __init__(self, out: TextIO, ink: Ink) -> None:
        self._out = out
        self._ink = ink
        self._terminal = Terminal(out, colour=ink.colour)
        self._text = ""
        self._rest: list[str] = []
        self._begin()

    def take(self, data: Mapping[str, Any]) -> None:
        kind, text = data.get("kind"), str(data.get("text", ""))
        if kind == "text":
            self._text += text
            self._terminal.show([TextDelta(text)])
        elif kind == "reasoning":
            self._terminal.show([ReasoningDelta(text)])
        elif kind == "notice":
            self._aside(text)
        elif kind == "end":
            self._terminal.abandon()
            self._rest = [f"! {sentence}" for sentence in data.get("notices") or ()]
            self._rest.append(str(data.get("footer", "")))
            if self._text:
                self.say_the_rest()

    def say_the_rest(self) -> None:
        """Print notices and footer; where no delta came, as in a replay, that is after the text."""
        rest, self._rest = self._rest, []
        for sentence in rest:
            self._aside(sentence)

    def missing(self, text: str) -> str:
        """Return what a final text has that the deltas did not show."""
        shown = printable(self._text)
        if text.strip() == shown.strip():
            return ""
        return text.removeprefix(shown) if shown else text

    def _begin(self) -> None:
        self._out.write("\n")

    def _aside(self, text: str) -> None:
        if text:
            self._terminal.abandon()
            self._out.write(f"{self._ink.dim(printable(text))}\n")
            self._out.flush()


def _joined(text: Any) -> str:
    """Return a text that a notebook may hold as a list of lines."""
    return "".join(text) if isinstance(text, list) else str(text)
