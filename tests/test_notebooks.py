"""Every notebook that comes with the package runs, and once more from its records alone."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import nbformat
import pytest
from nbformat import NotebookNode

from deepshi_jupyter.cli.execution import Outcome, run_notebook
from deepshi_jupyter.cli.main import main
from deepshi_jupyter.core.turn_record import MIME_TYPE
from deepshi_jupyter.offline import OfflineServer
from tests.cli.altered_endpoint import AlteredEndpoint, missing, without_usage

ROOT = Path(__file__).parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
STUDY = ROOT / "notebooks" / "06-a-study.ipynb"
REFUSING = ROOT / "tests" / "no_network"
KEY = "sk-bf-canary-7d20b4"

OF_THE_KERNEL = re.compile(r"^\s*%deepshi( set .*| context)?$", re.MULTILINE)
WRITTEN = {"06-a-study": ["methods.md"]}
"""The files that a notebook says it writes."""


class Nobody:
    """A watcher that looks away."""

    def begin(self, number: int, total: int, source: str) -> None:
        """Do nothing."""

    def delta(self, data: object) -> None:
        """Do nothing."""

    def output(self, output: object) -> None:
        """Do nothing."""

    def end(self, seconds: float) -> None:
        """Do nothing."""


class Runs(NamedTuple):
    """What came of the runs of one notebook, each in a folder of its own."""

    first: Run
    """As a reader finds it: nothing set, against the embedded endpoint."""
    again: Run
    """From the records of the first run alone, where nobody can be reached."""
    small: Path
    """The executed notebook of a run against a server with a key, one model and no catalogue."""
    small_code: int
    """The exit code of that run, which is one of the command line."""


class Run(NamedTuple):
    """One run of a notebook."""

    outcome: Outcome
    notebook: NotebookNode
    folder: Path

    @property
    def saved(self) -> Path:
        """The notebook as a file, with what came."""
        return self.folder.with_suffix(".ipynb")

    @property
    def left(self) -> list[str]:
        """The files that it left where it ran."""
        return sorted(file.name for file in self.folder.iterdir())


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def path(request: pytest.FixtureRequest) -> Path:
    found: Path = request.param
    return found


@pytest.fixture(scope="module")
def known() -> dict[Path, Runs]:
    """Return the runs so far, which several tests look at."""
    return {}


@pytest.fixture
def runs(path: Path, known: dict[Path, Runs], tmp_path: Path) -> Runs:
    """Return the runs of a notebook; the last one goes on beside the others, in a process."""
    if path not in known:
        small = tmp_path / "small" / path.name
        endpoint = AlteredEndpoint(chat=without_usage, models=missing, require_key=KEY)
        with OfflineServer(endpoint=endpoint) as server:
            with subprocess.Popen(**on_small_server(path, small, server.base_url)) as process:
                first = first_run(path, tmp_path / "first")
                again = replay(path, first.saved, tmp_path / "again", **embedded(path))
            known[path] = Runs(first, again, small, process.returncode)
    return known[path]


def on_small_server(path: Path, out: Path, base_url: str) -> dict[str, Any]:
    """Return a process that runs a notebook: no catalogue, no usage, no cost, no reasoning."""
    out.parent.mkdir()
    command = ["run", str(path), "-o", str(out), "--cwd", str(out.parent), "--json"]
    environment = {
        "PYTHONPATH": str(ROOT),
        "DEEPSHI_STORE": str(out.parent / ".deepshi"),
        "DEEPSHI_BASE_URL": base_url,
        "DEEPSHI_API_KEY": KEY,
        "DEEPSHI_MODEL": "offline-chat",
        "DEEPSHI_REASONER": "offline-chat",
    }
    return {
        "args": [sys.executable, "-m", "deepshi_jupyter", *command],
        "env": {**os.environ, **environment},
        "stdout": subprocess.DEVNULL,
        "stderr": subprocess.DEVNULL,
    }


def first_run(path: Path, folder: Path) -> Run:
    return run(path, folder, **embedded(path))


def embedded(path: Path) -> dict[str, str]:
    """Return the setting of the one notebook that does not choose an endpoint by itself."""
    return {"DEEPSHI_BASE_URL": "offline"} if path.name.startswith("01-") else {}


def replay(path: Path, recorded: Path, folder: Path, **more: str) -> Run:
    """Run a notebook from the records of a file, where nobody can be reached."""
    return run(
        path,
        folder,
        PYTHONPATH=os.pathsep.join([str(REFUSING), str(ROOT)]),
        TRIED_TO_CONNECT=str(folder.with_suffix(".tried")),
        DEEPSHI_NOTEBOOK=str(recorded),
        DEEPSHI_MODE="replay",
        **more,
    )


def run(path: Path, folder: Path, **more: str) -> Run:
    """Run a notebook in a new folder, and save it beside that."""
    folder.mkdir()
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "DEEPSHI_STORE": str(folder.with_suffix(".deepshi")),
        **more,
    }
    notebook = read(path)
    outcome = run_notebook(notebook, Nobody(), environment=environment, folder=folder)
    ran = Run(outcome, notebook, folder)
    nbformat.write(notebook, ran.saved)
    return ran


def read(path: Path) -> NotebookNode:
    return nbformat.read(path, as_version=4)


def code(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def outputs(cell: NotebookNode) -> list[str]:
    """Return the outputs of a cell as they stand in a file."""
    return [json.dumps(output, sort_keys=True) for output in cell.outputs]


def records(cell: NotebookNode) -> list[str]:
    """Return the outputs of a cell that hold records, whole."""
    return [output for output in outputs(cell) if MIME_TYPE in output]


def asks(cell: NotebookNode) -> bool:
    return bool(cell.source.startswith("%%deepshi"))


def tells_of_its_kernel(cell: NotebookNode) -> bool:
    """True if a cell shows what differs in a replay: the status, the catalogue, a live error."""
    return bool(OF_THE_KERNEL.search(cell.source)) or cell.id in ("dry-run", "errors")


def test_there_is_a_first_notebook() -> None:
    assert "01-first-question.ipynb" in [path.name for path in NOTEBOOKS]


def test_it_runs_and_every_question_is_answered(path: Path, runs: Runs) -> None:
    assert runs.first.outcome == Outcome()
    for cell in filter(asks, code(runs.first.notebook)):
        (output,) = cell.outputs
        assert output.data["text/plain"].strip()
        assert MIME_TYPE in output.data
    assert runs.first.left == WRITTEN.get(path.stem, [])


def test_all_its_answers_fit_and_can_be_vouched_for(
    runs: Runs, capsys: pytest.CaptureFixture[str]
) -> None:
    for command in ("status", "verify"):
        assert main([command, str(runs.first.saved)]) == 0, capsys.readouterr().out


def test_it_runs_from_its_records_where_nobody_can_be_reached(runs: Runs) -> None:
    assert runs.again.outcome == Outcome()
    assert not runs.again.folder.with_suffix(".tried").exists()
    for now, then in zip(code(runs.again.notebook), code(read(runs.first.saved)), strict=True):
        assert records(now) == records(then)
        if not tells_of_its_kernel(now):
            assert outputs(now) == outputs(then), now.source


def test_it_runs_where_one_model_is_all_there_is_and_the_key_stays_out(runs: Runs) -> None:
    assert runs.small_code == 0
    assert all(cell.outputs for cell in filter(asks, code(read(runs.small))))
    written = [file for file in runs.small.parent.rglob("*") if file.is_file()]
    assert any(file.suffix == ".jsonl" for file in written)  # the journal
    assert [file for file in written if KEY.encode() in file.read_bytes()] == []


@pytest.mark.parametrize(
    "attempt",
    [
        "import socket; socket.create_connection(('127.0.0.1', 9))",
        "import socket; socket.getaddrinfo('localhost', 80)",
        "from deepshi_jupyter.offline import OfflineTransport",
    ],
)
def test_what_a_replay_is_refused_is_noted(attempt: str, tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(REFUSING), str(ROOT)]),
        "TRIED_TO_CONNECT": str(tmp_path / "tried"),
    }
    ran = subprocess.run([sys.executable, "-c", attempt], env=environment, capture_output=True)
    assert b"is refused here" in ran.stderr
    assert (tmp_path / "tried").exists()


def test_it_is_committed_without_outputs_and_with_readable_ids(path: Path) -> None:
    notebook = read(path)
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    assert notebook.metadata.kernelspec.name == "python3"
    assert all(not cell.outputs and cell.execution_count is None for cell in code(notebook))
    ids = [cell.id for cell in notebook.cells]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-z][a-z-]*", identity) for identity in ids)


def test_no_question_names_a_model_so_that_any_server_can_answer(path: Path) -> None:
    for cell in code(read(path)):
        options = cell.source.partition("\n")[0]
        named = re.search(r"(?:-m|--model)[ =](\S+)", options)
        assert not named or named[1] == "{{reasoner}}", options


def test_links_lead_to_other_notebooks(path: Path) -> None:
    targets = [
        target
        for cell in read(path).cells
        if cell.cell_type == "markdown"
        for target in re.findall(r"\]\((?!https?://)([^)]+)\)", cell.source)
    ]
    assert [target for target in targets if not (path.parent / target).exists()] == []


# The study, as its text tells a reader


@pytest.fixture
def study(monkeypatch: pytest.MonkeyPatch, known: dict[Path, Runs], tmp_path: Path) -> Path:
    """Return the study with its answers, as a file of a reader who has no endpoint."""
    if STUDY not in known:
        first = first_run(STUDY, tmp_path / "first")
        known[STUDY] = Runs(first, first, first.saved, 0)
    monkeypatch.setenv("DEEPSHI_STORE", "off")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(REFUSING), str(ROOT)]))
    monkeypatch.setenv("TRIED_TO_CONNECT", str(tmp_path / "tried"))
    copy = tmp_path / STUDY.name
    copy.write_bytes(known[STUDY].first.saved.read_bytes())
    return copy


def test_status_and_verify_print_what_the_study_says(
    study: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    printed = []
    for command in ("status", "verify"):
        assert main([command, str(study)]) == 0
        printed.append(capsys.readouterr().out.splitlines()[-1])
    said = re.findall(r"```text\n(.*)\n", "".join(cell.source for cell in read(STUDY).cells))
    assert printed == said


def test_a_changed_wording_of_the_study_is_a_miss_that_names_it(
    study: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = study.read_text(encoding="utf-8")
    study.write_text(text.replace('\\"As most people know', '\\"As experts know'), encoding="utf-8")
    assert main(["run", str(study), "--mode", "replay"]) == 1
    said = capsys.readouterr().err
    assert "No recorded answer fits this request" in said
    assert "recorded: As most people know" in said
    assert "now: As experts know" in said
    assert not (tmp_path / "tried").exists()
