from __future__ import annotations

import asyncio
import inspect

import pytest

from deepshi_jupyter import AsyncClient, Client
from deepshi_jupyter.client.aio import AsyncReplyStream
from deepshi_jupyter.client.sync import ReplyStream
from deepshi_jupyter.core.events import TextDelta
from deepshi_jupyter.errors import CallInterruptedError
from tests.chunks import answer, chunk
from tests.wire_server import Played, WireServer


def public(kind: type) -> set[str]:
    return {name for name in vars(kind) if not name.startswith("_")}


@pytest.mark.parametrize(("sync", "aio"), [(Client, AsyncClient), (ReplyStream, AsyncReplyStream)])
def test_both_shells_offer_the_same(sync: type, aio: type) -> None:
    by_cancelling_the_task = {"cancel"}
    assert public(sync) - by_cancelling_the_task == public(aio)


@pytest.mark.parametrize("name", ["__init__", "ask", "stream", "send", "models"])
def test_both_clients_take_the_same_arguments(name: str) -> None:
    def arguments(kind: type) -> list[str]:
        return list(inspect.signature(getattr(kind, name)).parameters)

    assert arguments(Client) == arguments(AsyncClient)


def test_a_reply_can_be_awaited() -> None:
    async def run(base_url: str) -> str:
        async with AsyncClient(base_url) as client:
            return (await client.ask("hello", model="m")).text

    with WireServer(Played(answer("Hi", "!"))) as server:
        assert asyncio.run(run(server.base_url)) == "Hi!"


def test_connections_serve_again() -> None:
    async def run(base_url: str) -> None:
        async with AsyncClient(base_url) as client:
            for _ in range(5):
                await client.ask("hello", model="m")

    with WireServer(Played(answer("Hi"))) as server:
        asyncio.run(run(server.base_url))
        assert server.connections == 1


def test_a_server_that_hangs_after_done_keeps_nobody_waiting() -> None:
    async def run(base_url: str) -> list[str]:
        async with AsyncClient(base_url) as client:
            return [(await client.ask("hello", model="m")).text for _ in range(2)]

    with WireServer(Played(answer("Hi"), end="hang")) as server:
        assert asyncio.run(run(server.base_url)) == ["Hi", "Hi"]


def test_cancelling_closes_the_connection_at_once() -> None:
    async def run(base_url: str) -> None:
        async with AsyncClient(base_url) as client:
            stream = client.stream("hello", model="m")
            events = aiter(stream)
            assert await anext(events) == TextDelta("Hi")
            task = asyncio.ensure_future(anext(events))
            await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            reply = await stream.stop()
            assert (reply.text, reply.status) == ("Hi", "interrupted")

    with WireServer(Played([chunk({"content": "Hi"})], end="hang")) as server:
        asyncio.run(run(server.base_url))
        assert server.closed_by_client.wait(5)


def test_stopping_before_anything_came_says_so() -> None:
    async def run(base_url: str) -> None:
        async with AsyncClient(base_url) as client:
            await client.stream("hello", model="m").stop()

    with WireServer(Played(answer("Hi"))) as server, pytest.raises(CallInterruptedError):
        asyncio.run(run(server.base_url))
