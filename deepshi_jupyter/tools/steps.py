"""The dialogue of a model with tools, as steps: takes replies, says what is next, does nothing.

messages ── ask ──► reply ── next_step ──► Finished
    ▲                              └─────► RunTools ── run_call each ──► results
    └───────────── messages + step.messages(results) ◄─────────────────────┘
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from deepshi_jupyter.core.reply import Reply, ToolCall
from deepshi_jupyter.errors import CallError, InputError, StreamCutError
from deepshi_jupyter.tools.result import ToolResult

MOST_ROUNDS = 8
"""So many replies in a row may ask for tools, unless told otherwise."""

_BROKEN_OFF = ("length", "content_filter")
"""With these finish reasons the service itself cut the answer (API contract, "Response")."""


class Finished(msgspec.Struct, frozen=True):
    """The reply asks for no tools: it is the answer."""

    reply: Reply


class RunTools(msgspec.Struct, frozen=True):
    """The reply asks for tools.

    Attributes:
        reply: The reply.
        calls: Its calls, each with an id; where the service gave none, one is made.
    """

    reply: Reply
    calls: tuple[ToolCall, ...]

    def messages(self, results: Iterable[ToolResult]) -> list[dict[str, Any]]:
        """Return the messages to append before asking again.

        Args:
            results: One result for each call, in any order.

        Returns:
            The assistant's message with its calls as they came, then the results in the order of
            the calls.

        Raises:
            InputError: A call has no result, or a result has no call.
        """
        remaining = list(results)
        ordered = []
        for call in self.calls:
            found = next((result for result in remaining if result.call_id == call.id), None)
            if found is None:
                raise InputError(f"The tool call {call.id!r} has no result.", "Run every call.")
            remaining.remove(found)
            ordered.append(found.as_message())
        if remaining:
            raise InputError(
                f"The result {remaining[0].call_id!r} belongs to no call of this reply.",
                "Give one result for each call.",
            )
        asked = [call.as_message_part() for call in self.calls]
        return [{**self.reply.message, "tool_calls": asked}, *ordered]


def next_step(
    messages: Sequence[Mapping[str, Any]], reply: Reply, *, most_rounds: int = MOST_ROUNDS
) -> Finished | RunTools:
    """Say what is next after a reply.

    What counts is whether the reply has calls, not its finish reason: services give ``stop`` with
    calls, and ``tool_calls`` without any.

    Args:
        messages: The messages that were answered; rounds are counted from the last of the user.
        reply: The answer to them.
        most_rounds: How many replies in a row may ask for tools.

    Returns:
        `Finished`, or `RunTools` with the calls to run.

    Raises:
        StreamCutError: The reply asks for tools and is not whole; such calls are never run.
        CallError: The service cut the reply, or too many replies asked for tools.
    """
    if not reply.tool_calls:
        return Finished(reply)
    _check_whole(reply)
    rounds = _rounds(messages)
    if rounds >= most_rounds:
        raise CallError(
            f"The model asked for tools {rounds + 1} times in a row; {most_rounds} are allowed.",
            "Allow more rounds, offer fewer tools, or say in the prompt when to stop.",
            request_id=reply.request_id,
            attempts=reply.attempts,
            partial=reply,
        )
    earlier = sum(bool(message.get("tool_calls")) for message in messages)
    return RunTools(reply, _with_ids(reply.tool_calls, earlier + 1))


def _check_whole(reply: Reply) -> None:
    names = ", ".join(sorted({call.name for call in reply.tool_calls}))
    about: dict[str, Any] = {
        "request_id": reply.request_id,
        "attempts": reply.attempts,
        "partial": reply,
    }
    if reply.status != "complete":
        raise StreamCutError(
            f"The reply that asks for {names} is {reply.status}, so its tool calls were not run.",
            "Ask again; what came is kept as `.partial` of this error.",
            **about,
        )
    if reply.finish_reason in _BROKEN_OFF:
        raise CallError(
            f"The reply that asks for {names} was cut by the service "
            f"(finish reason {reply.finish_reason!r}), so its tool calls were not run.",
            "Raise max_tokens." if reply.finish_reason == "length" else "Rephrase the prompt.",
            **about,
        )


def _rounds(messages: Sequence[Mapping[str, Any]]) -> int:
    """Count the replies with tool calls since the user last spoke."""
    rounds = 0
    for message in reversed(messages):
        if message.get("role") == "user":
            break
        rounds += bool(message.get("tool_calls"))
    return rounds


def _with_ids(calls: Sequence[ToolCall], number: int) -> tuple[ToolCall, ...]:
    """Give calls without an id one, so that their results can name them.

    It is made of the number of the reply in the conversation, so that a replay makes the same.
    """
    return tuple(
        call if call.id else msgspec.structs.replace(call, id=f"call_{number}_{place}")
        for place, call in enumerate(calls, start=1)
    )
