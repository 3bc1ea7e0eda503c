"""The page of a panel in a real kernel: speaks over its comm, in a subshell as JupyterLab does."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable
from typing import Any

from tests.front_end import FrontEnd, outputs_of
from tests.kernel import Run

Json = dict[str, Any]
PATIENCE = 30.0


class KernelPage:
    """A panel in a cell.

    Args:
        front: The notebook.
        cell: The id of the cell that shows it; it is run.
    """

    def __init__(self, front: FrontEnd, cell: str) -> None:
        self.front = front
        self.cell = cell
        self.client = front.kernel.client
        self._subshell = self._new_subshell()
        self.run()

    def run(self) -> None:
        """Run the cell, as a user does, and draw the panel."""
        self._request = self.front.send(self.cell)
        self.run_of_cell = self.front.kernel.finish(self._request)
        assert self.run_of_cell.error is None, self.run_of_cell.error
        opened = self.run_of_cell.of_type("comm_open")
        self.comm = [c["comm_id"] for c in opened if "_esm" in c["data"]["state"]][-1]
        self.told: list[Json] = []
        self._keep_outputs()
        self.say("hello")
        self.wait("turns")

    def _new_subshell(self) -> str:
        request = self.client.session.msg("create_subshell_request", {})
        self.client.control_channel.send(request)
        reply = self.client.control_channel.get_msg(timeout=PATIENCE)
        return str(reply["content"]["subshell_id"])

    def say(self, kind: str, **fields: Any) -> None:
        content = {"v": 1, "kind": kind, **fields}
        data = {"comm_id": self.comm, "data": {"method": "custom", "content": content}}
        message = self.client.session.msg("comm_msg", data)
        message["header"]["subshell_id"] = self._subshell
        self.client.shell_channel.send(message)

    def wait(self, kind: str, is_right: Callable[[Json], bool] = lambda _: True) -> Json:
        """Wait for a message that is right; outputs of the cell are kept on the page meanwhile."""
        deadline = time.monotonic() + PATIENCE
        while True:
            for message in self.told:
                if message["kind"] == kind and is_right(message):
                    return message
            assert time.monotonic() < deadline, self.told
            self.listen()

    def ask(self, text: str, **fields: Any) -> Json:
        """Ask, and return how it ended."""
        self.say("ask", ask=text, text=text, **fields)
        return self.wait("ended", lambda message: message["ask"] == text)

    def listen(self) -> None:
        """Take the next message of the kernel, if there is one."""
        try:
            message = self.client.get_iopub_msg(timeout=0.2)
        except queue.Empty:
            return
        content = message["content"]
        if message["msg_type"] == "comm_msg" and content["comm_id"] == self.comm:
            self.told.append(content["data"]["content"])
        if message["parent_header"].get("msg_id") == self._request:
            self.run_of_cell.messages.append(message)
            self._keep_outputs()

    def _keep_outputs(self) -> None:
        cell = self.front.cell(self.cell)
        cell["outputs"] = outputs_of(Run(self.run_of_cell.messages))
        cell["execution_count"] = self.run_of_cell.reply.get("execution_count")
