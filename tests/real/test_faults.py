"""Every fault of the proxy, between the clients and servers that others wrote.

The statement is the same throughout: a reply is whole and equal to what the server sent, or it is
marked and holds a part of that, or the call fails with an error of ours in two useful lines. No
exception of another library gets through, and nothing waits longer than the idle timeout.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from deepshi_jupyter import Reply
from deepshi_jupyter.errors import (
    CallError,
    ConnectionFailedError,
    EmptyAnswerError,
    MalformedStreamError,
    StreamCutError,
    TimedOutError,
)
from tests.real.fault_proxy import (
    CLOSE,
    HALF_CLOSE,
    RESET,
    STALL,
    Fault,
    FaultProxy,
    Place,
    cut,
    double,
    drip,
    drop,
    edited,
    flip,
    insert,
    late,
    refuse,
    swallow,
)
from tests.real.matters import TOOLS, Question, able, question_of
from tests.real.servers import ANY_BASE_URL, Server
from tests.real.shells import SHELLS, Address, Shell, assert_two_useful_lines, outcome
from tests.real.wire_reading import PLACES, found, looks_sound, read

IMPATIENCE = 0.5
"""Seconds of silence that end a call here; servers on loopback answer in a few hundredths."""

OTHERS = ["offline", "mlx", *["any"][: bool(ANY_BASE_URL)]]

CUT_SHORT = (RESET, CLOSE, HALF_CLOSE)

HARMLESS: dict[str, Fault] = {
    "late pieces": late(0.002),
    "a late first piece": late(0.05, first_only=True),
    "single bytes": drip(1),
    "seven bytes at a time": drip(7),
}

EDITS: dict[str, Callable[[Place], Fault]] = {
    "a flipped byte": flip,
    "a lost byte": drop,
    "four lost bytes": lambda place: drop(place, 4),
    "a doubled byte": double,
    "five doubled bytes": lambda place: double(place, 5),
    "a line end": lambda place: insert(place, b"\r\n"),
    "an empty line": lambda place: insert(place, b"\n\n"),
    "a zero": lambda place: insert(place, b"\0"),
    "a byte of no character": lambda place: insert(place, b"\xff"),
}


class Case:
    """One question, asked through a proxy with one fault."""

    def __init__(self, server: Server, question: Question, shell: Shell) -> None:
        self._server = server
        self._question = question
        self._shell = shell

    def ask(
        self, fault: Fault, *, first: int | None = None, idle_timeout: float = 30.0, **more: Any
    ) -> Reply | CallError:
        with FaultProxy(self._server.base_url, fault, first) as proxy:
            address = Address(proxy.base_url, self._server.api_key, idle_timeout=idle_timeout)
            options = {"model": self._question.model or self._server.model}
            came = outcome(self._shell, address, self._question.prompt, **options, **more)
        self.connections = proxy.connections
        if isinstance(came, CallError):
            assert_two_useful_lines(came)
        return came

    @property
    def received(self) -> bytes:
        """What the server sent on the last connection."""
        return bytes(self.connections[-1].received)

    @property
    def sent(self) -> bytes:
        """What the client was sent on the last connection."""
        return bytes(self.connections[-1].sent)

    @property
    def reference(self) -> tuple[str, str]:
        """The words as the server sent them."""
        words = read(self.received).words
        assert self._question.text in (None, words[1])
        return words


def words(reply: Reply) -> tuple[str, str]:
    return reply.reasoning, reply.text


@pytest.fixture
def case(server: Server, question: Question, shell: Shell) -> Case:
    return Case(server, question, shell)


@pytest.mark.parametrize("fault", HARMLESS.values(), ids=HARMLESS)
@able("text", "characters of several bytes", among=["aimock", "mlx"])
def test_slow_and_scattered_bytes_change_nothing(case: Case, fault: Fault) -> None:
    reply = case.ask(fault)
    assert isinstance(reply, Reply)
    assert (reply.status, words(reply)) == ("complete", case.reference)


def cut_keeps_what_came(case: Case, by: str, place: Place) -> None:
    came = case.ask(cut(place, by=by))
    what_came = read(case.sent)
    if what_came.finished:
        assert isinstance(came, Reply)
        assert (came.status, words(came)) == ("complete", case.reference)
    elif any(what_came.words):
        assert isinstance(came, Reply)
        assert (came.status, words(came)) == ("truncated", what_came.words)
        assert len(case.connections) == len(came.attempts) == 1
    else:
        assert isinstance(came, StreamCutError | EmptyAnswerError)
        assert came.partial is None
        # An empty body that only the end of the connection ends is no sign of a cut.
        tries = 1 if isinstance(came, EmptyAnswerError) else 3
        assert len(case.connections) == len(came.attempts) == tries


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
@pytest.mark.parametrize("by", CUT_SHORT)
@able("text", among=["aimock"])
def test_a_connection_that_ends_early_loses_no_word_that_came(
    case: Case, by: str, place: Place
) -> None:
    cut_keeps_what_came(case, by, place)


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
@able("text", among=OTHERS)
def test_a_connection_that_ends_early_loses_no_word_whatever_frames_the_answer(
    case: Case, place: Place
) -> None:
    """aimock and the embedded endpoint send chunks; mlx only its leaving ends an answer."""
    cut_keeps_what_came(case, CLOSE, place)


@pytest.mark.parametrize("name", ["after the headers", "inside a text", "before the end mark"])
@able("text", among=["aimock"])
def test_an_answer_that_falls_silent_keeps_what_came_and_says_so(case: Case, name: str) -> None:
    came = case.ask(cut(PLACES[name], by=STALL), idle_timeout=IMPATIENCE)
    if name == "after the headers":
        assert isinstance(came, TimedOutError)
    else:
        assert isinstance(came, Reply)
        assert words(came) == read(case.sent).words
        assert came.status == ("truncated" if name == "inside a text" else "complete")
    assert len(came.attempts) == 1
    assert "idle timeout" in (came.attempts[0].error or "")


@able("text", among=["aimock"])
def test_a_server_that_never_answers_is_given_up_and_not_asked_again(case: Case) -> None:
    came = case.ask(swallow, idle_timeout=IMPATIENCE)
    assert isinstance(came, TimedOutError)
    assert len(case.connections) == 1


@able("text")
def test_a_refused_connection_is_tried_again_and_says_where_to_look(case: Case) -> None:
    came = case.ask(refuse)
    assert isinstance(came, ConnectionFailedError | StreamCutError)
    assert len(case.connections) == len(came.attempts) == 3


@pytest.mark.parametrize("name", ["in the headers", "after the headers", "before the first text"])
@able("text")
def test_failures_before_the_first_word_are_made_good(case: Case, name: str) -> None:
    reply = case.ask(cut(PLACES[name], by=RESET), first=2)
    assert isinstance(reply, Reply)
    assert (reply.status, words(reply)) == ("complete", case.reference)
    assert len(case.connections) == len(reply.attempts) == 3
    assert all(attempt.error for attempt in reply.attempts[:-1])


@able("text")
def test_a_failure_after_the_first_word_is_not_repeated(case: Case) -> None:
    reply = case.ask(cut(PLACES["inside a text"], by=RESET), first=1)
    assert isinstance(reply, Reply)
    assert reply.status == "truncated"
    assert len(case.connections) == 1


@pytest.mark.parametrize("name", [name for name in PLACES if "end mark" not in name])
@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
@pytest.mark.parametrize(
    ("server_name", "shell_name"),
    [("aimock", "async"), ("mlx", "sync"), *[("any", "async")][: bool(ANY_BASE_URL)]],
)
def test_damage_is_marked_unless_what_came_looks_sound(
    start: Callable[[str], Server],
    server_name: str,
    shell_name: str,
    edit: Callable[[Place], Fault],
    name: str,
) -> None:
    """Both ways of framing; one client each, for both have the same reader of bytes."""
    case = Case(start(server_name), plain_question(server_name), SHELLS[shell_name])
    came = case.ask(edit(PLACES[name]))
    if isinstance(came, CallError):
        assert came.partial is None or came.partial.status == "truncated"
        return
    marked = came.status != "complete" or "\ufffd" in came.text or came.notices
    assert marked or words(came) == case.reference or looks_sound(case.sent)


def plain_question(server_name: str) -> Question:
    asked = question_of("text", server_name)
    assert isinstance(asked, Question)
    return asked


@able("text")
def test_a_letter_that_became_another_cannot_be_told(case: Case) -> None:
    """HTTP has no checksum: this says what is known of an answer, and what is not."""
    came = case.ask(edited(PLACES["inside a text"], 1, lambda _: b"X"))
    assert looks_sound(case.sent)
    assert isinstance(came, Reply)
    assert came.status == "complete"
    assert [len(part) for part in words(came)] == [len(part) for part in case.reference]
    assert words(came) != case.reference


@pytest.mark.parametrize("by", CUT_SHORT)
@able("text")
def test_a_whole_answer_that_is_cut_is_an_error(case: Case, by: str) -> None:
    came = case.ask(cut(found(b'"content"', 12), by=by), stream=False)
    assert isinstance(came, StreamCutError)
    assert len(case.connections) == 3


@pytest.mark.parametrize("edit", [drop, double], ids=["a lost byte", "a doubled byte"])
@able("text")
def test_a_whole_answer_of_another_length_is_an_error(
    case: Case, edit: Callable[[Place], Fault]
) -> None:
    came = case.ask(edit(found(b'"choices"')), stream=False, idle_timeout=IMPATIENCE)
    assert isinstance(came, StreamCutError | MalformedStreamError | TimedOutError)


def test_half_of_an_emoji_never_leaves_the_client(
    start: Callable[[str], Server], shell: Shell
) -> None:
    """aimock sends its two halves in two events; the connection ends between them."""
    case = Case(start("aimock"), Question("go:utf8"), shell)
    came = case.ask(cut(found(rb"\ude00"), by=CLOSE))
    assert isinstance(came, Reply)
    assert (came.status, came.text) == ("truncated", "Grüezi \ufffd")


@pytest.mark.parametrize("by", CUT_SHORT)
def test_a_tool_call_that_is_cut_is_marked(
    start: Callable[[str], Server], shell: Shell, by: str
) -> None:
    case = Case(start("aimock"), Question("go:tool"), shell)
    came = case.ask(cut(found(b"Zur"), by=by), tools=TOOLS)
    assert isinstance(came, Reply)
    assert came.status == "truncated"
    assert came.tool_calls[0].arguments == '{"city'
    with pytest.raises(StreamCutError):
        came.raise_for_status()


@pytest.mark.parametrize(
    "fault",
    [
        refuse,
        cut(PLACES["in the headers"], by=RESET),
        *(cut(found(b'"data"', 10), by=by) for by in CUT_SHORT),
    ],
    ids=["refused", "in the headers", *CUT_SHORT],
)
@pytest.mark.parametrize("server", ["offline", "aimock", "mlx"], indirect=True)
def test_a_catalogue_that_does_not_arrive_is_an_error(
    server: Server, shell: Shell, fault: Fault
) -> None:
    with FaultProxy(server.base_url, fault) as proxy, pytest.raises(CallError) as caught:
        shell.models(Address(proxy.base_url, server.api_key))
    assert_two_useful_lines(caught.value)


def test_a_catalogue_that_never_comes_is_given_up(
    start: Callable[[str], Server], shell: Shell
) -> None:
    with (
        FaultProxy(start("offline").base_url, swallow) as proxy,
        pytest.raises(TimedOutError) as caught,
    ):
        shell.models(Address(proxy.base_url, idle_timeout=IMPATIENCE))
    assert_two_useful_lines(caught.value)
