"""The servers that these tests run against, and how each is started.

=========  ==================================================================================
offline    the embedded endpoint, as ``deepshi-jupyter serve`` in a process of its own
aimock     a mock server of many shapes (npm ``@copilotkit/aimock``), playing our fixtures
mlx        ``mlx_lm.server``, a real inference engine, with a model whose answers are known
any        whatever ``DEEPSHI_TEST_BASE_URL`` names; without it, the embedded endpoint again, in
           this process, so that the checks for an unknown server are themselves checked
=========  ==================================================================================

Variables, all optional: ``DEEPSHI_TEST_AIMOCK`` (path of aimock's ``dist/cli.js``),
``DEEPSHI_TEST_MLX`` (path of ``mlx_lm.server``), ``DEEPSHI_TEST_BASE_URL``,
``DEEPSHI_TEST_MODEL``, ``DEEPSHI_TEST_REASONER``, ``DEEPSHI_TEST_API_KEY``, and
``DEEPSHI_TEST_CANNOT`` (matters of `matters.MATTERS` that this server or model has not,
separated by commas).
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import ProxyHandler, build_opener

import deepshi_jupyter
from deepshi_jupyter import Client
from deepshi_jupyter.offline import OfflineServer
from tests.real.scripted_model import unpack
from tests.real.server_program import ServerProgram, free_port

NAMES = ("offline", "aimock", "mlx", "any")

# Read when the tests are collected: each test runs without the variables of whoever runs them.
ANY_BASE_URL = os.environ.get("DEEPSHI_TEST_BASE_URL", "").strip()
ANY_MODEL = os.environ.get("DEEPSHI_TEST_MODEL", "").strip()
ANY_REASONER = os.environ.get("DEEPSHI_TEST_REASONER", "").strip()
ANY_CANNOT = frozenset(os.environ.get("DEEPSHI_TEST_CANNOT", "").replace(",", " ").split())
_ANY_KEY = os.environ.get("DEEPSHI_TEST_API_KEY", "").strip()
_AIMOCK = os.environ.get("DEEPSHI_TEST_AIMOCK", "").strip()
_MLX = os.environ.get("DEEPSHI_TEST_MLX", "").strip()

INSTALL = "`bash tests/real/install.sh` installs it into .real/"
_REPOSITORY = Path(__file__).parents[2]
_FIXTURES = Path(__file__).parent / "aimock-fixtures.json"
_AIMOCK_KEY = "sk-aimock"
_LISTENING = re.compile(r"listen(?:s at|ing on) (http://127\.0\.0\.1:\d+)")


class NotInstalledError(Exception):
    """A server is not on this machine; the message says how to install it."""


@dataclass(frozen=True)
class Server:
    """A server that answers.

    Attributes:
        name: One of `NAMES`.
        base_url: What a client is told.
        model: The model asked where a test names no other.
        reasoner: A model that reasons.
        api_key: A key that it accepts, or None where it asks for none.
        folder: Where it keeps its model cache, if it has one.
    """

    name: str
    base_url: str
    model: str
    reasoner: str
    api_key: str | None = field(default=None, repr=False)
    folder: Path | None = None

    @property
    def root(self) -> str:
        """Its address without the path of the API."""
        parts = urlsplit(self.base_url)
        return f"{parts.scheme}://{parts.netloc}"


@contextmanager
def run_offline(folder: Path) -> Iterator[Server]:
    """Run ``deepshi-jupyter serve``, as fast as it can."""
    command = [sys.executable, "-m", "deepshi_jupyter", "serve", "--pace", "0"]
    environment = {
        "PYTHONPATH": str(Path(deepshi_jupyter.__file__).parents[1]),
        "PYTHONUNBUFFERED": "1",
    }
    with ServerProgram(command, folder / "serve.log", folder, environment) as program:
        seen = program.wait_until(lambda: _LISTENING.search(program.output))
        yield Server("offline", f"{seen[1]}/v1", "offline-chat", "offline-reasoner")


@contextmanager
def run_aimock(folder: Path) -> Iterator[Server]:
    """Run aimock with our fixtures, at a port of its own choice.

    Raises:
        NotInstalledError: It is not there.
    """
    script = _find(_AIMOCK, ".real/node_modules/@copilotkit/aimock/dist/cli.js", "aimock")
    if not (node := shutil.which("node")):
        raise NotInstalledError("aimock needs node on the PATH: install Node.js 20 or later")
    options = ["-p", "0", "-h", "127.0.0.1", "-f", str(_FIXTURES), "--chunk-size", "6"]
    command = [node, str(script), *options]
    keys = {"AIMOCK_API_KEYS": _AIMOCK_KEY}
    with ServerProgram(command, folder / "aimock.log", folder, keys) as program:
        seen = program.wait_until(lambda: _LISTENING.search(program.output))
        yield Server("aimock", f"{seen[1]}/v1", "gpt-4o", "o3-mini", _AIMOCK_KEY)


@contextmanager
def run_mlx(folder: Path) -> Iterator[Server]:
    """Run mlx_lm.server with the scripted model; it finds nothing else and downloads nothing.

    Raises:
        NotInstalledError: It is not there.
    """
    executable = _find(_MLX, ".real/mlx/bin/mlx_lm.server", "mlx_lm.server")
    cache = folder / "hub"
    cache.mkdir()
    model = unpack(folder)
    environment = {"HF_HUB_OFFLINE": "1", "HF_HOME": str(folder), "HF_HUB_CACHE": str(cache)}
    port = free_port()
    options = ["--model", model.name, "--host", "127.0.0.1", "--port", str(port)]
    command = [str(executable), *options]
    with ServerProgram(command, folder / "mlx.log", folder, environment) as program:
        address = f"http://127.0.0.1:{port}"
        program.wait_until(lambda: _answers(f"{address}/health"))
        yield Server("mlx", f"{address}/v1", "default_model", "default_model", folder=folder)


@contextmanager
def run_any(folder: Path) -> Iterator[Server]:
    """Name the server that ``DEEPSHI_TEST_BASE_URL`` names, or run the embedded endpoint."""
    if not ANY_BASE_URL:
        with OfflineServer() as server:
            model, reasoner = ANY_MODEL or "offline-tools", ANY_REASONER or "offline-reasoner"
            yield Server("any", server.base_url, model, reasoner)
        return
    model = ANY_MODEL or _first_model()
    yield Server("any", ANY_BASE_URL, model, ANY_REASONER or model, _ANY_KEY or None)


RUN: dict[str, Callable[[Path], AbstractContextManager[Server]]] = {
    "offline": run_offline,
    "aimock": run_aimock,
    "mlx": run_mlx,
    "any": run_any,
}
"""How to run each server: a context manager that is given a folder of its own."""


def _find(named: str, usual: str, program: str) -> Path:
    path = Path(named) if named else _REPOSITORY / usual
    if not path.exists():
        raise NotInstalledError(f"{program} is not at {named or usual}: {INSTALL}")
    return path.absolute()


def _answers(url: str) -> bool | None:
    try:
        with build_opener(ProxyHandler({})).open(url, timeout=5):
            return True
    except OSError:
        return None


def _first_model() -> str:
    with Client(ANY_BASE_URL, _ANY_KEY or None) as client:
        return next(iter(client.models())).id
