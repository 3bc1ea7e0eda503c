"""A ``%%deepshi`` cell in a page, as a user sees it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from deepshi_jupyter.offline import OfflineServer
from tests.browser.conftest import OpenNotebook

QUESTION = "%%deepshi -t 0.7 --seed 3\nWhat does a {{instrument}} measure?"


@pytest.fixture(scope="module")
def endpoint() -> Iterator[OfflineServer]:
    with OfflineServer(pace=40) as server:
        yield server


def setup(endpoint: OfflineServer, model: str = "offline-chat") -> str:
    return (
        "import os\n"
        f"os.environ['DEEPSHI_BASE_URL'] = '{endpoint.base_url}'\n"
        f"os.environ['DEEPSHI_MODEL'] = '{model}'\n"
        "%load_ext deepshi_jupyter\ninstrument = 'barometer'"
    )


def picture(notebook: object, name: str) -> None:
    """Keep a screenshot where the environment asks for one."""
    if folder := os.environ.get("SCREENSHOTS"):
        notebook.page.screenshot(path=Path(folder) / f"{name}.png")  # type: ignore[attr-defined]


def test_an_answer_streams_in_and_ends_as_one_output(
    open_notebook: OpenNotebook, endpoint: OfflineServer
) -> None:
    notebook = open_notebook([setup(endpoint), QUESTION, "%deepshi"])
    notebook.run(0)
    notebook.start(1)
    notebook.markdown(1).first.wait_for()
    while_it_comes = notebook.markdown(1).first.inner_text()
    notebook.wait_for_run()
    (output,) = notebook.outputs(1)
    text = output["data"]["text/plain"]
    assert text.startswith(" ".join(while_it_comes.split())[:20])
    assert len(while_it_comes) < len(text)
    shown = notebook.output(1).inner_text()
    assert "offline-chat (embedded endpoint, not a language model)" in shown
    assert "1 value inserted" in shown
    assert output["data"]["application/vnd.deepshi.turn+json"]["v"] == 2
    notebook.run(2)
    assert "1 turn" in notebook.output(2).inner_text()
    picture(notebook, f"answer-{notebook.front_end}")


def test_an_interrupt_keeps_the_text_and_the_kernel(
    open_notebook: OpenNotebook, endpoint: OfflineServer
) -> None:
    notebook = open_notebook([setup(endpoint, "offline-stall"), QUESTION, "print(6 * 7)"])
    notebook.run(0)
    notebook.start(1)
    notebook.markdown(1).first.wait_for()
    notebook.page.evaluate(
        "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.interrupt()"
    )
    notebook.wait_for_run()
    shown = notebook.output(1).inner_text()
    assert "You stopped this answer" in shown
    assert "CallInterruptedError" in shown
    assert "Traceback" not in shown
    notebook.run(2)
    assert "42" in notebook.output(2).inner_text()
    picture(notebook, f"interrupted-{notebook.front_end}")


def test_an_error_is_two_lines(open_notebook: OpenNotebook, endpoint: OfflineServer) -> None:
    notebook = open_notebook([setup(endpoint, "offline-error-402"), QUESTION])
    notebook.run(0)
    notebook.run(1)
    lines = [line for line in notebook.output(1).inner_text().splitlines() if line.strip()]
    assert len(lines) == 2
    assert lines[0].startswith("InsufficientCreditsError: ")
    assert lines[1].startswith("→ Top up the account")


def test_running_a_cell_again_replaces_its_turn(
    open_notebook: OpenNotebook, endpoint: OfflineServer
) -> None:
    notebook = open_notebook([setup(endpoint), QUESTION, "%deepshi"])
    for cell in (0, 1, 1, 2):
        notebook.run(cell)
    assert "1 turn" in notebook.output(2).inner_text()
