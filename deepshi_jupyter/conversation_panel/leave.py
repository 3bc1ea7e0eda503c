"""Whether a tool may run: asked on the page, while the thread of the answer waits."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from typing import Any

from deepshi_jupyter.conversation_panel.shown_turn import call_name
from deepshi_jupyter.core.turn_record import Json
from deepshi_jupyter.stop import Stop
from deepshi_jupyter.tools.definition import Tool
from deepshi_jupyter.tools.run import Answer

_ANSWERS: Mapping[str, Answer] = {"once": "allow", "always": "always", "refuse": "refuse"}


class Leave:
    """Asks for leave for the tool calls of one question.

    Args:
        show: Shows the card of a call.
        ended: Returns how many calls have ended.
        stop: Ends the question; who still waits is refused.
    """

    def __init__(self, show: Callable[[Json], None], ended: Callable[[], int], stop: Stop) -> None:
        self._show = show
        self._ended = ended
        self._stop = stop
        self._decided = threading.Event()
        self._asked: Json | None = None
        self._answer: Answer = "refuse"

    @property
    def asked(self) -> Json | None:
        """The card of the call that waits; None if none does."""
        return self._asked

    def ask(self, tool: Tool, arguments: Mapping[str, Any]) -> Answer:
        """Show a call, and wait for the reader's decision or the end of the question."""
        card = {
            "id": call_name(self._ended() + 1),
            "name": tool.name,
            "arguments": json.dumps(arguments, ensure_ascii=False, default=str),
            "state": "asking",
        }
        self._decided.clear()
        self._answer, self._asked = "refuse", card
        with self._stop.ending(self._decided.set):
            self._show(card)
            self._decided.wait()
        self._asked = None
        if self._answer != "refuse":
            self._show({**card, "state": "running"})
        return self._answer

    def decide(self, call: str, decision: str) -> None:
        """Take the reader's decision; one about a call that does not wait changes nothing."""
        if self._asked is not None and self._asked["id"] == call:
            self._answer = _ANSWERS[decision]
            self._decided.set()
