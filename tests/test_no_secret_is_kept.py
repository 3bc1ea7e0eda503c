"""Keys that a user puts into a question: in no record, journal, recording or output."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from deepshi_jupyter.core.turn_record import TurnRecord
from tests.chat_server import ChatServer, says
from tests.chunks import DONE, chunk
from tests.front_end import FrontEnd
from tests.kernel import Kernel
from tests.wire_server import Played

SHAPED = "ghp_" + "q7Rk2LmX9vTz4WcB8nYd1HsJ5gPaF3uE0iOx"
"""It has the shape of a token; nobody knows it."""

KNOWN = "canary-lab-55e01c77f2"
"""It has no shape; it stands in the environment as LAB_TOKEN."""

KEY = "sk-bf-canary-41c9aa07"
"""The key of the service."""


@pytest.fixture
def server() -> Iterator[ChatServer]:
    with ChatServer() as played:
        yield played


class Scene:
    """A kernel whose environment holds keys, and all files that it writes."""

    def __init__(self, folder: Path, server: ChatServer) -> None:
        self.folder = folder
        self.recording = folder / "turns.jsonl"
        self._environment = {
            "DEEPSHI_BASE_URL": server.base_url,
            "DEEPSHI_API_KEY": KEY,
            "LAB_TOKEN": KNOWN,
            "DEEPSHI_STORE": str(folder / ".deepshi"),
            "DEEPSHI_RECORD": str(self.recording),
            "JPY_SESSION_NAME": str(folder / "a.ipynb"),
        }

    def kernel(self, **more: str) -> Kernel:
        return Kernel(**self._environment, **more)

    def page(self, kernel: Kernel) -> FrontEnd:
        page = FrontEnd(kernel, self.folder / "a.ipynb")
        page.run(page.add("%load_ext deepshi_jupyter"))
        return page

    def written(self, page: FrontEnd) -> str:
        """Return all that is kept: files, and what the page shows; not what the user typed."""
        files = [path for path in self.folder.rglob("*") if path.is_file()]
        kept = [path.read_text(encoding="utf-8") for path in files]
        assert len(kept) >= 2, "a journal and a recording"
        return "\n".join([*kept, json.dumps([cell["outputs"] for cell in page.cells])])


@pytest.fixture
def scene(tmp_path: Path, server: ChatServer) -> Scene:
    return Scene(tmp_path, server)


PLACES = {
    "prompt": "%%deepshi\nWhat is {secret} for?",
    "system prompt": "%%deepshi --system 'You hold {secret}.'\nhello",
    "option": "%%deepshi --stop {secret}\nhello",
    "unknown option": "%%deepshi --param 'note=\"{secret}\"'\nhello",
    "value": "%%deepshi\nMy settings: {{{{settings}}}}",
    "follow-up": "%%deepshi\nWhat is {secret} for?\n",
    "ask()": "from deepshi_jupyter import ask\nask(settings['token'])",
}


@pytest.mark.parametrize("secret", [SHAPED, KNOWN], ids=["shaped", "known"])
def test_a_key_in_a_question_is_sent_and_not_kept(
    scene: Scene, server: ChatServer, secret: str
) -> None:
    for text in (f"What is {secret} for?", f"What is {secret} for?\n", secret):
        server.plan(text, says("For GitHub."))
    with scene.kernel() as kernel:
        page = scene.page(kernel)
        page.run(page.add(f"settings = {{'token': {secret!r}}}"))
        for name, source in PLACES.items():
            cell = page.add(source.format(secret=secret))
            server.plan(f"My settings: {{'token': '{secret}'}}", says("I see."))
            run = page.run(cell)
            assert run.error is None, (name, run.error)
            assert secret in json.dumps(server.bodies[-1]), name
            assert page.record(cell).redacted >= 1, name
            assert "taken out" in str(page.record(cell).remarks), name
        for name in ("%deepshi history", "%deepshi context"):
            page.run(page.add(name))
        assert secret not in scene.written(page)
        assert "‹redacted:" in scene.written(page)


def test_a_key_in_the_result_of_a_tool_goes_to_the_model_and_is_not_kept(
    scene: Scene, server: ChatServer
) -> None:
    call = {"index": 0, "id": "c1", "type": "function"}
    call |= {"function": {"name": "look", "arguments": "{}"}}
    asks = [chunk({"tool_calls": [call]}), chunk({}, "tool_calls"), DONE]
    server.plan("Look.", Played(asks))
    server.plan(f"found {SHAPED} {KNOWN}", says("I found it."))
    with scene.kernel() as kernel:
        page = scene.page(kernel)
        page.run(
            page.add(
                "from deepshi_jupyter import tool\n@tool(approve='always')\ndef look() -> str:\n"
                f"    'Look.'\n    return 'found {SHAPED} {KNOWN}'"
            )
        )
        cell = page.ask("Look.", "--tools look")
        assert server.questions[-1] == f"found {SHAPED} {KNOWN}"
        record = page.record(cell)
        assert (record.text, record.redacted) == ("I found it.", 4)  # the message and the card
        written = scene.written(page)
    assert SHAPED not in written
    assert KNOWN not in written


def test_a_known_key_that_the_model_repeats_is_not_kept(scene: Scene, server: ChatServer) -> None:
    half = len(KNOWN) // 2
    server.plan("What is it?", says("It is ", KNOWN[:half], KNOWN[half:], ", I think."))
    with scene.kernel() as kernel:
        page = scene.page(kernel)
        cell = page.ask("What is it?")
        assert page.record(cell).text.startswith("It is ‹redacted:")
        page.ask("And now?")
        assert KNOWN not in json.dumps(server.bodies[-1])
        assert KNOWN not in scene.written(page)


def test_a_key_in_what_the_service_says_of_a_failure_is_not_kept(
    scene: Scene, server: ChatServer
) -> None:
    what = f"the key {KEY} may not read {KNOWN}"
    server.plan("hello", Played([json.dumps({"error": {"message": what}}).encode()], 403))
    with scene.kernel() as kernel:
        page = scene.page(kernel)
        page.ask("one")
        run = page.run(page.add("%%deepshi\nhello"))
        assert run.error is not None
        assert "may not read" in run.error["evalue"]
        written = scene.written(page)
    assert KEY not in written
    assert KNOWN not in written


def test_the_key_of_the_service_is_refused_in_a_question(scene: Scene, server: ChatServer) -> None:
    with scene.kernel() as kernel:
        page = scene.page(kernel)
        page.ask("one")
        run = page.run(page.add("import os\nfrom deepshi_jupyter import ask\nask(str(os.environ))"))
        assert run.error is not None
        assert "holds your API key" in run.error["evalue"]
        assert server.questions == ["one"]
        assert KEY not in scene.written(page)


def test_a_redacted_turn_and_what_stands_below_it_replay(scene: Scene, server: ChatServer) -> None:
    """The key of a request is made of what was sent, not of what is kept."""
    questions = (f"What is {SHAPED} for?", f"And {KNOWN}?", "Say it again.")
    server.plan(questions[1], says(f"{KNOWN} is yours."))
    with scene.kernel() as kernel:
        page = scene.page(kernel)
        cells = [page.ask(text, "--system 'Be brief.'") for text in questions]
        page.save()
        live = [page.record(cell) for cell in cells]
    asked = len(server.received)
    with scene.kernel(DEEPSHI_MODE="replay") as kernel:
        page = scene.page(kernel)
        kernel.run("%deepshi reset")
        again: list[TurnRecord] = []
        for text in questions:
            again.append(page.record(page.ask(text, "--system 'Be brief.'")))
        assert again == live
        run = page.run(page.add(f"%%deepshi --system 'Be brief.'\nWhat was {SHAPED}?"))
        assert run.error is not None
        assert "ReplayMissError" in run.error["ename"]
        assert "What was ‹redacted:" in run.error["evalue"]
        assert SHAPED not in str(run.error)
    assert len(server.received) == asked
    assert [record.redacted for record in live[:2]] == [2, 2]
