"""An answer in a notebook page without any extension: finished blocks stay, the tail is updated.

Each finished piece of markdown becomes an output of its own and is never sent again; only the tail
is rewritten. So the bytes that are published grow with the answer and not with its square, and the
page never renders the whole text anew. At the end one bundle takes the place of all of them.
"""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING, Any

from deepshi_jupyter.core.events import Event
from deepshi_jupyter.display.answer import Answer, ToolOutcome
from deepshi_jupyter.display.bundle import folded
from deepshi_jupyter.display.live import reasoning_of, retry_of, text_of
from deepshi_jupyter.display.publish import publish
from deepshi_jupyter.display.safe_markdown import literal, safe_markdown
from deepshi_jupyter.display.tool_card import tool_card

if TYPE_CHECKING:  # its parser loads when a text is long enough to be cut
    from deepshi_jupyter.display.blocks import FinishedBlocks

SHORTEST_OUTPUT = 500
"""Finished blocks stay in the tail until they have so many characters together."""

LONGEST_TAIL = 2000
"""Characters after which a tail is cut although its block goes on; the end mends that."""

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")

SHOWN_REASONING = 600
"""Characters of the reasoning's end that are shown while the model thinks."""


class LiveBlocks:
    """Shows one answer as outputs of the cell that runs."""

    interval = 1.0 / 8.0
    replaceable = True

    def __init__(self) -> None:
        self._blocks: FinishedBlocks | None = None
        self._tail = ""
        self._reasoning = ""
        self._reasoning_length = 0
        self._tail_id: str | None = None
        self._shown = False

    def begin(self, answer: Answer) -> None:
        """Do nothing: what shows is what came."""

    def show(self, events: list[Event]) -> None:
        """Freeze what is finished, and update the tail."""
        if retry := retry_of(events):
            self._show_tail(f"> {literal(retry)}")
        if reasoning := reasoning_of(events):
            self._show_reasoning(reasoning)
        if text := text_of(events):
            self._show_text(text)

    def card(self, outcome: ToolOutcome) -> None:
        """Show a tool call under what came before it."""
        if self._tail.strip():
            self._freeze_text(self._tail, "")
        self._freeze(tool_card(outcome))

    def end(self, answer: Answer) -> None:
        """Put the final bundle in the place of all that was shown."""
        self.abandon()
        publish(answer)

    def abandon(self) -> None:
        """Clear what was shown as soon as the next output comes."""
        if self._shown:
            from IPython.display import clear_output

            clear_output(wait=True)
            self._shown = False

    def _show_reasoning(self, reasoning: str) -> None:
        self._reasoning_length += len(reasoning)
        self._reasoning = (self._reasoning + reasoning)[-SHOWN_REASONING:]
        title = f"Reasoning · {self._reasoning_length:,} characters so far"
        self._show_tail(folded(title, safe_markdown(self._reasoning)))

    def _show_text(self, text: str) -> None:
        if self._reasoning and self._tail_id is not None:
            self._reasoning = ""
            self._freeze(folded(f"Reasoning · {self._reasoning_length:,} characters", "…"))
        self._tail += text
        if len(self._tail) >= SHORTEST_OUTPUT:
            end = self._finished()
            if end >= SHORTEST_OUTPUT:
                self._freeze_text(self._tail[:end], self._tail[end:])
        if len(self._tail) > LONGEST_TAIL:  # much that came at once is frozen at once
            longest = max(LONGEST_TAIL, len(self._tail) - SHORTEST_OUTPUT)
            self._freeze_text(*cut_block(self._tail, longest))
        if self._tail.strip():
            self._show_tail(safe_markdown(self._tail))

    def _freeze_text(self, finished: str, rest: str) -> None:
        self._freeze(safe_markdown(finished))
        self._tail, self._blocks = rest, None

    def _finished(self) -> int:
        """Return up to where the tail is finished."""
        if self._blocks is None:
            from deepshi_jupyter.display.blocks import FinishedBlocks

            self._blocks = FinishedBlocks()
        return self._blocks.feed(self._tail)

    def _freeze(self, markdown: str) -> None:
        """Show the last state of the tail; what comes next is another output."""
        if markdown.strip():
            self._show_tail(markdown)
            self._tail_id = None

    def _show_tail(self, markdown: str) -> None:
        update = self._tail_id is not None
        self._tail_id = self._tail_id or uuid.uuid4().hex
        bundle = {"text/plain": "", "text/markdown": markdown}
        _publish(bundle, transient={"display_id": self._tail_id}, update=update)
        self._shown = True


def cut_block(text: str, length: int) -> tuple[str, str]:
    """Cut a text within an unfinished block, so that each part shows as that block does.

    Args:
        text: Markdown that begins at a block.
        length: About how many characters the first part has.

    Returns:
        The first part, its fence closed if it was open, and the rest, its fence opened again.
    """
    place = max(text.rfind("\n", 1, length) + 1, 0) or text.rfind(" ", 1, length) + 1 or length
    first, rest = text[:place], text[place:]
    opening = _open_fence(first)
    if opening is None:
        return first, rest
    return f"{first.rstrip(chr(10))}\n{opening[1]}\n", f"{opening[0]}\n{rest}"


def _open_fence(text: str) -> tuple[str, str] | None:
    """Return the line that opens the fence in which a text ends, and the fence itself."""
    opening: tuple[str, str] | None = None
    for line in text.split("\n"):
        match = _FENCE.match(line)
        if match is None:
            continue
        if opening is None:
            opening = (line, match[1])
        elif match[1].startswith(opening[1]) and not line.strip(" `~"):
            opening = None
    return opening


def _publish(bundle: dict[str, Any], **options: Any) -> None:
    from IPython.display import publish_display_data

    publish_display_data(bundle, **options)
