"""The same pages with our JupyterLab extension in them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.browser import jupyter_server as servers
from tests.browser.jupyter_server import JupyterServer


@pytest.fixture(scope="package")
def jupyter_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterServer]:
    server = servers.start(tmp_path_factory.mktemp("jupyter"), extension=True)
    yield server
    server.stop()
