"""Prompt or messages and parameters → a checked request, ready to be sent."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from deepshi_jupyter.core.catalogue import Catalogue, Model
from deepshi_jupyter.core.parameters import PARAMETERS, check_parameters
from deepshi_jupyter.core.reply import Reply
from deepshi_jupyter.errors import InvalidRequestError, UnknownModelError

ROLES = ("system", "developer", "user", "assistant", "tool")
"""The roles of the contract, and ``developer`` as the OpenAI API has it."""

Messages = str | Sequence[Mapping[str, Any] | Reply]
"""What can be asked: a prompt, or messages oldest first; a `Reply` stands for its message."""

_RESERVED = frozenset({"model", "messages", "stream", "stream_options"})


class ChatRequest(msgspec.Struct, frozen=True):
    """A request that passed all checks.

    Attributes:
        body: The JSON body, exactly as it is sent.
        notices: Sentences about parameters that will not do what they seem to do.
    """

    body: dict[str, Any]
    notices: tuple[str, ...] = ()

    @property
    def model(self) -> str:
        """The model asked."""
        return str(self.body["model"])

    @property
    def stream(self) -> bool:
        """True if the answer is to come as a stream."""
        return bool(self.body.get("stream"))

    def encode(self) -> bytes:
        """Return the bytes of the body: UTF-8 JSON, fields in the order of the contract."""
        return encode_body(self.body)


def build_request(
    messages: Messages,
    *,
    model: str,
    stream: bool = True,
    parameters: Mapping[str, Any] | None = None,
    extra: Mapping[str, Any] | None = None,
    catalogue: Catalogue | None = None,
) -> ChatRequest:
    """Build and check a request; nothing is sent.

    Args:
        messages: A prompt, or messages oldest first.
        model: A model id.
        stream: Whether the answer is to come as a stream; then usage is asked for as well.
        parameters: Fields of `PARAMETERS`; None means not set.
        extra: Further fields, sent as they are.
        catalogue: What the endpoint is known to list, or None.

    Returns:
        The request, with notices for what the model will ignore.

    Raises:
        InvalidRequestError: A message or parameter that the API would refuse.
        UnknownModelError: The catalogue is rich and does not list the model.
    """
    checked = check_parameters(parameters or {})
    entry = _find_model(model, catalogue)
    body: dict[str, Any] = {"model": model, "messages": check_messages(messages), **checked}
    body |= _check_extra(extra or {})
    if stream:
        body |= {"stream": True, "stream_options": {"include_usage": True}}
    as_sent = json.loads(encode_body(body))  # a copy, which no later change of a message reaches
    return ChatRequest(as_sent, tuple(parameter_notices(checked, entry, model)))


def check_messages(messages: Messages) -> list[dict[str, Any]]:
    """Return messages in the form of the request body.

    Raises:
        InvalidRequestError: There are none, or one has no such role or content.
    """
    if isinstance(messages, str):
        messages = [{"role": "user", "content": messages}]
    if isinstance(messages, Mapping | Reply | bytes) or not isinstance(messages, Iterable):
        raise InvalidRequestError(
            f"The messages are of type {type(messages).__name__}, expected a text or a list.",
            'Give a prompt, or a list such as [{"role": "user", "content": "…"}].',
        )
    checked = [_check_message(message, place) for place, message in enumerate(messages)]
    if not any(_has_content(message) for message in checked):
        raise InvalidRequestError(
            "The prompt is empty.", "Write a question in the cell, below the `%%deepshi` line."
        )
    return checked


def parameter_notices(parameters: Mapping[str, Any], model: Model | None, name: str) -> list[str]:
    """Say which parameters will not do what they seem to do.

    Args:
        parameters: The parameters of a request.
        model: The model's entry in the catalogue, or None if unknown.
        name: The model's id.

    Returns:
        One sentence for each notice (API contract, "Request body": unsupported parameters are
        ignored, not rejected).
    """
    notices = []
    if "temperature" in parameters and "top_p" in parameters:
        notices.append("temperature and top_p are both set: the API asks for one or the other.")
    if model is not None:
        notices += [
            f"{name} ignores {parameter}: the catalogue does not list it for this model."
            for parameter in parameters
            if PARAMETERS[parameter].sampling and model.ignores(parameter)
        ]
    return notices


def encode_body(body: Mapping[str, Any]) -> bytes:
    """Return the UTF-8 JSON of a request body.

    Raises:
        InvalidRequestError: A value is no JSON: NaN, half a surrogate pair, or another object.
    """
    try:
        text = json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        return text.encode("utf-8")
    except UnicodeEncodeError:
        what = "The prompt holds half of a surrogate pair, which is no character."
    except (TypeError, ValueError, RecursionError) as error:
        what = f"The request is not JSON: {error}."
    raise InvalidRequestError(what, "Replace the value; nothing was sent.") from None


def _find_model(model: str, catalogue: Catalogue | None) -> Model | None:
    if not isinstance(model, str) or not model.strip():
        raise InvalidRequestError(
            "No model is named.", "Name one: `-m MODEL` in a cell, or `%deepshi set model=MODEL`."
        )
    if catalogue is None:
        return None
    entry = catalogue.get(model)
    if entry is None and not catalogue.is_plain:
        raise unknown_model(model, catalogue)
    return entry


def unknown_model(model: str, catalogue: Catalogue) -> UnknownModelError:
    """Make the error for a model that the catalogue does not list, with the nearest ids."""
    near = catalogue.near(model)
    hint = f"Did you mean {' or '.join(near)}? " if near else ""
    return UnknownModelError(
        f"The endpoint lists no model {model!r}.", f"{hint}`%deepshi models` lists them all."
    )


def _check_message(message: Mapping[str, Any] | Reply, place: int) -> dict[str, Any]:
    if isinstance(message, Reply):
        return message.message
    role = message.get("role") if isinstance(message, Mapping) else None
    if role not in ROLES:
        raise InvalidRequestError(
            f"Message {place + 1} has the role {role!r}, expected one of {', '.join(ROLES)}.",
            'A message looks like {"role": "user", "content": "…"}.',
        )
    content = message.get("content")
    if not isinstance(content, str | list) and not (content is None and role == "assistant"):
        raise InvalidRequestError(
            f"Message {place + 1} has a content of type {type(content).__name__}, "
            "expected a text or a list of parts.",
            "Turn the value into text first.",
        )
    if role == "tool" and not message.get("tool_call_id"):
        raise InvalidRequestError(
            f"Message {place + 1} is a tool result without a tool_call_id.",
            "Give the id of the tool call that it answers.",
        )
    return dict(message)


def _has_content(message: Mapping[str, Any]) -> bool:
    content = message.get("content")
    return bool(content.strip() if isinstance(content, str) else content)


def _check_extra(extra: Mapping[str, Any]) -> dict[str, Any]:
    for name in extra:
        if name in _RESERVED or name in PARAMETERS:
            raise InvalidRequestError(
                f"{name!r} cannot be set as an extra field.",
                f"It has a parameter of its own: {name}=…",
            )
    return dict(extra)
