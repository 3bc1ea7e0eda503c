"""Which turns a cell sends: conversations by name, forks, new beginnings, and what is too long."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from deepshi_jupyter.core.chain import chain
from deepshi_jupyter.core.conversation import Turn
from deepshi_jupyter.errors import CallError, OptionError
from tests.chat_server import ChatServer, says
from tests.chunks import chunk
from tests.magics.conftest import Shell
from tests.wire_server import Played

SMALL = {"id": "deepshi-3.0", "context_length": 400, "max_output_length": 50}
"""A model that takes a few short turns."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ChatServer]:
    with ChatServer() as played:
        monkeypatch.setenv("DEEPSHI_BASE_URL", played.base_url)
        yield played


class Cells:
    """Cells of a front end that says which cell it runs, in the order in which they first ran."""

    def __init__(self, shell: Shell) -> None:
        self.shell = shell
        self._request: dict[str, Any] = {}
        shell.ip.get_parent = lambda: self._request
        shell.run("%deepshi set display=once")

    def run(self, name: str, source: str, **metadata: Any) -> None:
        self._request = {"metadata": {"cellId": name, **metadata}, "content": {"code": source}}
        self.shell.run(source)


@pytest.fixture
def cells(shell: Shell) -> Cells:
    return Cells(shell)


def turns(shell: Shell) -> list[Turn]:
    return list(shell.session.state.timeline)


# One conversation, and any number by name


def test_a_question_is_sent_with_what_stands_above(shell: Shell, server: ChatServer) -> None:
    shell.run("%%deepshi\none")
    shell.run("%%deepshi\ntwo")
    assert server.context == ["one", "Answer 1 to one", "two"]


def test_a_conversation_with_a_name_is_one_of_its_own(shell: Shell, server: ChatServer) -> None:
    shell.run("%%deepshi\none")
    shell.run("%%deepshi --chat review\nread this")
    assert server.context == ["read this"]
    shell.run("%%deepshi\ntwo")
    assert server.context == ["one", "Answer 1 to one", "two"]
    shell.run("%%deepshi --chat review\nand this")
    assert server.context == ["read this", "Answer 1 to read this", "and this"]
    assert [turn.record.chat for turn in turns(shell)] == ["main", "review", "main", "review"]


def test_new_begins_anew_for_itself_and_what_follows(shell: Shell, server: ChatServer) -> None:
    shell.run("%%deepshi\none")
    shell.run("%%deepshi --new\ntwo")
    assert server.context == ["two"]
    shell.run("%%deepshi\nthree")
    assert server.context == ["two", "Answer 1 to two", "three"]
    assert turns(shell)[1].record.start == "new"


def test_once_sends_nothing_above_and_stays_out_of_what_follows(
    shell: Shell, server: ChatServer
) -> None:
    shell.run("%%deepshi\none")
    shell.run("%%deepshi --once\naside")
    assert server.context == ["aside"]
    shell.run("%%deepshi\ntwo")
    assert server.context == ["one", "Answer 1 to one", "two"]
    assert turns(shell)[1].record.start == "once"


def test_from_forks_another_conversation(shell: Shell, server: ChatServer) -> None:
    shell.run("%%deepshi\none")
    number = turns(shell)[0].number
    shell.run("%%deepshi\ntwo")
    shell.run(f"%%deepshi --chat b --from main@{number}\nother way")
    assert server.context == ["one", "Answer 1 to one", "other way"]
    shell.run("%%deepshi --chat b\nfurther")
    assert server.context[-3:] == ["other way", "Answer 1 to other way", "further"]
    shell.run("%%deepshi\nthree")
    assert "other way" not in server.context
    fork = turns(shell)[2].record.fork
    assert fork is not None
    assert (fork.chat, fork.turn) == ("main", turns(shell)[0].record.id)


def test_from_goes_back_within_the_same_conversation(shell: Shell, server: ChatServer) -> None:
    shell.run("%%deepshi\none")
    shell.run("%%deepshi\nwrong way")
    shell.run("%%deepshi --from main@-2\ntwo")
    assert server.context == ["one", "Answer 1 to one", "two"]
    shell.run("%%deepshi\nthree")
    assert server.context == ["one", "Answer 1 to one", "two", "Answer 1 to two", "three"]


@pytest.mark.parametrize("fork", ["main@99", "nowhere@1", "main@"])
def test_from_what_is_not_there_is_an_error_before_anything_is_sent(
    shell: Shell, server: ChatServer, fork: str
) -> None:
    shell.run("%%deepshi\none")
    with pytest.raises(OptionError):
        shell.run(f"%%deepshi --from {fork}\ntwo")
    assert server.questions == ["one"]


@pytest.mark.parametrize("options", ["--new --once", "--once --from main@1", "--new --from main@1"])
def test_two_beginnings_at_once_are_an_error(
    shell: Shell, server: ChatServer, options: str
) -> None:
    with pytest.raises(OptionError, match="exclude each other"):
        shell.run(f"%%deepshi {options}\nhello")
    assert server.received == []


# What is no part of a context


def test_an_answer_that_broke_off_is_not_sent_on(shell: Shell, server: ChatServer) -> None:
    server.plan("one", Played([chunk({"content": "Half an"})], end="dirty"))
    with pytest.raises(CallError):
        shell.run("%%deepshi\none")
    shell.run("%%deepshi\ntwo")
    assert server.context == ["two"]
    assert turns(shell)[0].record.text == "Half an"


def test_a_question_that_failed_is_not_sent_on(shell: Shell, server: ChatServer) -> None:
    server.plan("one", Played([b'{"error": {"message": "no"}}'], 403))
    with pytest.raises(CallError):
        shell.run("%%deepshi\none")
    shell.run("%%deepshi\ntwo")
    assert server.context == ["two"]


def test_of_several_answers_the_first_is_sent_on(shell: Shell, server: ChatServer) -> None:
    pieces = [
        b'data: {"choices":[{"index":1,"delta":{"content":"second"},"finish_reason":"stop"}]}\n\n',
        b'data: {"choices":[{"index":0,"delta":{"content":"first"},"finish_reason":"stop"}]}\n\n',
        b"data: [DONE]\n\n",
    ]
    server.plan("one", Played(pieces))
    shell.run("%%deepshi -n 2\none")
    shell.run("%%deepshi\ntwo")
    assert server.context == ["one", "first", "two"]


def test_after_a_reset_the_conversation_is_empty(shell: Shell, server: ChatServer) -> None:
    shell.run("%%deepshi\none")
    shell.run("%deepshi reset")
    shell.run("%%deepshi\ntwo")
    assert server.context == ["two"]


def test_a_skipped_turn_is_not_sent(shell: Shell, server: ChatServer) -> None:
    shell.run("%%deepshi\none")
    shell.run("%%deepshi\ntwo")
    shell.run(f"%deepshi skip {turns(shell)[0].number}")
    shell.run("%%deepshi\nthree")
    assert server.context == ["two", "Answer 1 to two", "three"]


# Running again


def test_running_again_replaces_the_turn_and_leaves_those_below(
    cells: Cells, server: ChatServer
) -> None:
    for name in ("one", "two", "three"):
        cells.run(name, f"%%deepshi\n{name}")
    cells.run("two", "%%deepshi\ntwo, edited")
    assert server.context == ["one", "Answer 1 to one", "two, edited"]
    assert server.questions == ["one", "two", "three", "two, edited"]  # three is not asked again
    cells.run("four", "%%deepshi\nfour")
    assert server.context[2:] == [
        "two, edited",
        "Answer 1 to two, edited",
        "three",
        "Answer 1 to three",
        "four",
    ]


def test_the_earlier_answer_stays_as_a_version(cells: Cells, server: ChatServer) -> None:
    cells.run("one", "%%deepshi\none")
    cells.run("one", "%%deepshi\none")
    state = cells.shell.session.state
    (turn,) = state.timeline
    texts = [record.text for record in state.versions(turn)]
    assert texts == ["Answer 1 to one", "Answer 2 to one"]


def test_a_question_that_fails_when_it_runs_again_takes_the_earlier_answer_away(
    cells: Cells, server: ChatServer
) -> None:
    """The front end has cleared the output, so the answer no longer stands above."""
    cells.run("one", "%%deepshi\none")
    server.plan("one", Played([b'{"error": {"message": "no"}}'], 403))
    with pytest.raises(CallError):
        cells.run("one", "%%deepshi\none")
    cells.run("two", "%%deepshi\ntwo")
    assert server.context == ["two"]


def test_a_dry_run_shows_what_would_be_sent_without_the_answer_that_its_cell_had(
    cells: Cells, server: ChatServer, capsys: pytest.CaptureFixture[str]
) -> None:
    cells.run("one", "%%deepshi\none")
    cells.run("two", "%%deepshi\ntwo")
    capsys.readouterr()
    cells.run("two", "%%deepshi --dry-run\ntwo, edited")
    shown = capsys.readouterr().out
    assert "Answer 1 to one" in shown
    assert "Answer 1 to two" not in shown


def test_a_cell_that_runs_and_asks_nothing_has_no_answer_any_more(
    cells: Cells, server: ChatServer
) -> None:
    """The front end has cleared its output; what is not seen above is not sent."""
    cells.run("one", "%%deepshi\none")
    cells.run("two", "%%deepshi\ntwo")
    cells.run("two", "1 + 1")
    cells.run("three", "%%deepshi\nthree")
    assert server.context == ["one", "Answer 1 to one", "three"]


def test_a_deletion_is_told_once_with_any_cell_and_holds(cells: Cells, server: ChatServer) -> None:
    cells.run("one", "%%deepshi\none")
    cells.run("two", "%%deepshi\ntwo")
    cells.run("plain", "1 + 1", deletedCells=["one"])
    for name in ("three", "four"):
        cells.run(name, f"%%deepshi --chat main\n{name}")
        assert "one" not in server.context
        assert "two" in server.context


def test_a_deleted_cell_that_runs_is_back(cells: Cells, server: ChatServer) -> None:
    cells.run("one", "%%deepshi\none")
    cells.run("plain", "1 + 1", deletedCells=["one"])
    cells.run("one", "%%deepshi\none")
    cells.run("two", "%%deepshi\ntwo")
    assert server.context == ["one", "Answer 2 to one", "two"]


def test_reloading_the_extension_notes_cells_once(cells: Cells, server: ChatServer) -> None:
    events = cells.shell.ip.events.callbacks["pre_run_cell"]
    before = len(events)
    cells.run("reload", "%reload_ext deepshi_jupyter")
    assert len(events) == before
    cells.run("unload", "%unload_ext deepshi_jupyter")
    assert len(events) == before - 1


# The system prompt


def test_a_system_prompt_belongs_to_its_conversation(shell: Shell, server: ChatServer) -> None:
    shell.run("%%deepshi --system 'Be brief.'\none")
    shell.run("%%deepshi\ntwo")
    assert server.context[0] == "Be brief."
    shell.run("%%deepshi --chat b\nthree")
    assert server.context == ["three"]
    records = [turn.record for turn in turns(shell)]
    assert [record.system_from for record in records] == ["cell", "above", ""]


def test_a_system_prompt_that_is_set_holds_for_every_conversation(
    shell: Shell, server: ChatServer
) -> None:
    shell.run("%deepshi set system='Be brief.'")
    for options in ("", "--chat b", "--once", "--new"):
        shell.run(f"%%deepshi {options}\nhello")
        assert server.context[0] == "Be brief."
    assert {turn.record.system_from for turn in turns(shell)} == {"setting"}


def test_another_system_prompt_holds_from_its_cell_on_and_is_part_of_the_chain(
    shell: Shell, server: ChatServer
) -> None:
    shell.run("%%deepshi --system 'Be brief.'\none")
    shell.run("%%deepshi --system 'Be long.'\ntwo")
    assert server.context == ["Be long.", "one", "Answer 1 to one", "two"]
    first, second = (turn.record for turn in turns(shell))
    assert second.parent != first.tip


def test_an_empty_system_prompt_takes_it_back(shell: Shell, server: ChatServer) -> None:
    shell.run("%%deepshi --system 'Be brief.'\none")
    shell.run("%%deepshi --system ''\ntwo")
    assert server.context == ["one", "Answer 1 to one", "two"]
    shell.run("%%deepshi\nthree")
    assert server.context[0] == "one"


def test_a_new_beginning_and_a_fork_keep_the_system_prompt(
    shell: Shell, server: ChatServer
) -> None:
    shell.run("%%deepshi --system 'Be brief.'\none")
    shell.run("%%deepshi --new\ntwo")
    assert server.context == ["Be brief.", "two"]
    shell.run("%%deepshi --chat b --from main@-1\nthree")
    assert server.context[0] == "Be brief."


# What is too long


def long(name: str) -> str:
    return f"{name} " + "word " * 50


@pytest.fixture
def small(shell: Shell, server: ChatServer) -> Shell:
    """A shell whose model takes a few short turns, after four of them were asked."""
    server.models = [SMALL]
    shell.run("%deepshi models")
    for name in ("one", "two", "three", "four"):
        shell.run(f"%%deepshi\n{long(name)}")
    return shell


def asked_about(server: ChatServer) -> list[str]:
    users = [m["content"] for m in server.bodies[-1]["messages"] if m["role"] == "user"]
    return [text.split()[0] for text in users]


def test_the_oldest_turns_are_left_out_when_the_window_is_full(
    small: Shell, server: ChatServer, capsys: pytest.CaptureFixture[str]
) -> None:
    small.run("%%deepshi\nlast")
    sent = asked_about(server)
    assert sent[-1] == "last"
    assert sent == ["one", "two", "three", "four", "last"][-len(sent) :]
    assert 1 < len(sent) < 5
    record = turns(small)[-1].record
    assert record.cut is not None
    assert record.cut.left_out == 5 - len(sent)
    assert record.cut.first == turns(small)[5 - len(sent)].record.id
    assert "not sent, as the context is full: “one word" in record.remarks[-1]
    assert "not sent, as the context is full" in capsys.readouterr().out


def test_the_chain_of_a_shortened_context_is_that_of_what_was_sent(
    small: Shell, server: ChatServer
) -> None:
    small.run("%%deepshi\nlast")
    assert turns(small)[-1].record.parent == chain(server.bodies[-1]["messages"][:-1])


def test_a_pinned_turn_is_not_left_out(small: Shell, server: ChatServer) -> None:
    small.run(f"%deepshi pin {turns(small)[0].number}")
    small.run("%%deepshi\nlast")
    assert asked_about(server)[0] == "one"
    cut = turns(small)[-1].record.cut
    assert cut is not None
    assert cut.kept == (turns(small)[0].record.id,)


def test_what_fits_is_sent_whole_and_nothing_is_said(shell: Shell, server: ChatServer) -> None:
    server.models = [SMALL]
    shell.run("%deepshi models")
    shell.run("%%deepshi\none")
    shell.run("%%deepshi\ntwo")
    record = turns(shell)[-1].record
    assert record.cut is None
    assert record.remarks == ()


def test_a_model_of_which_nothing_is_known_gets_everything(
    shell: Shell, server: ChatServer
) -> None:
    shell.run("%deepshi models")
    for name in ("one", "two", "three", "four", "five"):
        shell.run(f"%%deepshi\n{long(name)}")
    assert asked_about(server) == ["one", "two", "three", "four", "five"]


def test_an_answer_that_reached_its_length_is_part_of_the_conversation(
    shell: Shell, server: ChatServer
) -> None:
    server.plan("one", says("The beginning", finish="length"))
    shell.run("%%deepshi --max-tokens 2\none")
    shell.run("%%deepshi\ntwo")
    assert server.context == ["one", "The beginning", "two"]
