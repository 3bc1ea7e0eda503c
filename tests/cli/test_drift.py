from __future__ import annotations

import io
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deepshi_jupyter import Client
from deepshi_jupyter.cli.main import main
from deepshi_jupyter.core.canonical import sha256
from deepshi_jupyter.errors import CallInterruptedError
from deepshi_jupyter.notebook.cleared import placements
from deepshi_jupyter.notebook.notebook_file import cell_views
from deepshi_jupyter.notebook.recording_file import read_recording
from deepshi_jupyter.notebook.restored import journaled_records
from deepshi_jupyter.notebook.store import find_store, prepare, write_object
from deepshi_jupyter.offline import OfflineServer
from deepshi_jupyter.session import Session
from tests.chunks import DONE, chunk, usage_chunk
from tests.notebook.study import Study
from tests.wire_server import Played, WireServer

Capture = pytest.CaptureFixture[str]

JSON = {"content-type": "application/json"}
MODELS = Played([b'{"data": [{"id": "deepshi-3.0"}]}'], headers=JSON)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[OfflineServer]:
    with OfflineServer() as offline:
        monkeypatch.setenv("DEEPSHI_BASE_URL", offline.base_url)
        yield offline


def bodies(server: OfflineServer) -> list[dict[str, Any]]:
    return [json.loads(r.body) for r in server.requests if r.method == "POST"]


def echoed(server: OfflineServer) -> Study:
    """Return a notebook whose answers the embedded endpoint gives again: the questions."""
    study = Study()
    how = {"model": "offline-echo", "endpoint": server.base_url, "served": "offline-echo"}
    for text in ("One?", "Two?", "Three?"):
        study.ask(text, answer=text, system_fingerprint=None, **how)
    return study


def saved(study: Study, folder: Path) -> str:
    return str(study.save(folder / "nb.ipynb"))


def report(capsys: Capture) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    return told


def test_what_was_sent_is_sent_again_and_the_same_answers_are_identical(
    server: OfflineServer, tmp_path: Path, capsys: Capture
) -> None:
    path = saved(echoed(server), tmp_path)
    before = Path(path).read_bytes()
    assert main(["drift", path, "--n", "2", "--yes"]) == 0
    out, err = capsys.readouterr()
    assert "3 turns, 2 times each: 6 calls to" in out
    assert "6 answers: 100% identical, mean similarity 1.000; model changed in 0 of 3" in out
    assert "[3]: 2 of 2" in err
    assert Path(path).read_bytes() == before, "nothing is written into the notebook"
    assert [body["messages"][-1]["content"] for body in bodies(server)] == [
        *("One?", "One?", "Two?", "Two?", "Three?", "Three?")
    ]
    assert [m["content"] for m in bodies(server)[-1]["messages"]] == [
        *("One?", "One?", "Two?", "Two?", "Three?")
    ]


def test_a_seed_gives_the_same_words_and_its_absence_others(
    server: OfflineServer, tmp_path: Path, capsys: Capture
) -> None:
    study = Study()
    how: dict[str, Any] = {"model": "offline-chat", "endpoint": server.base_url}
    with Client(server.base_url) as client:
        for seed in ({"seed": 7}, {}):
            reply = client.ask("Say something.", model="offline-chat", **seed)
            found = {"served": reply.model, "system_fingerprint": reply.system_fingerprint}
            study.ask("Say something.", "--once", reply.text, parameters=seed, **how, **found)
    assert main(["drift", saved(study, tmp_path), "--n", "3", "--yes", "--json"]) == 0
    seeded, other = report(capsys)["turns"]
    assert (seeded["identical"], seeded["different"], seeded["similarity"]) == (3, 1, [1.0] * 3)
    assert other["identical"] == 0
    assert max(other["similarity"]) < 1
    assert not seeded["model_changed"]
    assert not seeded["fingerprint_changed"]


def test_a_dry_run_asks_for_prices_and_sends_nothing_else(
    server: OfflineServer, tmp_path: Path, capsys: Capture
) -> None:
    path = saved(echoed(server), tmp_path)
    assert main(["drift", path, "--dry-run"]) == 0
    out = capsys.readouterr().out
    assert "3 turns, 5 times each: 15 calls" in out
    assert "tokens in, up to " in out
    assert "At what these calls cost when recorded: $0.01500." in out
    assert [(r.method, r.path) for r in server.requests] == [("GET", "/v1/models")]
    assert main(["drift", path, "--dry-run", "--json"]) == 0
    told = report(capsys)
    assert (told["plan"]["calls"], told["turns"], told["sum"]) == (15, [], None)


def test_only_the_cells_that_are_named_are_asked(
    server: OfflineServer, tmp_path: Path, capsys: Capture
) -> None:
    path = saved(echoed(server), tmp_path)
    assert main(["drift", path, "--cells", "1,cell-3", "--n", "1", "--yes", "--json"]) == 0
    assert [turn["cell"] for turn in report(capsys)["turns"]] == ["cell-1", "cell-3"]
    assert main(["drift", path, "--cells", "9"]) == 2
    assert "'9' names no turn" in capsys.readouterr().err


def test_without_a_yes_nothing_is_sent(
    server: OfflineServer, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = saved(echoed(server), tmp_path)
    assert main(["drift", path]) == 2
    assert "--yes" in capsys.readouterr().err
    for answer, code in (("\n", 2), ("no\n", 2), ("y\n", 0)):
        stdin = io.StringIO(answer)
        stdin.isatty = lambda: True  # type: ignore[method-assign]
        monkeypatch.setattr("sys.stdin", stdin)
        assert bodies(server) == []
        assert main(["drift", path, "--n", "1"]) == code
    assert len(bodies(server)) == 3


def test_changed_answers_models_and_fingerprints_are_reported(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = {"model": "deepshi-3.0-2026-11-20", "system_fingerprint": "fp_2"}
    pieces = [chunk({"content": "Yes, but"}, **changed), chunk({}, "length", **changed)]
    with WireServer(MODELS, Played([*pieces, usage_chunk(10, 3, 0.002), DONE])) as played:
        monkeypatch.setenv("DEEPSHI_BASE_URL", played.base_url)
        study = Study()
        study.ask("One?", endpoint=played.base_url)
        path = saved(study, tmp_path)
        assert main(["drift", path, "--n", "2", "--yes"]) == 0
        out = capsys.readouterr().out
        assert main(["drift", path, "--n", "2", "--yes", "--json"]) == 0
    assert "model: deepshi-3.0-2026-10-01 → deepshi-3.0-2026-11-20" in out
    assert "fingerprint: fp_1 → fp_2; finish: stop → length" in out
    assert "price unknown" in out
    assert "0% identical" in out
    (turn,) = report(capsys)["turns"]
    assert (turn["model_changed"], turn["fingerprint_changed"], turn["finish_changed"]) == (
        *(True, True, True),
    )
    assert (turn["identical"], turn["different"], turn["used"]["usd"]) == (0, 1, 0.004)
    assert max(turn["similarity"]) < 1


def test_what_cannot_be_rebuilt_is_skipped_and_says_why(
    server: OfflineServer, tmp_path: Path, capsys: Capture
) -> None:
    study = echoed(server)
    study.rerun(0, "Another.", model="offline-echo", endpoint=server.base_url)
    assert main(["drift", saved(study, tmp_path), "--n", "1", "--yes", "--json"]) == 0
    told = report(capsys)
    assert [(one["cell"], one["reason"]) for one in told["skipped"]] == [
        ("cell-2", "what stands above is not what was sent"),
        ("cell-3", "what stands above is not what was sent"),
    ]
    assert [turn["cell"] for turn in told["turns"]] == ["cell-1"]


def test_an_image_is_sent_with_its_bytes_or_not_at_all(
    server: OfflineServer, tmp_path: Path, capsys: Capture
) -> None:
    data = b"\x89PNG\r\n\x1a\n not really"
    image = {"type": "image", "media_type": "image/png", "sha256": sha256(data), "detail": "low"}
    content = [{"type": "text", "text": "What is it?"}, image]
    study = Study()
    how = {"model": "offline-echo", "endpoint": server.base_url}
    study.ask("What is it?", messages=({"role": "user", "content": content},), **how)
    path = saved(study, tmp_path)
    assert main(["drift", path, "--yes"]) == 0
    assert "an image of it is not in the journal" in capsys.readouterr().out

    write_object(prepare(find_store(Path(path), os.environ)), data)
    main(["drift", path, "--n", "1", "--yes"])
    (body,) = bodies(server)
    url = body["messages"][0]["content"][1]["image_url"]
    assert url["url"].startswith("data:image/png;base64,iVBOR")
    assert url["detail"] == "low"


def test_another_endpoint_than_the_recorded_one_is_said(
    server: OfflineServer, tmp_path: Path, capsys: Capture
) -> None:
    study = Study()
    study.ask("One?", answer="One?", model="offline-echo")
    assert main(["drift", saved(study, tmp_path), "--n", "1", "--yes"]) == 0
    out = capsys.readouterr().out
    assert f"! Recorded from https://api.example/v1, and now asked of {server.base_url}." in out
    assert "100% identical" in out


def test_new_answers_are_kept_as_repeats_and_never_stand_in_for_the_old_ones(
    server: OfflineServer, tmp_path: Path, capsys: Capture
) -> None:
    study = echoed(server)
    path, file = saved(study, tmp_path), tmp_path / "again.jsonl"
    assert main(["drift", path, "--cells", "2", "--n", "2", "--yes", "--record", str(file)]) == 0
    new = read_recording(file)
    assert [(r.text, r.call.sample, r.kind) for r in new] == [
        ("Two?", 1, "live"),
        ("Two?", 2, "live"),
    ]
    old = study.records()
    keys = {record.call.request_key for record in (*old, *new)}
    assert len(keys) == 5
    assert all(record.chained(record.parent) == record.tip for record in new)
    for cell in study.cells:
        cell["outputs"] = []

    journaled = journaled_records(find_store(Path(path), os.environ))
    found = placements(cell_views(study.notebook)[0], [*journaled, *new])
    assert [placement.outcome for placement in found] == ["not found"] * 3


def test_a_failing_call_is_said_and_the_others_are_asked(
    server: OfflineServer, tmp_path: Path, capsys: Capture
) -> None:
    study = Study()
    how = {"endpoint": server.base_url, "served": ""}
    study.ask("One?", "--once", "One?", model="offline-error-400", **how)
    study.ask("Two?", "--once", "Two?", model="offline-echo", **how)
    assert main(["drift", saved(study, tmp_path), "--n", "2", "--yes", "--json"]) == 1
    out, err = capsys.readouterr()
    failed, went = json.loads(out)["turns"]
    assert (failed["answers"], went["answers"]) == (0, 2)
    assert failed["failure"]
    assert "BadRequestError: " in err


def test_an_error_that_would_come_again_ends_it(
    server: OfflineServer, tmp_path: Path, capsys: Capture
) -> None:
    study = Study()
    how = {"endpoint": server.base_url, "served": ""}
    study.ask("One?", "--once", "One?", model="offline-error-402", **how)
    study.ask("Two?", "--once", "Two?", model="offline-echo", **how)
    assert main(["drift", saved(study, tmp_path), "--yes"]) == 1
    assert len(bodies(server)) == 1
    assert "No answer came." in capsys.readouterr().out


def test_ctrl_c_reports_what_came(
    server: OfflineServer, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    follow, times = Session.follow, iter(range(9))

    def stopped(self: Session, *given: Any) -> Any:
        if next(times) == 2:
            raise CallInterruptedError("You stopped this answer.")
        return follow(self, *given)

    monkeypatch.setattr(Session, "follow", stopped)
    assert main(["drift", saved(echoed(server), tmp_path), "--yes", "--json"]) == 130
    (turn,) = report(capsys)["turns"]
    assert (turn["answers"], turn["identical"]) == (2, 2)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--n", "0"], "whole number from 1"),
        (["--record", "nowhere/x.jsonl"], "no folder"),
    ],
)
def test_wrong_usage(words: list[str], says: str, tmp_path: Path, capsys: Capture) -> None:
    study = Study()
    study.ask("One?")
    try:
        code = main(["drift", saved(study, tmp_path), *words])
    except SystemExit as error:
        code = int(error.code or 0)
    assert code == 2
    assert says in capsys.readouterr().err


def test_a_notebook_without_turns_has_nothing_to_ask(
    server: OfflineServer, tmp_path: Path, capsys: Capture
) -> None:
    assert main(["drift", saved(Study(), tmp_path), "--yes"]) == 0
    assert "Nothing can be asked again." in capsys.readouterr().out


def test_without_a_key_nothing_is_sent(tmp_path: Path, capsys: Capture) -> None:
    study = Study()
    study.ask("One?")
    path = saved(study, tmp_path)
    assert main(["drift", path, "--yes"]) == 1
    assert "MissingKeyError: " in capsys.readouterr().err
    assert main(["drift", path, "--dry-run"]) == 0
    assert "price unknown" in capsys.readouterr().out
