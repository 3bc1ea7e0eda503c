"""The connection that one answer comes over, so that another thread can end it at any stage.

A thread that waits for a socket cannot be stopped, but its socket can be shut down, and then the
wait ends. Which socket that is, httpcore tells as it happens
(https://www.encode.io/httpcore/extensions/#trace) for a new one only. One that serves again is told
by what is written to it: the first `write` to a stream after a request has begun to send its
headers, in the same thread, is that request's.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import weakref
from typing import Any

import httpx

_CONNECTED = ("connect_tcp.complete", "connect_unix_socket.complete", "start_tls.complete")
_WRAPPED = ("start_tls.complete", "start_tls.failed")
_ENTERED = ("connect_tcp.started", "send_request_headers.started")
"""Stages that a cancelled answer does not enter; in others httpcore would leave its socket open."""


class Cancellation(threading.Event):
    """Set when an answer is cancelled; waiting for it is how a wait between two tries ends."""


class Connection:
    """What is known of the connection of one answer."""

    def __init__(self) -> None:
        self.cancelled = Cancellation()
        self._socket: socket.socket | None = None
        self._response: httpx.Response | None = None
        self._handle: socket.socket | None = None
        self._lock = threading.Lock()  # so that no socket is shut down that serves another answer

    def trace(self, stage: str, info: dict[str, Any]) -> None:
        """Take note of a stage of the request; called by httpcore in the waiting thread.

        Args:
            stage: Its name, with what is at work before the dot, such as a proxy.
            info: What httpcore tells of it.

        Raises:
            ReadError: The answer was cancelled, so this stage is not entered.
        """
        _sending.connection = None
        if stage.endswith("start_tls.started"):
            self._hold_while_wrapped()
        elif stage.endswith(_CONNECTED):
            stream = info["return_value"]
            note_writes(stream)
            self._serves(stream.get_extra_info("socket"))
        elif stage.endswith(_ENTERED):
            self._check()
            _sending.connection = self
        if stage.endswith(_WRAPPED) and self._handle is not None:
            self._handle.close()

    def answered(self, response: httpx.Response) -> None:
        """Take note of the answer, whose headers came.

        Raises:
            ReadError: The answer was cancelled, and is closed.
        """
        self._response = response
        self._socket = socket_of(response)
        if self.cancelled.is_set():
            response.close()
            self._check()

    def rest(self) -> None:
        """Give the connection back: it may serve another answer."""
        with self._lock:
            self._socket = self._response = None

    def cancel(self) -> None:
        """End whatever the connection waits for."""
        self.cancelled.set()
        with self._lock:
            if self._socket is not None:
                shut_down(self._socket)
                return
            response = self._response
        if response is not None:  # no socket: a transport within this process
            response.close()

    def sends_over(self, connected: socket.socket) -> None:
        """Take note of the socket that the request goes out over.

        Raises:
            ReadError: The answer was cancelled, so nothing is sent.
        """
        self._serves(connected)
        self._check()

    def _serves(self, connected: socket.socket) -> None:
        """Hold a socket, and end what it waits for if the answer was cancelled meanwhile."""
        self._socket = connected
        if self.cancelled.is_set():
            shut_down(connected)

    def _hold_while_wrapped(self) -> None:
        """Hold the connection by a handle of its own: TLS takes that of the socket."""
        if self._socket is not None and not isinstance(self._socket, ssl.SSLSocket):
            self._handle = self._socket.dup()
            self._serves(self._handle)

    def _check(self) -> None:
        if self.cancelled.is_set():
            raise httpx.ReadError("cancelled")


class _Sending(threading.local):
    """Whose headers this thread is sending."""

    connection: Connection | None = None


_sending = _Sending()


def note_writes(stream: Any) -> None:
    """Let a network stream tell over which socket a request goes out.

    Args:
        stream: A stream of httpcore (https://www.encode.io/httpcore/network-backends/); the
            connection that uses it keeps it for all its requests.
    """
    connected = stream.get_extra_info("socket")
    write = weakref.WeakMethod(stream.write)  # weak: a circle would keep the socket open

    def noting(buffer: bytes, timeout: float | None = None) -> None:
        if (connection := _sending.connection) is not None:
            connection.sends_over(connected)
        if (as_before := write()) is not None:
            as_before(buffer, timeout)

    stream.write = noting


def socket_of(response: httpx.Response) -> socket.socket | None:
    """Return the socket that an answer comes over, or None within this process."""
    stream = response.extensions.get("network_stream")
    found = stream.get_extra_info("socket") if stream is not None else None
    return found if isinstance(found, socket.socket) else None


def shut_down(connected: socket.socket) -> None:
    """End both directions of a socket, under TLS as well, and so any wait for it."""
    with contextlib.suppress(OSError):
        socket.socket.shutdown(connected, socket.SHUT_RDWR)
