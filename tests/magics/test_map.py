"""``%%deepshi --map``: one prompt over the rows of a table, from a cell."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import pytest

from deepshi_jupyter.errors import AuthenticationError, InputError, ReplayMissError
from tests.chat_server import ChatServer, says
from tests.kernel import FRONT_END, Kernel
from tests.magics.conftest import Shell
from tests.wire_server import Played, Received

ROWS = [{"text": "good"}, {"text": "bad"}]
REFUSED = Played([b'{"error": {"message": "unknown key"}}'], 401)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ChatServer]:
    with ChatServer() as chat:
        monkeypatch.setenv("DEEPSHI_BASE_URL", chat.base_url)
        yield chat


@pytest.fixture
def rows(shell: Shell) -> Shell:
    shell.names["df"] = [*ROWS]
    return shell


def test_every_row_is_asked_and_the_result_is_in_the_variable(
    rows: Shell, server: ChatServer, capsys: pytest.CaptureFixture[str]
) -> None:
    rows.run("%%deepshi --map df -o out -t 0\nIs it good? {{text}}")
    assert rows.names["out"].answers == [
        "Answer 1 to Is it good? good",
        "Answer 1 to Is it good? bad",
    ]
    assert {body["temperature"] for body in server.bodies} == {0}
    assert all("stream" not in body for body in server.bodies)
    assert "2 ok; $0.5) in `out`; a DataFrame: `out.frame`" in capsys.readouterr().out


def test_columns_come_before_the_names_of_the_notebook(rows: Shell, server: ChatServer) -> None:
    rows.names.update(question="Is it good?", text="not this")
    rows.run("%%deepshi --map df\n{{question}} {{text}} {{row['text'].upper()}}")
    assert sorted(server.questions) == ["Is it good? bad BAD", "Is it good? good GOOD"]
    assert len(rows.names["_deepshi"]) == 2


def test_any_expression_names_the_table(rows: Shell, server: ChatServer) -> None:
    rows.run('%%deepshi --map \'df[:1] + [{"text": "new"}]\'\n{{text}}')
    assert sorted(server.questions) == ["good", "new"]


def test_the_body_is_read_as_it_is_written(rows: Shell, server: ChatServer) -> None:
    rows.run("%%deepshi --map df\n>>> {'a': {}} \\{{x}} {{text}}\n   \n")
    assert sorted(server.questions) == [
        f">>> {{'a': {{}}}} {{{{x}}}} {text}\n   " for text in ("bad", "good")
    ]


def test_a_schema_gives_typed_rows_and_samples_ask_each_several_times(
    rows: Shell, server: ChatServer
) -> None:
    original = server.next_answer

    def yes(request: Received) -> Played:
        return says('{"value": "yes"}') if request.method == "POST" else original(request)

    server.next_answer = yes  # type: ignore[method-assign]
    rows.names["Label"] = Literal["yes", "no"]
    rows.run("%%deepshi --map df --schema Label --samples 2 -o out\n{{text}}")
    assert rows.names["out"].answers == ["yes"] * 4
    assert all("n" not in body for body in server.bodies)


def test_the_same_cell_again_asks_only_what_is_missing(rows: Shell, server: ChatServer) -> None:
    cell = "%%deepshi --map df -o out\n{{text}}"
    rows.run(cell)
    rows.names["df"].append({"text": "new"})
    rows.run(cell)
    assert server.questions[2:] == ["new"]
    assert rows.names["out"].states == {"cached": 2, "ok": 1}
    rows.run(cell.replace("--map", "--mode refresh --map"))
    assert len(server.questions) == 6


@pytest.mark.parametrize("how", ["--mode replay", "%deepshi set mode=replay"])
def test_in_the_mode_replay_nobody_is_asked(rows: Shell, server: ChatServer, how: str) -> None:
    if how.startswith("%"):
        rows.run(how)
    option = how if how.startswith("--") else ""
    with pytest.raises(ReplayMissError):
        rows.run(f"%%deepshi --map df {option}\n{{{{text}}}}")
    assert server.bodies == []


def test_the_conversation_is_neither_seen_nor_added_to(rows: Shell, server: ChatServer) -> None:
    rows.run("%%deepshi\none")
    rows.run("%%deepshi --map df --system 'Be brief.'\n{{text}}")
    assert server.context[0] == "Be brief."
    assert len(server.context) == 2
    rows.run("%%deepshi\ntwo")
    assert server.context == ["one", "Answer 1 to one", "two"]


@pytest.mark.parametrize(
    "options",
    [
        *("--vary seed=1,2", "--tools rainfall", "--attach figure", "--chat other", "--new"),
        *("--from main@1", "--record file", "--raw", "--as text", "--yes", "--mode live"),
        *("--samples 0", "--budget 0", "--repair 1"),
    ],
)
def test_what_does_not_go_with_a_table_is_refused_before_anything_is_sent(
    rows: Shell, server: ChatServer, options: str
) -> None:
    with pytest.raises(InputError):
        rows.run(f"%%deepshi --map df {options}\n{{{{text}}}}")
    assert server.received == []


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("%%deepshi --map nothing\n{{text}}", "--map nothing failed: NameError"),
        ("%%deepshi --map 3\n{{item}}", "of type int"),
        ("%%deepshi --map df\n{{txt}}", "Row 0"),
        ("%%deepshi --map df\n  ", "prompt of row 0 is empty"),
        ("%%deepshi --budget 1\nhello", "--budget needs --map"),
    ],
)
def test_what_is_no_table_or_does_not_fit_says_so(
    rows: Shell, server: ChatServer, cell: str, words: str
) -> None:
    with pytest.raises(InputError, match=words):
        rows.run(cell)
    assert server.bodies == []


def test_a_budget_leaves_rows_out(rows: Shell, server: ChatServer) -> None:
    rows.names["df"] = [{"text": str(number)} for number in range(10)]
    with pytest.warns(UserWarning, match="rows were not asked"):
        rows.run("%%deepshi --map df --budget 0.5 -o out\n{{text}}")
    assert rows.names["out"].states == {"skipped": 8, "ok": 2}


def test_a_dry_run_shows_the_first_row_and_sends_nothing(
    rows: Shell, server: ChatServer, capsys: pytest.CaptureFixture[str]
) -> None:
    rows.run("%%deepshi --map df --dry-run --samples 3 -t 0\nIs it good? {{text}}")
    shown = capsys.readouterr().out
    assert '"content": "Is it good? good"' in shown
    assert "The question was not sent." in shown
    assert "the first of 2 rows, each of which is asked 3 times" in shown
    assert server.bodies == []
    assert "_deepshi" not in rows.names


def test_an_error_puts_what_came_into_the_variable(rows: Shell, server: ChatServer) -> None:
    server.plan("bad", REFUSED)
    rows.names["df"] = [*ROWS, *({"text": str(number)} for number in range(300))]
    with pytest.raises(AuthenticationError):
        rows.run("%%deepshi --map df -o out\n{{text}}")
    assert len(rows.names["out"]) == 302
    assert rows.names["out"].states["error"] == 1


# In a real kernel


class Held(ChatServer):
    """Answers the first rows, and no further one."""

    def next_answer(self, request: Received) -> Played:
        if request.method == "POST":
            text = json.loads(request.body)["messages"][-1]["content"]
            if text.startswith("held"):
                return Played([], headers={"content-type": "application/json"}, end="hang")
        return super().next_answer(request)


def written(folder: Path) -> list[str]:
    """Return the lines of the rows that are on the disk."""
    return [
        line for path in folder.rglob("rows/*.jsonl") for line in path.read_text().splitlines()[1:]
    ]


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_an_interrupt_keeps_what_came_and_the_same_cell_goes_on(tmp_path: Path) -> None:
    cell = "%%deepshi --map df -o out\n{{text}}"
    with (
        Held() as server,
        Kernel(DEEPSHI_BASE_URL=server.base_url, DEEPSHI_STORE=str(tmp_path)) as kernel,
    ):
        kernel.run("%load_ext deepshi_jupyter\ndf = [{'text': t} for t in ('a', 'b', 'held')]")
        identity = kernel.send(cell, **FRONT_END)
        wait_for(lambda: len(server.questions) == 3 and len(written(tmp_path)) == 2)
        kernel.interrupt()
        finished = kernel.finish(identity, 30)
        assert finished.error is not None
        assert finished.error["ename"] == "CallInterruptedError"
        assert kernel.run("print(out.states)").text == "{'ok': 2, 'skipped': 1}\n"
        kernel.run("df[2]['text'] = 'let go'")
        again = kernel.run(cell, **FRONT_END)
        assert again.error is None
        assert "MapResult(3 rows: 2 cached, 1 ok" in str(again.bundles)
        assert server.questions[3:] == ["let go"]
