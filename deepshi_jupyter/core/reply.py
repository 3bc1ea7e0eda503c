"""What a call answers: the reply, its choices, its tool calls, its attempts."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, ClassVar, Literal

import msgspec

from deepshi_jupyter.core.fences import CodeBlock, code_blocks
from deepshi_jupyter.core.usage import Usage
from deepshi_jupyter.errors import InputError, StreamCutError

Status = Literal["complete", "unconfirmed", "truncated", "interrupted"]
"""``complete``: a finish reason came. ``unconfirmed``: ``[DONE]`` came without one.
``truncated``: the answer broke off. ``interrupted``: the user stopped it."""


class ToolCall(msgspec.Struct, frozen=True):
    """One call of a tool that the model asks for.

    Attributes:
        id: The service's id of the call, or None.
        name: The tool's name as the model wrote it; not necessarily one that exists.
        arguments: The arguments as the model wrote them, JSON if all went well.
        extra: What else came with the call; it goes back with it.
    """

    id: str | None
    name: str
    arguments: str
    extra: dict[str, Any] = {}

    def as_message_part(self) -> dict[str, Any]:
        """Return the call in the form of the ``tool_calls`` of an assistant message."""
        function = {"name": self.name, "arguments": self.arguments}
        return {"id": self.id, "type": "function", "function": function, **self.extra}


class Attempt(msgspec.Struct, frozen=True):
    """One try of a call.

    Attributes:
        number: 1 for the first.
        status: HTTP status, or None when no answer came.
        error: What failed in a few words, or None.
        wait: Seconds waited after it before the next try; 0 after the last.
        duration: Seconds that it took.
    """

    number: int
    status: int | None
    error: str | None
    wait: float
    duration: float


class Choice(msgspec.Struct, frozen=True):
    """One answer of a reply; a reply to ``n=3`` has three."""

    index: int = 0
    text: str = ""
    reasoning: str = ""
    refusal: str = ""
    finish_reason: str | None = None
    tool_calls: tuple[ToolCall, ...] = ()
    reasoning_details: tuple[dict[str, Any], ...] = ()
    images: tuple[dict[str, Any], ...] = ()
    logprobs: tuple[dict[str, Any], ...] = ()

    @property
    def message(self) -> dict[str, Any]:
        """The assistant message to send back with the next request.

        Reasoning text stays out of it. Reasoning segments that came signed or encrypted go back
        as they came, because a service that sent them asks for them.
        """
        message: dict[str, Any] = {"role": "assistant", "content": self.text}
        if self.refusal and not self.text:
            message["refusal"] = self.refusal
        if self.tool_calls:
            message["tool_calls"] = [call.as_message_part() for call in self.tool_calls]
        if any(_is_signed(segment) for segment in self.reasoning_details):
            message["reasoning_details"] = list(self.reasoning_details)
        return message


def _is_signed(segment: dict[str, Any]) -> bool:
    return bool(segment.get("signature") or segment.get("data"))


_NOTHING = Choice()


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to one call; prints as its text and shows as markdown in a notebook.

    Attributes:
        choices: The answers; `text`, `reasoning` … speak of the first.
        status: Whether the answer is whole (`Status`).
        model: The model that answered, as the service names it.
        id: The service's id of the answer.
        created: When the service made it, in seconds since 1970, or None.
        system_fingerprint: The service's mark of the backend's configuration, or None.
        usage: Tokens and cost, or None when none were sent.
        request: The JSON body that was sent.
        endpoint: The base URL that it was sent to.
        attempts: Every try, the last one included.
        request_id: The service's id of the request (``x-request-id``), or None.
        started: UTC time of the first try, ISO 8601.
        time_to_first_token: Seconds until the first text, reasoning or tool call, or None.
        duration: Seconds from the first try to the end.
        notices: Sentences that a reader should see, such as a parameter that the model ignores.
        parsed: The answer as a Python value where a schema was asked for, else None.
    """

    choices: tuple[Choice, ...] = ()
    status: Status = "complete"
    model: str = ""
    id: str = ""
    created: int | None = None
    system_fingerprint: str | None = None
    usage: Usage | None = None
    request: dict[str, Any] = {}
    endpoint: str = ""
    attempts: tuple[Attempt, ...] = ()
    request_id: str | None = None
    started: str = ""
    time_to_first_token: float | None = None
    duration: float = 0.0
    notices: tuple[str, ...] = ()
    parsed: Any = None

    presenter: ClassVar[Callable[[Reply], dict[str, Any]] | None] = None
    """Makes the display bundle; set by the package, so that this module knows no display."""

    @property
    def _first(self) -> Choice:
        return self.choices[0] if self.choices else _NOTHING

    @property
    def text(self) -> str:
        """The text of the first answer."""
        return self._first.text

    @property
    def texts(self) -> list[str]:
        """The texts of all answers, for a call with ``n`` greater than 1."""
        return [choice.text for choice in self.choices]

    @property
    def reasoning(self) -> str:
        """The thinking trace, apart from the answer; empty when the model sent none."""
        return self._first.reasoning

    @property
    def refusal(self) -> str:
        """The model's refusal, if it refused."""
        return self._first.refusal

    @property
    def tool_calls(self) -> tuple[ToolCall, ...]:
        """The tools that the model asks for."""
        return self._first.tool_calls

    @property
    def images(self) -> tuple[dict[str, Any], ...]:
        """The images of the answer, as the service sent them."""
        return self._first.images

    @property
    def logprobs(self) -> tuple[dict[str, Any], ...]:
        """The log probabilities of the answer's tokens, where asked for."""
        return self._first.logprobs

    @property
    def finish_reason(self) -> str | None:
        """Why the model stopped: ``stop``, ``length``, ``tool_calls``, ``content_filter``."""
        return self._first.finish_reason

    @property
    def message(self) -> dict[str, Any]:
        """The assistant message to send back with the next request."""
        return self._first.message

    @property
    def cost(self) -> float | None:
        """USD that the service says it drew for this call, or None when it did not say."""
        return self.usage.cost if self.usage else None

    @property
    def code(self) -> list[CodeBlock]:
        """The fenced code blocks of the answer, each a string with a `language`."""
        return code_blocks(self.text)

    @property
    def json(self) -> Any:
        """The answer read as JSON.

        Raises:
            InputError: The answer is not JSON; the message says where it breaks.
        """
        text = self.text.strip()
        blocks = self.code
        if text.startswith("```") and len(blocks) == 1:
            text = blocks[0]
        try:
            return json.loads(text)
        except (ValueError, RecursionError) as error:
            raise InputError(
                f"The answer is not JSON: {error}.",
                "Ask with `--json` or a schema, or read `.text`.",
            ) from None

    def raise_for_status(self) -> Reply:
        """Return the reply itself, or raise when its answer broke off.

        Returns:
            This reply, if its status is ``complete`` or ``unconfirmed``.

        Raises:
            StreamCutError: The status is ``truncated`` or ``interrupted``; `partial` is this reply.
        """
        if self.status in ("complete", "unconfirmed"):
            return self
        raise StreamCutError(
            f"The answer broke off after {len(self.text):,} characters ({self.status}).",
            "What came is kept as `.partial` of this error; run the cell again for a whole answer.",
            request_id=self.request_id,
            attempts=self.attempts,
            partial=self,
        )

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        text = self.text if len(self.text) <= 80 else f"{self.text[:77]}…"
        return f"Reply({text!r}, model={self.model!r}, status={self.status!r})"

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        """Show as markdown where a display can; ``text/plain`` is the text itself."""
        presenter = type(self).presenter
        return presenter(self) if presenter else {"text/plain": self.text}
