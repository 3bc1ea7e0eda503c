"""Where the journal cannot be written, the answer still arrives, and it is said once."""

from __future__ import annotations

from collections.abc import Callable

from tests.chat_server import ChatServer, says
from tests.end_to_end.conftest import Desk
from tests.end_to_end.notebook_page import Page
from tests.kernel import Kernel

Start = Callable[..., Kernel]

FULL = """
import resource

resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, 30_000))
"""
"""No file may grow beyond 30 kB: the system refuses to write, as on a full disk."""


def new_page(desk: Desk) -> Page:
    page = Page(desk.folder / "study.ipynb")
    page.add("import warnings\nwarnings.simplefilter('default')", cell_id="warn")
    page.add("%load_ext deepshi_jupyter", cell_id="load")
    page.save()
    return page


def test_a_folder_that_cannot_be_written_gives_way_to_the_users_own(
    start: Start, server: ChatServer, desk: Desk
) -> None:
    page = new_page(desk)
    (desk.folder / "file").write_text("no folder")
    with start(page.path, DEEPSHI_STORE=str(desk.folder / "file" / "store")) as kernel:
        page.connect(kernel)
        page.run_all()
        page.type("one", "%%deepshi\nOne?")
        page.type("two", "%%deepshi\nTwo?")
    page.save()
    assert page.answer("two") == "Answer 1 to Two?"
    assert "DeepshiWarning" in page.shown("one")
    assert "cannot be written" in page.shown("one")
    assert "DeepshiWarning" not in page.shown("two")  # said once
    stores = [path for path in desk.files() if path.suffix == ".jsonl"]
    assert [path.is_relative_to(desk.home) for path in stores] == [True]
    assert desk.command("status", page.path).code == 0


def test_a_full_disk_keeps_no_answer_back(start: Start, server: ChatServer, desk: Desk) -> None:
    profile = desk.home / ".ipython" / "profile_default"
    profile.mkdir(parents=True)
    (profile / "ipython_config.py").write_text("c.HistoryManager.enabled = False\n")
    page = new_page(desk)
    with start(page.path) as kernel:
        page.connect(kernel)
        page.run_all()
        page.type("before", "%%deepshi\nBefore?")
        page.type("full", FULL)
        server.plan("Long?", says(*["word "] * 8000))
        page.type("long", "%%deepshi\nLong?")
        page.type("after", "%%deepshi\nAfter?")
        assert server.context[-3:] == ["Long?", "word " * 8000, "After?"]
    page.save()
    assert page.answer("long") == "word " * 8000
    assert page.answer("after") == "Answer 1 to After?"
    assert "not journaled" in page.shown("long")
    assert "DeepshiWarning" not in page.shown("before") + page.shown("after")
    assert desk.command("verify", page.path).code == 0
    page.clear_all_outputs()
    page.save()
    restored = desk.command("restore", page.path)
    assert "cell 3  before  restored" in restored.out  # every line from before stays readable
    assert restored.code == 1
