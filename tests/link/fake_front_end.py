"""JupyterLab with the extension, as a kernel sees it: a page with cells, and a link beside it."""

from __future__ import annotations

import contextlib
import queue
import time
import uuid
from collections.abc import Callable
from typing import Any

from jupyter_client.blocking.client import BlockingKernelClient

from deepshi_jupyter.core.canonical import text_sha256
from tests.front_end import outputs_of
from tests.kernel import Kernel, Run

Json = dict[str, Any]
PATIENCE = 30.0


class FakeFrontEnd:
    """One page that shows a notebook; its requests carry a name of their own.

    Args:
        kernel: The kernel that runs its cells.
        reads: What it says that it reads.
    """

    def __init__(self, kernel: Kernel, reads: tuple[str, ...] = ("stream", "edit")) -> None:
        self.cells: dict[str, str] = {}
        self.messages: list[Json] = []
        self.subshell: str | None = None
        self.comm = ""
        self._reads = reads
        self._seq = -1
        self._read = 0
        self.client = BlockingKernelClient()
        self.client.load_connection_file(kernel._manager.connection_file)
        self.client.start_channels()
        self._subscribe()

    def close(self) -> None:
        """Go as a browser tab does: without a word."""
        self.client.stop_channels()

    # The link

    def connect(self, *, on_subshell: bool = True) -> Json:
        """Open the link, say hello with it, and return the welcome."""
        hello = {"kind": "hello", "front_end": "jupyterlab", "reads": list(self._reads)}
        self.open({"v": 1, **hello}, on_subshell=on_subshell)
        self.until(lambda: bool(self.heard))
        return self.heard[0]

    def open(self, data: Json, *, on_subshell: bool = True) -> None:
        if on_subshell:
            self.subshell = self._new_subshell()
        self.comm = uuid.uuid4().hex
        self._send("comm_open", {"target_name": "deepshi.control", "data": data})

    def disconnect(self) -> None:
        """Close the link, if there is one, and wait until the kernel has noticed."""
        if self.comm:
            closing = self._send("comm_close", {"data": {}})
            self.until(lambda: self.is_done(closing))
        self.comm = ""

    def say(self, kind: str, **fields: Any) -> None:
        self.say_raw({"v": 1, "kind": kind, **fields})

    def say_raw(self, data: Any) -> None:
        self._send("comm_msg", {"data": data})

    def ask(self, kind: str, **fields: Any) -> Json:
        """Say something and return what is said next on the link."""
        return self.ask_raw({"v": 1, "kind": kind, **fields})

    def ask_raw(self, data: Any) -> Json:
        heard = len(self.heard)
        self.say_raw(data)
        self.until(lambda: len(self.heard) > heard)
        return self.heard[heard]

    @property
    def heard(self) -> list[Json]:
        """What was said on the link."""
        return [m["content"]["data"] for m in self.messages if self._is_ours(m, "comm_msg")]

    def tell_order(self, *runs: str) -> None:
        self._seq += 1
        cells = [{"id": cell, "sha256": text_sha256(text)} for cell, text in self.cells.items()]
        self.say("order", seq=self._seq, cells=cells, runs=list(runs))

    # The page

    def add(self, source: str, *, before: str = "") -> str:
        """Insert a cell, at the end or before another one, and return its id."""
        cell = uuid.uuid4().hex[:8]
        self.cells[cell] = source
        if before:
            self.move(cell, before=before)
        return cell

    def move(self, cell: str, *, before: str) -> None:
        names = [name for name in self.cells if name != cell]
        names.insert(names.index(before), cell)
        self.cells = {name: self.cells[name] for name in names}

    def send(self, cell: str, *, tells: bool = True) -> str:
        """Run a cell as JupyterLab does, and return the id of the request."""
        if tells and self.comm:
            self.tell_order(cell)
        content = {
            "code": self.cells[cell],
            "silent": False,
            "store_history": True,
            "user_expressions": {},
            "allow_stdin": False,
            "stop_on_error": True,
        }
        metadata = {"cellId": cell, "deletedCells": [], "trusted": True}
        message = self.client.session.msg("execute_request", content, metadata=metadata)
        self.client.shell_channel.send(message)
        return str(message["header"]["msg_id"])

    def run(self, cell: str, *, tells: bool = True) -> Run:
        return self.finish(self.send(cell, tells=tells))

    def finish(self, request: str) -> Run:
        """Wait for the end of a cell."""
        self.until(lambda: self.is_done(request))
        run = Run(messages=self.of(request))
        while not run.reply:
            reply = self.client.get_shell_msg(timeout=PATIENCE)
            if reply["parent_header"].get("msg_id") == request:
                run.reply = reply["content"]
        return run

    def is_done(self, request: str) -> bool:
        """True if the kernel is idle after a message."""
        return "idle" in [m["content"].get("execution_state") for m in self.of(request)]

    def of(self, request: str) -> list[Json]:
        """Return what came of a cell so far."""
        return [m for m in self.messages if m["parent_header"].get("msg_id") == request]

    def outputs(self, run: Run) -> list[Json]:
        return outputs_of(run)

    def comms(self, target: str) -> list[Json]:
        """Return what opened comms of a target."""
        opened = [m["content"] for m in self.messages if m["msg_type"] == "comm_open"]
        return [content for content in opened if content["target_name"] == target]

    def deltas(self) -> list[Json]:
        """Return the messages of the stream that was opened last."""
        identity = self.comms("deepshi.stream")[-1]["comm_id"]
        return [
            m["content"]["data"]
            for m in self.messages
            if m["msg_type"] == "comm_msg" and m["content"]["comm_id"] == identity
        ]

    def until(self, is_so: Callable[[], bool]) -> None:
        """Read what the kernel publishes until something is so."""
        deadline = time.monotonic() + PATIENCE
        while not is_so():
            try:
                left = max(0.01, deadline - time.monotonic())
                self.messages.append(self.client.get_iopub_msg(timeout=left))
            except queue.Empty:
                raise AssertionError(f"nothing more came: {self.messages[-20:]}") from None

    def _subscribe(self) -> None:
        """Wait until what the kernel publishes arrives; also while a cell runs."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            self.client.control_channel.send(self.client.session.msg("kernel_info_request", {}))
            with contextlib.suppress(queue.Empty):
                self.client.get_iopub_msg(timeout=0.2)
                return
        raise AssertionError("the kernel publishes nothing")

    def _is_ours(self, message: Json, kind: str) -> bool:
        return bool(message["msg_type"] == kind and message["content"]["comm_id"] == self.comm)

    def _send(self, kind: str, content: Json) -> str:
        message = self.client.session.msg(kind, {"comm_id": self.comm, **content})
        if self.subshell is not None:
            message["header"]["subshell_id"] = self.subshell
        self.client.shell_channel.send(message)
        return str(message["header"]["msg_id"])

    def _new_subshell(self) -> str:
        message = self.client.session.msg("create_subshell_request", {})
        self.client.control_channel.send(message)
        while True:
            reply = self.client.get_control_msg(timeout=PATIENCE)
            if reply["parent_header"].get("msg_id") == message["header"]["msg_id"]:
                return str(reply["content"]["subshell_id"])
