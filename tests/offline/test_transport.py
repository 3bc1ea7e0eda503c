from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from deepshi_jupyter.offline import AsyncOfflineTransport, Endpoint, OfflineTransport
from tests.offline.asking import user

BASE_URL = "http://offline.localhost/v1"


def _asking(model: str, **fields: Any) -> dict[str, Any]:
    return {"model": model, "messages": [user("one two three")], **fields}


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with httpx.Client(transport=OfflineTransport(), base_url=BASE_URL) as client:
        yield client


def test_a_whole_answer(client: httpx.Client) -> None:
    response = client.post("/chat/completions", json=_asking("offline-echo"))
    assert response.json()["choices"][0]["message"]["content"] == "one two three"


def test_the_catalogue(client: httpx.Client) -> None:
    assert client.get("/models").json()["data"]


def test_an_error_is_an_answer(client: httpx.Client) -> None:
    response = client.post("/chat/completions", json=_asking("offline-error-429"))
    assert response.status_code == 429
    assert response.headers["Retry-After"] == "1"


def test_each_event_comes_by_itself(client: httpx.Client) -> None:
    asking = _asking("offline-echo", stream=True)
    with client.stream("POST", "/chat/completions", json=asking) as response:
        chunks = list(response.iter_raw())
    assert len(chunks) == 6
    assert all(chunk.startswith(b"data: ") and chunk.endswith(b"\n\n") for chunk in chunks)


def test_the_time_of_the_answer_is_the_time_of_the_clock(client: httpx.Client) -> None:
    created = client.post("/chat/completions", json=_asking("offline-echo")).json()["created"]
    assert created > 1_700_000_000


def test_a_cut_raises_what_httpx_raises(client: httpx.Client) -> None:
    asking = _asking("offline-error-cut", stream=True)
    with client.stream("POST", "/chat/completions", json=asking) as response:
        received: list[bytes] = []
        with pytest.raises(httpx.RemoteProtocolError):
            received.extend(response.iter_raw())
    assert response.status_code == 200


def test_silence_ends_with_the_read_timeout(client: httpx.Client) -> None:
    with pytest.raises(httpx.ReadTimeout):
        client.post("/chat/completions", json=_asking("offline-silent"), timeout=0.02)


def test_a_stall_ends_with_the_read_timeout(client: httpx.Client) -> None:
    asking = _asking("offline-stall", stream=True)
    with client.stream("POST", "/chat/completions", json=asking, timeout=0.02) as response:
        chunks = response.iter_raw()
        assert b"assistant" in next(chunks)
        with pytest.raises(httpx.ReadTimeout):
            list(chunks)


def test_closing_stops_the_generation(client: httpx.Client) -> None:
    asking = _asking("offline-flood-999999", stream=True)
    with client.stream("POST", "/chat/completions", json=asking) as response:
        chunks = response.iter_raw()
        next(chunks)
        response.close()
        with pytest.raises((httpx.ReadError, httpx.StreamClosed, StopIteration)):
            next(chunks)


def test_closing_from_another_thread_ends_a_wait(client: httpx.Client) -> None:
    asking = _asking("offline-stall", stream=True)
    with client.stream("POST", "/chat/completions", json=asking, timeout=None) as response:
        closing = threading.Timer(0.05, response.close)
        closing.start()
        with pytest.raises(httpx.ReadError):
            list(response.iter_raw())
        closing.join()


def test_closing_the_transport_ends_a_silence() -> None:
    transport = OfflineTransport()
    request = httpx.Request("POST", f"{BASE_URL}/chat/completions", json=_asking("offline-silent"))
    closing = threading.Timer(0.05, transport.close)
    closing.start()
    with pytest.raises(httpx.ReadError):
        transport.handle_request(request)
    closing.join()


def test_an_endpoint_of_ones_own_can_be_given() -> None:
    transport = OfflineTransport(Endpoint(require_key="k"))
    with httpx.Client(transport=transport, base_url=BASE_URL) as client:
        assert client.get("/models").status_code == 401
        assert client.get("/models", headers={"Authorization": "Bearer k"}).status_code == 200


def test_a_pace_does_not_change_the_bytes() -> None:
    asking = _asking("offline-echo", seed=1, stream=True)

    def received(pace: float) -> str:
        transport = OfflineTransport(Endpoint(pace))
        with httpx.Client(transport=transport, base_url=BASE_URL) as client:
            return client.post("/chat/completions", json=asking).text

    assert received(1000) == received(0)


def _open(**options: Any) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=AsyncOfflineTransport(**options), base_url=BASE_URL)


def test_async_gives_the_same_bytes(client: httpx.Client) -> None:
    asking = _asking("offline-chat", seed=1, stream=True)

    async def received() -> list[bytes]:
        async with (
            _open(endpoint=Endpoint(1000)) as opened,
            opened.stream("POST", "/chat/completions", json=asking) as response,
        ):
            return [chunk async for chunk in response.aiter_raw()]

    with httpx.Client(transport=OfflineTransport(Endpoint()), base_url=BASE_URL) as plain:
        expected = plain.post("/chat/completions", json=asking).content
    assert b"".join(asyncio.run(received())) == expected


@pytest.mark.parametrize(
    ("model", "error"),
    [
        ("offline-silent", httpx.ReadTimeout),
        ("offline-stall", httpx.ReadTimeout),
        ("offline-error-cut", httpx.RemoteProtocolError),
    ],
)
def test_async_raises_the_same_errors(model: str, error: type[Exception]) -> None:
    async def fail() -> None:
        async with _open() as client:
            asking = _asking(model, stream=True)
            await client.post("/chat/completions", json=asking, timeout=0.02)

    with pytest.raises(error):
        asyncio.run(fail())


def test_async_cancelling_ends_a_wait() -> None:
    async def cancel() -> None:
        async with _open() as client:
            asking = _asking("offline-silent")
            call = client.post("/chat/completions", json=asking, timeout=None)
            await asyncio.wait_for(call, 0.05)

    with pytest.raises(TimeoutError):
        asyncio.run(cancel())


def test_async_closing_from_another_task_ends_a_wait() -> None:
    async def close() -> None:
        transport = AsyncOfflineTransport()
        asking = _asking("offline-silent")
        request = httpx.Request("POST", f"{BASE_URL}/chat/completions", json=asking)
        call = asyncio.ensure_future(transport.handle_async_request(request))
        await asyncio.sleep(0.05)
        await transport.aclose()
        await call

    with pytest.raises(httpx.ReadError):
        asyncio.run(close())


def test_async_breaking_off_leaves_nothing_behind() -> None:
    async def break_off() -> bytes:
        async with (
            _open() as client,
            client.stream(
                "POST", "/chat/completions", json=_asking("offline-flood-999999", stream=True)
            ) as response,
        ):
            async for chunk in response.aiter_raw():
                return chunk
        raise AssertionError("nothing came")

    assert b"assistant" in asyncio.run(break_off())


def test_async_answers_take_turns() -> None:
    async def both() -> list[str]:
        order: list[str] = []

        async def read(client: httpx.AsyncClient, name: str) -> None:
            asking = _asking("offline-echo", stream=True)
            async with client.stream("POST", "/chat/completions", json=asking) as response:
                async for _ in response.aiter_raw():
                    order.append(name)

        async with _open() as client:
            await asyncio.gather(read(client, "a"), read(client, "b"))
        return order

    order = asyncio.run(both())
    assert order.index("b") < len(order) - 1 - order[::-1].index("a")
