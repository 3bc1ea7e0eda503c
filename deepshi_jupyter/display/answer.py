"""All that is shown of one turn, as a value."""

from __future__ import annotations

from typing import Any, Protocol

import msgspec

from deepshi_jupyter.core.catalogue import Price
from deepshi_jupyter.core.reply import Reply

FORMS = ("markdown", "text", "code", "json")
"""Rendered, as it is, its code blocks alone, or indented (`deepshi_jupyter.display.form`)."""


class ToolOutcome(Protocol):
    """What came of a tool call (`deepshi_jupyter.tools.ToolResult`)."""

    @property
    def name(self) -> str:
        """The tool's name as the model wrote it."""

    @property
    def arguments(self) -> str:
        """The arguments as JSON text."""

    @property
    def text(self) -> str:
        """What the model got."""

    @property
    def error(self) -> bool:
        """True if the call failed."""

    @property
    def refused(self) -> bool:
        """True if the user refused it."""

    @property
    def duration(self) -> float:
        """Seconds that it took."""

    @property
    def note(self) -> str:
        """What was left out of the result."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What is shown of one turn.

    Attributes:
        reply: The reply, whole or partial.
        price: The model's price, to estimate a cost that was not reported.
        cards: What came of the tools that ran, in order.
        inserted: How many values were inserted into the prompt.
        remarks: Sentences about the question, such as a value that was shortened.
        record: The turn's record for the notebook, or None.
        form: How the text is shown, one of `FORMS`; what is kept of it does not change.
    """

    reply: Reply
    price: Price | None = None
    cards: tuple[Any, ...] = ()
    inserted: int = 0
    remarks: tuple[str, ...] = ()
    record: dict[str, Any] | None = None
    form: str = "markdown"
