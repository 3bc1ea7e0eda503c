"""A Jupyter server on loopback that serves JupyterLab and Notebook 7 from one directory."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import deepshi_jupyter

EXTENSION = "deepshi-jupyter"

_SETTINGS = {
    "@jupyterlab/apputils-extension:notification": {
        "fetchNews": "false",
        "checkForUpdates": False,
        "doNotDisturbMode": True,
    },
    "@jupyterlab/docmanager-extension:plugin": {"autosave": False},
}


@dataclass(frozen=True, slots=True)
class JupyterServer:
    """A running server: its address, and the directory that it serves."""

    url: str
    directory: Path
    process: subprocess.Popen[bytes]
    log: Path

    def notebook_url(self, front_end: str, name: str) -> str:
        """Return the address of a notebook in "lab" or "notebook"."""
        if front_end == "lab":
            return f"{self.url}/lab/tree/{name}?reset"
        return f"{self.url}/notebooks/{name}"

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def start(root: Path, *, extension: bool = False) -> JupyterServer:
    """Start a server whose every file is under `root`, and wait until it answers.

    Args:
        root: An empty directory.
        extension: Whether its pages have our extension, that of the package under test.
    """
    directory, log = root / "work", root / "server.log"
    directory.mkdir()
    if extension:
        installed = root / "data/labextensions" / EXTENSION
        shutil.copytree(Path(deepshi_jupyter.__file__).parent / "labextension", installed)
    else:
        disabled = {"disabledExtensions": {EXTENSION: True}}
        _write_json(root / "config/labconfig/page_config.json", disabled)
    _write_json(root / "config/labconfig/default_setting_overrides.json", _SETTINGS)
    _write_json(root / "data/kernels/python3/kernel.json", _kernel_spec())
    port = _free_port()
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *_options(port, directory)],
            env=_environment(root),
            cwd=directory,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    server = JupyterServer(f"http://127.0.0.1:{port}", directory, process, log)
    _wait_until_up(server)
    return server


def _options(port: int, directory: Path) -> list[str]:
    return [
        "--no-browser",
        "--allow-root",
        "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.port={port}",
        "--ServerApp.port_retries=0",
        f"--ServerApp.root_dir={directory}",
        "--IdentityProvider.token=",
        "--ServerApp.password=",
        "--LabApp.expose_app_in_browser=True",
        "--JupyterNotebookApp.expose_app_in_browser=True",
    ]


def _environment(root: Path) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("JUPYTER", "DEEPSHI"))}
    return kept | {
        "HOME": str(root),
        "IPYTHONDIR": str(root / "ipython"),
        "JUPYTER_CONFIG_DIR": str(root / "config"),
        "JUPYTER_DATA_DIR": str(root / "data"),
        "JUPYTER_RUNTIME_DIR": str(root / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(root / "lab-settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(root / "lab-workspaces"),
    }


def _kernel_spec() -> dict[str, object]:
    """Describe a kernel: the interpreter of the tests, with the package that is under test."""
    return {
        "argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": "Python 3 (ipykernel)",
        "language": "python",
        "env": {"PYTHONPATH": str(Path(deepshi_jupyter.__file__).parents[1])},
    }


def _write_json(path: Path, value: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value), encoding="utf-8")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_up(server: JupyterServer) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while server.process.poll() is None:
        try:
            with opener.open(f"{server.url}/api/status", timeout=5):
                return
        except OSError:
            # Waiting for the process to end is a wait that ends early if the server fails.
            try:
                server.process.wait(0.1)
            except subprocess.TimeoutExpired:
                continue
    raise RuntimeError(f"The Jupyter server ended: {server.log.read_text(encoding='utf-8')}")
