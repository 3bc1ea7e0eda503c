"""The record of a turn, which travels in the output of its cell.

It is version 1 of ``application/vnd.deepshi.turn+json``, described in ``docs/turn-record.md``. It
holds what was asked and answered and how, as far as a client can know it.
"""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from deepshi_jupyter.core.reply import Attempt, Choice, Reply
from deepshi_jupyter.core.template import Prompt
from deepshi_jupyter.version import __version__

MIME_TYPE = "application/vnd.deepshi.turn+json"
VERSION = 1

_NO_PARAMETERS = frozenset({"model", "messages", "stream", "stream_options"})

Record = dict[str, Any]


def turn_record(reply: Reply, messages: list[dict[str, Any]], prompt: Prompt | None) -> Record:
    """Return the record of one turn.

    Args:
        reply: The answer, whole or partial.
        messages: What this turn added to the conversation before the answer: the question, and
            the rounds of tools.
        prompt: The question as written, with its values; None where it did not come from a cell.

    Returns:
        A JSON object; fields of which nothing is known are left out.
    """
    record = {
        "v": VERSION,
        "kind": "live" if reply.status in ("complete", "unconfirmed") else "partial",
        "messages": [_without_bytes(message) for message in messages],
        "answers": [_answer(choice) for choice in reply.choices],
        "prompt": _prompt(prompt),
        "source_sha256": _sha256(prompt.template) if prompt else None,
        "endpoint": reply.endpoint,
        "model": {"asked": reply.request.get("model"), "served": reply.model},
        "parameters": {k: v for k, v in reply.request.items() if k not in _NO_PARAMETERS},
        "status": reply.status,
        "usage": reply.usage.raw if reply.usage else None,
        "cost_usd": reply.cost,
        "response_id": reply.id,
        "request_id": reply.request_id,
        "system_fingerprint": reply.system_fingerprint,
        "created": reply.created,
        "started": reply.started,
        "time_to_first_token": _rounded(reply.time_to_first_token),
        "duration": _rounded(reply.duration),
        "failed_attempts": [_attempt(attempt) for attempt in reply.attempts[:-1]],
        "notices": list(reply.notices),
        "made_by": {"deepshi_jupyter": __version__},
    }
    return {name: value for name, value in record.items() if value not in (None, "", [])}


def _without_bytes(message: dict[str, Any]) -> dict[str, Any]:
    """Return a message with each image named by its hash, as its bytes would swell the notebook."""
    content = message.get("content")
    if not isinstance(content, list):
        return message
    return {**message, "content": [_part_without_bytes(part) for part in content]}


def _part_without_bytes(part: dict[str, Any]) -> dict[str, Any]:
    head, comma, data = str((part.get("image_url") or {}).get("url", "")).partition(",")
    if not comma or not head.startswith("data:"):
        return part
    digest = hashlib.sha256(base64.b64decode(data)).hexdigest()
    media_type = head.removeprefix("data:").split(";")[0]
    return {"type": "image", "media_type": media_type, "sha256": digest}


def _answer(choice: Choice) -> dict[str, Any]:
    answer = {
        "message": choice.message,
        "finish_reason": choice.finish_reason,
        "reasoning": choice.reasoning,
        "logprobs": list(choice.logprobs),
    }
    return {name: value for name, value in answer.items() if value not in (None, "", [])}


def _prompt(prompt: Prompt | None) -> dict[str, Any] | None:
    """Return the template and its values, if there are any; else the message says it all."""
    if prompt is None or not prompt.inserted:
        return None
    inserted = [
        {"expression": value.expression, "text": value.text}
        | ({"note": value.note} if value.note else {})
        for value in prompt.inserted
    ]
    return {"template": prompt.template, "inserted": inserted}


def _attempt(attempt: Attempt) -> dict[str, Any]:
    fields = {"status": attempt.status, "error": attempt.error, "wait": _rounded(attempt.wait)}
    return {name: value for name, value in fields.items() if value is not None}


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
