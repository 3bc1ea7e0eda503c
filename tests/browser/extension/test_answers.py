"""Answers in pages that have the extension: order, stream, Stop, reload."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from deepshi_jupyter.core.turn_record import MIME_TYPE as RECORD
from deepshi_jupyter.offline import OfflineServer
from tests.browser.conftest import OpenNotebook
from tests.browser.notebook_page import NotebookPage
from tests.browser.test_streaming_cell import QUESTION, picture, setup

FIRST, SECOND = "%%deepshi --seed 1\nFirst question", "%%deepshi --seed 2\nSecond question"


@pytest.fixture(scope="module")
def endpoint() -> Iterator[OfflineServer]:
    with OfflineServer(pace=40) as server:
        yield server


def record(notebook: NotebookPage, index: int) -> dict[str, Any]:
    (output,) = notebook.outputs(index)
    found: dict[str, Any] = output["data"][RECORD]
    return found


def test_a_moved_cell_that_was_never_saved_sees_what_stands_above_it(
    open_notebook: OpenNotebook, endpoint: OfflineServer
) -> None:
    notebook = open_notebook([setup(endpoint), FIRST, SECOND])
    for index in range(3):
        notebook.run(index)
    assert record(notebook, 2)["parent"] == record(notebook, 1)["tip"]
    notebook.move_down(1)
    notebook.run(1)
    moved = record(notebook, 1)
    assert (moved["order"], moved["parent"]) == ("frontend", "")


def test_an_answer_grows_in_a_view_and_ends_as_one_output(
    open_notebook: OpenNotebook, endpoint: OfflineServer
) -> None:
    notebook = open_notebook([setup(endpoint), QUESTION])
    notebook.run(0)
    notebook.start(1)
    view = notebook.output(1).locator(".deepshi-turn .deepshi-markdown")
    view.locator("p").first.wait_for()
    while_it_comes = view.first.inner_text()
    notebook.wait_for_run()
    final = record(notebook, 1)
    notebook.output(1).locator(".deepshi-footer", has_text="offline-chat").wait_for()
    text = notebook.outputs(1)[0]["data"]["text/plain"]
    assert len(while_it_comes) < len(text)
    assert "stream" not in final
    assert final["order"] == "frontend"
    picture(notebook, f"extension-answer-{notebook.front_end}")


def test_stop_keeps_what_came(open_notebook: OpenNotebook, endpoint: OfflineServer) -> None:
    notebook = open_notebook([setup(endpoint), QUESTION])
    notebook.run(0)
    notebook.start(1)
    notebook.output(1).locator(".deepshi-turn .deepshi-markdown p").first.wait_for()
    notebook.output(1).get_by_role("button", name="Stop").click()
    notebook.wait_for_run()
    kept = [o["data"][RECORD] for o in notebook.outputs(1) if RECORD in o.get("data", {})]
    assert [one["kind"] for one in kept] == ["partial"]


def test_a_badge_says_what_became_of_each_answer(
    open_notebook: OpenNotebook, endpoint: OfflineServer
) -> None:
    notebook = open_notebook([setup(endpoint), FIRST, SECOND])
    for index in range(3):
        notebook.run(index)
    cells = notebook.page.locator(".jp-Notebook .jp-Cell")
    cells.nth(2).locator(".deepshi-badge").first.wait_for()
    notebook.page.evaluate(
        "() => window.jupyterapp.shell.currentWidget.content.widgets[1].model.sharedModel"
        ".setSource('%%deepshi --seed 1\\nAnother question')"
    )
    cells.nth(1).locator(".deepshi-badge", has_text="dited").first.wait_for()
    picture(notebook, f"extension-badges-{notebook.front_end}")


def test_a_saved_answer_shows_in_the_view_when_it_is_reopened(
    open_notebook: OpenNotebook, endpoint: OfflineServer
) -> None:
    notebook = open_notebook([setup(endpoint), FIRST])
    notebook.run(0)
    notebook.run(1)
    notebook.save()
    notebook.restart()
    notebook.open(notebook.url)
    notebook.output(1).locator(".deepshi-footer", has_text="offline-chat").wait_for()
