"""A conversation that outgrows the model's window: the oldest turns are left out."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.chat_server import ChatServer, says
from tests.end_to_end.conftest import Desk
from tests.end_to_end.notebook_page import Page
from tests.kernel import Kernel

Start = Callable[..., Kernel]

LONG = "word " * 600


@pytest.fixture
def server() -> Iterator[ChatServer]:
    """A model of a small window, which answers at length."""
    with ChatServer({"id": "deepshi-3.0", "context_length": 3000}) as played:
        for number in range(8):
            played.plan(f"Question {number}?", says(f"Answer {number}: {LONG}"))
        yield played


def test_the_oldest_turns_are_left_out_but_for_the_pinned(
    start: Start, server: ChatServer, desk: Desk
) -> None:
    page = Page(desk.folder / "study.ipynb")
    page.add("%load_ext deepshi_jupyter", cell_id="load")
    page.add("%deepshi models", cell_id="models")
    page.save()
    with start(page.path) as kernel:
        page.connect(kernel)
        page.run_all()
        for number in range(3):
            page.type(f"q{number}", f"%%deepshi\nQuestion {number}?")
        page.type("pin", "%deepshi pin 4")  # Question 1
        for number in range(3, 6):
            page.type(f"q{number}", f"%%deepshi\nQuestion {number}?")
        page.type("context", "%deepshi context")

    asked = [text for text in server.context if text.startswith("Question")]
    assert "Question 1?" in asked  # pinned
    assert asked[-1] == "Question 5?"
    left = [n for n in range(5) if f"Question {n}?" not in asked]
    assert left
    assert left[0] == 0
    record = page.record("q5")
    assert record.cut is not None
    assert record.cut.left_out == len(left)
    assert record.cut.kept == (page.record("q1").id,)
    assert f"{len(left)} turn{' was' if len(left) == 1 else 's were'} not sent" in page.shown("q5")
    assert "“Question 0?”" in page.shown("q5")
    assert "not sent: context full" in page.shown("context")
    assert "sent, pinned" in page.shown("context")
    assert "of 3,000 would be sent" in page.shown("context")

    page.save()
    status = desk.command("status", page.path)
    assert status.code == 0, status.out
    assert desk.command("verify", page.path).code == 0
    replay = desk.command("run", page.path, "--mode", "replay", "--base-url", server.base_url)
    assert "6 answers: 0 asked, 6 replayed" in replay.out, replay.err
