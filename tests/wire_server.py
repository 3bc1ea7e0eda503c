"""A server that plays prepared bytes over a real socket, cut as the test says."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

EVENT_STREAM = {"content-type": "text/event-stream"}


@dataclass
class Played:
    """One answer: its head, its body in pieces, and how the connection ends."""

    pieces: Iterable[bytes]
    status: int = 200
    headers: dict[str, str] = field(default_factory=lambda: dict(EVENT_STREAM))
    end: str = "clean"  # clean, dirty (cut inside the chunked body), reset, hang
    chunked: bool = True


@dataclass
class Received:
    """What a client sent."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class WireServer:
    """Answers each request with the next prepared answer; the last one repeats."""

    def __init__(self, *answers: Played) -> None:
        self.answers = list(answers)
        self.received: list[Received] = []
        self.connections = 0
        self.closed_by_client = threading.Event()
        self._release = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.base_url = f"http://127.0.0.1:{self.port}/v1"
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._open: list[socket.socket] = []

    def __enter__(self) -> WireServer:
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        self._release.set()
        for opened in [self._listener, *self._open]:
            with contextlib.suppress(OSError):
                opened.shutdown(socket.SHUT_RDWR)
            opened.close()
        for thread in self._threads:
            thread.join(5)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._open.append(connection)
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection, connection.makefile("rb") as stream:
            while (request := _read_request(stream)) is not None:
                self.received.append(request)
                if not self._answer(connection, self.next_answer(request)):
                    return

    def next_answer(self, request: Received) -> Played:
        """Return what a request is answered with."""
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def _answer(self, connection: socket.socket, answer: Played) -> bool:
        """Send one answer; return True if the connection stays open."""
        try:
            connection.sendall(_head(answer))
            for piece in answer.pieces:
                connection.sendall(
                    b"%x\r\n%b\r\n" % (len(piece), piece) if answer.chunked else piece
                )
            return self._end(connection, answer)
        except OSError:
            self.closed_by_client.set()
            raise

    def _end(self, connection: socket.socket, answer: Played) -> bool:
        if answer.end == "hang":
            connection.settimeout(30)
            if connection.recv(1) == b"":
                self.closed_by_client.set()
            return False
        if answer.end == "reset":
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return False
        if answer.end == "clean" and answer.chunked:
            connection.sendall(b"0\r\n\r\n")
            return True
        return False


def _head(answer: Played) -> bytes:
    lines = [f"HTTP/1.1 {answer.status} Played"]
    lines += [f"{name}: {value}" for name, value in answer.headers.items()]
    lines.append("transfer-encoding: chunked" if answer.chunked else "connection: close")
    return "\r\n".join([*lines, "", ""]).encode()


def _read_request(stream: object) -> Received | None:
    readline: Callable[[], bytes] = stream.readline  # type: ignore[attr-defined]
    first = readline().decode()
    if not first:
        return None
    method, path, _ = first.split(" ", 2)
    headers: dict[str, str] = {}
    while (line := readline().decode().strip()) != "":
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    body = stream.read(int(headers.get("content-length", 0)))  # type: ignore[attr-defined]
    return Received(method, path, headers, body)
