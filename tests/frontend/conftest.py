"""The view code in a real browser, on a page that this repository serves on loopback."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.browser.canary import Canary
from tests.browser.conftest import browser as browser
from tests.frontend.view_page import RepositoryServer, ViewPage

if TYPE_CHECKING:
    from playwright.sync_api import Browser

OpenView = Callable[..., ViewPage]


@pytest.fixture
def canary() -> Iterator[Canary]:
    with Canary() as server:
        yield server


@pytest.fixture(scope="package")
def server() -> Iterator[RepositoryServer]:
    with RepositoryServer() as running:
        yield running


@pytest.fixture
def open_view(browser: Browser, server: RepositoryServer) -> Iterator[OpenView]:
    """Return a function that opens the demo page with a query."""
    with ExitStack() as opened:
        yield lambda query="empty": opened.enter_context(_opened(browser, server, query))


@contextmanager
def _opened(browser: Browser, server: RepositoryServer, query: str) -> Iterator[ViewPage]:
    context = browser.new_context(viewport={"width": 800, "height": 900})
    page = ViewPage(context.new_page())
    page.open(f"{server.url}/labextension/demo/index.html?{query}")
    yield page
    context.close()
