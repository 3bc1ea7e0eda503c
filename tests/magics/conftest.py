from __future__ import annotations

import atexit
from collections.abc import Iterator
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from deepshi_jupyter.session import Session, current_session
from tests.chunks import DONE, answer, usage_chunk
from tests.wire_server import Played, WireServer


class Shell:
    """An IPython shell with the extension loaded; cells run as a user runs them."""

    def __init__(self, config: Config | None = None) -> None:
        InteractiveShell.clear_instance()
        settings = Config({"HistoryManager": {"enabled": False}})
        settings.merge(config or Config())
        self.ip = InteractiveShell.instance(config=settings)
        atexit.unregister(self.ip.atexit_operations)  # hundreds of them take minutes at the end
        self.run("%load_ext deepshi_jupyter")

    def run(self, cell: str) -> Any:
        """Run a cell; return its result, or raise what it raised."""
        result = self.ip.run_cell(cell, store_history=True)
        result.raise_error()
        return result.result

    @property
    def names(self) -> dict[str, Any]:
        return self.ip.user_ns

    @property
    def session(self) -> Session:
        return current_session()


@pytest.fixture
def shell() -> Iterator[Shell]:
    yield Shell()
    InteractiveShell.clear_instance()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[WireServer]:
    """A server that answers every question with **Hi**, as the session's endpoint."""
    pieces = [*answer("**Hi", "**", done=False), usage_chunk(3, 2, cost=0.25), DONE]
    with WireServer(Played(pieces)) as played:
        monkeypatch.setenv("DEEPSHI_BASE_URL", played.base_url)
        yield played
