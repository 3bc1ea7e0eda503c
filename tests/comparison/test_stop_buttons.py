"""Stop buttons in a real kernel, pressed by a client that does what JupyterLab does."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from deepshi_jupyter.core.turn_record import MIME_TYPE, read_record
from deepshi_jupyter.notebook.notebook_file import records_in
from tests.chat_server import ChatServer, says
from tests.chunks import chunk
from tests.kernel import FRONT_END, Kernel, Run
from tests.wire_server import Played, Received

VIEW = "application/vnd.jupyter.widget-view+json"
COMPARE = "c = deepshi_jupyter.compare('hello', temperature=[0, 1], samples=2)"


class Holding(ChatServer):
    """Ends no answer under the temperature 1."""

    def next_answer(self, request: Received) -> Played:
        if request.method == "POST" and json.loads(request.body)["temperature"] == 1:
            return Played([chunk({"content": "Half an"})], end="hang")
        return says("Whole.") if request.method == "POST" else super().next_answer(request)


@pytest.fixture
def server() -> Iterator[Holding]:
    with Holding() as played:
        yield played


@pytest.fixture
def kernel(server: Holding) -> Iterator[Kernel]:
    with Kernel(DEEPSHI_BASE_URL=server.base_url) as running:
        run = running.run("%load_ext deepshi_jupyter\nimport deepshi_jupyter")
        assert run.error is None
        yield running


def until(kernel: Kernel, identity: str, run: Run, found: Any) -> Any:
    """Wait until a message of a cell fits."""
    deadline = time.monotonic() + 30
    while True:
        message = kernel.next_message(identity, deadline, run)
        if result := found(message):
            return result


def opened_subshell(kernel: Kernel) -> str:
    """Open a subshell, as a front end does for the messages of widgets (JEP 91)."""
    client = kernel.client
    client.control_channel.send(client.session.msg("create_subshell_request", {}))
    reply = client.get_control_msg(timeout=30)
    return str(reply["content"]["subshell_id"])


def press(kernel: Kernel, comm: str, subshell: str | None) -> None:
    data = {"method": "custom", "content": {"event": "click"}}
    message = kernel.client.session.msg("comm_msg", {"comm_id": comm, "data": data})
    if subshell is not None:
        message["header"]["subshell_id"] = subshell
    kernel.client.shell_channel.send(message)


def button(message: dict[str, Any]) -> tuple[str, str] | None:
    """Return the comm and the words of a button that is made."""
    if message["msg_type"] != "comm_open":
        return None
    state = message["content"]["data"]["state"]
    if state.get("_model_name") != "ButtonModel":
        return None
    return message["content"]["comm_id"], state["description"]


def shows_row(message: dict[str, Any]) -> bool:
    return VIEW in message["content"].get("data", {})


def test_a_button_stops_its_setting_while_the_cell_runs(kernel: Kernel, server: Holding) -> None:
    identity = kernel.send(COMPARE, **FRONT_END)
    run = Run()
    buttons = [until(kernel, identity, run, button) for _ in range(2)]
    assert [words for _, words in buttons] == ["Stop temperature=0", "Stop temperature=1"]
    subshell = opened_subshell(kernel)
    until(kernel, identity, run, shows_row)
    press(kernel, buttons[1][0], subshell)  # without it the answers would never end
    finished = kernel.finish(identity, 30)
    assert finished.error is None
    final = next(bundle for bundle in finished.bundles if MIME_TYPE in bundle)
    kinds = [read_record(value).kind for value in records_in(final)]
    assert kinds == ["live", "live", "partial", "partial"]
    assert finished.of_type("comm_close")
    state = kernel.run("print(len(c), c.is_whole, *sorted(set(c.frame['error'])), sep='|')")
    assert state.text == "4|False||you stopped this answer\n"


def test_what_stays_has_the_result_first_and_no_button(kernel: Kernel) -> None:
    kernel.run("import ipywidgets")
    subshell = opened_subshell(kernel)
    identity = kernel.send(COMPARE, **FRONT_END)
    run = Run()
    buttons = [until(kernel, identity, run, button) for _ in range(2)]
    until(kernel, identity, run, shows_row)
    press(kernel, buttons[1][0], subshell)
    rest = kernel.finish(identity, 30)
    shown: dict[str, dict[str, Any]] = {}
    for message in [*run.messages, *rest.messages]:
        if message["msg_type"] in ("display_data", "update_display_data"):
            content = message["content"]
            shown[content["transient"]["display_id"]] = content["data"]
    result, picture = shown.values()
    assert MIME_TYPE in result
    assert picture["image/png"]


def test_no_button_is_shown_where_pressing_it_would_wait_for_the_end(kernel: Kernel) -> None:
    """A front end that opens no subshell sends what is pressed to the shell that is busy."""
    identity = kernel.send(COMPARE, **FRONT_END)
    run = Run()

    def halves(message: dict[str, Any]) -> bool:
        return "Half an" in message["content"].get("data", {}).get("text/plain", "")

    for _ in range(3):
        until(kernel, identity, run, halves)
    kernel.interrupt()
    finished = kernel.finish(identity, 30)
    assert finished.error is not None
    assert not [b for b in (*run.bundles, *finished.bundles) if VIEW in b]
