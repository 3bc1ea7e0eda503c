from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from deepshi_jupyter import Client
from deepshi_jupyter.client.running_call import RunningCall
from deepshi_jupyter.core.events import Event, Retrying
from deepshi_jupyter.display.live import text_of
from deepshi_jupyter.errors import AuthenticationError, CallInterruptedError
from deepshi_jupyter.offline import OfflineTransport
from tests.chunks import answer, chunk
from tests.wire_server import Played, WireServer

Start = Callable[[WireServer], RunningCall]


@pytest.fixture
def start() -> Iterator[Start]:
    clients: list[Client] = []

    def begin(server: WireServer) -> RunningCall:
        clients.append(Client(server.base_url, max_retries=0))
        return RunningCall(clients[-1].stream("hello", model="m"))

    yield begin
    for client in clients:
        client.close()


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


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
        wait_for(lambda: bool(server.received))
        with pytest.raises(CallInterruptedError):
            call.stop()
        assert server.closed_by_client.wait(5)


def test_stopping_a_call_on_a_connection_that_serves_again_closes_it() -> None:
    with (
        WireServer(Played(answer("Hi")), Played([], end="hang")) as server,
        Client(server.base_url, max_retries=2) as client,
    ):
        client.ask("hello", model="m")
        call = RunningCall(client.stream("hello", model="m"))
        wait_for(lambda: len(server.received) == 2)
        with pytest.raises(CallInterruptedError):
            call.stop()
        assert server.connections == 1
        assert server.closed_by_client.wait(5)


def test_stopping_between_two_tries_ends_the_wait(start: Start) -> None:
    with (
        WireServer(Played([b"{}"], 429, {"retry-after": "60"})) as server,
        Client(server.base_url) as client,
    ):
        call = RunningCall(client.stream("hello", model="m"))
        assert isinstance(call.take()[0], Retrying)
        with pytest.raises(CallInterruptedError):
            call.stop()
        assert len(server.received) == 1


def test_stopping_an_answer_of_this_process_ends_it() -> None:
    transport = OfflineTransport(pace=5)
    with Client("http://offline.localhost/v1", transport=transport) as client:
        call = RunningCall(client.stream("hello", model="offline-chat"))
        assert text_of(call.take())
        assert call.stop().status == "interrupted"
