"""Two people go on with one notebook on two branches; git merges them with our driver."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.chat_server import ChatServer
from tests.end_to_end.conftest import Desk
from tests.end_to_end.notebook_page import Page
from tests.kernel import Kernel

Start = Callable[..., Kernel]


@pytest.fixture
def git(desk: Desk) -> Callable[..., str]:
    """Run git in the folder, and return what it prints; it must not fail."""

    def run(*words: str) -> str:
        identity = ("-c", "user.name=A", "-c", "user.email=a@example.org")
        done = subprocess.run(
            ["git", *identity, *words], cwd=desk.folder, capture_output=True, encoding="utf-8"
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    return run


def test_the_answers_of_both_survive(
    start: Start, server: ChatServer, desk: Desk, git: Callable[..., str]
) -> None:
    page = Page(desk.folder / "study.ipynb")
    page.add("%load_ext deepshi_jupyter", cell_id="load")
    page.add("%%deepshi\nOne?", cell_id="one")
    page.add("%%deepshi\nLast?", cell_id="last")
    page.save()
    git("init", "--initial-branch=main")
    assert desk.command("merge", "--install").code == 0
    with start(page.path) as kernel:
        page.connect(kernel)
        page.run_all()
        page.save()
        git("add", "--all")
        git("commit", "-m", "base")
        assert ".deepshi" not in git("ls-files")  # it ignores itself
        _asked_between(page, "ours", git)
    git("checkout", "-b", "theirs", "main~1")
    with start(page.path) as kernel:
        other = Page(page.path)
        other.connect(kernel)
        other.run("load")
        _asked_between(other, "theirs", git)

    git("checkout", "main")
    git("merge", "theirs", "-m", "merged")
    page.reload()
    assert [cell["id"] for cell in page.cells] == ["load", "one", "ours", "theirs", "last"]
    assert page.answer("ours") == "Answer 1 to On ours?"
    assert page.answer("theirs") == "Answer 1 to On theirs?"
    assert _states(desk, page.path) == ["fresh", "fresh", "context-changed", "context-changed"]
    assert desk.command("verify", page.path).code in (0, 3)  # nothing is wrong

    with start(page.path) as kernel:
        page.connect(kernel)
        page.run("load")
        page.type("again", "%deepshi run-stale --yes")
        assert page.shown("again").startswith("2 asked again")
        assert server.context == [
            *("One?", "Answer 1 to One?", "On ours?", "Answer 1 to On ours?"),
            *("On theirs?", "Answer 2 to On theirs?", "Last?"),
        ]
        page.save()
    assert _states(desk, page.path) == ["fresh"] * 4
    verify = desk.command("verify", page.path)  # the cells still show the answers from before
    assert verify.code == 3
    assert verify.out.count("another version of the answer counts in its place") == 2
    assert verify.out.splitlines()[-1] == "6 records: 4 vouched, 2 cannot be vouched for"
    git("commit", "--all", "-m", "asked again")


def _asked_between(page: Page, name: str, git: Callable[..., str]) -> None:
    """Ask one question more above the last, which is stale then and not asked again."""
    page.add(f"%%deepshi\nOn {name}?", cell_id=name, at=2)
    page.save()
    page.run(name)
    page.save()
    git("commit", "--all", "-m", name)


def _states(desk: Desk, path: Path) -> list[str]:
    lines = desk.command("status", path).out.splitlines()[:-1]
    return [line[line.index("main") :].split("  ")[1].strip() for line in lines]
