"""Starts the servers, each when a test first asks for it, and ends them after the last test."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from deepshi_jupyter.core import call
from deepshi_jupyter.core.retry import wait_before_retry
from tests.real.matters import Question
from tests.real.servers import ANY_BASE_URL, RUN, NotInstalledError, Server
from tests.real.shells import SHELLS, Address, Shell

Start = Callable[[str], Server]


class _Servers:
    """Starts each server once; what failed to start is not started again."""

    def __init__(self, folder_for: Callable[[str], Path]) -> None:
        self.stack = ExitStack()
        self._folder_for = folder_for
        self._started: dict[str, Server | Exception] = {}

    def start(self, name: str) -> Server:
        if name not in self._started:
            self._started[name] = self._try(name)
        found = self._started[name]
        if isinstance(found, Exception):
            raise found
        return found

    def _try(self, name: str) -> Server | Exception:
        try:
            return self.stack.enter_context(RUN[name](self._folder_for(name)))
        except (NotInstalledError, RuntimeError) as error:
            return error


@pytest.fixture(scope="session")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """Start a server by name, or give the one that runs already.

    One that is not installed skips the test and says how to install it; in CI it fails the test.
    """
    servers = _Servers(tmp_path_factory.mktemp)

    def start_or_tell(name: str) -> Server:
        try:
            return servers.start(name)
        except NotInstalledError as missing:
            tell = pytest.fail if os.environ.get("CI") else pytest.skip
            tell(str(missing))

    with servers.stack:
        yield start_or_tell


@pytest.fixture
def server(request: pytest.FixtureRequest, start: Start) -> Server:
    return start(request.param)


@pytest.fixture(params=sorted(SHELLS))
def shell(request: pytest.FixtureRequest) -> Shell:
    return SHELLS[request.param]


@pytest.fixture
def address(server: Server, request: pytest.FixtureRequest) -> Address:
    """Where the test's question goes."""
    asked = request.node.callspec.params.get("question")
    path = asked.path if isinstance(asked, Question) else None
    return Address(server.root + path if path else server.base_url, server.api_key)


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The waits that were decided on between tries, noted; a thousandth of a second is waited."""
    noted: list[float] = []

    def note(*arguments: Any) -> float | None:
        wait = wait_before_retry(*arguments)
        if wait is None:
            return None
        noted.append(wait)
        return 0.001

    monkeypatch.setattr(call, "wait_before_retry", note)
    return noted


@pytest.fixture(autouse=True)
def _only_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse every connection that would leave this machine, but for the server that was named."""
    connect = socket.socket.connect
    named = urlsplit(ANY_BASE_URL).hostname
    allowed = {info[4][0] for info in socket.getaddrinfo(named, None)} if named else set()

    def guarded(self: socket.socket, address: Any) -> None:
        internet = self.family in (socket.AF_INET, socket.AF_INET6)
        if internet and not (address[0].startswith("127.") or address[0] == "::1"):
            assert address[0] in allowed, f"a test tried to reach {address[0]}"
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)
