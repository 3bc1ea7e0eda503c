"""A server program written by others, run for the tests and ended after them."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

READY_SECONDS = 60.0
"""No server here takes more than a few seconds; a machine under load may."""

END_SECONDS = 10.0


class ServerProgram:
    """A running program whose output goes to a file; a context manager.

    Args:
        command: The program and its arguments.
        log: Where its output goes.
        folder: Where it runs.
        environment: Variables that it is given besides those of this process.
    """

    def __init__(
        self,
        command: Sequence[str],
        log: Path,
        folder: Path,
        environment: Mapping[str, str],
    ) -> None:
        self._log = log
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=folder,
                env={**_inherited(), **environment},
            )

    def __enter__(self) -> ServerProgram:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        try:
            self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    @property
    def output(self) -> str:
        """What it has printed so far."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    @property
    def has_ended(self) -> bool:
        return self._process.poll() is not None

    def wait_until(self, look: Callable[[], T | None]) -> T:
        """Look again and again until there is something to see.

        Raises:
            RuntimeError: The program ended, or nothing was seen for a minute; with its output.
        """
        deadline = time.monotonic() + READY_SECONDS
        while (seen := look()) is None:
            if self.has_ended or time.monotonic() > deadline:
                state = "ended" if self.has_ended else "is not ready"
                raise RuntimeError(f"{self._process.args!r} {state}; it said:\n{self.output}")
            time.sleep(0.02)
        return seen


def free_port() -> int:
    """Return a port that was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def _inherited() -> dict[str, str]:
    """The environment without keys and proxies, which are no business of these programs."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.upper().startswith("DEEPSHI") and not name.lower().endswith("_proxy")
    }
