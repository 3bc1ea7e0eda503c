"""A server that holds its answers back until it is told, also behind TLS and as a proxy."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections import defaultdict
from pathlib import Path
from typing import Literal

import pytest
import trustme

from tests.chunks import answer
from tests.wire_server import Played, Received, WireServer

PATIENCE = 30.0
"""Seconds after which a wait is a failure."""

GATEWAY = "gateway.example"
"""A host that is reached through the server as a proxy."""

AUTHORITY = trustme.CA()
CERTIFICATE = AUTHORITY.issue_cert("127.0.0.1", GATEWAY)
"""Made for this run, so that no key stands in a file."""

Way = Literal["plain", "tls", "proxy", "tunnel"]


class HeldServer(WireServer):
    """Answers each prompt with itself, and sends nothing of it before `let` was called.

    Args:
        way: How it is reached; as a ``proxy`` for http or a ``tunnel`` for https it answers in the
            place of `GATEWAY`.
    """

    def __init__(self, way: Way = "plain") -> None:
        super().__init__()
        self.tunnelled: list[str] = []
        self._way = way
        self._gates: defaultdict[str, threading.Event] = defaultdict(threading.Event)
        self._arrived: defaultdict[str, threading.Event] = defaultdict(threading.Event)
        self._tls: list[ssl.SSLSocket] = []
        self.base_url = {
            "plain": self.base_url,
            "tls": f"https://127.0.0.1:{self.port}/v1",
            "proxy": f"http://{GATEWAY}/v1",
            "tunnel": f"https://{GATEWAY}/v1",
        }[way]

    def set_environment(self, monkeypatch: pytest.MonkeyPatch, directory: Path) -> None:
        """Set the variables with which a client finds the server and trusts it."""
        authority = directory / "authority.pem"
        AUTHORITY.cert_pem.write_to_path(str(authority))
        for name in ("http_proxy", "https_proxy", "no_proxy", "all_proxy"):
            monkeypatch.delenv(name, raising=False)
            monkeypatch.delenv(name.upper(), raising=False)
        proxy = f"http://127.0.0.1:{self.port}"
        monkeypatch.setenv("HTTP_PROXY", proxy)
        monkeypatch.setenv("HTTPS_PROXY", proxy)
        monkeypatch.setenv("SSL_CERT_FILE", str(authority))

    def wait_for(self, prompt: str) -> None:
        """Wait until a prompt has come."""
        assert self._arrived[prompt].wait(PATIENCE)

    def let(self, *prompts: str) -> None:
        """Let these be answered."""
        for prompt in prompts:
            self._gates[prompt].set()

    def __exit__(self, *error: object) -> None:
        self.let(*self._gates)
        for opened in self._tls:
            opened.close()
        super().__exit__(*error)

    def next_answer(self, request: Received) -> Played:
        if request.method == "GET":
            return Played(
                [b'{"data": [{"id": "m"}]}'], headers={"content-type": "application/json"}
            )
        prompt = json.loads(request.body)["messages"][0]["content"]
        self._arrived[prompt].set()
        assert self._gates[prompt].wait(PATIENCE)
        return Played(answer(prompt))

    def _serve(self, connection: socket.socket) -> None:
        if self._way == "tunnel":
            self._open_tunnel(connection)
        if self._way in ("tls", "tunnel"):
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            CERTIFICATE.configure_cert(context)
            connection = context.wrap_socket(connection, server_side=True)
            self._tls.append(connection)
        super()._serve(connection)

    def _open_tunnel(self, connection: socket.socket) -> None:
        """Answer a CONNECT (RFC 9110, section 9.3.6)."""
        with connection.makefile("rb") as stream:
            self.tunnelled.append(stream.readline().decode().split()[1])
            while stream.readline().strip():
                pass
        connection.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
