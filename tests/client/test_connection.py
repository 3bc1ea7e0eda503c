"""Which connection serves an answer, so that cancelling one leaves the others alone."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from deepshi_jupyter import AsyncClient, Client
from deepshi_jupyter.client.running_call import RunningCall
from deepshi_jupyter.core.reply import Reply
from deepshi_jupyter.errors import CallInterruptedError
from tests.client.held_server import GATEWAY, PATIENCE, HeldServer, Way


@pytest.fixture(params=["plain", "tls", "proxy", "tunnel"])
def server(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[HeldServer]:
    with reached(request.param, monkeypatch, tmp_path) as held:
        yield held


@contextlib.contextmanager
def reached(way: Way, monkeypatch: pytest.MonkeyPatch, directory: Path) -> Iterator[HeldServer]:
    """Serve, and let all that this process sends find the way."""
    with HeldServer(way) as held:
        held.set_environment(monkeypatch, directory)
        yield held


def ended(call: RunningCall) -> Reply:
    """Wait until a call has ended, and return its reply."""
    while not call.ended:
        call.take(patience=PATIENCE)
    return call.result()


def with_resting(client: Client, server: HeldServer, count: int) -> None:
    """Let a client have connections that serve nobody."""
    prompts = [f"resting {number}" for number in range(count)]
    calls = [begun(client, server, prompt) for prompt in prompts]
    server.let(*prompts)
    assert [ended(call).text for call in calls] == prompts
    assert server.connections == count


def begun(client: Client, server: HeldServer, prompt: str) -> RunningCall:
    """Begin a call whose request has come to the server, and is not yet answered."""
    call = RunningCall(client.stream(prompt, model="m"))
    server.wait_for(prompt)
    return call


@pytest.mark.parametrize("resting", [0, 1, 2, 3])
def test_a_call_that_is_stopped_before_its_headers_leaves_the_others_alone(
    server: HeldServer, resting: int
) -> None:
    with Client(server.base_url, max_retries=0) as client:
        with_resting(client, server, resting)
        before = begun(client, server, "before")
        stopped = begun(client, server, "stopped")
        after = begun(client, server, "after")
        assert server.connections == max(resting, 3)
        with pytest.raises(CallInterruptedError):
            stopped.stop()
        with pytest.raises(CallInterruptedError, match="before any text"):
            ended(stopped)  # while the server still holds the answer
        server.let("before", "after", "again")
        assert [ended(call).text for call in (before, after)] == ["before", "after"]
        assert client.ask("again", model="m").text == "again"
        assert server.connections == max(resting, 3)


def test_a_connection_that_has_served_is_not_ended_by_a_late_stop(server: HeldServer) -> None:
    with Client(server.base_url, max_retries=0) as client:
        server.let("first", "second")
        first = RunningCall(client.stream("first", model="m"))
        assert ended(first).text == "first"
        second = begun(client, server, "held")
        first.stop()
        server.let("held")
        assert ended(second).text == "held"
        assert server.connections == 1


def test_the_list_of_models_is_not_taken_for_the_answer_before(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """It is asked for in the same thread, and nobody cancels it."""
    with reached("plain", monkeypatch, tmp_path) as server, Client(server.base_url) as client:
        server.let("hello")
        stream = client.stream("hello", model="m")
        assert stream.reply.text == "hello"
        assert len(client.models()) == 1
        assert stream._connection._socket is None


@pytest.mark.parametrize("base_url", ["https://127.0.0.1:{port}/v1", f"https://{GATEWAY}/v1"])
def test_a_call_is_stopped_while_it_waits_for_tls_or_a_proxy(
    base_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with reached("plain", monkeypatch, tmp_path), socket.create_server(("127.0.0.1", 0)) as mute:
        port = mute.getsockname()[1]
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port}")
        with Client(base_url.format(port=port)) as client:
            call = RunningCall(client.stream("hello", model="m"))
            connection, _ = mute.accept()
            with connection:
                connection.settimeout(PATIENCE)
                assert connection.recv(1)
                with contextlib.suppress(CallInterruptedError):
                    call.stop()
                with pytest.raises(CallInterruptedError):
                    ended(call)


def test_an_answer_that_was_cancelled_before_it_began_sends_nothing(server: HeldServer) -> None:
    with Client(server.base_url) as client:
        with_resting(client, server, 1)
        stream = client.stream("hello", model="m")
        stream.cancel()
        with pytest.raises(CallInterruptedError):
            _ = stream.reply
        assert len(server.received) == 1


def test_cancelling_at_any_moment_neither_hangs_nor_hurts_another(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """Whatever the threads do first: all that may happen is allowed, and nothing else does."""
    with reached("plain", monkeypatch, tmp_path) as server, Client(server.base_url) as client:
        prompts = [f"{number}" for number in range(40)]
        server.let(*prompts)
        streams = [client.stream(prompt, model="m") for prompt in prompts]
        calls = [RunningCall(stream) for stream in streams]
        threads = [threading.Thread(target=stream.cancel) for stream in streams[::2]]
        for thread in threads:
            thread.start()
        for prompt, call in zip(prompts[1::2], calls[1::2], strict=True):
            reply = ended(call)
            assert (reply.text, len(reply.attempts)) == (prompt, 1)
        for call in calls[::2]:
            with contextlib.suppress(CallInterruptedError):
                ended(call)
        for thread in threads:
            thread.join(PATIENCE)


def test_a_task_that_is_cancelled_before_its_headers_leaves_the_others_alone(
    server: HeldServer,
) -> None:
    async def arrived(prompt: str) -> None:
        await asyncio.to_thread(server.wait_for, prompt)

    async def run() -> str:
        async with AsyncClient(server.base_url, max_retries=0) as client:
            tasks = []
            for prompt in ("other", "stopped"):
                tasks.append(asyncio.ensure_future(client.ask(prompt, model="m")))
                await arrived(prompt)
            tasks[1].cancel()
            with pytest.raises(asyncio.CancelledError):
                await tasks[1]
            server.let("other")
            return (await tasks[0]).text

    assert asyncio.run(run()) == "other"
