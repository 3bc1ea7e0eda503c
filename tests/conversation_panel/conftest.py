from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import settings

from deepshi_jupyter.conversation_panel.panel import Panel
from deepshi_jupyter.conversation_panel.seat import CellSeat, EndSeat
from deepshi_jupyter.core.place import Place
from deepshi_jupyter.core.template import verbatim
from deepshi_jupyter.core.timeline import DocumentOrder
from deepshi_jupyter.question import Question
from deepshi_jupyter.session import Session
from tests.chat_server import ChatServer
from tests.conversation_panel.page import Page

# Nothing is asserted about wall time: a busy machine must not fail a test.
settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")

OpenPage = Callable[..., Page]
KEY = "sk-bf-canary-7b3e19d2"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ChatServer]:
    with ChatServer() as played:
        monkeypatch.setenv("DEEPSHI_BASE_URL", played.base_url)
        monkeypatch.setenv("DEEPSHI_API_KEY", KEY)
        yield played


@pytest.fixture
def session(server: ChatServer) -> Iterator[Session]:
    made = Session()
    order = DocumentOrder(source="frontend", cells=("a", "b", "panel", "c"))
    made.state.tell_order(order)
    yield made
    made.close()


@pytest.fixture
def open_page(session: Session) -> Iterator[OpenPage]:
    """Return a function that opens the panel of a cell, or with ``at="end"`` that of the end."""
    opened: list[Page] = []

    def open_(cell: str = "panel", execution: int = 50, *, at: str = "cell", **given: Any) -> Page:
        seat = EndSeat("panel-X") if at == "end" else CellSeat(Place(cell, execution))
        opened.append(Page(Panel(session, seat, **given)))
        opened[-1].say("hello")
        return opened[-1]

    yield open_
    for page in opened:
        page.panel.close()
    for thread in threading.enumerate():
        if thread.name == "deepshi-panel":
            thread.join(10)
            assert not thread.is_alive()


@pytest.fixture
def page(open_page: OpenPage) -> Page:
    return open_page()


def ask_cell(session: Session, text: str, cell: str, execution: int, **fields: Any) -> str:
    """Ask as a ``%%deepshi`` cell does, and return the id of the turn."""
    place = Place(cell, execution)
    session.ask(Question(prompt=verbatim(text), place=place, source_sha256="0" * 64, **fields))
    session.take_all_unshown()
    assert session.last_record is not None
    return session.last_record.id
