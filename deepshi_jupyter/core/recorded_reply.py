"""A reply → what is recorded of it, and back: the two directions of one form."""

from __future__ import annotations

from typing import Any

import msgspec

from deepshi_jupyter.core.reply import Attempt, Choice, Reply, ToolCall
from deepshi_jupyter.core.turn_record import Json, RecordedCall
from deepshi_jupyter.core.usage import read_usage

_DIGITS = 3
"""Times are recorded in milliseconds."""


def recorded_call(
    reply: Reply, *, key: str = "", sample: int = 0, messages: int = 1, repairs: int = 0
) -> RecordedCall:
    """Return what is recorded of one call.

    Args:
        reply: Its reply, whole or partial.
        key: The key of its request.
        sample: Which repeat of the same request it was.
        messages: With how many messages of its turn it was sent.
        repairs: With how many repairs of its turn.
    """
    return RecordedCall(
        request_key=key,
        sample=sample,
        messages=messages,
        repairs=repairs,
        answers=tuple(map(_answer, reply.choices)),
        status=reply.status,
        served=reply.model,
        usage=reply.usage.raw if reply.usage else None,
        cost_usd=reply.cost,
        response_id=reply.id,
        request_id=reply.request_id,
        system_fingerprint=reply.system_fingerprint,
        created=reply.created,
        started=reply.started,
        time_to_first_token=_rounded(reply.time_to_first_token),
        duration=_rounded(reply.duration),
        failed_attempts=tuple(map(_attempt, reply.attempts[:-1])),
        notices=reply.notices,
    )


def recorded_reply(call: RecordedCall, request: Json, endpoint: str) -> Reply:
    """Return the reply that a recorded call gave.

    Args:
        call: What was recorded.
        request: The request body that it answers.
        endpoint: The base URL that was asked.
    """
    usage = read_usage(call.usage) if call.usage is not None else None
    if usage is not None and call.cost_usd is not None:
        usage = msgspec.structs.replace(usage, cost=call.cost_usd)
    return Reply(
        choices=tuple(_choice(index, answer) for index, answer in enumerate(call.answers)),
        status=call.status,
        model=call.served,
        id=call.response_id,
        created=call.created,
        system_fingerprint=call.system_fingerprint,
        usage=usage,
        request=request,
        endpoint=endpoint,
        attempts=_attempts(call),
        request_id=call.request_id,
        started=call.started,
        time_to_first_token=call.time_to_first_token,
        duration=call.duration or 0.0,
        notices=call.notices,
    )


def _answer(choice: Choice) -> Json:
    answer = {
        "message": choice.message,
        "finish_reason": choice.finish_reason,
        "reasoning": choice.reasoning,
        "refusal": choice.refusal if choice.text else "",  # else the message has it
        "images": list(choice.images),
        "logprobs": list(choice.logprobs),
    }
    return {name: value for name, value in answer.items() if value not in (None, "", [])}


def _choice(index: int, answer: Json) -> Choice:
    message = answer["message"]
    content = message.get("content")
    return Choice(
        index=index,
        text=content if isinstance(content, str) else "",
        reasoning=answer.get("reasoning", ""),
        refusal=message.get("refusal") or answer.get("refusal", ""),
        finish_reason=answer.get("finish_reason"),
        tool_calls=tuple(map(_tool_call, message.get("tool_calls", ()))),
        reasoning_details=tuple(message.get("reasoning_details", ())),
        images=tuple(answer.get("images", ())),
        logprobs=tuple(answer.get("logprobs", ())),
    )


def _tool_call(part: Json) -> ToolCall:
    function = part.get("function", {})
    known = ("id", "type", "function")
    return ToolCall(
        id=part.get("id"),
        name=str(function.get("name", "")),
        arguments=str(function.get("arguments", "")),
        extra={name: value for name, value in part.items() if name not in known},
    )


def _attempt(attempt: Attempt) -> Json:
    fields: dict[str, Any] = {"status": attempt.status, "error": attempt.error}
    fields["wait"] = _rounded(attempt.wait)
    return {name: value for name, value in fields.items() if value is not None}


def _attempts(call: RecordedCall) -> tuple[Attempt, ...]:
    failed = [
        Attempt(number, a.get("status"), a.get("error"), a.get("wait", 0.0), 0.0)
        for number, a in enumerate(call.failed_attempts, 1)
    ]
    last = Attempt(len(failed) + 1, 200, None, 0.0, call.duration or 0.0)
    return (*failed, last)


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, _DIGITS)
