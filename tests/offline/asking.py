"""Asking the endpoint in one line, streamed or not."""

from __future__ import annotations

import json
from typing import Any

from deepshi_jupyter.offline.endpoint import Endpoint
from deepshi_jupyter.offline.steps import Answer, Piece

CHAT = "/v1/chat/completions"
QUESTION = "Why does the sea look blue?"


def user(text: str = QUESTION) -> dict[str, Any]:
    return {"role": "user", "content": text}


def body(**fields: Any) -> bytes:
    """A request body: the given fields over a plain question to offline-chat."""
    return json.dumps({"model": "offline-chat", "messages": [user()], **fields}).encode()


def answer_to(endpoint: Endpoint | None = None, **fields: Any) -> Answer:
    return (endpoint or Endpoint()).answer("POST", CHAT, {}, body(**fields))


def data_of(answer: Answer) -> bytes:
    return b"".join(step.data for step in answer.steps if isinstance(step, Piece))


def ask(endpoint: Endpoint | None = None, **fields: Any) -> dict[str, Any]:
    """The whole response to a request that succeeds."""
    answer = answer_to(endpoint, **fields)
    assert answer.status == 200, data_of(answer)
    value: dict[str, Any] = json.loads(data_of(answer))
    return value


def choice(**fields: Any) -> dict[str, Any]:
    first: dict[str, Any] = ask(**fields)["choices"][0]
    return first


def text(**fields: Any) -> str:
    content: str = choice(**fields)["message"]["content"]
    return content


def refused(**fields: Any) -> tuple[int, dict[str, Any]]:
    """Status and error of a request that is refused."""
    answer = answer_to(**fields)
    assert answer.status != 200, "the request was not refused"
    return answer.status, json.loads(data_of(answer))["error"]


def events(endpoint: Endpoint | None = None, **fields: Any) -> list[Any]:
    """The events of a streamed answer; the last is the string [DONE] if it is there."""
    answer = answer_to(endpoint, stream=True, **fields)
    assert answer.status == 200, data_of(answer)
    assert answer.headers["content-type"].startswith("text/event-stream")
    lines = data_of(answer).decode().split("\n\n")
    return [_event(line) for line in lines if line]


def _event(line: str) -> Any:
    data = line.removeprefix("data: ")
    return data if data == "[DONE]" else json.loads(data)


def deltas(index: int = 0, **fields: Any) -> list[dict[str, Any]]:
    """The deltas of one choice of a streamed answer."""
    return [
        part["delta"]
        for event in events(**fields)
        if isinstance(event, dict)
        for part in event["choices"]
        if part["index"] == index
    ]
