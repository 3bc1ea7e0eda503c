"""The demo page of the views, open in a browser."""

from __future__ import annotations

import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page

ROOT = Path(__file__).parents[2]


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Stay silent."""


class RepositoryServer:
    """Serves the files of the repository on loopback; use as a context manager."""

    def __init__(self) -> None:
        handler = partial(_Quiet, directory=str(ROOT))
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> RepositoryServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class ViewPage:
    """The page, with the module of the views as `window.view`.

    Attributes:
        page: The browser page.
        requested: Every address that the page asked for after it was there.
        errors: Exceptions that scripts of the page raised.
    """

    def __init__(self, page: Page) -> None:
        self.page = page
        self.requested: list[str] = []
        self.errors: list[str] = []
        page.on("request", lambda request: self.requested.append(request.url))
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def open(self, url: str) -> None:
        self.page.goto(url)
        self.page.wait_for_function("() => window.isReady")
        self.requested.clear()

    def strangers(self) -> list[str]:
        """Return what was asked for that the page does not hold itself."""
        return [url for url in self.requested if not url.startswith(("data:", "blob:"))]
