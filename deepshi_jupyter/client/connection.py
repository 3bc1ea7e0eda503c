"""The connection that one answer comes over, so that another thread can end it at any stage.

A thread that waits for a socket cannot be stopped, but its socket can be shut down, and then the
wait ends. Which socket that is, httpcore tells as it happens
(https://www.encode.io/httpcore/extensions/#trace): a new one when it is connected, and one that
serves again with the answer's headers. In between it is one of those that rest.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import weakref
from typing import Any

import httpx


class Cancellation(threading.Event):
    """Set when an answer is cancelled; waiting for it is how a wait between two tries ends."""


class Connection:
    """What is known of the connection of one answer.

    Args:
        resting: The client's sockets that serve nobody at the moment.
    """

    def __init__(self, resting: weakref.WeakSet[socket.socket]) -> None:
        self.cancelled = Cancellation()
        self._resting = resting
        self._socket: socket.socket | None = None
        self._response: httpx.Response | None = None

    def trace(self, stage: str, info: dict[str, Any]) -> None:
        """Take note of a stage of the request; called by httpcore in the waiting thread.

        Raises:
            ReadError: The answer was cancelled, so this stage is not entered.
        """
        if self.cancelled.is_set():
            raise httpx.ReadError("cancelled")
        if stage in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            self._socket = info["return_value"].get_extra_info("socket")

    def answered(self, response: httpx.Response) -> None:
        """Take note of the answer, whose headers came."""
        self._response = response
        self._socket = socket_of(response)
        if self._socket is not None:
            self._resting.discard(self._socket)

    def rest(self) -> None:
        """Give the connection back: it may serve another answer."""
        if self._socket is not None:
            self._resting.add(self._socket)
        self._socket = self._response = None

    def cancel(self) -> None:
        """End whatever the connection waits for."""
        self.cancelled.set()
        if self._socket is not None:
            shut_down(self._socket)
        elif self._response is not None:  # no socket: a transport within this process
            self._response.close()
        else:
            for resting in list(self._resting):
                shut_down(resting)


def socket_of(response: httpx.Response) -> socket.socket | None:
    """Return the socket that an answer comes over, or None within this process."""
    stream = response.extensions.get("network_stream")
    found = stream.get_extra_info("socket") if stream is not None else None
    return found if isinstance(found, socket.socket) else None


def shut_down(connected: socket.socket) -> None:
    """End both directions of a socket, under TLS as well, and so any wait for it."""
    with contextlib.suppress(OSError):
        socket.socket.shutdown(connected, socket.SHUT_RDWR)
