"""A comparison while it runs: what one setting does to the others."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Sequence

import pytest

from deepshi_jupyter.comparison.answered import Answered
from deepshi_jupyter.comparison.plan import plan
from deepshi_jupyter.comparison.running import Column, Running
from deepshi_jupyter.core.template import verbatim
from deepshi_jupyter.errors import CallInterruptedError
from deepshi_jupyter.question import Question
from deepshi_jupyter.session import current_session
from tests.chat_server import ChatServer, says
from tests.chunks import chunk
from tests.wire_server import Played, Received

HELD = [1, 2]
"""The temperatures whose answers break off in the middle and never end."""


class Holding(ChatServer):
    def next_answer(self, request: Received) -> Played:
        if request.method == "GET":
            return super().next_answer(request)
        if json.loads(request.body)["temperature"] in HELD:
            return Played([chunk({"content": "Half an"})], end="hang")
        return says("Whole.")


@pytest.fixture
def holding(monkeypatch: pytest.MonkeyPatch) -> Iterator[Holding]:
    with Holding() as played:
        monkeypatch.setenv("DEEPSHI_BASE_URL", played.base_url)
        yield played


def ran(
    temperatures: list[float], samples: int, act: Callable[[Running, Sequence[Column]], None]
) -> tuple[Running, list[Answered]]:
    """Run a comparison; `act` may stop a setting, in a thread of its own as a front end does."""
    session = current_session()
    question = Question(prompt=verbatim("hello"), start="once")
    planned = plan(session, question, {"temperature": temperatures}, samples)

    def watch(columns: Sequence[Column]) -> None:
        thread = threading.Thread(target=act, args=(running, columns))
        thread.start()
        thread.join()

    running = Running(session, planned, watch)
    return running, running.run()


def when_half_came(running: Running, columns: Sequence[Column]) -> None:
    for number, column in enumerate(columns):
        if column.text == "Half an":
            running.stop(number)


def test_a_setting_that_is_stopped_keeps_what_came_and_the_others_go_on(holding: Holding) -> None:
    running, answers = ran([0, 1, 0.5], 12, when_half_came)
    by_setting = [[a for a in answers if a.setting == number] for number in range(3)]
    assert [a.text for a in (*by_setting[0], *by_setting[2])] == ["Whole."] * 24
    errors = [answer.error for answer in by_setting[1]]
    assert set(errors) == {"you stopped this answer", "not asked"}
    begun = [b["temperature"] for b in holding.bodies].count(1)
    assert errors.count("you stopped this answer") == begun < 12
    partial = {a.record.kind for a in by_setting[1] if a.record}
    assert partial == {"partial"}
    assert not running.interrupted
    assert holding.closed_by_client.wait(10)


def test_a_setting_that_is_done_stays_as_it_is(holding: Holding) -> None:
    def late(running: Running, columns: Sequence[Column]) -> None:
        if columns[0].done == 2:
            running.stop(0)
            assert not columns[0].stopped
        when_half_came(running, columns)

    _, answers = ran([0, 1], 2, late)
    assert [a.error for a in answers[:2]] == ["", ""]


def test_all_can_be_stopped_one_by_one(holding: Holding) -> None:
    running, answers = ran([1, 2], 1, when_half_came)
    assert [a.text for a in answers] == ["Half an"] * 2
    assert isinstance(running.first_error, CallInterruptedError)


def test_what_is_stopped_before_it_begins_is_not_asked(holding: Holding) -> None:
    session = current_session()
    question = Question(prompt=verbatim("hello"), start="once")
    planned = plan(session, question, {"temperature": [0, 1]}, 2)
    running = Running(session, planned, lambda _: None)
    running.stop(1)
    answers = running.run()
    assert [a.error for a in answers] == ["", "", "not asked", "not asked"]
    assert [b["temperature"] for b in holding.bodies] == [0, 0]


def test_a_failure_counts_more_than_a_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    class Refusing(Holding):
        def next_answer(self, request: Received) -> Played:
            if request.method == "POST" and json.loads(request.body)["temperature"] == 0:
                gate.wait(10)
                return Played([b'{"error": {"message": "oh"}}'], 400)
            return super().next_answer(request)

    gate = threading.Event()

    def act(running: Running, columns: Sequence[Column]) -> None:
        when_half_came(running, columns)
        if columns[1].done:
            gate.set()

    with Refusing() as played:
        monkeypatch.setenv("DEEPSHI_BASE_URL", played.base_url)
        running, _ = ran([0, 1], 1, act)
    assert "oh" in str(running.first_error)
