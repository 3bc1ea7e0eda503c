from __future__ import annotations

import socket
from collections.abc import Callable

import pytest

from tests.real import fault_proxy
from tests.real.fault_proxy import CLOSE, HALF_CLOSE, RESET, STALL, Fault, FaultProxy, Place, at
from tests.wire_server import Played, WireServer

HEAD = b"HTTP/1.1 200 Played\r\nconnection: close\r\n\r\n"
REQUEST = b"GET /v1/models HTTP/1.1\r\nHost: %b\r\n\r\n"


PATIENCE = 10.0
SILENCE = 0.2


def fetch(
    fault: Fault, connections: int = 1, first: int | None = None, enough: int | None = None
) -> list[bytes]:
    """Ask for the digits through the proxy; what comes of each connection, and how it ends."""
    played = Played([b"01234", b"56789"], headers={}, chunked=False)
    with WireServer(played) as server, FaultProxy(server.base_url, fault, first) as proxy:
        return [ask(proxy.base_url, enough) for _ in range(connections)]


def ask(base_url: str, enough: int | None = None) -> bytes:
    """Read to the end; after `enough` bytes a short silence is taken for the end."""
    host, port = base_url.removeprefix("http://").removesuffix("/v1").split(":")
    answer = b""
    try:
        with socket.create_connection((host, int(port)), PATIENCE) as connection:
            connection.sendall(REQUEST % f"{host}:{port}".encode())
            while True:
                connection.settimeout(SILENCE if len(answer) == enough else PATIENCE)
                piece = connection.recv(65536)
                if not piece:
                    return answer
                answer += piece
    except ConnectionResetError:
        return answer + b" reset"
    except TimeoutError:
        return answer + b" silence"


N = len(HEAD)


@pytest.mark.parametrize(
    ("fault", "body"),
    [
        (fault_proxy.unchanged, b"0123456789"),
        (fault_proxy.late(0.001), b"0123456789"),
        (fault_proxy.late(0.001, first_only=True), b"0123456789"),
        (fault_proxy.drip(1), b"0123456789"),
        (fault_proxy.drip(3), b"0123456789"),
        (fault_proxy.cut(at(N + 4), by=CLOSE), b"0123"),
        (fault_proxy.cut(at(N + 4), by=HALF_CLOSE), b"0123"),
        (fault_proxy.cut(at(N + 4), by=RESET), b"0123 reset"),
        (fault_proxy.cut(at(N), by=CLOSE), b""),
        (fault_proxy.cut(at(N + 99), by=CLOSE), b"0123456789"),
        (fault_proxy.flip(at(N + 4)), b"0123\xcb56789"),
        (fault_proxy.drop(at(N + 4), 2), b"01236789"),
        (fault_proxy.double(at(N + 4), 2), b"012345456789"),
        (fault_proxy.insert(at(N + 5), b"-"), b"01234-56789"),
        (fault_proxy.insert(at(N + 99), b"-"), b"0123456789"),
    ],
)
def test_a_fault_does_what_it_says(fault: Fault, body: bytes) -> None:
    assert fetch(fault) == [HEAD + body]


def test_a_connection_may_be_reset_at_once() -> None:
    assert fetch(fault_proxy.refuse) == [b" reset"]


def test_a_connection_may_fall_silent_and_stay_open() -> None:
    assert fetch(fault_proxy.swallow, enough=0) == [b" silence"]
    stalled = fetch(fault_proxy.cut(at(N + 4), by=STALL), enough=N + 4)
    assert stalled == [HEAD + b"0123 silence"]


@pytest.mark.parametrize("make", [fault_proxy.flip, fault_proxy.drop, fault_proxy.double])
def test_the_place_of_a_fault_does_not_depend_on_how_the_bytes_come(
    make: Callable[[Place], Fault],
) -> None:
    changed = {fetch(make(at(N + offset)))[0] for offset in range(10)}
    assert len(changed) == 10
    assert HEAD + b"0123456789" not in changed


def test_only_the_first_connections_are_spoilt() -> None:
    answers = fetch(fault_proxy.cut(at(N), by=CLOSE), connections=3, first=2)
    assert answers == [HEAD, HEAD, HEAD + b"0123456789"]


def test_it_knows_what_the_server_sent_and_what_the_client_was_sent() -> None:
    played = Played([b"0123456789"], headers={}, chunked=False)
    with (
        WireServer(played) as server,
        FaultProxy(server.base_url, fault_proxy.drop(at(N), 5)) as proxy,
    ):
        ask(proxy.base_url)
        (connection,) = proxy.connections
    assert connection.received == HEAD + b"0123456789"
    assert connection.sent == HEAD + b"56789"


def test_the_request_names_the_server_and_not_the_proxy() -> None:
    with WireServer(Played([b"x"], chunked=False)) as server, FaultProxy(server.base_url) as proxy:
        ask(proxy.base_url)
    (received,) = server.received
    assert received.headers["host"] == f"127.0.0.1:{server.port}"
    assert received.path == "/v1/models"
