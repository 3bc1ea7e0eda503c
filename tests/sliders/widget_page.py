"""The widgets of a kernel as a page knows them: their state, and messages of a user's hand."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable
from typing import Any

from tests.kernel import Kernel, Run

CLICK = {"method": "custom", "content": {"event": "click"}}


class WidgetPage:
    """Follows the widgets and displays of a kernel, and moves them.

    Args:
        kernel: A running kernel.

    Attributes:
        states: The state of each living widget, by the id of its comm.
        displays: What stands under each display id now.
        subshell: The id of the subshell that messages go to, or None for the main shell.
    """

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self.states: dict[str, dict[str, Any]] = {}
        self.displays: dict[str, dict[str, Any]] = {}
        self.opened: list[dict[str, Any]] = []
        self.subshell: str | None = None

    def run(self, code: str, cell: str = "cell-1") -> Run:
        """Run a cell as JupyterLab does."""
        run = self.kernel.run(code, cellId=cell)
        for message in run.messages:
            self._take(message)
        return run

    def open_subshell(self) -> None:
        """Send what follows to a subshell, as JupyterLab does where a kernel has them."""
        client = self.kernel.client
        client.control_channel.send(client.session.msg("create_subshell_request"))
        self.subshell = client.get_control_msg(timeout=30)["content"]["subshell_id"]

    def find(self, **state: Any) -> str:
        """Return the one widget with this state, such as a description or a tooltip's beginning."""
        found = [name for name, s in self.states.items() if _matches(s, state)]
        assert len(found) == 1, (state, len(found))
        return found[0]

    def has(self, **state: Any) -> bool:
        return any(_matches(s, state) for s in self.states.values())

    def says(self, words: str) -> bool:
        """True if a widget shows these words."""
        return any(words in str(state.get("value")) for state in self.states.values())

    def state(self, **state: Any) -> dict[str, Any]:
        return self.states[self.find(**state)]

    def set(self, name: str, **state: Any) -> None:
        """Change the state of a widget as a hand does, and wait until the kernel has taken it."""
        self.states[name].update(state)
        self.send(name, {"method": "update", "state": state, "buffer_paths": []})
        self.settle()

    def click(self, name: str) -> None:
        self.send(name, CLICK)
        self.settle()

    def send(self, name: str, data: dict[str, Any]) -> None:
        """Send a comm message of a widget without waiting for anything."""
        client = self.kernel.client
        message = client.session.msg("comm_msg", {"comm_id": name, "data": data})
        message["header"]["subshell_id"] = self.subshell
        client.shell_channel.send(message)

    def settle(self) -> None:
        """Wait until the kernel has done what was sent before."""
        message = self.kernel.client.session.msg("kernel_info_request")
        message["header"]["subshell_id"] = self.subshell
        self.kernel.client.shell_channel.send(message)
        identity = message["header"]["msg_id"]
        self.wait(lambda: self._last == (identity, "idle"))

    def wait(self, so: Callable[[], bool], seconds: float = 30) -> None:
        """Read messages until something is so."""
        deadline = time.monotonic() + seconds
        self._last: tuple[str, str] = ("", "")
        while not so():
            try:
                left = max(0.01, deadline - time.monotonic())
                self._take(self.kernel.client.get_iopub_msg(timeout=left))
            except queue.Empty:
                raise AssertionError("it never became so") from None

    @property
    def answer(self) -> str:
        """The answer that the cells show, of the one turn that is displayed."""
        (shown,) = [d for name, d in self.displays.items() if _is_turn(name)]
        return str(shown["text/plain"])

    @property
    def note(self) -> dict[str, Any]:
        """The output beside the controls that was shown last."""
        return [d for name, d in self.displays.items() if name.startswith("deepshi-sliders-")][-1]

    def _take(self, message: dict[str, Any]) -> None:
        content, kind = message["content"], message["msg_type"]
        if kind == "comm_open":
            self.opened.append(content)
            if content["target_name"] == "jupyter.widget":
                self.states[content["comm_id"]] = dict(content["data"]["state"])
        elif kind == "comm_msg" and content["data"].get("method") == "update":
            if content["comm_id"] in self.states:
                self.states[content["comm_id"]].update(content["data"]["state"])
        elif kind == "comm_close":
            self.states.pop(content["comm_id"], None)
        elif kind in ("display_data", "update_display_data"):
            display = content.get("transient", {}).get("display_id")
            if display:
                self.displays[display] = content["data"]
        elif kind == "status":
            self._last = message["parent_header"].get("msg_id", ""), content["execution_state"]


def _is_turn(display: str) -> bool:
    return display.startswith("deepshi-") and not display.startswith("deepshi-sliders-")


def _matches(state: dict[str, Any], wanted: dict[str, Any]) -> bool:
    rest = {name: value for name, value in wanted.items() if name != "tooltip"}
    begins = str(state.get("tooltip") or "").startswith(wanted.get("tooltip", ""))
    return begins and all(state.get(name) == value for name, value in rest.items())
