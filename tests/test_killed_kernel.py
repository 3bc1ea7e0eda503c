"""A kernel that is killed in the middle of an answer, and the one that comes after it."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deepshi_jupyter.notebook.journal_reader import Unfinished, turns_in, unfinished
from deepshi_jupyter.notebook.restored import journaled_records, left_by
from deepshi_jupyter.notebook.store import Store, find_store
from tests.chat_server import ChatServer
from tests.chunks import chunk
from tests.front_end import FrontEnd
from tests.kernel import Kernel, Run
from tests.wire_server import Played

KEY = "sk-bf-canary-0b77c1"
WORDS = "Once upon a time there was a kernel. "


@pytest.fixture
def server() -> Iterator[ChatServer]:
    with ChatServer() as played:
        yield played


@pytest.fixture
def start(server: ChatServer, tmp_path: Path) -> Callable[[], Kernel]:
    """Start a kernel of the notebook; its store lies beside the notebook, as it is found."""

    def kernel() -> Kernel:
        return Kernel(
            DEEPSHI_BASE_URL=server.base_url,
            DEEPSHI_API_KEY=KEY,
            DEEPSHI_STORE="",
            JPY_SESSION_NAME=str(tmp_path / "a.ipynb"),
        )

    return kernel


def load(kernel: Kernel) -> Run:
    run = kernel.run("%load_ext deepshi_jupyter", cellId="load")
    assert run.error is None, run.error
    return run


def shown(kernel: Kernel, line: str) -> str:
    run = kernel.run(line, cellId="shown")
    assert run.error is None, run.error
    return str(run.bundles[-1]["text/plain"])


def kill_in_the_middle(page: FrontEnd, question: str, store: Store) -> Unfinished:
    """Send a question, kill the kernel once its first words are in the journal; return the call."""
    page.send(page.add(f"%%deepshi --seed 7\n{question}"))
    deadline = time.monotonic() + 20
    while not [call for call in unfinished(store) if call.text()]:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    os.kill(page.kernel.pid, signal.SIGKILL)
    (call,) = unfinished(store)
    return call


@pytest.fixture
def killed(
    server: ChatServer, start: Callable[[], Kernel], tmp_path: Path
) -> tuple[FrontEnd, Unfinished]:
    """A notebook that was saved with one answer, got a second one, and was killed in the third."""
    server.plan("slow", Played([chunk({"content": WORDS})], end="hang"))
    with start() as kernel:
        load(kernel)
        page = FrontEnd(kernel, tmp_path / "a.ipynb")
        page.ask("one")
        page.save(after=0)
        page.ask("two")
        call = kill_in_the_middle(page, "slow", find_store(page.path, {}))
    return page, call


def test_request_and_partial_answer_are_in_the_journal(
    killed: tuple[FrontEnd, Unfinished],
) -> None:
    page, call = killed
    assert WORDS.startswith(call.text())
    assert call.text()
    left = left_by(call)
    assert left is not None
    assert (left.question, left.text, left.is_partial) == ("slow", call.text(), True)
    assert left.parameters == {"seed": 7}
    assert left.call.request_key.startswith("r1:")
    assert left.cell == page.cells[2]["id"]
    assert page.path.parent.joinpath(".deepshi", ".gitignore").exists()


def test_the_answers_that_ended_are_in_the_journal_whole(
    killed: tuple[FrontEnd, Unfinished],
) -> None:
    page, _ = killed
    store = find_store(page.path, {})
    ended = [turn.record["messages"][0]["content"] for turn in turns_in(store, page.path).values()]
    assert ended == ["one", "two"]
    assert [record.question for record in journaled_records(store)] == ["one", "two", "slow"]


def test_no_file_holds_the_key(killed: tuple[FrontEnd, Unfinished]) -> None:
    page, _ = killed
    files = [path for path in page.path.parent.rglob("*") if path.is_file()]
    assert len(files) >= 3
    assert not [path for path in files if KEY.encode() in path.read_bytes()]


def test_a_new_kernel_has_all_turns_and_sends_on_those_that_are_whole(
    killed: tuple[FrontEnd, Unfinished], start: Callable[[], Kernel], server: ChatServer
) -> None:
    page, _ = killed
    with start() as kernel:
        assert "3 turns restored from a.ipynb, 2 of them from the journal" in load(kernel).text
        assert "3 turns" in shown(kernel, "%deepshi")
        assert "broke off" in shown(kernel, "%deepshi history")
        page.kernel = kernel
        page.ask("three")
        expected = ["one", "Answer 1 to one", "two", "Answer 1 to two", "three"]
        assert server.context == expected


def test_what_the_killed_kernel_was_asked_is_asked_again_and_not_replayed(
    killed: tuple[FrontEnd, Unfinished], start: Callable[[], Kernel], server: ChatServer
) -> None:
    page, _ = killed
    server.planned.clear()
    with start() as kernel:
        load(kernel)
        slow = page.cells[2]["source"].partition("\n")[2]
        run = kernel.run(f"%%deepshi --seed 7 --mode auto\n{slow}", cellId=page.cells[2]["id"])
        assert run.bundles[-1]["text/plain"] == "Answer 2 to slow"
        run = kernel.run("%%deepshi --mode replay\none", cellId=page.cells[0]["id"])
        assert run.error is None, run.error
        assert run.bundles[-1]["text/plain"] == "Answer 1 to one"  # the journal has it


def test_a_kernel_with_nothing_to_restore_starts_empty_and_says_so(
    start: Callable[[], Kernel], tmp_path: Path
) -> None:
    with start() as kernel:
        assert load(kernel).text == ""
        status = shown(kernel, "%deepshi")
        assert "0 turns" in status
        assert "neither a.ipynb nor its journal holds a turn" in status
    assert not (tmp_path / ".deepshi").exists()  # nothing was asked, nothing is written


def test_a_file_that_is_no_notebook_leaves_the_kernel_empty_and_is_told(
    start: Callable[[], Kernel], tmp_path: Path, server: ChatServer
) -> None:
    (tmp_path / "a.ipynb").write_text("<<<<<<< ours\n{}")
    with start() as kernel:
        load(kernel)
        assert "is no notebook" in shown(kernel, "%deepshi")
        assert kernel.run("%%deepshi\none", cellId="x").error is None
        assert server.context == ["one"]
