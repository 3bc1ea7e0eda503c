"""What the stream of an answer is made of."""

from __future__ import annotations

from typing import Any

import msgspec

from deepshi_jupyter.core.usage import Usage


class TextDelta(msgspec.Struct, frozen=True, gc=False, tag="text"):
    """The next piece of the answer's text."""

    text: str
    choice: int = 0


class ReasoningDelta(msgspec.Struct, frozen=True, gc=False, tag="reasoning"):
    """The next piece of the thinking trace."""

    text: str
    choice: int = 0


class RefusalDelta(msgspec.Struct, frozen=True, gc=False, tag="refusal"):
    """The next piece of a refusal."""

    text: str
    choice: int = 0


class ToolCallDelta(msgspec.Struct, frozen=True, gc=False, tag="tool_call"):
    """The next piece of a tool call: its position among the calls, and what came of it."""

    position: int
    id: str | None = None
    name: str = ""
    arguments: str = ""
    choice: int = 0


class ImageDelta(msgspec.Struct, frozen=True, gc=False, tag="image"):
    """An image part of the answer, as the service sent it."""

    image: dict[str, Any]
    choice: int = 0


class Finish(msgspec.Struct, frozen=True, gc=False, tag="finish"):
    """Why a choice ended: ``stop``, ``length``, ``tool_calls``, ``content_filter`` and others."""

    reason: str
    choice: int = 0


class UsageReport(msgspec.Struct, frozen=True, gc=False, tag="usage"):
    """The tokens and cost as the service reports them; the last report counts."""

    usage: Usage


class Retrying(msgspec.Struct, frozen=True, gc=False, tag="retrying"):
    """The call failed before any text came and will be tried again.

    Attributes:
        attempt: The number of the try that failed, from 1.
        wait: Seconds until the next one.
        why: What failed, in a few words.
    """

    attempt: int
    wait: float
    why: str


Event = (
    TextDelta
    | ReasoningDelta
    | RefusalDelta
    | ToolCallDelta
    | ImageDelta
    | Finish
    | UsageReport
    | Retrying
)
