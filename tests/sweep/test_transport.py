from __future__ import annotations

import asyncio
import logging
import ssl
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import aiohttp
import pytest

from deepshi_jupyter.client.credentials import Secret
from deepshi_jupyter.client.endpoint import parse_endpoint
from deepshi_jupyter.core.call import Call, Clock
from deepshi_jupyter.core.reply import Reply
from deepshi_jupyter.core.request import build_request
from deepshi_jupyter.core.retry import RetryPolicy
from deepshi_jupyter.errors import (
    BadRequestError,
    ConnectionFailedError,
    StreamCutError,
    TimedOutError,
)
from deepshi_jupyter.sweep.transport import Address, Door, _failure
from tests.chunks import answer, chunk
from tests.client.held_server import GATEWAY, HeldServer, Way
from tests.wire_server import Played, WireServer

KEY = "sk-bf-0123456789abcdef"


def sent(base_url: str, times: int = 1, **timeouts: float) -> Reply:
    """Send a request, and the same again over the same door; return the last reply."""

    async def send() -> Reply:
        async with Door(
            Address(parse_endpoint(base_url, "given"), **timeouts), Secret(KEY)
        ) as door:
            for _ in range(times):
                call = new_call(base_url)
                await door.send(call)
                reply = call.result()
            return reply

    return asyncio.run(send())


def new_call(base_url: str) -> Call:
    clock = Clock(lambda: 0.0, lambda: datetime.now(UTC), lambda: 0.0)
    return Call(build_request("Hi", model="m"), base_url, RetryPolicy(max_retries=0), clock)


def test_a_request_goes_out_with_the_key_and_the_answer_is_read() -> None:
    with WireServer(Played(answer("Hel", "lo"))) as server:
        assert sent(server.base_url).text == "Hello"
        request = server.received[0]
    assert request.path == "/v1/chat/completions"
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.headers["accept-encoding"] == "identity"


def test_a_connection_serves_again_also_after_an_answer_that_hangs_on() -> None:
    with WireServer(Played(answer("Hi"))) as server:
        sent(server.base_url, times=3)
        assert server.connections == 1
    with WireServer(Played(answer("Hi"), end="hang")) as server:
        assert sent(server.base_url, times=2).text == "Hi"


def test_a_stream_that_is_cut_keeps_what_came() -> None:
    with WireServer(Played([chunk({"content": "Half"})], end="dirty")) as server:
        reply = sent(server.base_url)
    assert (reply.text, reply.status) == ("Half", "truncated")


def test_a_connection_that_breaks_before_any_text_is_a_failure() -> None:
    with WireServer(Played([], end="reset")) as server, pytest.raises(StreamCutError):
        sent(server.base_url)


def test_silence_ends_a_call() -> None:
    with (
        WireServer(Played([chunk({"role": "assistant"})], end="hang")) as server,
        pytest.raises(TimedOutError, match="idle timeout"),
    ):
        sent(server.base_url, idle_timeout=0.1)


def test_a_host_that_nobody_answers_at_is_a_failure() -> None:
    with WireServer() as server:
        address = server.base_url
    with pytest.raises(ConnectionFailedError, match=r"No connection to 127\.0\.0\.1"):
        sent(address)


def test_a_certificate_that_is_not_trusted_is_told_as_such() -> None:
    key = SimpleNamespace(host="api.example", port=443, ssl=True, is_ssl=True)
    reason = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error = aiohttp.ClientConnectorCertificateError(cast(Any, key), reason)
    error.__cause__ = reason
    failure = _failure(error, "api.example")
    assert failure.what.startswith("The TLS connection to api.example failed")


@pytest.mark.parametrize("way", ["tls", "proxy", "tunnel"])
def test_tls_and_the_proxies_of_the_environment_work(
    way: Way, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with HeldServer(way) as server:
        server.set_environment(monkeypatch, tmp_path)
        server.let("Hi")
        assert sent(server.base_url, times=2).text == "Hi"
        assert server.connections == 1
        assert server.tunnelled == [f"{GATEWAY}:443"] * (way == "tunnel")
        assert {r.headers["authorization"] for r in server.received} == {f"Bearer {KEY}"}


def test_a_host_that_no_proxy_is_for_is_not_asked_for_through_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with HeldServer("proxy") as server:
        server.set_environment(monkeypatch, tmp_path)
        monkeypatch.setenv("NO_PROXY", "nowhere.invalid")
        with pytest.raises(ConnectionFailedError):
            sent("http://nowhere.invalid/v1")
        assert server.connections == 0


def test_a_redirect_is_not_followed() -> None:
    moved = Played([], 307, {"location": "http://127.0.0.1:9/"})
    with WireServer(moved) as server, pytest.raises(BadRequestError, match="redirects"):
        sent(server.base_url)


def test_the_key_is_in_no_log_and_no_error(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    shown: list[Any] = []
    for played in (Played([b"no http"], end="reset", chunked=False), Played([], end="reset")):
        with WireServer(played) as server:
            try:
                shown.append(sent(server.base_url))
            except Exception as error:
                shown.append(repr(error) + repr(error.__context__) + repr(error.__cause__))
    assert KEY not in caplog.text
    assert KEY not in repr(shown)
