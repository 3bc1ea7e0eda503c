"""The link in a real kernel, with a front end that speaks as JupyterLab does."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deepshi_jupyter.core.turn_record import MIME_TYPE
from tests.chat_server import ChatServer, says
from tests.chunks import DONE, answer, chunk, usage_chunk
from tests.kernel import Kernel
from tests.link.fake_front_end import FakeFrontEnd
from tests.wire_server import Played

Json = dict[str, Any]
LOAD = "%load_ext deepshi_jupyter"


class Held:
    """An answer whose second half comes when a test says so."""

    def __init__(self, *first: str) -> None:
        self.first = first
        self.go_on = threading.Event()

    def played(self) -> Played:
        return Played(self._pieces())

    def _pieces(self) -> Iterator[bytes]:
        for text in self.first:
            yield chunk({"content": text})
        self.go_on.wait(30)
        yield from answer("The rest.", done=False)
        yield usage_chunk(3, 2, cost=0.25)
        yield DONE


@pytest.fixture(scope="module")
def server() -> Iterator[ChatServer]:
    served = ChatServer()
    with served:
        yield served


@pytest.fixture(scope="module")
def kernel(server: ChatServer) -> Iterator[Kernel]:
    with Kernel(DEEPSHI_BASE_URL=server.base_url, DEEPSHI_API_KEY="sk-x") as running:
        yield running


class Lab(FakeFrontEnd):
    """A page whose kernel has the magics; answers are told by their cells."""

    def ask_cell(self, question: str, *, before: str = "", tells: bool = True) -> str:
        """Insert a question, run it, and return its cell."""
        cell = self.add(f"%%deepshi\n{question}", before=before)
        run = self.run(cell, tells=tells)
        assert run.error is None, run.error
        return cell

    def record(self, cell: str, *, tells: bool = True) -> Json:
        """Run a cell and return the record that it shows."""
        run = self.run(cell, tells=tells)
        assert run.error is None, run.error
        (output,) = self.outputs(run)
        record: Json = output["data"][MIME_TYPE]
        return record

    def begin(self, server: ChatServer, held: Held, question: str) -> tuple[str, str, str]:
        """Begin an answer that is held; return its cell, the request and the turn."""
        server.plan(question, held.played())
        cell = self.add(f"%%deepshi\n{question}")
        streams = len(self.comms("deepshi.stream"))
        request = self.send(cell)
        self.until(lambda: len(self.comms("deepshi.stream")) > streams)
        self.until(lambda: "".join(held.first) == self.streamed())
        return cell, request, str(self.comms("deepshi.stream")[-1]["data"]["turn"])

    def streamed(self, kind: str = "text") -> str:
        return "".join(m["text"] for m in self.deltas() if m["kind"] == kind)

    def closed(self) -> list[str]:
        """Return the comms that the kernel closed."""
        closes = [m for m in self.messages if m["msg_type"] == "comm_close"]
        return [m["content"]["comm_id"] for m in closes]

    def logged(self) -> list[Json]:
        """Return what went to the kernel's log: it would turn up under some cell."""
        return [m for m in self.messages if m["msg_type"] == "stream"]


@pytest.fixture
def lab(kernel: Kernel, server: ChatServer) -> Iterator[Lab]:
    kernel.run("%unload_ext deepshi_jupyter")
    server.received.clear()
    page = Lab(kernel)
    assert page.run(page.add(LOAD)).error is None
    page.run(page.add("%deepshi reset"))
    yield page
    page.disconnect()
    page.close()


@pytest.fixture
def linked(lab: Lab) -> Lab:
    lab.connect()
    return lab


# Hello


def test_a_page_that_loads_the_magics_is_told_that_they_are_ready(lab: Lab) -> None:
    (ready,) = lab.comms("deepshi.ready")
    assert ready["data"] == {"v": 1}


def test_where_nobody_watches_nobody_is_told(kernel: Kernel) -> None:
    run = kernel.run("%reload_ext deepshi_jupyter")
    assert run.of_type("comm_open") == []


def test_hello_is_answered_with_the_version_and_closes_what_said_ready(lab: Lab) -> None:
    welcome = lab.connect()
    assert (welcome["v"], welcome["kind"], welcome["running"]) == (1, "welcome", [])
    ready = lab.comms("deepshi.ready")[-1]["comm_id"]
    lab.until(lambda: ready in lab.closed())


def test_hello_may_be_a_message_of_its_own(lab: Lab) -> None:
    lab.open({"v": 1})
    assert lab.ask("hello", front_end="jupyterlab", reads=[])["kind"] == "welcome"


def test_a_page_without_the_extension_closes_it_and_nothing_is_logged(lab: Lab) -> None:
    lab.comm = lab.comms("deepshi.ready")[-1]["comm_id"]
    lab.disconnect()
    run = lab.run(lab.add("%%deepshi\nAlone"), tells=False)
    assert run.error is None
    assert lab.logged() == []
    assert lab.comms("deepshi.stream") == []


def test_without_hello_answers_come_in_blocks(lab: Lab) -> None:
    cell = lab.add("%%deepshi\nBlocks?")
    assert lab.run(cell, tells=False).error is None
    assert lab.comms("deepshi.stream") == []


def test_a_page_that_reads_no_streams_gets_blocks(kernel: Kernel, lab: Lab) -> None:
    other = Lab(kernel, reads=("edit",))
    other.connect()
    other.ask_cell("Blocks here?")
    assert other.comms("deepshi.stream") == []
    other.disconnect()
    other.close()


def test_what_cannot_be_read_is_an_error_and_nothing_in_the_log(linked: Lab) -> None:
    wrong: list[Any] = [{"v": 1, "kind": "dance"}, {"v": 1}, None, [], {"v": 2, "kind": "hello"}]
    replies = [linked.ask_raw(data) for data in wrong]
    assert {reply["kind"] for reply in replies} == {"error"}
    assert [reply["to"] for reply in replies] == ["dance", "", "", "", "hello"]
    assert all(reply["what"] and reply["todo"] for reply in replies)
    assert linked.logged() == []


def test_a_message_is_no_execution_to_ipython(linked: Lab) -> None:
    """Else the figures of a cell that is still running would be shown half drawn."""
    register = "get_ipython().events.register('post_execute', lambda: happened.append(1))"
    linked.run(linked.add(f"happened = []\n{register}"))
    for _ in range(3):
        linked.ask("status", cell=None)
    run = linked.run(linked.add("print(len(happened))"))
    assert run.text == "1\n"


def test_the_first_question_waits_for_the_page_that_is_about_to_say_hello(
    kernel: Kernel, server: ChatServer
) -> None:
    """Run All sends the question before the cell above it has loaded the magics."""
    kernel.run("%unload_ext deepshi_jupyter")
    page = Lab(kernel)
    page.subshell = page._new_subshell()
    load = page.send(page.add(LOAD))
    asking = page.add("%%deepshi\nAt once?")
    request = page.send(asking)
    page.until(lambda: bool(page.comms("deepshi.ready")))
    page.open({"v": 1, "kind": "hello", "front_end": "jupyterlab", "reads": ["stream"]})
    page.tell_order()
    page.finish(load)
    run = page.finish(request)
    (output,) = page.outputs(run)
    assert page.comms("deepshi.stream")[-1]["data"]["cell"] == asking
    assert output["data"][MIME_TYPE]["order"] == "frontend"
    page.disconnect()
    page.close()


# Order


def test_an_unsaved_cell_that_was_inserted_sees_what_stands_above_it(
    linked: Lab, server: ChatServer
) -> None:
    linked.ask_cell("One")
    three = linked.ask_cell("Three")
    two = linked.add("%%deepshi\nTwo", before=three)
    assert linked.record(two)["order"] == "frontend"
    assert server.context == ["One", "Answer 1 to One", "Two"]


def test_a_cell_that_was_moved_deleted_or_brought_back_is_right_at_once(
    linked: Lab, server: ChatServer
) -> None:
    first, second = linked.ask_cell("First"), linked.ask_cell("Second")
    last = linked.add("%%deepshi\nLast")
    linked.move(second, before=first)
    linked.run(last)
    assert server.context[::2] == ["Second", "First", "Last"]
    gone = linked.cells.pop(first)
    linked.run(last)
    assert server.context[::2] == ["Second", "Last"]
    linked.cells = {first: gone, **linked.cells}
    linked.run(last)
    assert server.context[::2] == ["First", "Second", "Last"]


def test_ask_in_a_cell_of_python_knows_the_order_too(linked: Lab, server: ChatServer) -> None:
    above = linked.add("pass")
    linked.ask_cell("Below")
    linked.cells[above] = "import deepshi_jupyter\n_ = deepshi_jupyter.ask('Above')"
    linked.run(above)
    assert server.context == ["Above"]


def test_a_page_that_does_not_announce_its_cells_is_asked_all_the_same(
    linked: Lab, server: ChatServer
) -> None:
    one, two = linked.add("%%deepshi\nUpper"), linked.add("%%deepshi\nLower")
    linked.tell_order()
    linked.run(two, tells=False)
    assert linked.record(one, tells=False)["order"] == "frontend"
    assert server.context == ["Upper"]


def test_a_link_that_was_closed_leaves_the_order_to_the_file(linked: Lab) -> None:
    cell = linked.ask_cell("Still there?")
    linked.disconnect()
    assert linked.record(cell, tells=False)["order"] == "execution"


def test_a_page_that_is_gone_without_a_word_does_not_speak_for_another(
    kernel: Kernel, linked: Lab
) -> None:
    linked.ask_cell("Here")
    other = Lab(kernel)
    cell = other.add("%%deepshi\nThere")
    assert other.record(cell, tells=False)["order"] == "execution"
    other.close()


def test_two_pages_each_have_their_own_order(
    kernel: Kernel, linked: Lab, server: ChatServer
) -> None:
    one, two = linked.ask_cell("Alpha"), linked.ask_cell("Beta")
    other = Lab(kernel)
    other.connect()
    other.cells = {two: linked.cells[two], one: linked.cells[one]}
    other.run(one)
    assert server.context[::2] == ["Beta", "Alpha"]
    linked.run(one)
    assert server.context[::2] == ["Alpha"]
    other.disconnect()
    other.close()


# Stream


def test_the_pieces_of_an_answer_are_its_text_and_the_output_is_one(
    linked: Lab, server: ChatServer
) -> None:
    server.plan("Pieces?", says("a", "b 🙂", "c"))
    cell = linked.add("%%deepshi\nPieces?")
    run = linked.run(cell)
    opened = linked.comms("deepshi.stream")[-1]["data"]
    (output,) = linked.outputs(run)
    assert opened == {"v": 1, "turn": output["data"][MIME_TYPE]["id"], "cell": cell}
    assert linked.streamed() == "ab 🙂c" == output["data"]["text/plain"]
    assert linked.deltas()[-1]["kind"] == "end"
    assert "stream" not in output["data"][MIME_TYPE]
    ids = {m["transient"]["display_id"] for m in run.of_type("display_data", "update_display_data")}
    assert ids == {f"deepshi-{opened['turn']}"}


def test_a_snapshot_comes_while_the_cell_runs(linked: Lab, server: ChatServer) -> None:
    held = Held("Half ", "an answer. ")
    _, request, turn = linked.begin(server, held, "Snapshot?")
    snapshot = linked.ask("snapshot", turn=turn)
    assert (snapshot["text"], snapshot["ended"]) == ("Half an answer. ", False)
    assert snapshot["seq"] == linked.deltas()[-1]["seq"] + 1
    assert linked.of(request)[-1]["content"].get("execution_state") != "idle"
    held.go_on.set()
    linked.finish(request)
    ended = linked.ask("snapshot", turn=turn)
    assert (ended["text"], ended["ended"]) == ("Half an answer. The rest.", True)


def test_a_page_that_was_loaded_again_finds_the_answer_that_is_coming(
    kernel: Kernel, linked: Lab, server: ChatServer
) -> None:
    held = Held("Half an answer. ")
    cell, request, turn = linked.begin(server, held, "Reloaded?")
    stream = linked.comms("deepshi.stream")[-1]["comm_id"]
    again = Lab(kernel)
    assert again.connect()["running"] == [{"turn": turn, "cell": cell, "comm": stream}]
    assert again.ask("snapshot", turn=turn)["text"] == "Half an answer. "
    held.go_on.set()
    linked.finish(request)
    shown = again.ask("versions", turn=turn)["versions"][-1]["bundle"]
    assert shown["text/plain"] == "Half an answer. The rest."
    again.disconnect()
    again.close()


def test_a_failed_answer_leaves_nothing_but_the_error(linked: Lab, server: ChatServer) -> None:
    refused = Played([b'{"error": {"message": "no"}}'], 400, {"content-type": "application/json"})
    server.plan("Refused?", refused)
    run = linked.run(linked.add("%%deepshi\nRefused?"))
    assert [output["output_type"] for output in linked.outputs(run)] == ["error"]
    assert linked.deltas()[-1] == {"v": 1, "seq": 0, "kind": "end"}
    assert linked.ask("hello", front_end="jupyterlab", reads=["stream"])["running"] == []


# Stop


@pytest.mark.parametrize("by", ["cell", "turn"])
def test_stop_arrives_while_the_cell_runs(linked: Lab, server: ChatServer, by: str) -> None:
    held = Held("Half an answer. ")
    cell, request, turn = linked.begin(server, held, f"Stopped by {by}?")
    reply = linked.ask("stop", **{by: {"cell": cell, "turn": turn}[by]})
    assert reply == {"v": 1, "kind": "stopping", "turn": turn, "found": True}
    run = linked.finish(request)
    held.go_on.set()
    assert run.error is not None
    assert run.error["ename"] == "CallInterruptedError"
    shown, _ = linked.outputs(run)
    assert shown["data"]["text/plain"] == "Half an answer. "
    assert shown["data"][MIME_TYPE]["kind"] == "partial"
    assert "stream" not in shown["data"][MIME_TYPE]


def test_a_stop_of_nothing_says_so(linked: Lab) -> None:
    reply = linked.ask("stop", turn="01UNKNOWN")
    assert (reply["turn"], reply["found"]) == ("01UNKNOWN", False)
    assert linked.ask("stop", cell="nothing")["found"] is False


# Status, versions


def test_the_status_has_what_would_be_sent(linked: Lab) -> None:
    one, two = linked.ask_cell("Status one"), linked.ask_cell("Status two")
    end = linked.ask("status", cell=None)
    assert [part["cell"] for part in end["context"]] == [one, two]
    assert end["context_tokens"] > 0
    assert (end["mode"], end["offline"], end["model"]) == ("live", False, "deepshi-3.0")
    assert end["cost"] == 0.5
    assert end["models"] == ["deepshi-3.0"]
    assert [p["cell"] for p in linked.ask("status", cell=two)["context"]] == [one]


def test_another_version_counts_once_it_is_picked(linked: Lab, server: ChatServer) -> None:
    cell = linked.add("%%deepshi\nWhich?")
    first, second = linked.record(cell), linked.record(cell)
    found = linked.ask("versions", turn=second["id"])["versions"]
    assert [version["turn"] for version in found] == [first["id"], second["id"]]
    assert found[0]["bundle"]["text/plain"] == "Answer 1 to Which?"
    picked = linked.ask("pick", turn=second["id"], version=first["id"])
    assert picked["bundle"] == found[0]["bundle"]
    assert picked["mark"]["turn"] == first["id"]
    assert picked["mark"]["instead_of"] == second["id"]
    linked.ask_cell("And now?")
    assert server.context == ["Which?", "Answer 1 to Which?", "And now?"]
    back = linked.ask("pick", turn=second["id"], version=second["id"])
    assert back["mark"]["instead_of"] == first["id"], "the page may still name the one before"


def test_what_is_not_known_cannot_be_picked(linked: Lab) -> None:
    assert linked.ask("versions", turn="?")["to"] == "versions"
    cell = linked.ask_cell("Only one")
    turn = linked.ask("status", cell=None)["context"][-1]["turn"]
    assert cell
    assert linked.ask("pick", turn=turn, version="?")["to"] == "pick"


# The notebook's settings


def test_the_settings_of_the_notebook_count_below_what_is_set(
    linked: Lab, server: ChatServer
) -> None:
    def tell(**values: Any) -> Json:
        nothing: Json = {"model": None, "system": None, "mode": None, "parameters": {}}
        return linked.ask("settings", **{**nothing, **values})

    assert tell(system="Be brief.", parameters={"temperature": 0.3, "seed": 7})["errors"] == []
    linked.ask_cell("With settings?")
    assert server.context[0] == "Be brief."
    assert (server.bodies[-1]["temperature"], server.bodies[-1]["seed"]) == (0.3, 7)
    assert "(from the notebook)" in str(linked.run(linked.add("%deepshi")).bundles)
    linked.run(linked.add("%deepshi set temperature=1"))
    linked.ask_cell("And now?")
    assert (server.bodies[-1]["temperature"], server.bodies[-1]["seed"]) == (1, 7)
    linked.run(linked.add("%deepshi set temperature=auto"))
    linked.ask_cell("And then?")
    assert server.bodies[-1]["temperature"] == 0.3
    (error,) = tell(parameters={"temperature": 9})["errors"]
    assert error["what"].startswith("temperature is 9")
    linked.ask_cell("At last?")
    assert "temperature" not in server.bodies[-1]
    assert "Be brief." not in server.context


# Without subshells, and on the way


def test_without_subshells_the_order_comes_before_the_cell(lab: Lab, server: ChatServer) -> None:
    lab.connect(on_subshell=False)
    below = lab.ask_cell("Below all")
    above = lab.add("%%deepshi\nAbove all", before=below)
    assert lab.record(above)["order"] == "frontend"
    assert server.context == ["Above all"]


def test_unloading_the_magics_takes_the_link_away(linked: Lab) -> None:
    linked.run(linked.add("%unload_ext deepshi_jupyter"))
    again = linked.run(linked.add(LOAD))
    assert again.error is None
    assert linked.connect()["kind"] == "welcome"


def test_messages_that_are_examples_are_answered_as_they_say(linked: Lab) -> None:
    protocol = Path(__file__).parents[1] / "frontend" / "protocol"
    for file in sorted(protocol.glob("control-*.json")):
        exchange = json.loads(file.read_bytes())
        for message in exchange.get("front_end", []):
            if (reply := exchange.get("reply")) is not None:
                said = linked.ask_raw(message)["kind"]
                assert said == reply or (said == "error" and file.stem[8:] in ("versions", "pick"))
        for message in exchange.get("unreadable", {}).get("front_end", []):
            assert linked.ask_raw(message)["kind"] == "error"
    assert linked.logged() == []
