"""The controls of the parameters in a page, as a user sees and moves them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from deepshi_jupyter.core.turn_record import MIME_TYPE
from deepshi_jupyter.offline import OfflineServer
from deepshi_jupyter.sliders.control import CONTROLS
from tests.browser.conftest import OpenNotebook
from tests.browser.jupyter_server import JupyterServer
from tests.browser.notebook_page import NotebookPage
from tests.browser.test_streaming_cell import picture, setup

ASK = "%%deepshi --sliders -t 0.2 --seed 3 --max-tokens 30\nWhat is a tide?"
MARK = "application/vnd.deepshi.mark+json"


@pytest.fixture(scope="module")
def endpoint() -> Iterator[OfflineServer]:
    with OfflineServer() as server:
        yield server


def use_theme(notebook: NotebookPage, name: str) -> None:
    """Show the page in a theme, and wait for it."""
    notebook.page.evaluate(
        "theme => window.jupyterapp.commands.execute('apputils:change-theme', { theme })", name
    )
    light = json.dumps("Light" in name)
    notebook.page.wait_for_function(f"() => document.body.dataset.jpThemeLight === '{light}'")
    notebook.page.locator("#jupyterlab-splash").wait_for(state="detached")


def pictures(notebook: NotebookPage, name: str) -> None:
    """Keep a screenshot in the light and in the dark theme."""
    for theme in ("Dark", "Light"):
        use_theme(notebook, f"JupyterLab {theme}")
        picture(notebook, f"sliders-{name}-{theme.lower()}-{notebook.front_end}")


def note(notebook: NotebookPage, index: int) -> dict[str, Any]:
    """Return the output beside the controls, as the notebook file would hold it."""
    data: dict[str, Any] = notebook.outputs(index)[-1]["data"]
    return data


def wait_for_note(notebook: NotebookPage, words: str) -> None:
    notebook.page.locator(".jp-RenderedMarkdown", has_text=words).last.wait_for()


def test_the_defaults_are_moved_and_hold_for_the_next_question(
    open_notebook: OpenNotebook, endpoint: OfflineServer
) -> None:
    notebook = open_notebook([setup(endpoint), "%deepshi sliders", "%%deepshi\nWhat is a tide?"])
    notebook.run(0)
    notebook.run(1)
    page, output = notebook.page, notebook.output(1)
    output.get_by_role("slider").first.wait_for()
    assert output.get_by_role("slider").count() == 4
    assert output.get_by_text("automatic", exact=True).count() == 8
    page.get_by_label("Automatic temperature").uncheck()
    wait_for_note(notebook, "%deepshi set temperature=1")
    page.get_by_label("Automatic seed").uncheck()
    page.get_by_label("Seed", exact=True).fill("7")
    page.keyboard.press("Tab")
    wait_for_note(notebook, "%deepshi set temperature=1 seed=7")
    track = output.locator(".noUi-target").first
    width = (track.bounding_box() or {})["width"]
    track.click(position={"x": width - 1, "y": 2})
    wait_for_note(notebook, "%deepshi set temperature=2 seed=7")
    page.get_by_label("Temperature", exact=True).fill("1.05")
    page.keyboard.press("Enter")
    wait_for_note(notebook, "%deepshi set temperature=1.05 seed=7")
    assert output.get_by_role("slider").first.get_attribute("aria-valuetext") == "1.05"
    assert output.get_by_text("conversation", exact=True).count() == 2
    pictures(notebook, "defaults")
    notebook.run(2)
    (answer,) = notebook.outputs(2)
    assert answer["data"][MIME_TYPE]["parameters"] == {"temperature": 1.05, "seed": 7}
    output.get_by_role("button", name="Reset all").click()
    wait_for_note(notebook, "All parameters are automatic")
    assert page.get_by_label("Automatic temperature").is_checked()


def test_every_control_has_a_name_for_a_screen_reader(
    open_notebook: OpenNotebook, endpoint: OfflineServer
) -> None:
    notebook = open_notebook([setup(endpoint), ASK])
    notebook.run(0)
    notebook.run(1)
    notebook.output(1).get_by_role("button", name="Ask again").wait_for()
    output = notebook.output(1)
    for control in CONTROLS.values():
        name = f"{control.label[0].lower()}{control.label[1:]}"
        output.get_by_role("textbox", name=control.label, exact=True).wait_for()
        output.get_by_role("checkbox", name=f"Automatic {name}", exact=True).wait_for()
        output.get_by_role("button", name=f"Reset {name}", exact=True).wait_for()
    for name in ("Dice", "Locked", "Reset all", "Ask again", "Stop", "◀", "▶"):
        output.get_by_role("button", name=name, exact=True).wait_for()
    described = output.get_by_title(CONTROLS["temperature"].parameter.help).all()
    assert described


def test_a_cell_is_asked_again_and_its_answers_are_pages(
    open_notebook: OpenNotebook, endpoint: OfflineServer
) -> None:
    notebook = open_notebook([setup(endpoint), ASK, "_deepshi.text", "%deepshi"])
    notebook.run(0)
    notebook.run(1)
    page, output = notebook.page, notebook.output(1)
    first = notebook.outputs(1)[0]["data"]["text/plain"]
    page.get_by_label("Seed", exact=True).fill("9")
    page.keyboard.press("Tab")
    wait_for_note(notebook, "%%deepshi --sliders -t 0.2 --seed 9 --max-tokens 30")
    assert notebook.outputs(1)[0]["data"]["text/plain"] == first
    output.get_by_role("button", name="Ask again").click()
    output.get_by_text("2/2").wait_for()
    wait_for_note(notebook, "Answer 2 of 2 counts")
    second = notebook.outputs(1)[0]["data"]
    assert second["text/plain"] != first
    assert second[MIME_TYPE]["parameters"]["seed"] == 9
    assert note(notebook, 1)[MARK]["turn"] == second[MIME_TYPE]["id"]
    assert output.locator(".jp-RenderedMarkdown").first.inner_text()[:10] in second["text/plain"]
    pictures(notebook, "cell")
    output.get_by_role("button", name="◀").click()
    output.get_by_text("1/2").wait_for()
    wait_for_note(notebook, "Answer 1 of 2 counts")
    assert notebook.outputs(1)[0]["data"]["text/plain"] == first
    notebook.run(2)
    assert repr(first) in notebook.output(2).inner_text()
    notebook.run(3)
    assert "1 turn" in notebook.output(3).inner_text()


def test_a_control_that_does_nothing_says_why(
    open_notebook: OpenNotebook, endpoint: OfflineServer
) -> None:
    notebook = open_notebook([setup(endpoint, "offline-echo"), "%deepshi sliders"])
    notebook.run(0)
    notebook.run(1)
    notebook.page.get_by_text("offline-echo ignores temperature").wait_for()
    assert notebook.page.get_by_label("Automatic temperature").is_disabled()
    assert notebook.page.get_by_label("Temperature", exact=True).is_disabled()
    pictures(notebook, "ignored")


def test_a_saved_notebook_shows_the_answer_without_a_kernel(
    open_notebook: OpenNotebook, endpoint: OfflineServer, jupyter_server: JupyterServer
) -> None:
    notebook = open_notebook([setup(endpoint), ASK])
    notebook.run(0)
    notebook.run(1)
    notebook.output(1).get_by_role("button", name="Ask again").click()
    notebook.output(1).get_by_text("2/2").wait_for()
    wait_for_note(notebook, "Answer 2 of 2 counts")
    second = notebook.outputs(1)[0]["data"]["text/plain"]
    notebook.save()
    notebook.shut_down()
    notebook.page.reload()
    shown = notebook.output(1).locator(".jp-RenderedMarkdown")
    shown.first.wait_for()
    assert " ".join(second.split())[:30] in " ".join(shown.first.inner_text().split())
    assert "Answer 2 of 2 counts" in shown.last.inner_text()
    picture(notebook, f"sliders-reopened-{notebook.front_end}")
