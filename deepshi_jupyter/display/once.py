"""An answer as one bundle at its end, where nobody watches: nbclient, papermill."""

from __future__ import annotations

from deepshi_jupyter.core.catalogue import Price
from deepshi_jupyter.core.events import Event
from deepshi_jupyter.core.reply import Reply
from deepshi_jupyter.display.bundle import reply_bundle


class Once:
    """Displays nothing until the reply is there."""

    interval = 0.1

    def show(self, events: list[Event]) -> None:
        """Do nothing: every update would stay in the executed notebook's messages unread."""

    def end(self, reply: Reply, price: Price | None) -> None:
        """Display the final bundle."""
        from IPython.display import publish_display_data

        publish_display_data(reply_bundle(reply, price))

    def abandon(self) -> None:
        """Do nothing: nothing was shown."""
