"""All outputs are cleared, and `%deepshi restore` brings the conversation back."""

from __future__ import annotations

from collections.abc import Callable

from tests.chat_server import ChatServer
from tests.end_to_end.conftest import Desk
from tests.end_to_end.notebook_page import Page
from tests.kernel import Kernel

Start = Callable[..., Kernel]


def test_cleared_answers_come_back_and_stay(start: Start, server: ChatServer, desk: Desk) -> None:
    page = Page(desk.folder / "study.ipynb")
    page.add("%load_ext deepshi_jupyter", cell_id="load")
    page.add("%%deepshi --system Brief.\nOne?", cell_id="one")
    page.add("%%deepshi -t 0\nTwo?", cell_id="two")
    page.add("%%deepshi --chat other\nThree?", cell_id="three")
    page.save()
    with start(page.path) as kernel:
        page.connect(kernel)
        page.run_all()
    page.clear_all_outputs()
    page.save()
    assert desk.command("status", page.path).out.splitlines()[-1] == "3 questions: 3 unsent"

    with start(page.path) as kernel:
        page.connect(kernel)
        page.run("load")
        assert page.shown("load") == ""  # what was taken away stays away
        page.type("before", "%deepshi history")
        assert "nothing restored: study.ipynb shows no answer; " in page.shown("before")
        assert "%deepshi restore" in page.shown("before")
        page.type("restore", "%deepshi restore")
        assert page.shown("restore").startswith("3 turns brought back from the journal.")
        assert "**Two?**\n\nAnswer 1 to Two?" in page.shown("restore")
        page.save()
        page.type("four", "%%deepshi\nFour?")
        brief = ["Brief.", "One?", "Answer 1 to One?", "Two?", "Answer 1 to Two?", "Four?"]
        assert server.context == brief
        assert server.questions == ["One?", "Two?", "Three?", "Four?"]  # nothing was paid twice
    page.save()
    assert desk.command("status", page.path).out.splitlines()[-1] == "4 questions: 4 fresh"
    assert desk.command("verify", page.path).code == 0, desk.command("verify", page.path).out

    for path in (desk.folder / ".deepshi" / "journal").iterdir():
        path.unlink()  # from the file alone
    with start(page.path) as kernel:
        page.connect(kernel)
        page.run("load")
        assert page.shown("load").startswith("4 turns restored from study.ipynb; see ")
        page.type("five", "%%deepshi\nFive?")
        assert server.context == [*brief, "Answer 1 to Four?", "Five?"]
