"""An answer that comes, as messages to the page."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from deepshi_jupyter.conversation_panel.shown_turn import tool_message
from deepshi_jupyter.conversation_panel.withheld import Withheld
from deepshi_jupyter.core.events import Event, ReasoningDelta, TextDelta
from deepshi_jupyter.core.redaction import Redactor
from deepshi_jupyter.core.turn_record import Json
from deepshi_jupyter.display.answer import Answer, ToolOutcome
from deepshi_jupyter.display.deltas import DeltaMessages
from deepshi_jupyter.display.live import RATE


class LiveAnswer:
    """Tells the page what comes of one question.

    Args:
        tell: Sends a message of a kind.
        redactor: Takes keys out of what comes.
        clock: Returns seconds of a clock that never goes back.

    Attributes:
        turn: The id of the turn, once it has ended.
        cards: How many tool calls have ended.
        thought: Seconds from the first reasoning to the first text; None before, and without any.
    """

    interval = 1.0 / RATE

    def __init__(
        self,
        tell: Callable[..., None],
        redactor: Redactor,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._tell = tell
        self._text, self._reasoning = Withheld(redactor), Withheld(redactor)
        self._clock = clock
        self._messages = DeltaMessages()
        self._reasons_since: float | None = None
        self.turn = ""
        self.cards = 0
        self.thought: float | None = None

    def begin(self, answer: Answer) -> None:
        """Do nothing: the page was told when the question was taken."""

    def show(self, events: list[Event]) -> None:
        """Send what came."""
        self._watch_reasoning(events)
        self._send([self._without_keys(event) for event in events])

    def card(self, outcome: ToolOutcome) -> None:
        """Send what came of a tool."""
        self.cards += 1
        self._tell("tool", call=tool_message(self.cards, outcome))

    def end(self, answer: Answer) -> None:
        """Say that nothing more comes."""
        self.turn = str((answer.record or {}).get("id", ""))
        self._send_rest()
        self._tell("delta", data=self._messages.end(answer))

    def abandon(self) -> None:
        """Say that nothing more comes."""
        self._send_rest()
        self._tell("delta", data=self._messages.end())

    def snapshot(self) -> Json:
        """Return all that was sent so far."""
        return self._messages.snapshot()

    def _watch_reasoning(self, events: list[Event]) -> None:
        if self._reasons_since is None and any(isinstance(e, ReasoningDelta) for e in events):
            self._reasons_since = self._clock()
        reasons = self._reasons_since is not None and self.thought is None
        if reasons and any(isinstance(e, TextDelta) and e.text for e in events):
            self.thought = round(self._clock() - (self._reasons_since or 0.0), 1)

    def _without_keys(self, event: Event) -> Event:
        if isinstance(event, TextDelta) and event.choice == 0:
            return TextDelta(self._text.take(event.text))
        if isinstance(event, ReasoningDelta) and event.choice == 0:
            return ReasoningDelta(self._reasoning.take(event.text))
        return event

    def _send_rest(self) -> None:
        reasoning, text = self._reasoning.rest(), self._text.rest()
        self._send([ReasoningDelta(reasoning), TextDelta(text)])  # an empty one is not sent

    def _send(self, events: Sequence[Event]) -> None:
        for message in self._messages.of([*events]):
            self._tell("delta", data=message)
