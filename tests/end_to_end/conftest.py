"""What a user has: a folder to work in, a home, kernels for notebooks, and a command line."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from deepshi_jupyter.cli.main import main
from deepshi_jupyter.offline import OfflineServer
from tests.chat_server import ChatServer
from tests.kernel import Kernel


class Said(NamedTuple):
    """What a command printed, and how it ended."""

    code: int
    out: str
    err: str


class Desk:
    """The folder that a user works in.

    Args:
        base: Holds it, and a home folder.
        capture: Tells what the command line prints.
    """

    def __init__(self, base: Path, capture: pytest.CaptureFixture[str]) -> None:
        self.base = base
        self.folder = base / "work"
        self.home = base / "home"
        self._capture = capture
        for folder in (self.folder, self.home):
            folder.mkdir()

    def kernel(self, notebook: Path, server: OfflineServer | ChatServer, **more: str) -> Kernel:
        """Return a kernel of a notebook, as Jupyter Server starts it."""
        model = "deepshi-3.0" if isinstance(server, ChatServer) else "offline-chat"
        environment = {
            "DEEPSHI_BASE_URL": server.base_url,
            "DEEPSHI_MODEL": model,
            "DEEPSHI_STORE": "",  # found as usual, beside the notebook
            "JPY_SESSION_NAME": str(notebook),
            **more,
        }
        return Kernel(notebook.parent, **environment)

    def command(self, *words: str | Path) -> Said:
        """Run ``deepshi-jupyter WORDS`` in the folder."""
        self._capture.readouterr()
        try:
            code = main([str(word) for word in words])
        except SystemExit as error:
            code = int(error.code or 0)
        return Said(code, *self._capture.readouterr())

    def files(self) -> list[Path]:
        """Return all files, also those of the home."""
        return [path for path in self.base.rglob("*") if path.is_file()]


@pytest.fixture
def desk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Desk:
    made = Desk(tmp_path, capsys)
    monkeypatch.delenv("DEEPSHI_STORE")
    monkeypatch.setenv("HOME", str(made.home))
    monkeypatch.setenv("IPYTHONDIR", str(made.home / ".ipython"))
    monkeypatch.setenv("XDG_STATE_HOME", str(made.home / ".local" / "state"))
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    monkeypatch.setenv("PATH", os.environ["PATH"])
    monkeypatch.chdir(made.folder)
    return made


@pytest.fixture
def server() -> Iterator[ChatServer]:
    """A server that answers ``Answer 1 to QUESTION``, and remembers what it was sent."""
    with ChatServer() as played:
        yield played


@pytest.fixture
def start(desk: Desk, server: ChatServer) -> Callable[..., Kernel]:
    """Start a kernel of a notebook that asks the server."""
    return lambda notebook, **more: desk.kernel(notebook, server, **more)
