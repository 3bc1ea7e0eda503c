"""The messages of a request, as the endpoint reads them (API contract, "Request body")."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta


class TextPart(msgspec.Struct, tag="text", frozen=True):
    """A piece of text."""

    text: str


class ImageAddress(msgspec.Struct, frozen=True):
    """Where an image is: a ``data:`` or ``https:`` URL."""

    url: str
    detail: Literal["auto", "low", "high"] | None = None


class ImagePart(msgspec.Struct, tag="image_url", frozen=True):
    """An image."""

    image_url: ImageAddress


class RefusalPart(msgspec.Struct, tag="refusal", frozen=True):
    """A refusal that the model gave earlier."""

    refusal: str


TextParts = Annotated[list[TextPart], Meta(min_length=1)]


class SystemMessage(msgspec.Struct, tag_field="role", tag="system", frozen=True):
    """What the model is told to be."""

    content: str | TextParts
    name: str | None = None


class DeveloperMessage(msgspec.Struct, tag_field="role", tag="developer", frozen=True):
    """The newer name of a system message."""

    content: str | TextParts
    name: str | None = None


class UserMessage(msgspec.Struct, tag_field="role", tag="user", frozen=True):
    """What the user says and shows."""

    content: str | Annotated[list[TextPart | ImagePart], Meta(min_length=1)]
    name: str | None = None


class CalledFunction(msgspec.Struct, frozen=True):
    """A function's name and its arguments as JSON text."""

    name: str
    arguments: str


class ToolCall(msgspec.Struct, frozen=True):
    """A call that the model asked for."""

    id: str
    function: CalledFunction
    type: Literal["function"] = "function"


class AssistantMessage(msgspec.Struct, tag_field="role", tag="assistant", frozen=True):
    """What the model said, or the calls that it asked for."""

    content: str | Annotated[list[TextPart | RefusalPart], Meta(min_length=1)] | None = None
    tool_calls: Annotated[list[ToolCall], Meta(min_length=1)] | None = None
    name: str | None = None


class ToolMessage(msgspec.Struct, tag_field="role", tag="tool", frozen=True):
    """The result of a call."""

    content: str | TextParts
    tool_call_id: str


Message = SystemMessage | DeveloperMessage | UserMessage | AssistantMessage | ToolMessage


def text_of(message: Message) -> str:
    """Join the text of a message.

    Args:
        message: Any message.

    Returns:
        Its text, without images; parts are joined by line ends.
    """
    if message.content is None:
        return ""
    if isinstance(message.content, str):
        return message.content
    return "\n".join(part.text for part in message.content if isinstance(part, TextPart))


def last_user_text(messages: list[Message]) -> str:
    """Find what the user said last.

    Args:
        messages: The conversation, oldest first.

    Returns:
        The text of the last user message, or of the last message where the user said nothing.
    """
    said = [message for message in messages if isinstance(message, UserMessage)]
    return text_of((said or messages)[-1])
