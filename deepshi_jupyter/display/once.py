"""An answer as one bundle at its end, where nobody watches: nbclient, papermill."""

from __future__ import annotations

from deepshi_jupyter.core.events import Event
from deepshi_jupyter.display.answer import Answer, ToolOutcome
from deepshi_jupyter.display.publish import publish


class Once:
    """Displays nothing until the reply is there."""

    interval = 0.1
    replaceable = True

    def begin(self, answer: Answer) -> None:
        """Do nothing: what shows is what came."""

    def show(self, events: list[Event]) -> None:
        """Do nothing: every update would stay in the executed notebook's messages unread."""

    def card(self, outcome: ToolOutcome) -> None:
        """Do nothing: the final bundle shows it."""

    def end(self, answer: Answer) -> None:
        """Display the final bundle."""
        publish(answer)

    def abandon(self) -> None:
        """Do nothing: nothing was shown."""
