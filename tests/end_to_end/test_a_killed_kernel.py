"""A kernel is killed in the middle of an answer; what the user sees when the notebook is opened."""

from __future__ import annotations

import os
import signal

from deepshi_jupyter.offline import OfflineServer
from tests.end_to_end.conftest import Desk
from tests.end_to_end.notebook_page import Page

QUESTIONS = {
    "rivers": '%%deepshi --system "Be brief." --seed 7\nSay something on rivers.',
    "lakes": "%%deepshi --seed 7\nAnd on lakes, at length?",
    "sea": "%%deepshi --seed 7\nAnd on the sea?",
    "sum": "%%deepshi --seed 7\nTo sum up?",
}


def states(desk: Desk, page: Page) -> list[str]:
    """Save, and return what `status` says of each question."""
    page.save()
    lines = desk.command("status", page.path).out.splitlines()[:-1]
    return [line[line.index("main") :].split("  ")[1].strip() for line in lines]


def test_what_came_is_restored_and_what_is_stale_is_asked_again(desk: Desk) -> None:
    page = Page(desk.folder / "study.ipynb")
    page.add("%load_ext deepshi_jupyter", cell_id="load")
    for cell_id, source in QUESTIONS.items():
        page.add(source, cell_id=cell_id)
    page.save()
    with OfflineServer() as server, OfflineServer(pace=15) as slow:
        _killed_in_the_middle(desk, page, server, slow)
        first = _reopened(desk, page, server)
        _after_another_restart(desk, page, server, first)


def _killed_in_the_middle(
    desk: Desk, page: Page, server: OfflineServer, slow: OfflineServer
) -> None:
    with desk.kernel(page.path, server) as kernel:
        page.connect(kernel)
        page.run("load")
        page.run("rivers")
        page.type("slow", f"%deepshi set base_url={slow.base_url}")
        request = page.send("lakes")
        page.watch_until_shown("lakes", request, 30)
        os.kill(kernel.pid, signal.SIGKILL)
    page.delete("slow")
    assert states(desk, page) == ["fresh", "unsent", "unsent", "unsent"]
    assert "an answer without a record" in desk.command("verify", page.path).out


def _reopened(desk: Desk, page: Page, server: OfflineServer) -> str:
    """Go on after the crash; return the first answer of the cell that is asked twice."""
    with desk.kernel(page.path, server) as kernel:
        page.connect(kernel)
        page.run("load")
        said = "2 turns restored from study.ipynb, 1 of them from the journal; see %deepshi history"
        assert said in page.shown("load")
        page.type("history", "%deepshi history")
        broken = next(row for row in page.shown("history").splitlines() if "lakes" in row)
        assert "broke off" in broken
        page.type("context", "%deepshi context")
        assert "not sent: broke off" in page.shown("context")
        for cell_id in ("history", "context"):
            page.delete(cell_id)

        page.run("sea")
        assert page.record("sea").parent == page.record("rivers").tip  # the partial was not sent
        page.run("sum")
        assert states(desk, page) == ["fresh", "unsent", "fresh", "fresh"]
        page.run("lakes")
        assert states(desk, page) == ["fresh", "fresh", "context-changed", "context-changed"]

        first = page.answer("lakes")
        page.cell("lakes")["source"] = "%%deepshi --seed 7\nAnd on ponds?"
        assert states(desk, page)[1] == "edited"
        page.run("lakes")
        shown = desk.command("status", page.path, "--stale")
        assert shown.code == 1
        assert shown.out.count("what stands above is not what was sent") == 2

        page.type("stale", "%deepshi run-stale")
        plan = page.shown("stale")
        assert "2 questions would be asked again: ≈" in plan
        assert "tokens in, ≈ &#36;0.0" in plan
        assert states(desk, page) == ["fresh", "fresh", "context-changed", "context-changed"]
        page.cell("stale")["source"] = "%deepshi run-stale --yes"
        page.run("stale")
        assert "2 asked again, &#36;0.0" in page.shown("stale")
    assert states(desk, page) == ["fresh"] * 4
    status, verify = desk.command("status", page.path), desk.command("verify", page.path)
    assert (status.code, verify.code) == (0, 0), verify.out
    return first


def _after_another_restart(desk: Desk, page: Page, server: OfflineServer, first: str) -> None:
    """The file alone says what counts; the journal has the earlier versions."""
    with desk.kernel(page.path, server) as kernel:
        page.reload()
        page.connect(kernel)
        page.run("load")
        assert "4 turns restored from study.ipynb; see" in page.shown("load")
        page.type("none", "%deepshi run-stale")
        assert "Nothing is stale" in page.shown("none")
        page.type("versions", "%deepshi versions lakes")
        versions = [row for row in page.shown("versions").splitlines() if "offline-chat" in row]
        assert len(versions) == 2
        assert versions[-1].endswith("| counts |")
        assert first[:30] in versions[0]
