"""Chunks of a chat completion stream, as bytes."""

from __future__ import annotations

import json
from typing import Any

DONE = b"data: [DONE]\n\n"


def chunk(delta: dict[str, Any], finish: str | None = None, **fields: Any) -> bytes:
    """One event with one delta."""
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    value = {"id": "c1", "object": "chat.completion.chunk", "model": "m", "choices": [choice]}
    return f"data: {json.dumps(value | fields)}\n\n".encode()


def usage_chunk(prompt: int, completion: int, cost: float | None = None) -> bytes:
    """The last event of a stream that was asked for usage."""
    usage: dict[str, Any] = {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
    }
    if cost is not None:
        usage["cost"] = {"total_cost": cost}
    return f"data: {json.dumps({'id': 'c1', 'choices': [], 'usage': usage})}\n\n".encode()


def answer(*texts: str, done: bool = True) -> list[bytes]:
    """A whole answer that comes in these pieces of text."""
    pieces = [chunk({"role": "assistant", "content": ""})]
    pieces += [chunk({"content": text}) for text in texts]
    pieces.append(chunk({}, "stop"))
    return [*pieces, DONE] if done else pieces
