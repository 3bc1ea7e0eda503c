"""A comparison in a real kernel, as front ends see it, and in a notebook that is run again."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook

from deepshi_jupyter.core.staleness import statuses
from deepshi_jupyter.core.turn_record import MIME_TYPE, TurnRecord, read_record
from deepshi_jupyter.notebook.notebook_file import cell_views, read_notebook, records_in
from deepshi_jupyter.offline import OfflineServer
from tests.chunks import DONE, answer, chunk, usage_chunk
from tests.kernel import FRONT_END, Kernel, Run
from tests.wire_server import Played, WireServer

KEY = "sk-bf-canary-81c4"
COMPARE = "c = deepshi_jupyter.compare('hello', temperature=[0, 1], samples=2)"


@pytest.fixture(scope="module")
def server() -> Iterator[WireServer]:
    with WireServer(Played([])) as played:
        yield played


@pytest.fixture(scope="module")
def kernel(server: WireServer) -> Iterator[Kernel]:
    with Kernel(DEEPSHI_BASE_URL=server.base_url, DEEPSHI_API_KEY=KEY) as running:
        run = running.run("%load_ext deepshi_jupyter\nimport deepshi_jupyter")
        assert run.error is None
        yield running


@pytest.fixture(autouse=True)
def _fresh(server: WireServer, kernel: Kernel) -> None:
    server.answers = [Played([*answer("**Hi**", done=False), usage_chunk(3, 2, cost=0.25), DONE])]
    server.received.clear()
    server.closed_by_client.clear()
    kernel.run("%deepshi reset")


def shown(run: Run) -> dict[str, object]:
    """What stays of the display of a comparison."""
    bundles = [bundle for bundle in run.bundles if MIME_TYPE in bundle]
    assert len(bundles) == 1
    return bundles[0]


def records(run: Run) -> list[TurnRecord]:
    return [read_record(value) for value in records_in(shown(run))]


def test_a_page_shows_progress_and_keeps_one_display_with_the_records(kernel: Kernel) -> None:
    run = kernel.run(COMPARE, **FRONT_END)
    assert run.error is None
    identities = {
        content["transient"]["display_id"]
        for content in run.of_type("display_data", "update_display_data")
        if "display_id" in content["transient"]
    }
    assert len(identities) == 1
    assert "4 calls" in run.bundles[0]["text/plain"]
    assert "| ×2 |" in str(shown(run)["text/markdown"])
    assert [record.text for record in records(run)] == ["**Hi**"] * 4
    assert run.bundles[-1]["image/png"]


def test_where_nobody_watches_there_is_only_what_stays(kernel: Kernel) -> None:
    run = kernel.run(COMPARE)
    assert [set(bundle) for bundle in run.bundles] == [
        {"text/plain", "text/markdown", MIME_TYPE},
        {"text/plain", "image/png"},
    ]
    assert run.of_type("update_display_data") == []
    assert run.text == ""


def test_the_table_stands_once_in_the_cell_and_again_where_it_is_named(kernel: Kernel) -> None:
    run = kernel.run(f"{COMPARE}\nc")
    (value,) = run.of_type("execute_result")
    assert value["data"]["text/plain"].endswith("shown above")
    (value,) = kernel.run("c").of_type("execute_result")
    assert set(value["data"]) == {"text/plain", "text/markdown", "image/png"}


def test_an_interrupt_keeps_what_came_and_stops_every_call(
    kernel: Kernel, server: WireServer
) -> None:
    whole = server.answers[0]
    server.answers = [whole, whole, Played([chunk({"content": "Half an"})], end="hang")]
    source = "d = None\nd = deepshi_jupyter.compare('hello', seed=range(20), samples=1)"
    identity = kernel.send(source, **FRONT_END)
    deadline = time.monotonic() + 30
    run = Run()
    while not run.bundles or run.bundles[-1]["text/plain"].count("Half an") < 8:
        kernel.next_message(identity, deadline, run)
    kernel.interrupt()
    finished = kernel.finish(identity, 30)
    assert finished.error is not None
    assert finished.error["ename"] == "CallInterruptedError"
    assert "2 of 20 answers" in finished.error["evalue"]
    kinds = [record.kind for record in records(finished)]
    assert kinds.count("live") == 2
    assert kinds.count("partial") == 8
    assert len([r for r in server.received if r.method == "POST"]) == 10
    assert server.closed_by_client.wait(10)
    run = kernel.run("print(type(_deepshi).__name__, len(_deepshi), _deepshi.is_whole, d)")
    assert run.text == "Comparison 20 False None\n"
    frame = kernel.run("print(*sorted(set(_deepshi.frame['error'])), sep='|')")
    assert frame.text == "|not asked|you stopped this answer\n"
    server.answers = [whole]
    assert kernel.run("%%deepshi\nagain").error is None


def test_the_key_is_in_no_message(kernel: Kernel, server: WireServer) -> None:
    echo = f'{{"error": {{"message": "bad key {KEY}"}}}}'.encode()
    spoken = Played(answer(f"It is {KEY}."))
    server.answers = [spoken, spoken, Played([echo], 400)]
    cells = [COMPARE, "c", "c.frame.to_dict()", "vars(c)", "c.diff()", "c.agreement"]
    messages = [message for cell in cells for message in kernel.run(cell).messages]
    assert KEY not in str(messages)


def executed(path: Path, **environment: str) -> NotebookNode:
    notebook = nbformat.read(path, as_version=4)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        patch.setenv("PYTHONWARNINGS", "ignore")
        NotebookClient(notebook, kernel_name="python3").execute(cwd=os.getcwd())
    return notebook


def outputs_as_written(notebook: NotebookNode) -> str:
    """Return all outputs as nbformat writes them."""
    return json.dumps([cell.outputs for cell in notebook.cells], sort_keys=True, indent=1)


def test_a_notebook_runs_and_a_replay_of_it_is_the_same_file(tmp_path: Path) -> None:
    """Against the embedded endpoint, where temperature and seed truly act."""
    sources = [
        "%load_ext deepshi_jupyter\nimport deepshi_jupyter",
        "%%deepshi\nTell me of the sea.",
        "c = deepshi_jupyter.compare('And?', temperature=[0, 1.5], samples=3, max_tokens=20)\nc",
        "%%deepshi --vary seed=1,2 --vary temperature=0.9 --samples 2 --max-tokens 20 -o s\nAnd?",
        "%%deepshi\nAnd the land?",
    ]
    notebook = new_notebook(cells=[new_code_cell(source) for source in sources])
    path = tmp_path / "study.ipynb"
    nbformat.write(notebook, path)
    with OfflineServer() as server:
        where = {"DEEPSHI_BASE_URL": server.base_url, "DEEPSHI_NOTEBOOK": str(path)}
        where |= {"DEEPSHI_MODEL": "offline-chat", "DEEPSHI_STORE": "off"}
        live = executed(path, **where)
    nbformat.write(live, path)
    replayed = executed(path, **where, DEEPSHI_MODE="replay")
    assert outputs_as_written(live) == outputs_as_written(replayed)

    views, troubles = cell_views(read_notebook(path))
    assert troubles == []
    assert [len(view.records) for view in views] == [0, 1, 6, 4, 1]
    found = statuses(views)
    assert [status.state for status in found] == ["fresh"] * 12
    cold = [record.text for record in views[2].records[:3]]
    hot = [record.text for record in views[2].records[3:]]
    assert len(set(cold)) == 1
    assert len(set(hot)) == 3
    seeded = [record.text for record in views[3].records]
    assert seeded[0] == seeded[1] != seeded[2] == seeded[3]
    last = views[4].records[0]
    assert last.parent == views[1].records[0].tip  # a comparison is not seen below
