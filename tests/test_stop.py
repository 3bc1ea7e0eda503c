"""A turn is stopped from another thread, at whatever stage it is."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from deepshi_jupyter.core.template import verbatim
from deepshi_jupyter.display.live import Silent
from deepshi_jupyter.errors import CallInterruptedError
from deepshi_jupyter.question import Question
from deepshi_jupyter.session import Session
from deepshi_jupyter.stop import Stop
from tests.chat_server import ChatServer
from tests.chunks import chunk
from tests.wire_server import Played

QUESTION = Question(prompt=verbatim("Go on."))


def test_a_wish_ends_the_call_that_runs() -> None:
    stop, ended = Stop(), threading.Event()
    with stop.ending(ended.set):
        assert not ended.is_set()
        stop.request()
        assert ended.is_set()
    assert stop.requested


def test_a_wish_that_came_before_ends_the_call_as_it_begins() -> None:
    stop, ended = Stop(), threading.Event()
    stop.request()
    with stop.ending(ended.set):
        assert ended.is_set()


def test_a_wish_that_comes_after_ends_nothing() -> None:
    stop, ended = Stop(), threading.Event()
    with stop.ending(ended.set):
        pass
    stop.request()
    assert not ended.is_set()


class Waiting(Silent):
    """Says when the first piece is there."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.records: list[dict[str, object]] = []

    def begin(self, answer: object) -> None:
        self.records.append(answer.record)  # type: ignore[attr-defined]

    def show(self, events: list[object]) -> None:
        self.begun.set()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ChatServer]:
    with ChatServer() as played:
        monkeypatch.setenv("DEEPSHI_BASE_URL", played.base_url)
        yield played


class Asked:
    """A question in a thread of its own."""

    def __init__(self, session: Session, presenter: Silent, stop: Stop | None) -> None:
        self.error: CallInterruptedError | None = None
        self._thread = threading.Thread(target=self._ask, args=(session, presenter, stop))
        self._thread.start()

    def _ask(self, session: Session, presenter: Silent, stop: Stop | None) -> None:
        try:
            session.ask(QUESTION, presenter, stop)
        except CallInterruptedError as error:
            self.error = error

    def interruption(self) -> CallInterruptedError:
        self._thread.join(30)
        assert self.error is not None
        return self.error


@pytest.mark.parametrize("by", ["stop", "session", "turn"])
def test_a_stopped_turn_keeps_what_came(server: ChatServer, by: str) -> None:
    server.plan("Go on.", Played([chunk({"content": "So far"})], end="hang"))
    session, presenter, stop = Session(), Waiting(), Stop()
    asked = Asked(session, presenter, stop)
    assert presenter.begun.wait(30)
    (turn,) = session.under_way
    if by == "stop":
        stop.request()
    else:
        assert session.stop(turn=turn if by == "turn" else "") == [turn]
    error = asked.interruption()
    assert error.partial is not None
    assert error.partial.text == "So far"
    assert session.last_record is not None
    assert (session.last_record.kind, session.last_record.text) == ("partial", "So far")
    assert presenter.records[0]["id"] == session.last_record.id == turn
    assert session.under_way == {}
    session.close()


def test_a_turn_that_is_not_under_way_is_not_stopped(server: ChatServer) -> None:
    assert Session().stop(turn="01ABC") == []
    assert Session().stop(cell="other") == []


def test_a_turn_that_is_stopped_before_its_call_sends_nothing(server: ChatServer) -> None:
    session, stop = Session(), Stop()
    stop.request()
    with pytest.raises(CallInterruptedError, match="before the request was sent"):
        session.ask(QUESTION, stop=stop)
    assert server.bodies == []
    session.close()


def test_those_who_watch_are_told_of_each_change(server: ChatServer) -> None:
    session, told = Session(), list[int]()
    session.watchers.append(lambda: told.append(len(session.state.timeline)))
    session.ask(QUESTION)
    session.set("temperature", "0.5")
    session.reset()
    assert told == [1, 1, 0]
    session.close()
