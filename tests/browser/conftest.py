"""A real browser on a real JupyterLab and Notebook 7.

Server and browser start once for this directory (scope "package", which ends with the last test
here): Playwright's event loop runs in the main thread as long as the browser is open, and tests of
other directories start loops of their own.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat
import pytest

from tests.browser import jupyter_server as servers
from tests.browser.jupyter_server import JupyterServer
from tests.browser.notebook_page import FrontEnd, NotebookPage

if TYPE_CHECKING:
    from playwright.sync_api import Browser

_CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]

OpenNotebook = Callable[[list[str]], NotebookPage]


def _missing(what: str, install: str) -> None:
    """Fail where everything must be there (CI), skip with the remedy where it need not be."""
    reason = f"{what} is missing; install it with: {install}"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        _missing("Chromium", "apt-get install chromium")
    if importlib.util.find_spec("playwright") is None:
        _missing("Playwright", "pip install playwright")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=chromium, headless=True, args=_CHROMIUM_ARGUMENTS
        )
        yield launched
        launched.close()


@pytest.fixture(scope="package")
def jupyter_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterServer]:
    server = servers.start(tmp_path_factory.mktemp("jupyter"))
    yield server
    server.stop()


@pytest.fixture(scope="package", params=["lab", "notebook"])
def front_end(request: pytest.FixtureRequest) -> FrontEnd:
    if request.param == "notebook" and importlib.util.find_spec("notebook") is None:
        _missing("Notebook 7", 'pip install "notebook>=7"')
    chosen: FrontEnd = request.param
    return chosen


@pytest.fixture
def open_notebook(
    browser: Browser, jupyter_server: JupyterServer, front_end: FrontEnd
) -> Iterator[OpenNotebook]:
    """Return a function that writes a notebook of code cells and opens it."""
    with contextlib.ExitStack() as opened:
        yield lambda cells: opened.enter_context(_opened(browser, jupyter_server, front_end, cells))


@pytest.fixture(scope="package")
def shared_notebook(
    browser: Browser, jupyter_server: JupyterServer, front_end: FrontEnd
) -> Iterator[NotebookPage]:
    """Return one open notebook for all tests that leave the page as it was; see `set_cells`."""
    with _opened(browser, jupyter_server, front_end, [""]) as page:
        yield page


@contextlib.contextmanager
def _opened(
    browser: Browser, server: JupyterServer, front_end: FrontEnd, cells: list[str]
) -> Iterator[NotebookPage]:
    name = f"{uuid.uuid4().hex}.ipynb"
    _write(server.directory / name, cells)
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(60_000)
    page = NotebookPage(context.new_page(), front_end)
    page.open(server.notebook_url(front_end, name))
    yield page
    page.shut_down()
    context.close()


def _write(path: Path, cells: list[str]) -> None:
    kernel = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
    notebook = nbformat.v4.new_notebook(metadata={"kernelspec": kernel})
    notebook.cells = [nbformat.v4.new_code_cell(source) for source in cells]
    nbformat.write(notebook, path)
