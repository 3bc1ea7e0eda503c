"""A comparison in a page: its settings come side by side, and each can be stopped."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.conftest import OpenNotebook
from tests.browser.notebook_page import NotebookPage
from tests.chat_server import ChatServer, says
from tests.chunks import chunk
from tests.wire_server import Played, Received

COMPARE = "%%deepshi --vary temperature=0,1,2 --samples 3 -o c\nWhat is a tide?"


class Holding(ChatServer):
    """Ends no answer under the temperature 1."""

    def next_answer(self, request: Received) -> Played:
        if request.method == "GET":
            return super().next_answer(request)
        if json.loads(request.body)["temperature"] == 1:
            return Played([chunk({"content": "The sea rises and"})], end="hang")
        return says("The sea rises and falls.")


@pytest.fixture(scope="module")
def endpoint() -> Iterator[Holding]:
    with Holding() as server:
        yield server


def picture(notebook: NotebookPage, name: str) -> None:
    """Keep a screenshot where the environment asks for one."""
    if folder := os.environ.get("SCREENSHOTS"):
        notebook.page.screenshot(path=Path(folder) / f"{name}-{notebook.front_end}.png")


def test_a_setting_is_stopped_by_its_button_while_the_cell_runs(
    open_notebook: OpenNotebook, endpoint: Holding
) -> None:
    setup = (
        f"import os\nos.environ['DEEPSHI_BASE_URL'] = '{endpoint.base_url}'\n"
        "%load_ext deepshi_jupyter"
    )
    notebook = open_notebook([setup, COMPARE, "print(len(c), *sorted(set(c.frame['error'])))"])
    notebook.run(0)
    notebook.start(1)
    stop = notebook.output(1).get_by_role("button", name="Stop temperature=1")
    stop.wait_for()
    notebook.output(1).get_by_text("The sea rises and falls.").first.wait_for()
    picture(notebook, "comparison-running")
    stop.click()
    notebook.wait_for_run()  # which without it would never end
    shown = notebook.output(1).inner_text()
    assert "you stopped this answer" in shown
    assert "CallInterruptedError" not in shown
    assert notebook.output(1).get_by_role("button").count() == 0
    outputs = notebook.outputs(1)
    assert "application/vnd.deepshi.turn+json" in outputs[0]["data"]
    assert "image/png" in outputs[1]["data"]
    notebook.run(2)
    assert "9 you stopped this answer" in " ".join(notebook.output(2).inner_text().split())
    picture(notebook, "comparison-ended")
