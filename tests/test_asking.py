from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from deepshi_jupyter.core.place import Place
from deepshi_jupyter.core.reply import Reply
from deepshi_jupyter.core.template import verbatim
from deepshi_jupyter.question import Question
from deepshi_jupyter.session import Session
from deepshi_jupyter.settings import Settings
from tests.chat_server import ChatServer


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ChatServer]:
    with ChatServer() as played:
        monkeypatch.setenv("DEEPSHI_BASE_URL", played.base_url)
        yield played


def replies(mode: str, *texts: str) -> list[Reply]:
    """Return the replies to questions of a kernel of their own."""
    session = Session(Settings(mode=mode))
    asked = [
        session.ask(Question(prompt=verbatim(text), place=Place("", number)))
        for number, text in enumerate(texts, 1)
    ]
    session.close()
    return asked


def test_a_reply_has_the_times_that_a_replay_of_it_has(server: ChatServer) -> None:
    (live,), (again,) = replies("live", "one"), replies("replay", "one")
    assert (live.duration, live.time_to_first_token) == (again.duration, again.time_to_first_token)
    assert live.duration == round(live.duration, 3) > 0


def test_a_reply_shows_its_request_as_a_replay_of_it_does(server: ChatServer) -> None:
    live, again = replies("live", "one", "two"), replies("replay", "one", "two")
    assert [json.dumps(reply.request) for reply in live] == [
        *(json.dumps(reply.request) for reply in again),
    ]
