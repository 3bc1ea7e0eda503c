"""What a user says of turns survives a restart of the kernel, from the file alone."""

from __future__ import annotations

from collections.abc import Callable

from tests.chat_server import ChatServer
from tests.end_to_end.conftest import Desk
from tests.end_to_end.notebook_page import Page
from tests.kernel import Kernel

Start = Callable[..., Kernel]


def test_it_survives_a_restart_without_a_journal(
    start: Start, server: ChatServer, desk: Desk
) -> None:
    page = Page(desk.folder / "study.ipynb")
    page.add("%load_ext deepshi_jupyter", cell_id="load")
    page.add("%%deepshi\nOne?", cell_id="one")
    page.add("%%deepshi\nTwo?", cell_id="two")
    page.add("%%deepshi\nThree?", cell_id="three")
    page.save()
    with start(page.path) as kernel:
        page.connect(kernel)
        page.run_all()
        page.run("three")  # number 5 beside it now
        assert page.cell("three")["execution_count"] == 5
        page.type("skip", "%deepshi skip 2")
        page.type("pin", "%deepshi pin 3")
        page.type("pick", "%deepshi pick 1 5")
        assert page.shown("skip") == "The turn of cell &#91;2&#93; is not sent from now on."
        assert page.shown("pick").startswith("Version 1 counts as the answer of cell &#91;5&#93;")
        assert page.answer("three") == "Answer 1 to Three?"  # shown in its cell at once
        page.type("four", "%%deepshi\nFour?")
        wanted = ["Two?", "Answer 1 to Two?", "Three?", "Answer 1 to Three?", "Four?"]
        assert server.context == wanted
    page.save()
    # What was asked with the skipped turn above is stale by the skip; Four was asked without it.
    stale = desk.command("status", page.path, "--stale").out
    assert ("two" in stale, "three" in stale, "four" in stale) == (True, True, False)

    with start(page.path, DEEPSHI_STORE="off") as kernel:
        page.connect(kernel)
        page.run("load")
        page.type("history", "%deepshi history")
        rows = page.shown("history").splitlines()
        remarks = {name: next(row for row in rows if name in row) for name in ("One?", "Two?")}
        assert remarks["One?"].endswith("| skipped |")
        assert remarks["Two?"].endswith("| pinned |")
        page.type("five", "%%deepshi\nFive?")
        assert server.context == [*wanted, "Answer 1 to Four?", "Five?"]
    assert len([*(desk.folder / ".deepshi" / "journal").iterdir()]) == 1  # of the first kernel


def test_two_chats_and_a_fork_go_their_own_ways(
    start: Start, server: ChatServer, desk: Desk
) -> None:
    page = Page(desk.folder / "study.ipynb")
    page.add("%load_ext deepshi_jupyter", cell_id="load")
    page.add("%%deepshi\nOne?", cell_id="one")
    page.add("%%deepshi --chat critic --system Strict.\nWhy?", cell_id="why")
    page.add("%%deepshi\nTwo?", cell_id="two")
    page.add("%%deepshi --chat author --from main@2\nOther?", cell_id="other")
    page.add("%%deepshi --chat author\nGo on?", cell_id="on")
    page.save()
    with start(page.path) as kernel:
        page.connect(kernel)
        page.run_all()
        page.save()
        assert [body["messages"][0]["content"] for body in server.bodies] == [
            *("One?", "Strict.", "One?", "One?", "One?"),
        ]
        assert server.context == [
            "One?",
            "Answer 1 to One?",
            "Other?",
            "Answer 1 to Other?",
            "Go on?",
        ]
    assert desk.command("status", page.path).code == 0
    assert desk.command("verify", page.path).code == 0
    with start(page.path, DEEPSHI_STORE="off") as kernel:
        page.connect(kernel)
        page.run("load")
        page.type("more", "%%deepshi --chat author\nAnd more?")
        assert server.context[2:] == [
            "Other?",
            "Answer 1 to Other?",
            "Go on?",
            "Answer 1 to Go on?",
            "And more?",
        ]
        page.type("critic", "%%deepshi --chat critic\nStill?")
        assert server.context == ["Strict.", "Why?", "Answer 1 to Why?", "Still?"]
        page.run("one")  # the fork's beginning is another one now
        page.save()
    stale = desk.command("status", page.path, "--stale").out
    assert [
        name for name in ("why", "two", "other", "on", "more", "critic") if f"  {name} " in stale
    ] == [
        *("two", "other", "on", "more"),
    ]
