from __future__ import annotations

import signal
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from deepshi_jupyter.errors import ConfigurationError
from deepshi_jupyter.offline import Endpoint, OfflineServer, server
from tests.offline.asking import body, user


def _asking(model: str, **fields: Any) -> dict[str, Any]:
    return {"model": model, "messages": [user("one two three")], **fields}


def _settle(served: OfflineServer) -> None:
    """Wait until no answer is being given."""
    deadline = time.monotonic() + 10
    while served.open_answers:
        assert time.monotonic() < deadline, "the server goes on answering"
        time.sleep(0.005)


@pytest.fixture
def served() -> Iterator[OfflineServer]:
    with OfflineServer() as running:
        yield running


@pytest.fixture
def client(served: OfflineServer) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=served.base_url) as client:
        yield client


def test_the_address_is_on_loopback(served: OfflineServer) -> None:
    assert served.base_url == f"http://127.0.0.1:{served.port}/v1"


def test_a_whole_answer(client: httpx.Client) -> None:
    response = client.post("/chat/completions", json=_asking("offline-echo"))
    assert response.headers["Content-Type"] == "application/json"
    assert response.headers["X-Request-Id"]
    assert response.json()["choices"][0]["message"]["content"] == "one two three"


def test_a_stream_comes_event_by_event(client: httpx.Client) -> None:
    asking = _asking("offline-echo", stream=True)
    with client.stream("POST", "/chat/completions", json=asking) as response:
        received = b"".join(response.iter_raw())
    assert response.headers["Content-Type"].startswith("text/event-stream")
    assert received.count(b"data: ") == 6
    assert received.endswith(b"data: [DONE]\n\n")


def test_each_piece_is_sent_before_the_next_is_due() -> None:
    """The first token is read while the second is minutes away."""
    asking = _asking("offline-echo", stream=True)
    with (
        OfflineServer(pace=1 / 600) as served,
        httpx.Client(base_url=served.base_url) as client,
        client.stream("POST", "/chat/completions", json=asking) as response,
    ):
        chunks = response.iter_raw()
        assert b"assistant" in next(chunks)
        assert served.open_answers == 1


def test_a_connection_is_used_again(client: httpx.Client, served: OfflineServer) -> None:
    for _ in range(3):
        asking = _asking("offline-echo", stream=True)
        assert client.post("/chat/completions", json=asking).status_code == 200
    assert len(served.requests) == 3


def test_the_catalogue(client: httpx.Client) -> None:
    assert client.get("/models").json()["data"][0]["id"] == "offline-chat"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nothing", 404), ("GET", "/chat/completions", 405), ("DELETE", "/models", 405)],
)
def test_what_is_not_there_is_an_error_body(
    client: httpx.Client, method: str, path: str, status: int
) -> None:
    response = client.request(method, path)
    assert response.status_code == status
    assert response.json()["error"]["message"]


def test_a_head_request_gets_no_body(client: httpx.Client) -> None:
    response = client.head("/models")
    assert (response.status_code, response.content) == (405, b"")


def test_an_error_is_an_answer(client: httpx.Client) -> None:
    response = client.post("/chat/completions", json=_asking("offline-error-503"))
    assert response.status_code == 503
    assert response.headers["Retry-After"] == "1"


@pytest.mark.parametrize("streamed", [False, True])
def test_a_cut_breaks_the_connection(client: httpx.Client, streamed: bool) -> None:
    with pytest.raises(httpx.RemoteProtocolError, match="closed connection"):
        client.post("/chat/completions", json=_asking("offline-error-cut", stream=streamed))


def test_the_silent_model_sends_nothing(client: httpx.Client, served: OfflineServer) -> None:
    with pytest.raises(httpx.ReadTimeout):
        client.post("/chat/completions", json=_asking("offline-silent"), timeout=0.1)
    _settle(served)


def test_a_client_that_goes_away_stops_the_generation(served: OfflineServer) -> None:
    asking = _asking("offline-stall", stream=True)
    with (
        httpx.Client(base_url=served.base_url) as client,
        client.stream("POST", "/chat/completions", json=asking) as response,
    ):
        chunks = response.iter_raw()
        next(chunks)
        assert served.open_answers == 1
    _settle(served)


def test_a_client_that_goes_away_from_a_flood_stops_it(served: OfflineServer) -> None:
    data = body(model="offline-flood-999999", stream=True)
    with socket.create_connection(("127.0.0.1", served.port)) as raw:
        head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: {len(data)}"
        raw.sendall(head.encode() + b"\r\n\r\n" + data)
        assert raw.recv(10) == b"HTTP/1.1 2"
    _settle(served)


def test_a_flood_leaves_others_their_turn(served: OfflineServer) -> None:
    asking = _asking("offline-flood-999999", stream=True)
    with (
        httpx.Client(base_url=served.base_url, timeout=30) as client,
        client.stream("POST", "/chat/completions", json=asking) as response,
    ):
        chunks = response.iter_raw()
        next(chunks)
        reading = threading.Thread(target=lambda: [next(chunks) for _ in range(200)])
        reading.start()
        assert client.get("/models").status_code == 200
        reading.join()
        assert served.open_answers >= 1  # the flood goes on; the other answer may just be closing


def test_requests_are_kept_without_their_secrets(
    client: httpx.Client, served: OfflineServer
) -> None:
    headers = {"Authorization": "Bearer sk-bf-secret", "X-Api-Key": "sk-bf-secret", "X-Own": "1"}
    client.post("/chat/completions", json=_asking("offline-echo"), headers=headers)
    (request,) = served.requests
    assert (request.method, request.path) == ("POST", "/v1/chat/completions")
    assert b"one two three" in request.body
    assert request.headers["X-Own"] == "1"
    assert "sk-bf-secret" not in repr(request)


def test_a_required_key_is_required() -> None:
    with (
        OfflineServer(require_key="k") as served,
        httpx.Client(base_url=served.base_url) as client,
    ):
        assert client.get("/models").status_code == 401
        assert client.get("/models", headers={"Authorization": "Bearer k"}).status_code == 200


def test_an_endpoint_of_ones_own_can_be_given() -> None:
    with OfflineServer(endpoint=Endpoint(retry_after=0)) as served:
        response = httpx.post(
            f"{served.base_url}/chat/completions", json=_asking("offline-error-429")
        )
    assert response.headers["Retry-After"] == "0"


def test_stopping_breaks_off_what_is_being_answered() -> None:
    asking = _asking("offline-stall", stream=True)
    with OfflineServer() as served, httpx.Client(base_url=served.base_url) as client:
        with client.stream("POST", "/chat/completions", json=asking) as response:
            chunks = response.iter_raw()
            next(chunks)
            served.stop()
            with pytest.raises(httpx.RemoteProtocolError):
                list(chunks)
        assert served.open_answers == 0


def test_a_server_can_be_stopped_twice() -> None:
    served = OfflineServer()
    served.start()
    served.stop()
    served.stop()


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "example.org", "::"])
def test_an_address_that_others_can_reach_is_refused(host: str) -> None:
    with pytest.raises(ConfigurationError, match="loopback"):
        OfflineServer(host=host)
    with pytest.raises(ConfigurationError, match="loopback"):
        server.serve(host)


def test_it_can_be_allowed_by_name() -> None:
    OfflineServer(host="0.0.0.0", allow_remote=True)


def test_a_port_in_use_is_a_clear_error(served: OfflineServer) -> None:
    with pytest.raises(ConfigurationError, match=f"port {served.port}"):
        OfflineServer(port=served.port).start()


def test_ipv6_loopback_is_written_with_brackets() -> None:
    assert OfflineServer(host="::1", port=80).base_url == "http://[::1]:80/v1"


def test_the_blocking_form_serves_until_interrupted() -> None:
    statuses: list[int] = []

    def ready(base_url: str) -> None:
        """Ask from another thread, then interrupt as Ctrl-C would."""

        def ask_and_interrupt() -> None:
            statuses.append(httpx.get(f"{base_url}/models").status_code)
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

        threading.Thread(target=ask_and_interrupt).start()

    server.serve(on_ready=ready)
    assert statuses == [200]
