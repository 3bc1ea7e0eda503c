"""The turns of one conversation, in order; what was asked and what was answered."""

from __future__ import annotations

from typing import Any

import msgspec

from deepshi_jupyter.core.reply import Reply


class Turn(msgspec.Struct, frozen=True):
    """One question with its answer.

    Attributes:
        messages: The user's messages of this turn, as sent.
        reply: The answer.
        cell: The id of the cell that asked, or None where the front end tells none.
    """

    messages: tuple[dict[str, Any], ...]
    reply: Reply
    cell: str | None = None


class Conversation(msgspec.Struct, frozen=True):
    """A system prompt and turns, oldest first; adding one gives a new conversation."""

    system: str = ""
    turns: tuple[Turn, ...] = ()

    def before(self, cell: str | None) -> Conversation:
        """Return what a cell sees: all turns, or those before its own earlier one.

        A cell that is run again replaces its turn instead of answering itself.
        """
        place = self._place_of(cell)
        return self if place is None else Conversation(self.system, self.turns[:place])

    def with_turn(self, turn: Turn) -> Conversation:
        """Return the conversation with this turn at the end, or in the place of its cell's."""
        place = self._place_of(turn.cell)
        if place is None:
            return Conversation(self.system, (*self.turns, turn))
        turns = (*self.turns[:place], turn, *self.turns[place + 1 :])
        return Conversation(self.system, turns)

    def messages(self) -> list[dict[str, Any]]:
        """Return the messages to send, oldest first."""
        system = [{"role": "system", "content": self.system}] if self.system else []
        return system + [
            message for turn in self.turns for message in (*turn.messages, turn.reply.message)
        ]

    def _place_of(self, cell: str | None) -> int | None:
        if cell is None:
            return None
        return next((i for i, turn in enumerate(self.turns) if turn.cell == cell), None)
