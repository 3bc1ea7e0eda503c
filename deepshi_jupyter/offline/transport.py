"""The endpoint inside of this process: httpx transports that reach it without a socket.

Bytes come at the pace of the endpoint, a read timeout passes as it would on a network, a broken
answer raises what httpx raises then, and closing the response stops the generation.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from weakref import WeakSet

import httpx

from deepshi_jupyter.offline.endpoint import Endpoint
from deepshi_jupyter.offline.steps import Answer, Cut, Piece, Schedule, Step

_CUT = "The offline endpoint broke the answer off, as its model is asked to."
_CLOSED = "The answer was closed while it was being read."
_SILENT = "The offline endpoint sent nothing within the read timeout."


def _read_timeout(request: httpx.Request) -> float | None:
    """Give the read timeout of a request in seconds (https://www.python-httpx.org, Extensions)."""
    timeout: float | None = request.extensions.get("timeout", {}).get("read")
    return timeout


def _asked(endpoint: Endpoint, request: httpx.Request, body: bytes) -> Answer:
    path = request.url.raw_path.decode("ascii")
    return endpoint.answer(request.method, path, request.headers, body)


def _response(
    answer: Answer, stream: httpx.SyncByteStream | httpx.AsyncByteStream
) -> httpx.Response:
    return httpx.Response(
        answer.status,
        headers=dict(answer.headers),
        stream=stream,
        extensions={"http_version": b"HTTP/1.1"},
    )


class _Waiting:
    """How long to wait for each step of an answer, and whether that is too long.

    Args:
        read_timeout: Seconds, or None to wait for ever.
    """

    def __init__(self, read_timeout: float | None) -> None:
        self._read_timeout = read_timeout
        self._schedule = Schedule(time.monotonic())

    def before(self, step: Piece) -> tuple[float, bool]:
        """Give the seconds to wait, and whether the read timeout passes then."""
        seconds = self._schedule.wait(step.delay, time.monotonic())
        if self._read_timeout is not None and seconds > self._read_timeout:
            return self._read_timeout, True
        return seconds, False


class _Body(httpx.SyncByteStream):
    """The body of an answer; `close` may be called from another thread."""

    def __init__(self, steps: Iterator[Step], read_timeout: float | None) -> None:
        self._steps = steps
        self._waiting = _Waiting(read_timeout)
        self._closed = threading.Event()
        self._first: bytes | None = None

    def wait_for_first(self) -> None:
        """Wait for the first bytes, as headers come with them."""
        self._first = next(self, None)

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        first, self._first = self._first, None
        if first is not None:
            return first
        for step in self._steps:
            if isinstance(step, Cut):
                raise httpx.RemoteProtocolError(_CUT)
            self._wait(step)
            if step.data:
                return step.data
        raise StopIteration

    def _wait(self, step: Piece) -> None:
        seconds, too_long = self._waiting.before(step)
        if self._closed.wait(seconds) if seconds else self._closed.is_set():
            raise httpx.ReadError(_CLOSED)
        if too_long:
            raise httpx.ReadTimeout(_SILENT)

    def close(self) -> None:
        self._closed.set()


class OfflineTransport(httpx.BaseTransport):
    """An httpx transport that answers from the embedded endpoint.

    Args:
        endpoint: What answers; by default one of its own.
        pace: Tokens a second of that one; 0 as fast as possible.
    """

    def __init__(self, endpoint: Endpoint | None = None, *, pace: float = 0.0) -> None:
        self._endpoint = endpoint or Endpoint(pace, now=time.time)
        self._open: WeakSet[_Body] = WeakSet()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a request (the interface of httpx)."""
        answer = _asked(self._endpoint, request, request.read())
        body = _Body(answer.steps, _read_timeout(request))
        self._open.add(body)
        body.wait_for_first()
        return _response(answer, body)

    def close(self) -> None:
        """Break off every answer that is still being given."""
        for body in list(self._open):
            body.close()


class _AsyncBody(httpx.AsyncByteStream):
    """The body of an answer, for asyncio; `aclose` may be called from another task."""

    def __init__(self, steps: Iterator[Step], read_timeout: float | None) -> None:
        self._steps = steps
        self._waiting = _Waiting(read_timeout)
        self._closed = asyncio.Event()
        self._first: bytes | None = None

    async def wait_for_first(self) -> None:
        """Wait for the first bytes, as headers come with them."""
        self._first = await anext(self, None)

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        first, self._first = self._first, None
        if first is not None:
            return first
        for step in self._steps:
            if isinstance(step, Cut):
                raise httpx.RemoteProtocolError(_CUT)
            await self._wait(step)
            if step.data:
                return step.data
        raise StopAsyncIteration

    async def _wait(self, step: Piece) -> None:
        seconds, too_long = self._waiting.before(step)
        if seconds:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._closed.wait(), seconds)
        else:
            await asyncio.sleep(0)  # others get their turn
        if self._closed.is_set():
            raise httpx.ReadError(_CLOSED)
        if too_long:
            raise httpx.ReadTimeout(_SILENT)

    async def aclose(self) -> None:
        self._closed.set()


class AsyncOfflineTransport(httpx.AsyncBaseTransport):
    """The same for ``httpx.AsyncClient`` on asyncio.

    Args:
        endpoint: What answers; by default one of its own.
        pace: Tokens a second of that one; 0 as fast as possible.
    """

    def __init__(self, endpoint: Endpoint | None = None, *, pace: float = 0.0) -> None:
        self._endpoint = endpoint or Endpoint(pace, now=time.time)
        self._open: WeakSet[_AsyncBody] = WeakSet()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a request (the interface of httpx)."""
        answer = _asked(self._endpoint, request, await request.aread())
        body = _AsyncBody(answer.steps, _read_timeout(request))
        self._open.add(body)
        await body.wait_for_first()
        return _response(answer, body)

    async def aclose(self) -> None:
        """Break off every answer that is still being given."""
        for body in list(self._open):
            await body.aclose()
