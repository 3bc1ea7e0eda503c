"""A real ipykernel, spoken to as a front end does."""

from __future__ import annotations

import os
import queue
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

FRONT_END = {"cellId": "cell-1"}
"""What JupyterLab and Notebook put into the metadata of a request; nbclient puts nothing."""


@dataclass
class Run:
    """What came of one cell."""

    messages: list[dict[str, Any]] = field(default_factory=list)
    reply: dict[str, Any] = field(default_factory=dict)

    def of_type(self, *kinds: str) -> list[dict[str, Any]]:
        return [m["content"] for m in self.messages if m["msg_type"] in kinds]

    @property
    def bundles(self) -> list[dict[str, Any]]:
        """The MIME bundles of displays and results, in order."""
        kinds = ("display_data", "update_display_data", "execute_result")
        return [content["data"] for content in self.of_type(*kinds)]

    @property
    def text(self) -> str:
        """What was printed."""
        return "".join(content["text"] for content in self.of_type("stream"))

    @property
    def error(self) -> dict[str, Any] | None:
        errors = self.of_type("error")
        return errors[0] if errors else None


class Kernel:
    """A kernel of this interpreter; use as a context manager."""

    def __init__(self, folder: Path | None = None, **environment: str) -> None:
        self._manager = KernelManager(kernel_name="python3")
        self._manager.kernel_spec.argv[0] = sys.executable
        self._folder = str(folder or Path.cwd())
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("DEEPSHI")},
            "DEEPSHI_STORE": os.environ.get("DEEPSHI_STORE", "off"),  # that of the test
            "PYTHONWARNINGS": "ignore",
            **environment,
        }
        self._environment.pop("PYTHONDONTWRITEBYTECODE", None)  # as installed: compiled once
        self.client: BlockingKernelClient

    def __enter__(self) -> Kernel:
        self._manager.start_kernel(env=self._environment, cwd=self._folder)
        self.client = self._manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=60)
        return self

    def __exit__(self, *_: object) -> None:
        self.client.stop_channels()
        self._manager.shutdown_kernel(now=True)

    @property
    def pid(self) -> int:
        return int(self._manager.provisioner.pid)  # type: ignore[union-attr]

    def run(self, code: str, timeout: float = 60, **metadata: Any) -> Run:
        """Run a cell to its end; `metadata` is that of the request."""
        return self.finish(self.send(code, **metadata), timeout)

    def send(self, code: str, **metadata: Any) -> str:
        """Send a cell and return its id without waiting."""
        content = {
            "code": code,
            "silent": False,
            "store_history": True,
            "user_expressions": {},
            "allow_stdin": False,
            "stop_on_error": True,
        }
        message = self.client.session.msg("execute_request", content, metadata=metadata)
        self.client.shell_channel.send(message)
        return str(message["header"]["msg_id"])

    def finish(self, identity: str, timeout: float = 60) -> Run:
        """Gather what a sent cell gives until the kernel is idle again."""
        run = Run()
        deadline = time.monotonic() + timeout
        while not self._is_idle(self.next_message(identity, deadline, run)):
            pass
        while not run.reply:
            reply = self.client.get_shell_msg(timeout=deadline - time.monotonic())
            if reply["parent_header"].get("msg_id") == identity:
                run.reply = reply["content"]
        return run

    def next_message(self, identity: str, deadline: float, run: Run) -> dict[str, Any]:
        """Wait for the next message of a cell and note it."""
        while True:
            try:
                left = max(0.01, deadline - time.monotonic())
                message = self.client.get_iopub_msg(timeout=left)
            except queue.Empty:
                raise AssertionError(f"nothing more came: {run.messages}") from None
            if message["parent_header"].get("msg_id") == identity:
                run.messages.append(message)
                return dict(message)

    def interrupt(self) -> None:
        self._manager.interrupt_kernel()

    @staticmethod
    def _is_idle(message: dict[str, Any]) -> bool:
        return bool(
            message["msg_type"] == "status" and message["content"]["execution_state"] == "idle"
        )
