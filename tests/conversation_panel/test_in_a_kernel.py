"""A panel in a real kernel and a real notebook file, spoken to as a front end does."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deepshi_jupyter.cli.main import main
from deepshi_jupyter.core.staleness import statuses
from deepshi_jupyter.notebook.notebook_file import cell_views, read_notebook
from tests.chat_server import ChatServer
from tests.chunks import chunk
from tests.conversation_panel.conftest import KEY
from tests.conversation_panel.kernel_page import KernelPage
from tests.front_end import FrontEnd
from tests.kernel import Kernel
from tests.wire_server import Played

PANEL = "deepshi_jupyter.panel()"


@pytest.fixture(scope="module")
def server() -> Iterator[ChatServer]:
    with ChatServer() as played:
        yield played


@pytest.fixture(autouse=True)
def _fresh(server: ChatServer) -> None:
    server.received.clear()
    server.planned.clear()
    server._asked.clear()


class Study:
    """A notebook with its file, its store, and a kernel at a time."""

    def __init__(self, folder: Path, server: ChatServer) -> None:
        self.path = folder / "study.ipynb"
        self.folder = folder
        self.server = server
        self.kernel = self._new_kernel()
        self.begin()

    def begin(self) -> None:
        """Begin with no cells, no file and no turns."""
        self.path.unlink(missing_ok=True)
        self.front = FrontEnd(self.kernel, self.path)
        self.front.add("%load_ext deepshi_jupyter\nimport deepshi_jupyter", cell_id="load")
        self.front.run("load")
        self.kernel.run("%deepshi reset")

    def restart(self) -> None:
        """Go on with the cells of the page in a new kernel."""
        self.stop()
        self.kernel = self.front.kernel = self._new_kernel()
        self.front.run("load")

    def stop(self) -> None:
        self.kernel.__exit__()

    def panel(self, source: str = PANEL) -> KernelPage:
        cell = self.front.add(source)
        self.front.save(after=-60.0)  # a file that was saved before anything was asked
        return KernelPage(self.front, cell)

    def _new_kernel(self) -> Kernel:
        kernel = Kernel(
            self.folder,
            DEEPSHI_BASE_URL=self.server.base_url,
            DEEPSHI_API_KEY=KEY,
            DEEPSHI_STORE=str(self.folder / ".deepshi"),
            JPY_SESSION_NAME=str(self.path),
        )
        return kernel.__enter__()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, server: ChatServer) -> Iterator[Study]:
    made = Study(tmp_path_factory.mktemp("shared"), server)
    yield made
    made.stop()


@pytest.fixture
def study(shared: Study) -> Study:
    shared.begin()
    return shared


@pytest.fixture
def own_study(tmp_path: Path, server: ChatServer) -> Iterator[Study]:
    made = Study(tmp_path, server)
    yield made
    made.stop()


def kept(page: KernelPage) -> list[str]:
    return [record.id for record in page.front.records(page.cell)]


def judged(path: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    capsys.readouterr()
    main(["verify", "--json", str(path)])
    return dict(json.loads(capsys.readouterr().out))


def test_what_is_asked_stays_in_the_cell_and_verifies(
    study: Study, capsys: pytest.CaptureFixture[str]
) -> None:
    study.front.ask("above")
    page = study.panel()
    turns = [page.ask(text)["turn"] for text in ("one", "two")]
    study.front.ask("below")
    assert study.server.context[-3:] == ["two", "Answer 1 to two", "below"]
    assert kept(page) == turns
    study.front.save()
    verdict = judged(study.path, capsys)
    assert (verdict["judgement"], verdict["counts"]["vouched"]) == ("vouched", 4)
    views, troubles = cell_views(read_notebook(study.path))
    assert troubles == []
    assert {status.state for status in statuses(views)} == {"fresh"}
    assert study.front.records(page.cell)[0].order == "disk"


def test_a_turn_of_a_cell_appears_in_the_panel_and_the_other_way_round(study: Study) -> None:
    page = study.panel()
    page.ask("one")
    study.front.ask("below")
    page.say("hello")
    page.wait("turns", lambda m: [t["question"] for t in m["turns"]] == ["one", "below"])
    history = study.front.run(
        study.front.add("print(get_ipython().run_line_magic('deepshi', 'history'))")
    )
    assert "one" in history.text


def test_a_panel_answers_and_stops_while_a_cell_runs(study: Study) -> None:
    study.server.plan("slow", Played([chunk({"content": "Half an"})], end="hang"))
    page = study.panel()
    busy = study.front.add("import time\ndone = []\nwhile not done: time.sleep(0.01)")
    running = study.front.send(busy)
    assert page.ask("one")["error"] is None
    page.say("ask", ask="slow", text="slow")
    page.wait("delta", lambda m: m["ask"] == "slow")
    page.say("stop", ask="slow")
    assert page.wait("ended", lambda m: m["ask"] == "slow")["error"] is None
    assert len(kept(page)) == 2
    page.say("preview", id="p", text="{{done.append(1)}}", evaluate=True)
    assert study.kernel.finish(running).error is None  # only now the cell has ended


def test_the_display_is_made_below_the_panel_even_before_a_question(study: Study) -> None:
    page = study.panel()
    bundles = page.run_of_cell.bundles
    assert "application/vnd.jupyter.widget-view+json" in bundles[0]
    assert bundles[1] == {"text/plain": "No answer recorded"}
    assert "0x" not in bundles[0]["text/plain"]


def test_a_cell_that_runs_again_keeps_its_conversation(study: Study) -> None:
    page = study.panel()
    first = page.ask("one")["turn"]
    page.say("regenerate", ask="again", turn=first)
    again = page.wait("ended", lambda m: m["ask"] == "again")["turn"]
    page.run()
    (turn,) = page.told[1]["turns"]
    assert (turn["id"], turn["branches"]) == (again, [first, again])
    assert kept(page) == [again]
    page.ask("two")
    assert study.server.context == ["one", "Answer 2 to one", "two"]


def test_a_cell_that_runs_again_while_an_answer_comes_keeps_what_came(study: Study) -> None:
    study.server.plan("slow", Played([chunk({"content": "Half an"})], end="hang"))
    page = study.panel()
    page.ask("one")
    page.say("ask", ask="slow", text="slow")
    page.wait("delta", lambda m: m["ask"] == "slow")
    page.run()
    assert [turn["text"] for turn in page.told[1]["turns"]] == ["Answer 1 to one", "Half an"]


def test_a_new_kernel_goes_on_with_what_the_file_has_kept(own_study: Study) -> None:
    page = own_study.panel()
    turns = [page.ask(text)["turn"] for text in ("one", "two")]
    own_study.front.save()
    own_study.restart()
    again = KernelPage(own_study.front, page.cell)
    assert [turn["id"] for turn in again.told[1]["turns"]] == turns
    assert [turn["own"] for turn in again.told[1]["turns"]] == [True, True]
    assert kept(again) == turns
    again.ask("three")
    assert own_study.server.context == [
        *("one", "Answer 1 to one", "two", "Answer 1 to two", "three"),
    ]
    again.say("regenerate", ask="again", turn=turns[1])
    again.wait("ended", lambda m: m["ask"] == "again")
    assert own_study.server.context == ["one", "Answer 1 to one", "two"]


def test_a_new_kernel_finds_in_the_journal_what_the_file_lacks(own_study: Study) -> None:
    page = own_study.panel()
    turns = [page.ask(text)["turn"] for text in ("one", "two")]
    own_study.restart()  # the notebook was not saved since
    again = KernelPage(own_study.front, page.cell)
    assert [turn["id"] for turn in again.told[1]["turns"]] == turns


def test_a_new_kernel_finds_what_was_saved_without_its_last_turns(own_study: Study) -> None:
    page = own_study.panel()
    page.ask("one")
    outputs = json.loads(json.dumps(page.front.cell(page.cell)["outputs"]))
    page.ask("two")
    page.ask("three")
    page.front.cell(page.cell)["outputs"] = outputs  # as a page has them that was loaded again
    own_study.front.save()
    own_study.restart()
    again = KernelPage(own_study.front, page.cell)
    assert [turn["question"] for turn in again.told[1]["turns"]] == ["one", "two", "three"]
    assert [turn["stale"] for turn in again.told[1]["turns"]] == ["", "", ""]


def test_what_a_cleared_output_held_does_not_come_back_by_itself(own_study: Study) -> None:
    page = own_study.panel()
    page.ask("one")
    own_study.front.clear(page.cell)
    own_study.front.save()
    own_study.restart()
    assert KernelPage(own_study.front, page.cell).told[1]["turns"] == []


def test_a_cell_that_no_longer_shows_a_panel_has_none(study: Study) -> None:
    page = study.panel()
    page.ask("one")
    study.front.edit(page.cell, "1 + 1")
    study.front.run(page.cell)
    study.front.ask("below")
    assert study.server.context == ["below"]
    page.told.clear()
    page.say("ping", id="q")
    study.front.run(study.front.add("1"))
    assert page.told == []


def test_the_magic_shows_the_panel_of_another_conversation(study: Study) -> None:
    study.front.ask("above")
    page = study.panel("%deepshi panel --chat critic --new")
    page.ask("one")
    assert study.server.context == ["one"]
    assert study.front.record(page.cell).chat == "critic"
    assert study.front.record(page.cell).start == "new"


def test_one_cell_shows_one_panel(study: Study) -> None:
    cell = study.front.add(f"a = {PANEL}\n{PANEL}")
    error = study.front.run(cell).error
    assert error is not None
    assert error["evalue"].startswith("This cell shows a panel already.")


def test_a_panel_at_the_end_is_the_same_when_it_is_shown_again(study: Study) -> None:
    page = study.panel("deepshi_jupyter.panel(at='end')")
    study.front.ask("above")
    page.ask("one")
    assert study.server.context == ["above", "Answer 1 to above", "one"]
    assert kept(page) == []
    same = study.front.add(
        "print(deepshi_jupyter.panel(at='end') is deepshi_jupyter.panel(at='end'),"
        " deepshi_jupyter.panel(at='end') is deepshi_jupyter.panel(at='end', new=True))"
    )
    assert study.front.run(same).text == "True False\n"


def test_the_key_is_in_no_message_of_the_kernel(study: Study) -> None:
    echo = f'{{"error": {{"message": "bad key {KEY}"}}}}'.encode()
    study.server.plan("refused", Played([echo], 401))
    page = study.panel()
    page.ask("refused")
    page.ask("{{__import__('os').environ['DEEPSHI_API_KEY']}}")
    page.ask("one")
    page.say("models", refresh=True)
    page.wait("models")
    assert KEY not in str(page.told) + str(page.run_of_cell.messages)
    study.front.save()
    texts = [path.read_text() for path in study.folder.rglob("*") if path.is_file()]
    assert KEY not in "".join(texts)


def test_no_thread_is_left_when_the_panel_is_closed(study: Study) -> None:
    page = study.panel("p = deepshi_jupyter.panel()\np")
    page.ask("one")
    code = (
        "p.close()\nimport threading\n"
        "for t in threading.enumerate():\n"
        "    if t.name == 'deepshi-panel': t.join(10)\n"
        "print([t.name for t in threading.enumerate() if t.name == 'deepshi-panel'])"
    )
    assert study.front.run(study.front.add(code)).text == "[]\n"


def test_a_tool_prints_into_the_cell_of_the_panel(study: Study) -> None:
    call = {
        "index": 0,
        "id": "c1",
        "type": "function",
        "function": {"name": "f", "arguments": "{}"},
    }
    calls = Played([chunk({"tool_calls": [call]}), chunk({}, "tool_calls")])
    study.server.plan("f?", calls)
    tool = (
        "@deepshi_jupyter.tool(approve='always')\n"
        "def f() -> str:\n    'F.'\n    print('here')\n    return 'x'"
    )
    study.front.run(study.front.add(tool))
    page = study.panel("deepshi_jupyter.panel(tools='f')")
    page.ask("f?")
    while "here" not in study.front.text(page.cell):
        page.listen()


def test_neither_ipywidgets_nor_anywidget_loads_before_a_panel_is_shown() -> None:
    code = (
        "import sys, deepshi_jupyter.magics.deepshi, deepshi_jupyter.panel_function\n"
        "print([m for m in ('ipywidgets', 'anywidget') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
