"""The endpoint on loopback: an HTTP server over tornado, which ipykernel brings along."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from http import HTTPStatus
from types import TracebackType
from typing import Final, NamedTuple, Self

from tornado.http1connection import HTTP1Connection
from tornado.httpserver import HTTPServer
from tornado.httputil import HTTPHeaders, HTTPServerRequest, ResponseStartLine
from tornado.iostream import StreamClosedError

from deepshi_jupyter.errors import ConfigurationError
from deepshi_jupyter.offline.endpoint import Endpoint
from deepshi_jupyter.offline.steps import Answer, Cut, Schedule

LOOPBACK: Final = "127.0.0.1"

_SECRET_HEADERS: Final = frozenset({"authorization", "proxy-authorization", "cookie", "x-api-key"})
_MOST_REMEMBERED: Final = 1000
_TURN: Final = 16  # pieces after which other answers get their turn; a write alone gives none


class ReceivedRequest(NamedTuple):
    """A request as it came, without the headers that carry secrets."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class _Service:
    """Answers the requests of a tornado server; lives on its event loop."""

    def __init__(self, endpoint: Endpoint, remembered: int = _MOST_REMEMBERED) -> None:
        self._endpoint = endpoint
        self.answers: set[asyncio.Task[None]] = set()
        self.requests: deque[ReceivedRequest] = deque(maxlen=remembered)

    def __call__(self, request: HTTPServerRequest) -> None:
        connection = request.connection
        if not isinstance(connection, HTTP1Connection):
            raise TypeError("the offline server speaks HTTP/1 only")
        self.requests.append(_received(request))
        answer = asyncio.get_running_loop().create_task(self._answer(request, connection))
        self.answers.add(answer)
        answer.add_done_callback(self.answers.discard)
        connection.set_close_callback(lambda: _stop(answer))

    async def _answer(self, request: HTTPServerRequest, connection: HTTP1Connection) -> None:
        """Answer a request; whatever goes wrong, the connection does not stay open."""
        try:
            answer = self._endpoint.answer(
                str(request.method), str(request.uri), dict(request.headers), request.body
            )
            connection.stream.set_nodelay(True)
            await _send(answer, connection, with_body=request.method != "HEAD")
        except StreamClosedError:
            return
        except BaseException:
            connection.stream.close()
            raise


def _stop(answer: asyncio.Task[None]) -> None:
    answer.cancel()


def _received(request: HTTPServerRequest) -> ReceivedRequest:
    headers = {
        name: value
        for name, value in request.headers.get_all()
        if name.lower() not in _SECRET_HEADERS
    }
    return ReceivedRequest(str(request.method), str(request.uri), headers, request.body)


async def _send(answer: Answer, connection: HTTP1Connection, *, with_body: bool) -> None:
    """Send an answer step by step; the headers go with the first bytes."""
    loop = asyncio.get_running_loop()
    schedule = Schedule(loop.time())
    begun = False
    for place, step in enumerate(answer.steps, 1):
        if isinstance(step, Cut):
            connection.stream.close()
            return
        seconds = schedule.wait(step.delay, loop.time())
        if seconds or place % _TURN == 0:
            await asyncio.sleep(seconds)
        if not begun:
            await connection.write_headers(*_head(answer), step.data if with_body else None)
            begun = True
        elif step.data:
            await connection.write(step.data)
    connection.finish()


def _head(answer: Answer) -> tuple[ResponseStartLine, HTTPHeaders]:
    reason = HTTPStatus(answer.status).phrase
    headers = HTTPHeaders({**answer.headers, "server": "deepshi-offline"})
    return ResponseStartLine("HTTP/1.1", answer.status, reason), headers


def _check_host(host: str, *, allow_remote: bool) -> None:
    """Refuse an address that other machines can reach, unless that is what is wanted."""
    try:
        local = ipaddress.ip_address(host).is_loopback
    except ValueError:
        local = host == "localhost"
    if not local and not allow_remote:
        raise ConfigurationError(
            f"{host!r} is not a loopback address: other machines could reach this endpoint.",
            f"Use {LOOPBACK}, or say allow_remote=True if that is what you want.",
        )


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listening = socket.create_server((host, port), family=family)
    except OSError as error:
        raise ConfigurationError(
            f"The offline endpoint cannot listen at {host}, port {port}: {error.strerror}.",
            "Choose another port, or 0 for any that is free.",
        ) from error
    listening.setblocking(False)
    return listening


async def _run(
    service: _Service, host: str, port: int, on_ready: Callable[[int], None], until: asyncio.Event
) -> None:
    """Serve until told to stop, and leave nothing open."""
    server = HTTPServer(service)
    listening = _listening(host, port)
    server.add_socket(listening)
    on_ready(listening.getsockname()[1])
    try:
        await until.wait()
    finally:
        server.stop()
        for answer in list(service.answers):
            answer.cancel()
        await server.close_all_connections()


def _base_url(host: str, port: int) -> str:
    return f"http://[{host}]:{port}/v1" if ":" in host else f"http://{host}:{port}/v1"


def serve(
    host: str = LOOPBACK,
    port: int = 0,
    *,
    pace: float = 0.0,
    require_key: str | None = None,
    allow_remote: bool = False,
    on_ready: Callable[[str], None] | None = None,
) -> None:
    """Serve the endpoint until the process is interrupted.

    Args:
        host: Address to listen at; a loopback address unless ``allow_remote``.
        port: Port to listen at; 0 takes any that is free.
        pace: Tokens a second; 0 as fast as possible.
        require_key: The one API key that is accepted, or None to accept any and none.
        allow_remote: Whether other machines may reach it.
        on_ready: Called with the base URL when it listens.

    Raises:
        ConfigurationError: The address cannot be used.
    """
    _check_host(host, allow_remote=allow_remote)
    # What is asked there is nobody's business: nothing is remembered.
    service = _Service(Endpoint(pace, require_key, now=time.time), remembered=0)

    def ready(actual_port: int) -> None:
        if on_ready:
            on_ready(_base_url(host, actual_port))

    async def main() -> None:
        await _run(service, host, port, ready, asyncio.Event())

    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        return


class OfflineServer:
    """The endpoint on loopback in a thread of its own; a context manager.

    ::

        with OfflineServer(pace=50) as server:
            client = Client(server.base_url)

    Args:
        pace: Tokens a second; 0 as fast as possible.
        host: Address to listen at; a loopback address unless ``allow_remote``.
        port: Port to listen at; 0 takes any that is free.
        require_key: The one API key that is accepted, or None to accept any and none.
        endpoint: What answers, instead of one with this pace and key.
        allow_remote: Whether other machines may reach it.

    Raises:
        ConfigurationError: The address cannot be used.
    """

    def __init__(
        self,
        pace: float = 0.0,
        *,
        host: str = LOOPBACK,
        port: int = 0,
        require_key: str | None = None,
        endpoint: Endpoint | None = None,
        allow_remote: bool = False,
    ) -> None:
        _check_host(host, allow_remote=allow_remote)
        self._host = host
        self._service = _Service(endpoint or Endpoint(pace, require_key, now=time.time))
        self._thread: threading.Thread | None = None
        self._stop: Callable[[], None] = lambda: None
        self._failure: BaseException | None = None
        self.port = port

    @property
    def base_url(self) -> str:
        """What a client is told: ``http://host:port/v1``."""
        return _base_url(self._host, self.port)

    @property
    def open_answers(self) -> int:
        """How many answers are being given at this moment."""
        return len(self._service.answers)

    @property
    def requests(self) -> list[ReceivedRequest]:
        """What was asked so far, oldest first: the last thousand requests."""
        return list(self._service.requests)

    def start(self) -> None:
        """Listen; returns when requests are taken."""
        ready = threading.Event()
        self._thread = threading.Thread(
            target=self._main, args=(ready,), name="deepshi-offline", daemon=True
        )
        self._thread.start()
        ready.wait()
        if self._failure:
            self._thread.join()
            raise self._failure

    def stop(self) -> None:
        """Break off what is being answered, close everything, and wait for it."""
        if self._thread:
            self._stop()
            self._thread.join()
            self._thread = None

    def _main(self, ready: threading.Event) -> None:
        try:
            asyncio.run(self._serve(ready))
        except BaseException as failure:  # handed to the thread that starts
            self._failure = failure
        finally:
            ready.set()

    async def _serve(self, ready: threading.Event) -> None:
        loop, until = asyncio.get_running_loop(), asyncio.Event()

        def stop() -> None:
            loop.call_soon_threadsafe(until.set)

        def listening(port: int) -> None:
            self.port = port
            self._stop = stop
            ready.set()

        await _run(self._service, self._host, self.port, listening, until)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()
