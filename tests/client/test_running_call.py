from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest

from deepshi_jupyter import AsyncClient
from deepshi_jupyter.client.background import BackgroundLoop
from deepshi_jupyter.client.running_call import RunningCall
from deepshi_jupyter.core.events import Event
from deepshi_jupyter.display.live import text_of
from deepshi_jupyter.errors import AuthenticationError, CallInterruptedError
from tests.chunks import answer, chunk
from tests.wire_server import Played, WireServer

Start = Callable[[WireServer], RunningCall]


@pytest.fixture
def loop() -> Iterator[BackgroundLoop]:
    background = BackgroundLoop()
    yield background
    background.close()


@pytest.fixture
def start(loop: BackgroundLoop) -> Iterator[Start]:
    clients: list[AsyncClient] = []

    def begin(server: WireServer) -> RunningCall:
        clients.append(AsyncClient(server.base_url, max_retries=0))
        return RunningCall(loop, clients[-1].stream("hello", model="m"))

    yield begin
    for client in clients:
        loop.submit(client.close()).result(5)


def take_all(call: RunningCall) -> list[Event]:
    events: list[Event] = []
    while not call.ended:
        events += call.take()
    return events


def test_it_gives_out_everything_and_then_the_reply(start: Start) -> None:
    with WireServer(Played(answer("a", "b", "c"))) as server:
        call = start(server)
        assert text_of(take_all(call)) == "abc"
        assert call.result().text == "abc"


def test_an_error_is_raised_by_the_result(start: Start) -> None:
    with WireServer(Played([b"{}"], 401)) as server:
        call = start(server)
        assert take_all(call) == []
        with pytest.raises(AuthenticationError):
            call.result()


def test_stopping_keeps_what_came_and_closes_the_connection(start: Start) -> None:
    with WireServer(Played([chunk({"content": "Hi"})], end="hang")) as server:
        call = start(server)
        assert text_of(call.take()) == "Hi"
        reply = call.stop()
        assert (reply.text, reply.status) == ("Hi", "interrupted")
        assert server.closed_by_client.wait(5)


def test_stopping_while_waiting_for_the_first_byte_closes_the_connection(start: Start) -> None:
    with WireServer(Played([], end="hang")) as server:
        call = start(server)
        arrived = threading.Event()
        while not server.received:
            arrived.wait(0.01)
        with pytest.raises(CallInterruptedError):
            call.stop()
        assert server.closed_by_client.wait(5)


def test_a_closed_loop_begins_anew(loop: BackgroundLoop) -> None:
    async def one() -> int:
        return 1

    assert loop.submit(one()).result(5) == 1
    loop.close()
    assert loop.submit(one()).result(5) == 1
