"""A notebook that ran live runs again without network and key, and leaves the same bytes.

It is executed by nbclient in a real kernel. For the replay the server is gone, and the kernel's
process refuses every connection.
"""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from tests.chat_server import ChatServer, says
from tests.chunks import DONE, chunk
from tests.wire_server import Played

NO_NETWORK = str(Path(__file__).parent / "no_network")
KEY = "sk-bf-canary-6f10aa"
CELLS = [
    "%load_ext deepshi_jupyter",
    "import dataclasses\nfrom deepshi_jupyter import ask, tool\n\n"
    "@dataclasses.dataclass\nclass City:\n    name: str\n    people: int",
    "@tool(approve='always')\ndef rainfall(city: str) -> float:\n"
    "    'Millimetres of rain.'\n    open('ran.txt', 'a').write('ran ')\n    return 12.5",
    "name = 'Bern'",
    "%%deepshi --system 'Be brief.' -t 0 --seed 7\nWhat is {{name}}?",
    "%%deepshi -o second\nAnd its river?",
    "print(second.text, second.cost, second.usage.prompt_tokens)",
    "%%deepshi --json\nAs JSON.",
    "print(_deepshi.parsed)",
    "%%deepshi --schema City\nDescribe it.",
    "print(_deepshi.parsed)",
    "%%deepshi --tools rainfall\nDid it rain?",
    "for number in range(3):\n    print(ask('Throw a die.', once=True, temperature=1.0))",
    "%%deepshi --once\nAside.",
    "%%deepshi --chat review\nRead this.",
    "%%deepshi --chat review --as code\nAnd this.",
    "%%deepshi --max-tokens 2\nA long story.",
    "%%deepshi --new -n 2\nTwice.",
    "ask('As a value.')",
    "%%deepshi --once\nAside.",
]


def plan(server: ChatServer) -> None:
    """Let the server answer with what the cells ask for."""
    server.plan("As JSON.", says('{"river": "Aare"}'))
    server.plan("Describe it.", says('{"name": "Bern", ', '"people": 134000}'))
    call = {"index": 0, "id": "c1", "type": "function"}
    call |= {"function": {"name": "rainfall", "arguments": '{"city": "Bern"}'}}
    thinking = chunk({"reasoning": "I should look."})
    asks = [thinking, chunk({"tool_calls": [call]}), chunk({}, "tool_calls"), DONE]
    server.plan("Did it rain?", Played(asks))
    server.plan("12.5", says("It rained **12.5 mm**."))
    server.plan("And this.", says("So:\n```python\n1 + 1\n```\n<script>alert(1)</script>"))
    server.plan("A long story.", says("Once upon", finish="length"))
    one, two = (
        json.dumps({"index": n, "delta": {"content": f"{n}!"}, "finish_reason": "stop"})
        for n in (0, 1)
    )
    pieces = [f'data: {{"choices": [{piece}]}}\n\n'.encode() for piece in (one, two)]
    server.plan("Twice.", Played([*pieces, DONE]))


def notebook_of(*sources: str) -> Any:
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [
        nbformat.v4.new_code_cell(source, id=f"c{i}") for i, source in enumerate(sources)
    ]
    return notebook


def execute(folder: Path, sources: list[str], **environment: str) -> Any:
    """Execute a notebook in a kernel of its own; what ran is in the notebook also if it fails."""
    notebook = notebook_of(*sources)
    clean = {name: value for name, value in os.environ.items() if not name.startswith("DEEPSHI")}
    client = NotebookClient(notebook, record_timing=False, coalesce_streams=True, timeout=60)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what nbclient and its parts warn of is theirs
        try:
            client.execute(
                env={**clean, "DEEPSHI_STORE": "off", "PYTHONWARNINGS": "ignore", **environment},
                cwd=str(folder),
            )
        except CellExecutionError as error:
            notebook.metadata["failure"] = f"{error.ename}: {error.evalue}"
    return notebook


def outputs(notebook: Any) -> str:
    """Return all outputs as the bytes that a file has of them."""
    return nbformat.writes(notebook)


class Study:
    """A notebook that was executed live, with what is needed to run it again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "executed.ipynb"
        self.recording = folder / "turns.jsonl"
        with ChatServer() as server:
            plan(server)
            self.base_url = server.base_url
            self.live = execute(
                folder,
                CELLS,
                DEEPSHI_BASE_URL=server.base_url,
                DEEPSHI_API_KEY=KEY,
                DEEPSHI_RECORD=str(self.recording),
            )
            self.questions = server.questions
        nbformat.write(self.live, self.file)
        self.ran = (folder / "ran.txt").read_text()

    def replay(self, sources: list[str] = CELLS, **environment: str) -> tuple[Any, list[str]]:
        """Run it again with no network; return the notebook, and what it tried to reach."""
        tried = self.folder / f"tried{len(list(self.folder.iterdir()))}.txt"
        tried.touch()
        known = {"DEEPSHI_MODE": "replay", "DEEPSHI_BASE_URL": self.base_url}
        known |= {"DEEPSHI_NOTEBOOK": str(self.file), "TRIED_TO_CONNECT": str(tried)}
        known["PYTHONPATH"] = os.pathsep.join([NO_NETWORK, os.environ.get("PYTHONPATH", "")])
        notebook = execute(self.folder, sources, **{**known, **environment})
        return notebook, tried.read_text().splitlines()


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return Study(tmp_path_factory.mktemp("study"))


@pytest.fixture
def again(study: Study) -> Iterator[ChatServer]:
    """A server at a new address, which answers as the first did."""
    with ChatServer() as server:
        plan(server)
        yield server


def test_the_live_run_asked_all_of_it(study: Study) -> None:
    assert "failure" not in study.live.metadata, study.live.metadata
    assert len(study.questions) == 16
    assert study.ran == "ran "
    assert study.recording.read_bytes().count(b"\n") == 15  # one line a turn


def test_a_replay_leaves_the_same_bytes_and_reaches_for_nothing(study: Study) -> None:
    replayed, attempts = study.replay()
    assert "failure" not in replayed.metadata, replayed.metadata
    assert attempts == []
    for live, again in zip(study.live.cells, replayed.cells, strict=True):
        assert again.outputs == live.outputs
    assert outputs(replayed) == outputs(study.live)
    assert (study.folder / "ran.txt").read_text() == study.ran  # no tool ran


def test_a_recording_file_alone_gives_the_same_bytes(study: Study) -> None:
    replayed, attempts = study.replay(DEEPSHI_NOTEBOOK="", DEEPSHI_RECORDING=str(study.recording))
    assert (attempts, outputs(replayed)) == ([], outputs(study.live))


def test_a_replay_of_a_replay_is_the_same(study: Study, tmp_path: Path) -> None:
    replayed, _ = study.replay()
    nbformat.write(replayed, tmp_path / "replayed.ipynb")
    twice, attempts = study.replay(DEEPSHI_NOTEBOOK=str(tmp_path / "replayed.ipynb"))
    assert (attempts, outputs(twice)) == ([], outputs(study.live))


def test_neither_the_notebook_nor_the_recording_holds_the_key(study: Study) -> None:
    assert KEY not in study.file.read_text(encoding="utf-8")
    assert KEY not in study.recording.read_text(encoding="utf-8")


def test_a_miss_fails_the_cell_and_names_the_nearest_and_the_fields(study: Study) -> None:
    edited = [source.replace("-t 0 --seed 7", "-t 0.5 --seed 7") for source in CELLS]
    replayed, attempts = study.replay(edited)
    failure = replayed.metadata["failure"]
    assert failure.startswith("ReplayMissError: No recorded answer fits this request")
    assert "differs in temperature (recorded: 0; now: 0.5)" in failure
    assert attempts == []
    assert replayed.cells[5].outputs == []  # the run stopped there


def test_an_edited_question_is_a_miss_that_shows_both(study: Study) -> None:
    edited = [source.replace("name = 'Bern'", "name = 'Basel'") for source in CELLS]
    failure = study.replay(edited)[0].metadata["failure"]
    assert "recorded: What is Bern?" in failure
    assert "now: What is Basel?" in failure


def test_without_the_key_and_the_recording_a_replay_reaches_for_nothing(study: Study) -> None:
    replayed, attempts = study.replay(DEEPSHI_NOTEBOOK="", DEEPSHI_BASE_URL="")
    assert "Nothing is recorded" in replayed.metadata["failure"]
    assert attempts == []


def auto(study: Study, server: ChatServer, sources: list[str]) -> Any:
    """Run it in the mode auto against a server that is there, at the address of then."""
    name = "%deepshi set endpoint_name=" + study.base_url
    sources = [f"{sources[0]}\n{name}", *sources[1:]]
    return execute(
        study.folder,
        sources,
        DEEPSHI_MODE="auto",
        DEEPSHI_BASE_URL=server.base_url,
        DEEPSHI_NOTEBOOK=str(study.file),
    )


def test_auto_asks_nothing_where_nothing_changed(study: Study, again: ChatServer) -> None:
    ran = auto(study, again, CELLS)
    assert "failure" not in ran.metadata, ran.metadata
    assert again.questions == []
    for live, new in zip(study.live.cells[1:], ran.cells[1:], strict=True):
        assert new.outputs == live.outputs


def test_auto_after_a_small_edit_asks_only_what_changed(study: Study, again: ChatServer) -> None:
    edited = [source.replace("Read this.", "Read that.") for source in CELLS]
    ran = auto(study, again, edited)
    assert "failure" not in ran.metadata, ran.metadata
    assert again.questions == ["Read that.", "And this."]  # the second stands below the first


def test_auto_asks_one_repeat_more_where_there_is_one(study: Study, again: ChatServer) -> None:
    edited = [source.replace("range(3)", "range(4)") for source in CELLS]
    auto(study, again, edited)
    assert again.questions == ["Throw a die."]


def test_refresh_asks_everything_again(study: Study, again: ChatServer) -> None:
    execute(
        study.folder,
        CELLS[:6],
        DEEPSHI_MODE="refresh",
        DEEPSHI_BASE_URL=again.base_url,
        DEEPSHI_NOTEBOOK=str(study.file),
    )
    assert again.questions == ["What is Bern?", "And its river?"]
