"""The panel as a user meets it: in JupyterLab and Notebook 7, alive and reopened."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from deepshi_jupyter.core.turn_record import MIME_TYPE as RECORD
from deepshi_jupyter.offline import OfflineServer
from tests.browser.conftest import OpenNotebook
from tests.browser.notebook_page import NotebookPage
from tests.browser.test_streaming_cell import picture, setup

QUESTION = "%%deepshi --seed 1\nFirst question"


@pytest.fixture(scope="module")
def endpoint() -> Iterator[OfflineServer]:
    with OfflineServer(pace=60) as server:
        yield server


def ask(notebook: NotebookPage, text: str) -> None:
    box = notebook.page.locator(".deepshi-panel textarea").last
    box.fill(text)
    box.press("Enter")


def answers(notebook: NotebookPage, count: int) -> list[str]:
    """Wait until so many turns have their line of facts, and return what they show."""
    notebook.page.wait_for_function(
        "count => [...document.querySelectorAll('.deepshi-panel .deepshi-footer')]"
        ".filter(line => line.textContent !== '').length === count",
        arg=count,
    )
    return notebook.page.locator(".deepshi-panel .deepshi-turn").all_inner_texts()


def records(notebook: NotebookPage, index: int) -> list[dict[str, object]]:
    """The records that the output of a panel keeps."""
    kept = [o["data"][RECORD] for o in notebook.outputs(index) if RECORD in o.get("data", {})]
    return [record for bundle in kept for record in bundle.get("turns", [bundle])]


def test_a_panel_asks_below_what_its_notebook_holds_and_leaves_its_records(
    open_notebook: OpenNotebook, endpoint: OfflineServer
) -> None:
    notebook = open_notebook([setup(endpoint), QUESTION, "%deepshi panel"])
    for index in range(3):
        notebook.run(index)
    notebook.page.locator(".deepshi-panel").wait_for()
    assert "First question" in answers(notebook, 1)[0]
    ask(notebook, "Second question")
    shown = answers(notebook, 2)
    assert "Second question" in shown[1]
    picture(notebook, f"panel-{notebook.front_end}")
    notebook.page.wait_for_function(
        "() => JSON.stringify(window.jupyterapp.shell.currentWidget.content.widgets[2].model"
        ".toJSON().outputs).includes('Second question')"
    )
    (record,) = records(notebook, 2)
    (output,) = notebook.outputs(1)
    assert record["parent"] == output["data"][RECORD]["tip"]
    assert notebook.page.locator(".deepshi-panel-record").first.is_hidden()


def test_a_panel_says_that_its_kernel_is_gone_and_stays_readable(
    open_notebook: OpenNotebook, endpoint: OfflineServer
) -> None:
    notebook = open_notebook([setup(endpoint), "%deepshi panel"])
    notebook.run(0)
    notebook.run(1)
    ask(notebook, "Only question")
    answers(notebook, 1)
    notebook.restart()
    notebook.page.wait_for_selector(".deepshi-panel:not(.deepshi-live)")
    assert "restarted" in notebook.page.locator(".deepshi-panel").inner_text()
    assert "Only question" in notebook.page.locator(".deepshi-panel").inner_text()
    picture(notebook, f"panel-restarted-{notebook.front_end}")


def test_a_panel_reopens_without_a_kernel(
    open_notebook: OpenNotebook, endpoint: OfflineServer
) -> None:
    notebook = open_notebook([setup(endpoint), "%deepshi panel"])
    notebook.run(0)
    notebook.run(1)
    ask(notebook, "Only question")
    answers(notebook, 1)
    notebook.page.wait_for_function(
        "() => JSON.stringify(window.jupyterapp.shell.currentWidget.content.widgets[1].model"
        ".toJSON().outputs).includes('Only question')"
    )
    notebook.save()
    notebook.restart()
    notebook.open(notebook.url)
    reopened = notebook.page.locator(".jp-RenderedMarkdown", has_text="Only question")
    reopened.first.wait_for()
    picture(notebook, f"panel-reopened-{notebook.front_end}")


def test_stop_keeps_what_came(open_notebook: OpenNotebook, endpoint: OfflineServer) -> None:
    notebook = open_notebook([setup(endpoint), "%deepshi panel"])
    notebook.run(0)
    notebook.run(1)
    ask(notebook, "A long question " * 20)
    notebook.page.wait_for_selector(".deepshi-panel .deepshi-answer .deepshi-markdown:has(p)")
    notebook.page.get_by_role("button", name="Stop").click()
    answers(notebook, 1)
    notebook.page.get_by_role("button", name="Send").wait_for()
    assert "nterrupted" in notebook.page.locator(".deepshi-panel").inner_text()
