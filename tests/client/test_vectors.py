"""Every recorded byte stream, over a real socket, through the public clients."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepshi_jupyter import AsyncClient, Client
from deepshi_jupyter.core.reply import Reply
from deepshi_jupyter.errors import CallError, EmptyAnswerError
from tests.vectors import bytes_of, cut, of_layer
from tests.wire_server import EVENT_STREAM, Played, WireServer

CHAT = of_layer("chat", "json")
SMALL = [v for v in CHAT if len(bytes_of(v)) < 4000]


def by_name(vectors: list[dict[str, Any]]) -> Any:
    return pytest.mark.parametrize("vector", vectors, ids=lambda v: v["name"])


def played(vector: dict[str, Any], pieces: list[bytes]) -> Played:
    http = vector.get("http") or {"status": 200, "headers": EVENT_STREAM}
    hangs = "must_not_wait_for_eof" in vector["expect"].get("flags", ())
    end = "hang" if hangs else vector["end"]
    return Played(pieces, http["status"], http["headers"], end)


def ask(server: WireServer) -> tuple[str, Reply | None, CallError | None]:
    with Client(server.base_url, "sk-bf-test", max_retries=0, idle_timeout=10) as client:
        answer = client.stream("hello", model="m")
        try:
            reply = answer.reply
        except CallError as error:
            return (
                ("empty" if isinstance(error, EmptyAnswerError) else "error"),
                error.partial,
                error,
            )
        return reply.status, reply, None


def check(
    vector: dict[str, Any], status: str, reply: Reply | None, error: CallError | None
) -> None:
    expect = vector["expect"]
    assert status in (expect.get("status_any") or [expect["status"]])
    if expect.get("content") is not None:
        assert (reply.text if reply else "") == expect["content"]
    if expect.get("error_contains") and error is not None:
        assert expect["error_contains"] in str(error)
        assert len(error.what) < 1000
    if "http_status" in expect:
        assert error is not None
        assert error.status == expect["http_status"]
    if reply is not None:
        check_reply(expect, reply)


def check_reply(expect: dict[str, Any], reply: Reply) -> None:
    if expect["status"] == "complete":
        assert reply.finish_reason == expect["finish_reason"]
    for name in ("reasoning", "refusal", "model", "cost"):
        if name in expect:
            assert getattr(reply, name) == expect[name]
    if "content_len" in expect:
        assert len(reply.text) == expect["content_len"]
    if "choices" in expect:
        assert reply.texts == expect["choices"]
    if "images" in expect:
        assert len(reply.images) == expect["images"]
    if "usage" in expect:
        assert reply.usage is not None
        assert expect["usage"].items() <= reply.usage.raw.items()
    if "tool_calls" in expect:
        check_tool_calls(expect, reply)
    json.dumps(reply.text).encode()


def check_tool_calls(expect: dict[str, Any], reply: Reply) -> None:
    as_json = expect.get("args_compare") == "json"
    calls = [
        {
            "id": call.id,
            "name": call.name,
            "arguments": json.loads(call.arguments) if as_json else call.arguments,
        }
        for call in reply.tool_calls
    ]
    wanted = [
        {**call, "arguments": json.loads(call["arguments"]) if as_json else call["arguments"]}
        for call in expect["tool_calls"]
    ]
    assert calls == wanted


@by_name(CHAT)
def test_each_stream_as_it_is_gives_what_a_user_must_get(vector: dict[str, Any]) -> None:
    with WireServer(played(vector, cut(bytes_of(vector), []))) as server:
        check(vector, *ask(server))


@by_name(SMALL)
def test_each_stream_byte_by_byte_gives_the_same(vector: dict[str, Any]) -> None:
    data = bytes_of(vector)
    with WireServer(played(vector, cut(data, list(range(len(data)))))) as server:
        check(vector, *ask(server))


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_stream_cut_anywhere_gives_the_same(data: st.DataObject) -> None:
    vector = data.draw(st.sampled_from(SMALL), label="vector")
    size = len(bytes_of(vector))
    places = data.draw(st.lists(st.integers(0, max(size, 1)), max_size=12), label="places")
    with WireServer(played(vector, cut(bytes_of(vector), places))) as server:
        check(vector, *ask(server))


@by_name(CHAT)
def test_both_clients_yield_the_same_events(vector: dict[str, Any]) -> None:
    pieces = cut(bytes_of(vector), [])
    with WireServer(played(vector, pieces)) as server:
        assert asyncio.run(async_outcome(server)) == outcome(server)


def outcome(server: WireServer) -> tuple[list[Any], str]:
    with Client(server.base_url, "sk-bf-test", max_retries=0, idle_timeout=10) as client:
        answer = client.stream("hello", model="m")
        events = list(answer)
        try:
            return events, answer.reply.status
        except CallError as error:
            return events, str(error)


async def async_outcome(server: WireServer) -> tuple[list[Any], str]:
    async with AsyncClient(server.base_url, "sk-bf-test", max_retries=0, idle_timeout=10) as client:
        answer = client.stream("hello", model="m")
        events = [event async for event in answer]
        try:
            return events, (await answer.reply()).status
        except CallError as error:
            return events, str(error)
