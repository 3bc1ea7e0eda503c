"""The answers of a cell as pages, one of which is shown and counts."""

from __future__ import annotations

from typing import Any

import msgspec

from deepshi_jupyter.core.reply import Reply
from deepshi_jupyter.core.turn_record import TurnRecord
from deepshi_jupyter.sliders.control import Values, controlled


class Page(msgspec.Struct, frozen=True):
    """One answer.

    Attributes:
        record: Its turn.
        own: What the cell said of the parameters when it was asked.
        reply: The reply, or None for one that broke off.
    """

    record: TurnRecord
    own: Values
    reply: Reply | None = None

    @property
    def sent(self) -> dict[str, Any]:
        """The parameters with which it was asked."""
        return controlled(self.record.parameters)


class Pages(msgspec.Struct, frozen=True):
    """Answers, oldest first, and which of them is shown."""

    pages: tuple[Page, ...]
    index: int = 0

    @property
    def page(self) -> Page:
        """The page that is shown."""
        return self.pages[self.index]

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.pages)

    def added(self, page: Page) -> Pages:
        """Return these with another one, which is shown."""
        return Pages((*self.pages, page), self.count)

    def turned(self, by: int) -> Pages:
        """Return these with another one shown; beyond the first and last there is none."""
        return Pages(self.pages, min(max(self.index + by, 0), self.count - 1))
