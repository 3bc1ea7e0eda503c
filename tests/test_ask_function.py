"""``ask()`` from Python code: in a notebook's cell, in a loop, in a script."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deepshi_jupyter import ask
from deepshi_jupyter.core.canonical import text_sha256
from deepshi_jupyter.core.turn_record import TurnRecord
from deepshi_jupyter.errors import CallError, InputError, InvalidRequestError, ReplayMissError
from deepshi_jupyter.session import current_session
from tests.chat_server import ChatServer, says
from tests.chunks import chunk
from tests.front_end import FrontEnd
from tests.kernel import Kernel
from tests.wire_server import Played


@pytest.fixture(scope="module")
def server() -> Iterator[ChatServer]:
    with ChatServer() as played:
        yield played


@pytest.fixture(autouse=True)
def _fresh(server: ChatServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEEPSHI_BASE_URL", server.base_url)
    server.received.clear()
    server.planned.clear()
    server._asked.clear()


def records() -> list[TurnRecord]:
    return [turn.record for turn in current_session().state.timeline]


# The question


def test_it_asks_and_returns_the_reply(server: ChatServer) -> None:
    assert ask("one").text == "Answer 1 to one"
    assert server.context == ["one"]


def test_a_question_sees_those_before_it(server: ChatServer) -> None:
    ask("one")
    ask("two")
    assert server.context == ["one", "Answer 1 to one", "two"]
    assert [record.place for record in records()] == [0, 1]


def test_chats_beginnings_and_forks_are_as_in_a_cell(server: ChatServer) -> None:
    ask("one")
    ask("aside", once=True)
    assert server.context == ["aside"]
    ask("review", chat="b")
    assert server.context == ["review"]
    ask("two", new=True)
    assert server.context == ["two"]
    ask("other", chat="c", start_from="main@-1")
    assert server.context == ["two", "Answer 1 to two", "other"]
    assert [record.start for record in records()] == ["", "once", "", "new", ""]
    assert [record.chat for record in records()] == ["main", "main", "b", "main", "c"]


@pytest.mark.parametrize(
    "two",
    [
        {"new": True, "once": True},
        {"new": True, "start_from": "main@-1"},
        {"once": True, "start_from": "main@-1"},
    ],
)
def test_two_beginnings_at_once_are_an_error(server: ChatServer, two: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequestError, match="exclude each other"):
        ask("one", **two)
    assert server.received == []


def test_parameters_further_fields_and_the_system_prompt_are_sent(server: ChatServer) -> None:
    ask("one", system="Be brief.", seed=7, temperature=0.0, extra={"top_k": 4}, stream=False)
    (body,) = server.bodies
    assert (body["seed"], body["temperature"], body["top_k"]) == (7, 0.0, 4)
    assert not body.get("stream")
    assert server.context == ["Be brief.", "one"]


def test_what_a_prompt_says_is_sent_as_it_is(server: ChatServer) -> None:
    ask("{{name}} and {x} and \\{{")
    assert server.context == ["{{name}} and {x} and \\{{"]
    assert records()[0].prompt is None


def test_an_empty_prompt_is_an_error(server: ChatServer) -> None:
    with pytest.raises(InputError, match="empty"):
        ask("  ")
    assert server.received == []


def test_the_mode_can_be_given(server: ChatServer) -> None:
    with pytest.raises(ReplayMissError):
        ask("one", mode="replay")
    assert ask("one", once=True).text == "Answer 1 to one"
    current_session().reset()
    assert ask("one", once=True, mode="auto").text == "Answer 1 to one"
    assert server.questions == ["one"]


def test_a_failure_carries_what_came_and_keeps_it(server: ChatServer) -> None:
    server.plan("one", Played([chunk({"content": "Half an"})], end="dirty"))
    with pytest.raises(CallError) as caught:
        ask("one")
    assert caught.value.partial.text == "Half an"
    assert records()[0].is_partial
    ask("two")
    assert server.context == ["two"]


def test_a_form_gives_a_value(server: ChatServer) -> None:
    server.plan("Bern?", says('{"name": "Bern"}'))
    schema = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
    assert ask("Bern?", schema=schema).parsed == {"name": "Bern"}
    assert ask("Bern?", json=True).parsed == {"name": "Bern"}


def test_replies_that_nobody_will_show_are_not_held(server: ChatServer) -> None:
    """Outside of a kernel there is no output that their records could go to."""
    for _ in range(3):
        ask("one")
    assert current_session().take_all_unshown() == []


def test_a_script_has_one_conversation(server: ChatServer, tmp_path: Path) -> None:
    script = tmp_path / "study.py"
    script.write_text(
        "from deepshi_jupyter import ask\n"
        "ask('one')\nprint(ask('two'))\nprint([ask('die', once=True).text for _ in range(2)])\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
    environment["DEEPSHI_STORE"] = str(tmp_path / ".deepshi")
    ran = subprocess.run(
        [sys.executable, str(script)], env=environment, capture_output=True, text=True, timeout=60
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout == "Answer 1 to two\n['Answer 1 to die', 'Answer 2 to die']\n"
    contexts = [len(body["messages"]) for body in server.bodies]
    assert contexts == [1, 3, 1, 1]
    environment |= {"DEEPSHI_MODE": "replay"}
    again = subprocess.run(
        [sys.executable, str(script)], env=environment, capture_output=True, text=True, timeout=60
    )
    assert (again.returncode, again.stdout) == (0, ran.stdout)
    assert len(server.bodies) == 4


# In a cell of a notebook


@pytest.fixture(scope="module")
def kernel(server: ChatServer) -> Iterator[Kernel]:
    with Kernel(DEEPSHI_BASE_URL=server.base_url) as running:
        run = running.run("from deepshi_jupyter import ask\nfrom IPython.display import display")
        assert run.error is None
        yield running


@pytest.fixture
def page(kernel: Kernel, tmp_path: Path) -> FrontEnd:
    kernel.run("%reload_ext deepshi_jupyter")
    kernel.run("%deepshi reset")
    return FrontEnd(kernel, tmp_path / "a.ipynb")


def shown(page: FrontEnd, cell_id: str) -> list[str]:
    return [out["data"]["text/plain"] for out in page.cell(cell_id)["outputs"] if "data" in out]


def test_the_records_of_a_cell_are_kept_in_one_output_after_the_others(page: FrontEnd) -> None:
    source = "for name in 'abc':\n    print(ask(name))"
    cell = page.add(source)
    page.run(cell)
    stream, kept = page.cell(cell)["outputs"]
    assert stream["text"] == "".join(f"Answer 1 to {name}\n" for name in "abc")
    assert kept["data"].keys() == {"text/plain", "application/vnd.deepshi.turn+json"}
    assert kept["data"]["text/plain"] == "3 answers recorded"
    found = page.records(cell)
    assert [record.question for record in found] == ["a", "b", "c"]
    assert [record.place for record in found] == [0, 1, 2]
    assert {record.cell for record in found} == {cell}
    assert {record.source_sha256 for record in found} == {text_sha256(source)}


def test_an_answer_that_is_the_value_of_its_cell_has_its_record_with_it(page: FrontEnd) -> None:
    cell = page.add("ask('a')")
    page.run(cell)
    (output,) = page.cell(cell)["outputs"]
    assert output["output_type"] == "execute_result"
    assert output["data"]["text/plain"] == "Answer 1 to a"
    assert page.record(cell).question == "a"


def test_an_answer_that_is_displayed_has_its_record_with_it_once(page: FrontEnd) -> None:
    cell = page.add("reply = ask('a')\ndisplay(reply)\ndisplay(reply)")
    page.run(cell)
    assert shown(page, cell) == ["Answer 1 to a"] * 2
    assert len(page.records(cell)) == 1


def test_a_cell_that_fails_keeps_what_it_was_answered(page: FrontEnd, server: ChatServer) -> None:
    server.plan("b", Played([chunk({"content": "Half"})], end="dirty"))
    cell = page.add("ask('a')\nask('b')\nask('c')")
    run = page.run(cell)
    assert run.error is not None
    assert [record.kind for record in page.records(cell)] == ["live", "partial"]
    assert server.questions == ["a", "b"]


def test_a_cell_that_asks_nothing_has_no_such_output(page: FrontEnd) -> None:
    page.run(page.add("ask('a')"))
    cell = page.add("1 + 1")
    page.run(cell)
    assert shown(page, cell) == ["2"]


def test_a_cell_and_the_function_share_one_conversation(page: FrontEnd, server: ChatServer) -> None:
    page.ask("one", "--system 'Be brief.'")
    page.run(page.add("ask('two')"))
    assert server.context == ["Be brief.", "one", "Answer 1 to one", "two"]
    page.ask("three")
    assert server.context[-3:] == ["two", "Answer 1 to two", "three"]


def test_a_function_that_asks_counts_by_its_cell(page: FrontEnd, server: ChatServer) -> None:
    page.run(page.add("def twice(text):\n    ask(text)\n    return ask(text + '!').text"))
    cell = page.add("twice('a')")
    page.run(cell)
    page.run(cell)
    assert server.context == ["a", "Answer 2 to a", "a!"]
    assert [record.place for record in page.records(cell)] == [0, 1]
