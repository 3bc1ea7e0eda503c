"""A question sees what stands above it on the page, saved or not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from deepshi_jupyter.offline import OfflineServer
from tests.browser.conftest import OpenNotebook
from tests.browser.notebook_page import NotebookPage

RECORD = "application/vnd.deepshi.turn+json"


@pytest.fixture(scope="module")
def endpoint() -> Iterator[OfflineServer]:
    with OfflineServer() as server:
        yield server


def setup(endpoint: OfflineServer) -> str:
    return (
        "import os\n"
        f"os.environ['DEEPSHI_BASE_URL'] = '{endpoint.base_url}'\n"
        "os.environ['DEEPSHI_MODEL'] = 'offline-echo'\n"
        "%load_ext deepshi_jupyter"
    )


def asked(endpoint: OfflineServer) -> str:
    """Return the messages that the endpoint was sent last."""
    bodies = [request.body for request in endpoint.requests if request.method == "POST"]
    return json.dumps(json.loads(bodies[-1])["messages"])


def record(notebook: NotebookPage, index: int) -> dict[str, Any]:
    (output,) = notebook.outputs(index)
    found: dict[str, Any] = output["data"][RECORD]
    return found


def test_a_moved_cell_sees_what_stands_above_it_now(
    open_notebook: OpenNotebook, endpoint: OfflineServer
) -> None:
    notebook = open_notebook([setup(endpoint), "%%deepshi\nthird", "%%deepshi\nsecond"])
    notebook.run(0)
    notebook.run(2)
    notebook.run(1)
    assert "second" not in asked(endpoint)
    notebook.move_down(1)
    notebook.run(2)
    assert "second" in asked(endpoint)
    assert record(notebook, 2)["order"] == "frontend"


def test_an_inserted_cell_does_not_see_what_stands_below_it(
    open_notebook: OpenNotebook, endpoint: OfflineServer
) -> None:
    notebook = open_notebook([setup(endpoint), "%%deepshi\nabove", "%%deepshi\nbelow"])
    for cell in (0, 1, 2):
        notebook.run(cell)
    notebook.insert_cell(2, "%%deepshi\nbetween")
    notebook.run(2)
    assert "above" in asked(endpoint)
    assert "below" not in asked(endpoint)
    assert record(notebook, 2)["order"] == "frontend"


def test_a_deleted_cell_is_not_seen(open_notebook: OpenNotebook, endpoint: OfflineServer) -> None:
    notebook = open_notebook(
        [setup(endpoint), "%%deepshi\nkept", "%%deepshi\ngone", "%%deepshi\nlast"]
    )
    for cell in (0, 1, 2):
        notebook.run(cell)
    notebook.delete_cell(2)
    notebook.run(2)
    assert "kept" in asked(endpoint)
    assert "gone" not in asked(endpoint)
    assert record(notebook, 2)["order"] == "frontend"
