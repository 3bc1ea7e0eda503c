from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import deepshi_jupyter.session
from deepshi_jupyter.errors import DeepshiError


@pytest.fixture(autouse=True)
def _apart_from_the_user(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: Any) -> Iterator[None]:
    """No key, endpoint or proxy of whoever runs the tests; a session of its own for each test."""
    for name in [*os.environ]:
        if name.startswith("DEEPSHI") or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path_factory.mktemp("ipython")))
    monkeypatch.setenv("DEEPSHI_STORE", str(tmp_path_factory.mktemp("store") / ".deepshi"))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    monkeypatch.setattr(DeepshiError, "full_traceback", False)
    yield
    session = deepshi_jupyter.session._current
    if session is not None:
        session.close()
        deepshi_jupyter.session._current = None


@pytest.fixture(autouse=True)
def _only_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse every connection that would leave this machine."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and not _is_loopback(address[0]):
            raise AssertionError(f"a test tried to reach {address[0]}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


def _is_loopback(host: str) -> bool:
    return host.startswith("127.") or host in ("localhost", "::1", "0.0.0.0")


@pytest.fixture
def repository() -> Path:
    return Path(__file__).parent.parent
