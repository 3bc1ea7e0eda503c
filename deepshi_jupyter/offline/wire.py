"""The JSON of responses and chunks (API contract, "Response" and "Stream")."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from deepshi_jupyter.offline.deltas import (
    CallArguments,
    CallStart,
    Delta,
    Finish,
    Text,
    Thought,
)
from deepshi_jupyter.offline.ngrams import fingerprint
from deepshi_jupyter.offline.notice import PROVIDER
from deepshi_jupyter.offline.sampler import Sampled

DONE: Final = b"data: [DONE]\n\n"
"""The end of a stream."""

encode: Final = msgspec.json.Encoder().encode
"""Python values to JSON bytes."""


def event(value: Any) -> bytes:
    """Write a value as one server-sent event."""
    return b"data: " + encode(value) + b"\n\n"


class Envelope(NamedTuple):
    """What every chunk and the whole response have in common.

    Args:
        id: The id of the response.
        created: Unix seconds.
        model: As the request named it.
        logprobs: How many alternatives are shown, or None without log-probabilities.
    """

    id: str
    created: int
    model: str
    logprobs: int | None

    def _of(self, kind: str, choices: list[Any], usage: Any) -> dict[str, Any]:
        return {
            "id": self.id,
            "object": kind,
            "created": self.created,
            "model": self.model,
            "provider": PROVIDER,
            "system_fingerprint": fingerprint(),
            "choices": choices,
            "usage": usage,
        }

    def role_chunk(self, index: int) -> bytes:
        """Open a choice."""
        return self._chunk(index, {"role": "assistant", "content": ""})

    def chunk(self, index: int, delta: Delta) -> bytes:
        """Write a delta of a choice."""
        if isinstance(delta, Finish):
            return self._chunk(index, {}, finish_reason=delta.reason)
        return self._chunk(index, delta_fields(delta), self._logprobs([delta]))

    def usage_chunk(self, usage: dict[str, Any]) -> bytes:
        """Write the chunk that closes a stream with ``include_usage``."""
        return event(self._of("chat.completion.chunk", [], usage))

    def _chunk(
        self, index: int, delta: Any, logprobs: Any = None, finish_reason: str | None = None
    ) -> bytes:
        choice = {
            "index": index,
            "delta": delta,
            "logprobs": logprobs,
            "finish_reason": finish_reason,
        }
        return event(self._of("chat.completion.chunk", [choice], None))

    def whole(self, choices: Iterable[Sequence[Delta]], usage: dict[str, Any]) -> bytes:
        """Write the response that is not streamed."""
        listed = [
            {
                "index": index,
                "message": message_of(deltas),
                "logprobs": self._logprobs(deltas),
                "finish_reason": _finish_of(deltas).reason,
            }
            for index, deltas in enumerate(choices)
        ]
        return encode(self._of("chat.completion", listed, usage))

    def _logprobs(self, deltas: Sequence[Delta]) -> dict[str, Any] | None:
        if self.logprobs is None:
            return None
        texts = [delta.sampled for delta in deltas if isinstance(delta, Text)]
        if not texts:
            return None
        return {
            "content": [_logprob(sampled, self.logprobs) for sampled in texts],
            "refusal": None,
        }


def delta_fields(delta: Thought | Text | CallStart | CallArguments) -> dict[str, Any]:
    """Give the ``delta`` of a chunk.

    Args:
        delta: Any but the last.

    Returns:
        Its fields.
    """
    match delta:
        case Text(sampled):
            return {"content": sampled.text}
        case Thought(text):
            details = [{"type": "reasoning.text", "text": text, "index": 0}]
            return {"reasoning": text, "reasoning_details": details}
        case CallStart(index, call_id, name):
            function = {"name": name, "arguments": ""}
            call = {"index": index, "id": call_id, "type": "function", "function": function}
            return {"tool_calls": [call]}
        case CallArguments(index, text):
            return {"tool_calls": [{"index": index, "function": {"arguments": text}}]}


def message_of(deltas: Sequence[Delta]) -> dict[str, Any]:
    """Put the deltas of a choice together.

    Args:
        deltas: All of them.

    Returns:
        The ``message`` of the response.
    """
    calls = _calls_of(deltas)
    content = "".join(delta.sampled.text for delta in deltas if isinstance(delta, Text))
    message: dict[str, Any] = {
        "role": "assistant",
        "content": None if calls else content,
        "refusal": None,
    }
    reasoning = "".join(delta.text for delta in deltas if isinstance(delta, Thought))
    if reasoning:
        message["reasoning"] = reasoning
        message["reasoning_details"] = [{"type": "reasoning.text", "text": reasoning, "index": 0}]
    if calls:
        message["tool_calls"] = calls
    return message


def _calls_of(deltas: Sequence[Delta]) -> list[dict[str, Any]]:
    arguments: dict[int, str] = {}
    for delta in deltas:
        if isinstance(delta, CallArguments):
            arguments[delta.place] = arguments.get(delta.place, "") + delta.text
    return [
        {
            "id": delta.id,
            "type": "function",
            "function": {"name": delta.name, "arguments": arguments.get(delta.place, "")},
        }
        for delta in deltas
        if isinstance(delta, CallStart)
    ]


def _finish_of(deltas: Sequence[Delta]) -> Finish:
    last = deltas[-1]
    if not isinstance(last, Finish):
        raise TypeError("the last delta of a choice is a Finish")
    return last


def _logprob(sampled: Sampled, alternatives: int) -> dict[str, Any]:
    return {
        **_token(sampled.text, sampled.logprob),
        "top_logprobs": [_token(*pair) for pair in sampled.top[:alternatives]],
    }


def _token(text: str, logprob: float) -> dict[str, Any]:
    return {"token": text, "logprob": logprob, "bytes": list(text.encode())}
