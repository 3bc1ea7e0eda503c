"""A conversation in a page: what stands above, what is stale, what a new kernel restores."""

from __future__ import annotations

from deepshi_jupyter.core.mark import MIME_TYPE as MARK
from deepshi_jupyter.core.turn_record import MIME_TYPE as RECORD
from tests.browser.conftest import OpenNotebook
from tests.browser.notebook_page import NotebookPage
from tests.browser.test_streaming_cell import picture

LOAD = "%load_ext deepshi_jupyter\n%deepshi set base_url=offline"
FIRST, SECOND = "%%deepshi --seed 1\nFirst question", "%%deepshi --seed 2\nSecond question"


def record(notebook: NotebookPage, index: int) -> dict[str, object]:
    (output,) = notebook.outputs(index)
    found: dict[str, object] = output["data"][RECORD]
    return found


def test_a_moved_cell_sees_what_stands_above_it_in_the_saved_document(
    open_notebook: OpenNotebook,
) -> None:
    notebook = open_notebook([LOAD, FIRST, SECOND, "%deepshi context"])
    for index in range(3):
        notebook.run(index)
    assert record(notebook, 2)["parent"] == record(notebook, 1)["tip"]
    notebook.move_down(1)
    notebook.save()
    notebook.run(1)
    moved = record(notebook, 1)
    assert moved["order"] == "disk"
    assert moved["parent"] == ""
    notebook.run(3)
    shown = notebook.output(3).inner_text()
    assert shown.index("Second question") < shown.index("First question")
    assert "order: disk" in shown


def test_what_is_stale_is_asked_again_in_its_own_cell(open_notebook: OpenNotebook) -> None:
    notebook = open_notebook(
        [LOAD, FIRST, SECOND, "%deepshi run-stale", "%deepshi run-stale --yes"]
    )
    for index in range(3):
        notebook.run(index)
    before = record(notebook, 2)
    notebook.page.evaluate(
        "() => window.jupyterapp.shell.currentWidget.content.widgets[1].model.sharedModel"
        ".setSource('%%deepshi --seed 5\\nAnother first question')"
    )
    notebook.run(1)
    notebook.run(3)
    assert "context-changed" in notebook.output(3).inner_text()
    assert record(notebook, 2) == before
    notebook.run(4)
    picture(notebook, f"run-stale-{notebook.front_end}")
    assert "1 asked again" in notebook.output(4).inner_text()
    after = record(notebook, 2)
    assert after["parent"] == record(notebook, 1)["tip"]
    assert after["id"] != before["id"]


def test_a_new_kernel_restores_what_the_notebook_shows(open_notebook: OpenNotebook) -> None:
    notebook = open_notebook([LOAD, FIRST, "%deepshi skip -1", SECOND, "%deepshi history"])
    for index in range(4):
        notebook.run(index)
    assert MARK in notebook.outputs(2)[0]["data"]
    assert record(notebook, 3)["parent"] == ""
    notebook.save()
    notebook.restart()
    notebook.run(0)
    assert "2 turns restored" in notebook.output(0).inner_text()
    notebook.run(4)
    shown = notebook.output(4).inner_text()
    assert "First question" in shown
    assert "skipped" in shown
    picture(notebook, f"history-{notebook.front_end}")


def test_answers_of_python_code_leave_their_records_in_one_line(
    open_notebook: OpenNotebook,
) -> None:
    loop = (
        "import deepshi_jupyter as d\nfor seed in (1, 2, 3):\n    d.ask('Hi', seed=seed, once=True)"
    )
    notebook = open_notebook([LOAD, loop])
    notebook.run(0)
    notebook.run(1)
    assert notebook.output(1).inner_text().strip() == "3 answers recorded"
    (output,) = notebook.outputs(1)
    assert [turn["parameters"]["seed"] for turn in output["data"][RECORD]["turns"]] == [1, 2, 3]
