"""A notebook is copied and renamed, also while it is open; each goes on by itself."""

from __future__ import annotations

import shutil
from collections.abc import Callable

from tests.chat_server import ChatServer
from tests.end_to_end.conftest import Desk
from tests.end_to_end.notebook_page import Page
from tests.kernel import Kernel

Start = Callable[..., Kernel]

BOTH = ["One?", "Answer 1 to One?", "Two?", "Answer 1 to Two?"]


def test_each_goes_on_by_itself(start: Start, server: ChatServer, desk: Desk) -> None:
    page = Page(desk.folder / "study.ipynb")
    page.add("%load_ext deepshi_jupyter", cell_id="load")
    page.add("%%deepshi\nOne?", cell_id="one")
    page.add("%%deepshi\nTwo?", cell_id="two")
    page.save()
    with start(page.path) as kernel:
        page.connect(kernel)
        page.run_all()
        page.save()
        shutil.copy(page.path, desk.folder / "copy.ipynb")
        _renamed_while_open(page, server)
        with start(desk.folder / "copy.ipynb") as other:
            copy = Page(desk.folder / "copy.ipynb")
            copy.connect(other)
            _the_copy_goes_on(copy, server)
            page.type("six", "%%deepshi\nSix?")
            assert "Four?" not in server.context  # that is the copy's
    page.save()
    copy.save()
    assert desk.command("status", page.path).code == 0
    assert desk.command("verify", page.path).code == 0
    status = desk.command("status", copy.path)
    assert status.out.splitlines()[-1] == "3 questions: 3 fresh"
    diff = desk.command("diff", page.path, copy.path)
    assert diff.code == 1
    assert "Answer" in diff.out
    _opened_under_the_new_name(start, page, server)
    _restored_under_the_new_name(desk, page)


def _renamed_while_open(page: Page, server: ChatServer) -> None:
    """The kernel still has the old name; there is no such file any more."""
    renamed = page.path.with_name("renamed.ipynb")
    page.path.rename(renamed)
    page.path = renamed
    page.type("three", "%%deepshi\nThree?")
    assert server.context == [*BOTH, "Three?"]
    assert page.record("three").order == "execution"
    page.save()


def _the_copy_goes_on(copy: Page, server: ChatServer) -> None:
    copy.run("load")
    assert copy.shown("load").startswith("2 turns restored from copy.ipynb")
    copy.run("two")
    assert server.context == [*BOTH[:2], "Two?"]
    copy.type("four", "%%deepshi\nFour?")
    assert server.context == [*BOTH[:3], "Answer 2 to Two?", "Four?"]


def _opened_under_the_new_name(start: Start, page: Page, server: ChatServer) -> None:
    with start(page.path) as kernel:
        page.connect(kernel)
        page.run("load")
        assert page.shown("load").startswith("4 turns restored from renamed.ipynb")
        page.type("five", "%%deepshi\nFive?")
        assert server.context[:-1] == [
            *BOTH,
            *("Three?", "Answer 1 to Three?", "Six?", "Answer 1 to Six?"),
        ]
    page.save()


def _restored_under_the_new_name(desk: Desk, page: Page) -> None:
    """The journal knows the turns under the old name."""
    page.clear_all_outputs()
    page.save()
    done = desk.command("restore", page.path)
    assert (done.code, done.out.splitlines()[-1]) == (0, "5 cleared: 5 restored")
    assert desk.command("status", page.path.with_suffix(".restored.ipynb")).code == 0
