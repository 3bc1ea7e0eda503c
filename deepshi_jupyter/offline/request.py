"""The body of a chat completions request: read strictly, refused clearly.

Fields and ranges are those of the API contract, "Request body". Fields that are not listed there
are ignored. `parse` raises `Refusal` with the path of the field in ``param``.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from deepshi_jupyter.offline.messages import (
    AssistantMessage,
    Message,
    ToolMessage,
)
from deepshi_jupyter.offline.refusal import Refusal

Name = Annotated[str, Meta(pattern=r"^[a-zA-Z0-9_-]{1,64}$")]
Penalty = Annotated[float, Meta(ge=-2, le=2)]
Limit = Annotated[int, Meta(ge=1)]


class Function(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a tool is called, what it does, and the JSON schema of its arguments."""

    name: Name
    description: str | None = None
    parameters: dict[str, Any] | None = None
    strict: bool | None = None


class Tool(msgspec.Struct, frozen=True):
    """A function that the model may call."""

    type: Literal["function"]
    function: Function


class FunctionName(msgspec.Struct, frozen=True):
    """Names a function."""

    name: str


class NamedTool(msgspec.Struct, frozen=True):
    """Demands a call of one function."""

    type: Literal["function"]
    function: FunctionName


class TextFormat(msgspec.Struct, tag="text", frozen=True):
    """Plain text."""


class JsonObjectFormat(msgspec.Struct, tag="json_object", frozen=True):
    """Any JSON object."""


class NamedSchema(msgspec.Struct, frozen=True):
    """A JSON schema and its name."""

    name: Name
    schema: dict[str, Any]
    description: str | None = None
    strict: bool | None = None


class JsonSchemaFormat(msgspec.Struct, tag="json_schema", frozen=True):
    """JSON that fits a schema."""

    json_schema: NamedSchema


class StreamOptions(msgspec.Struct, frozen=True):
    """What a stream carries besides the answer."""

    include_usage: bool | None = None


class ChatRequest(msgspec.Struct, frozen=True):
    """A chat completions request whose fields have the right types and ranges."""

    model: str
    messages: Annotated[list[Message], Meta(min_length=1)]
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    max_tokens: Limit | None = None
    max_completion_tokens: Limit | None = None
    stop: str | Annotated[list[str], Meta(max_length=4)] | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    seed: int | None = None
    n: Annotated[int, Meta(ge=1, le=128)] | None = None
    frequency_penalty: Penalty | None = None
    presence_penalty: Penalty | None = None
    logit_bias: dict[int, Annotated[float, Meta(ge=-100, le=100)]] | None = None
    logprobs: bool | None = None
    top_logprobs: Annotated[int, Meta(ge=0, le=20)] | None = None
    response_format: TextFormat | JsonObjectFormat | JsonSchemaFormat | None = None
    tools: Annotated[list[Tool], Meta(min_length=1, max_length=128)] | None = None
    tool_choice: Literal["auto", "none", "required"] | NamedTool | None = None
    parallel_tool_calls: bool | None = None
    user: str | None = None

    @property
    def limit(self) -> int | None:
        """The greatest number of completion tokens, under whichever name it was given."""
        return self.max_tokens or self.max_completion_tokens

    @property
    def stops(self) -> tuple[str, ...]:
        """The stop sequences; empty ones never match and are left out."""
        given = [self.stop] if isinstance(self.stop, str) else self.stop or []
        return tuple(stop for stop in given if stop)

    @property
    def include_usage(self) -> bool:
        """Whether a stream ends with a usage chunk."""
        return bool(self.stream_options and self.stream_options.include_usage)


_decoder: Final = msgspec.json.Decoder(ChatRequest)
_PATH: Final = re.compile(r" - at (?:`key` in )?`\$\.?(?P<path>.*)`$")
_FIELD: Final = re.compile(r"(?:field|Invalid value) `(?P<name>\w+)`")


def parse(body: bytes) -> ChatRequest:
    """Read and check the body of a request.

    Args:
        body: JSON as it came.

    Returns:
        The request.

    Raises:
        Refusal: 400, with what is wrong and where.
    """
    try:
        request = _decoder.decode(body)
    except msgspec.ValidationError as error:
        raise _misfit(str(error)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refusal(400, f"The body is not JSON: {error}.", code="invalid_json") from None
    _check_fields(request)
    _check_tools(request)
    _check_tool_messages(request.messages)
    return request


def _misfit(problem: str) -> Refusal:
    """Turn msgspec's message into one with the field's path."""
    at = _PATH.search(problem)
    path = at["path"] if at else ""
    detail = problem[: at.start()] if at else problem
    missing = _FIELD.search(detail)
    if missing and "required" in detail:
        path = f"{path}.{missing['name']}".lstrip(".")
        return Refusal(400, f"{path!r} is missing.", code="missing_field", param=path)
    where = f"{path!r}" if path else "The body"
    return Refusal(
        400, f"{where} is not valid: {detail}.", code="invalid_value", param=path or None
    )


def _check_fields(request: ChatRequest) -> None:
    """Refuse fields that do not go together."""
    limits = {request.max_tokens, request.max_completion_tokens} - {None}
    if len(limits) > 1:
        raise Refusal(
            400,
            "'max_tokens' and 'max_completion_tokens' are one parameter and differ: give one.",
            param="max_tokens",
        )
    if request.top_logprobs is not None and not request.logprobs:
        raise Refusal(400, "'top_logprobs' needs 'logprobs': true.", param="top_logprobs")
    if request.stream_options is not None and not request.stream:
        raise Refusal(400, "'stream_options' needs 'stream': true.", param="stream_options")


def _check_tools(request: ChatRequest) -> None:
    """Refuse a choice between tools that are not there."""
    names = [tool.function.name for tool in request.tools or []]
    if len(set(names)) < len(names):
        raise Refusal(400, "Two tools have the same name.", param="tools")
    choice = request.tool_choice
    if choice is not None and choice != "none" and not names:
        raise Refusal(400, "'tool_choice' needs 'tools'.", param="tool_choice")
    if isinstance(choice, NamedTool) and choice.function.name not in names:
        raise Refusal(
            400,
            f"'tool_choice' names {choice.function.name!r}; the tools are {', '.join(names)}.",
            param="tool_choice",
        )


def _check_tool_messages(messages: list[Message]) -> None:
    """Refuse a result without its call and a call without its result."""
    pending: set[str] = set()
    for place, message in enumerate(messages):
        path = f"messages[{place}]"
        if isinstance(message, ToolMessage):
            _check_answers(message, pending, path)
            continue
        if pending:
            raise _unanswered(pending, path)
        if isinstance(message, AssistantMessage):
            pending = {call.id for call in message.tool_calls or ()}
            if message.content is None and not pending:
                raise Refusal(400, f"{path!r} has no content and no tool calls.", param=path)
    if pending:
        raise _unanswered(pending, "messages")


def _check_answers(message: ToolMessage, pending: set[str], path: str) -> None:
    if message.tool_call_id not in pending:
        raise Refusal(
            400,
            f"{path!r} answers the tool call {message.tool_call_id!r}, "
            "which the assistant message before it did not make.",
            param=f"{path}.tool_call_id",
        )
    pending.discard(message.tool_call_id)


def _unanswered(pending: set[str], path: str) -> Refusal:
    names = ", ".join(sorted(pending))
    return Refusal(400, f"No tool message answers the tool calls {names}.", param=path)
