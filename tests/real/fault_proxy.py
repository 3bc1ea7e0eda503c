"""A TCP proxy that spoils the answers of a real server, between it and a client.

::

    with FaultProxy("http://127.0.0.1:8080/v1", cut(at(900), by=RESET)) as proxy:
        Client(proxy.base_url).ask("…")

A fault is a function of the answer's pieces, as the server sends them, and of the way to the
client. It acts on every connection, or on the first few (`first`). Places are found in the bytes
of one connection's answer, headers included, as far as they came: a server need not answer twice
with the same bytes. What comes before a place is held until the place is known. Requests pass
unchanged, but for their ``Host``.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from urllib.parse import urlsplit

_PIECE = 65536

RESET, CLOSE, HALF_CLOSE, STALL = "reset", "close", "half-close", "stall"
"""How a cut shows: TCP reset; orderly end; end of our side only; silence on an open connection."""

CUTS = (RESET, CLOSE, HALF_CLOSE, STALL)


@dataclass
class Connection:
    """What went through one connection: as the server sent it, and as it was passed on."""

    received: bytearray = field(default_factory=bytearray)
    sent: bytearray = field(default_factory=bytearray)


class ToClient:
    """The way to the client."""

    def __init__(
        self, writer: asyncio.StreamWriter, connection: Connection, gone: asyncio.Event
    ) -> None:
        self._writer = writer
        self._connection = connection
        self._gone = gone
        writer.transport.set_write_buffer_limits(0)  # then drain() waits for the last byte
        self._socket: socket.socket = writer.get_extra_info("socket")
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    async def send(self, piece: bytes) -> None:
        if piece:
            self._connection.sent += piece
            self._writer.write(piece)
            await self._writer.drain()

    async def end(self, how: str) -> None:
        """End the connection in one of the ways of `CUTS`."""
        if how == RESET:
            linger = struct.pack("ii", 1, 0)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self._writer.transport.abort()
        elif how == HALF_CLOSE:
            self._writer.write_eof()
            await self._gone.wait()
        elif how == STALL:
            await self._gone.wait()
        self._writer.close()


Pieces = AsyncIterator[bytes]
Fault = Callable[[Pieces, ToClient], Awaitable[None]]
Place = Callable[[bytes], int | None]
"""The answer so far → the offset of a place in it, or None while that is not known."""


async def unchanged(pieces: Pieces, client: ToClient) -> None:
    """Pass everything on as it comes."""
    async for piece in pieces:
        await client.send(piece)
    await client.end(CLOSE)


def late(seconds: float, *, first_only: bool = False) -> Fault:
    """Wait before each piece, or before the first one."""

    async def fault(pieces: Pieces, client: ToClient) -> None:
        wait = seconds
        async for piece in pieces:
            await asyncio.sleep(wait)
            wait = 0.0 if first_only else seconds
            await client.send(piece)
        await client.end(CLOSE)

    return fault


def drip(size: int) -> Fault:
    """Cut everything into pieces of some bytes, each sent alone."""

    async def fault(pieces: Pieces, client: ToClient) -> None:
        async for piece in pieces:
            for start in range(0, len(piece), size):
                await client.send(piece[start : start + size])
                await asyncio.sleep(0)
        await client.end(CLOSE)

    return fault


def at(offset: int) -> Place:
    """The place after that many bytes."""
    return lambda answer: offset if len(answer) >= offset else None


def cut(place: Place, *, by: str) -> Fault:
    """End the connection at a place, in one of the ways of `CUTS`."""

    async def fault(pieces: Pieces, client: ToClient) -> None:
        answer = b""
        async for piece in pieces:
            answer += piece
            if (end := place(answer)) is not None:
                await client.send(answer[:end])
                await client.end(by)
                return
        await client.send(answer)
        await client.end(CLOSE)

    return fault


def edited(place: Place, length: int, edit: Callable[[bytes], bytes]) -> Fault:
    """Replace some bytes by others.

    Args:
        place: Where they begin.
        length: How many they are; 0 to insert.
        edit: The old bytes → the new ones.
    """

    async def fault(pieces: Pieces, client: ToClient) -> None:
        held = b""
        async for piece in pieces:
            held += piece
            start = place(held)
            if start is not None and len(held) >= start + length:
                old, rest = held[start : start + length], held[start + length :]
                await client.send(held[:start] + edit(old) + rest)
                break
        else:
            await client.send(held)
        await unchanged(pieces, client)

    return fault


def flip(place: Place) -> Fault:
    """Invert all bits of one byte."""
    return edited(place, 1, lambda old: bytes([old[0] ^ 0xFF]))


def drop(place: Place, length: int = 1) -> Fault:
    """Leave some bytes out."""
    return edited(place, length, lambda _: b"")


def double(place: Place, length: int = 1) -> Fault:
    """Send some bytes twice."""
    return edited(place, length, lambda old: old * 2)


def insert(place: Place, new: bytes) -> Fault:
    """Add some bytes."""
    return edited(place, 0, lambda _: new)


async def refuse(pieces: Pieces, client: ToClient) -> None:
    """Reset the connection as soon as it is made."""
    await client.end(RESET)


async def swallow(pieces: Pieces, client: ToClient) -> None:
    """Take the request and never answer."""
    await client.end(STALL)


class FaultProxy:
    """The proxy, on loopback in a thread with its own event loop; a context manager.

    Args:
        upstream: The base URL of the server, http or https.
        fault: What happens to its answers.
        first: How many connections are spoilt before all pass unchanged; None spoils all.
    """

    def __init__(self, upstream: str, fault: Fault = unchanged, first: int | None = None) -> None:
        self.connections: list[Connection] = []
        self._upstream = urlsplit(upstream)
        self._fault = fault
        self._first = first
        self._port = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._listening = threading.Event()
        self._thread = threading.Thread(target=self._run, name="fault-proxy")

    def __enter__(self) -> FaultProxy:
        self._thread.start()
        self._listening.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    @property
    def base_url(self) -> str:
        """What a client is told."""
        return f"http://127.0.0.1:{self._port}{self._upstream.path}"

    def _run(self) -> None:
        asyncio.run(self._main())

    async def _main(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self._port = server.sockets[0].getsockname()[1]
        self._listening.set()
        await self._stop.wait()
        server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections.append(Connection())
        spoilt = self._first is None or len(self.connections) <= self._first
        fault = self._fault if spoilt else unchanged
        task = self._loop.create_task(self._serve(reader, writer, fault, self.connections[-1]))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        fault: Fault,
        connection: Connection,
    ) -> None:
        requests: asyncio.Queue[bytes] = asyncio.Queue()
        gone = asyncio.Event()
        reading = self._loop.create_task(_read(reader, requests, gone))
        try:
            async with aclosing(self._answer(requests, connection)) as pieces:
                await fault(pieces, ToClient(writer, connection, gone))
        except ConnectionError:
            pass  # the client or the server left; the other one is told by the end below
        finally:
            reading.cancel()
            writer.close()

    async def _answer(
        self, requests: asyncio.Queue[bytes], connection: Connection
    ) -> AsyncGenerator[bytes, None]:
        """Ask the server, and give the pieces of its answer until it or the client ends."""
        reader, writer = await self._connect()
        asking = self._loop.create_task(self._forward(requests, writer))
        try:
            while piece := await reader.read(_PIECE):
                connection.received += piece
                yield piece
        finally:
            asking.cancel()
            writer.transport.abort()  # a TLS connection would take its time to close

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        secure = self._upstream.scheme == "https"
        port = self._upstream.port or (443 if secure else 80)
        tls = ssl.create_default_context() if secure else None
        return await asyncio.open_connection(self._upstream.hostname, port, ssl=tls)

    async def _forward(self, requests: asyncio.Queue[bytes], writer: asyncio.StreamWriter) -> None:
        ours, theirs = f"127.0.0.1:{self._port}".encode(), self._upstream.netloc.encode()
        with contextlib.suppress(ConnectionError):
            while piece := await requests.get():
                writer.write(piece.replace(b"Host: " + ours, b"Host: " + theirs))
                await writer.drain()
            writer.close()


async def _read(
    reader: asyncio.StreamReader, requests: asyncio.Queue[bytes], gone: asyncio.Event
) -> None:
    """Read what the client sends until it leaves."""
    try:
        while piece := await reader.read(_PIECE):
            requests.put_nowait(piece)
    except ConnectionError:
        pass
    finally:
        requests.put_nowait(b"")
        gone.set()
