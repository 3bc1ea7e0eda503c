"""The real OpenAI SDK against the endpoint over a socket: what it reads, others can read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import openai
import pydantic
import pytest

from deepshi_jupyter.offline import OfflineServer
from tests.offline.test_tool_calls import WEATHER

MESSAGES: Any = [{"role": "user", "content": "How is the weather in Oslo?"}]


@pytest.fixture(scope="module")
def served() -> Iterator[OfflineServer]:
    with OfflineServer(require_key="right") as running:
        yield running


@pytest.fixture
def client(served: OfflineServer) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=served.base_url, api_key="right", max_retries=0) as client:
        yield client


def test_a_chat(client: openai.OpenAI) -> None:
    reply = client.chat.completions.create(
        model="offline-chat", messages=MESSAGES, seed=1, logprobs=True, top_logprobs=2, n=2
    )
    assert len(reply.choices) == 2
    assert reply.choices[0].message.content
    logprobs = reply.choices[0].logprobs
    assert logprobs is not None
    assert logprobs.content
    assert len(logprobs.content[0].top_logprobs) == 2
    assert reply.usage is not None
    assert reply.usage.total_tokens == reply.usage.prompt_tokens + reply.usage.completion_tokens
    assert reply.system_fingerprint


def test_a_stream(client: openai.OpenAI) -> None:
    whole = client.chat.completions.create(model="offline-chat", messages=MESSAGES, seed=1)
    stream = client.chat.completions.create(
        model="offline-chat",
        messages=MESSAGES,
        seed=1,
        stream=True,
        stream_options={"include_usage": True},
    )
    chunks = list(stream)
    said = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert said == whole.choices[0].message.content
    assert chunks[-1].usage == whole.usage


def test_reasoning(client: openai.OpenAI) -> None:
    reply = client.chat.completions.create(model="offline-reasoner", messages=MESSAGES, seed=1)
    extra = reply.choices[0].message.model_extra
    assert extra is not None
    assert extra["reasoning"]
    assert reply.usage is not None
    assert reply.usage.completion_tokens_details is not None
    assert reply.usage.completion_tokens_details.reasoning_tokens


def test_tools_and_their_results(client: openai.OpenAI) -> None:
    tools: Any = [WEATHER]
    first = client.chat.completions.create(model="offline-tools", messages=MESSAGES, tools=tools)
    message = first.choices[0].message
    assert message.tool_calls
    call = message.tool_calls[0]
    assert call.type == "function"
    assert json.loads(call.function.arguments) == {"city": "Oslo"}
    result = {"role": "tool", "tool_call_id": call.id, "content": "12 °C"}
    messages: Any = [*MESSAGES, message, result]
    second = client.chat.completions.create(model="offline-tools", messages=messages, tools=tools)
    assert "12 °C" in (second.choices[0].message.content or "")


def test_tools_in_a_stream(client: openai.OpenAI) -> None:
    tools: Any = [WEATHER]
    with client.chat.completions.stream(
        model="offline-tools", messages=MESSAGES, tools=tools
    ) as stream:
        done = [event for event in stream if event.type == "tool_calls.function.arguments.done"]
        final = stream.get_final_completion()
    assert [event.name for event in done] == ["get_weather"]
    assert json.loads(done[0].arguments) == {"city": "Oslo"}
    assert final.choices[0].finish_reason == "tool_calls"


class Forecast(pydantic.BaseModel):
    city: str
    days: int
    windy: bool | None
    hours: list[float]


def test_a_parsed_model(client: openai.OpenAI) -> None:
    reply = client.chat.completions.parse(
        model="offline-chat", messages=MESSAGES, response_format=Forecast
    )
    parsed = reply.choices[0].message.parsed
    assert isinstance(parsed, Forecast)
    assert parsed.city == "Oslo"


def test_a_json_object(client: openai.OpenAI) -> None:
    reply = client.chat.completions.create(
        model="offline-chat", messages=MESSAGES, response_format={"type": "json_object"}
    )
    assert isinstance(json.loads(reply.choices[0].message.content or ""), dict)


def test_the_catalogue(client: openai.OpenAI) -> None:
    assert next(model.id for model in client.models.list()) == "offline-chat"
    assert client.models.retrieve("offline-echo").owned_by == "offline"


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, openai.BadRequestError),
        (401, openai.AuthenticationError),
        (402, openai.APIStatusError),
        (403, openai.PermissionDeniedError),
        (404, openai.NotFoundError),
        (429, openai.RateLimitError),
        (500, openai.InternalServerError),
        (503, openai.InternalServerError),
    ],
)
def test_each_status_is_its_error(
    client: openai.OpenAI, status: int, error: type[openai.APIStatusError], streamed: bool
) -> None:
    with pytest.raises(error) as caught:
        client.chat.completions.create(
            model=f"offline-error-{status}", messages=MESSAGES, stream=streamed
        )
    assert caught.value.status_code == status
    assert caught.value.request_id
    assert caught.value.code
    retry_after = caught.value.response.headers.get("retry-after")
    assert retry_after == ("1" if status in (429, 503) else None)


def test_an_unknown_model(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match="offline-chat") as caught:
        client.chat.completions.create(model="offline-chta", messages=MESSAGES)
    assert caught.value.code == "model_not_found"


def test_a_wrong_key(served: OfflineServer) -> None:
    with (
        openai.OpenAI(base_url=served.base_url, api_key="wrong", max_retries=0) as client,
        pytest.raises(openai.AuthenticationError) as caught,
    ):
        client.models.list()
    assert "wrong" not in str(caught.value)


def test_a_retry_succeeds_after_the_first_failure(served: OfflineServer) -> None:
    asked = len(served.requests)
    with openai.OpenAI(base_url=served.base_url, api_key="right", max_retries=1) as client:
        reply = client.chat.completions.create(model="offline-error-429-once", messages=MESSAGES)
    assert reply.choices[0].message.content
    assert len(served.requests) == asked + 2


def test_an_error_in_the_middle_of_a_stream(client: openai.OpenAI) -> None:
    stream = client.chat.completions.create(
        model="offline-error-midstream", messages=MESSAGES, stream=True
    )
    with pytest.raises(openai.APIError, match="middle"):
        list(stream)


def test_a_read_timeout(client: openai.OpenAI) -> None:
    with pytest.raises(openai.APITimeoutError):
        client.chat.completions.create(model="offline-silent", messages=MESSAGES, timeout=0.1)
