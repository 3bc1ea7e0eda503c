"""One question of a panel, from when it is taken to when its turn stands."""

from __future__ import annotations

from typing import Any

from deepshi_jupyter.conversation_panel.leave import Leave
from deepshi_jupyter.conversation_panel.live_answer import LiveAnswer
from deepshi_jupyter.conversation_panel.wire import Wire
from deepshi_jupyter.conversation_panel.written import Written
from deepshi_jupyter.core.conversation import Turn
from deepshi_jupyter.core.redaction import Redactor
from deepshi_jupyter.core.turn_record import Json
from deepshi_jupyter.stop import Stop


class Underway:
    """A question whose answer comes.

    Args:
        ask: The page's id of it.
        written: The question.
        instead_of: The turn that it takes the place of, or an empty text.
        wire: Where the page is told of it.
        redactor: Takes keys out of what is told.

    Attributes:
        before: The turns that stood when it was asked.
        kept: Those of them that it follows.
        stop: What ends it.
        live: Tells the page what comes.
        leave: Asks the reader whether tools may run.
    """

    def __init__(
        self, ask: str, written: Written, instead_of: str, wire: Wire, redactor: Redactor
    ) -> None:
        self.ask = ask
        self.written = written
        self.instead_of = instead_of
        self.before: list[Turn] = []
        self.kept: list[Turn] = []
        self.stop = Stop()
        self._wire = wire
        self._question: str = redactor.asked(written.prompt.template)[0]
        self._cards: dict[str, Json] = {}
        self.live = LiveAnswer(self._tell, redactor)
        self.leave = Leave(self._show_card, lambda: self.live.cards, self.stop)

    def tell_begin(self) -> None:
        """Say that it was taken."""
        self._tell("begin", question=self._question, instead_of=self.instead_of or None)

    def tell_snapshot(self) -> None:
        """Say what came so far."""
        self._tell("snapshot", **self.live.snapshot())

    def tell_cards(self) -> None:
        """Show the cards of its tools."""
        for card in [*self._cards.values()]:
            self._tell("tool", call=card)

    def _show_card(self, card: Json) -> None:
        self._tell("tool", call=card)

    def _tell(self, kind: str, **fields: Any) -> None:
        if kind == "tool":
            self._cards[fields["call"]["id"]] = fields["call"]
        self._wire.tell(kind, ask=self.ask, **fields)
