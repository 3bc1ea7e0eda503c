from __future__ import annotations

import json
from pathlib import Path

import pytest

from deepshi_jupyter.cli.main import main
from deepshi_jupyter.core.turn_record import MIME_TYPE as RECORD
from tests.notebook.study import Study

Capture = pytest.CaptureFixture[str]


def saved(study: Study, folder: Path) -> str:
    return str(study.save(folder / "nb.ipynb"))


def test_a_turn_is_a_paragraph(tmp_path: Path, capsys: Capture) -> None:
    study = Study()
    study.ask(
        "How many?",
        "-t 0.2",
        answer="Four.\nOr five.",
        usage={"prompt_tokens": 1204, "completion_tokens": 340},
        failed_attempts=({"status": 429},),
    )
    assert main(["log", saved(study, tmp_path)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "2026-11-01 09:01:00Z  main  [1]  cell-1  deepshi-3.0 → deepshi-3.0-2026-10-01"
        "  live, complete",
        "    temperature=0.2 · 1,204 in / 340 out · $0.00100 · 0.5 s · 1 retry · stop",
        "    Q  How many?",
        "    A  Four. Or five.",
        "1 turn",
    ]


def test_what_was_not_reported_is_said(tmp_path: Path, capsys: Capture) -> None:
    study = Study()
    study.ask("One?", usage=None, cost_usd=None, started="", duration=None, served="")
    study.edit(0, "Uno?")
    main(["log", saved(study, tmp_path)])
    heading, facts, *_ = capsys.readouterr().out.splitlines()
    assert heading == "time unknown  main  [1]  cell-1  deepshi-3.0  live, complete  edited"
    assert facts == "    tokens not reported · cost not reported · stop"


def test_full_prints_whole_texts(tmp_path: Path, capsys: Capture) -> None:
    study = Study()
    question, answer = "word " * 50, "line one\n\nline \x1b[31mthree"
    study.ask(question, answer=answer)
    path = saved(study, tmp_path)
    main(["log", path])
    assert "word…" in capsys.readouterr().out
    main(["log", path, "--full"])
    out = capsys.readouterr().out
    assert question.strip() in out
    assert "    A  line one\n\n       line [31mthree\n" in out


def test_a_chat_can_be_listed_alone(tmp_path: Path, capsys: Capture) -> None:
    study = Study()
    study.ask("One?")
    study.ask("Two?", "--chat other")
    main(["log", saved(study, tmp_path), "--chat", "other"])
    out = capsys.readouterr().out
    assert "Two?" in out
    assert "One?" not in out


def test_json_is_one_array_with_whole_texts(tmp_path: Path, capsys: Capture) -> None:
    study = Study("Be brief.")
    study.ask("One?", "--seed 7")
    answers = tuple({"message": {"content": text}, "finish_reason": "stop"} for text in "AB")
    last = study.ask("Two?", answers=answers)
    assert main(["log", saved(study, tmp_path), "--json"]) == 0
    first, second = json.loads(capsys.readouterr().out)
    assert (first["parameters"], first["usd"], first["system"]) == ({"seed": 7}, 0.001, "Be brief.")
    assert (second["answers"], second["finish_reasons"]) == (["A", "B"], ["stop", "stop"])
    assert (second["tip"], second["turn"]) == (last.tip, last.id)


def test_a_record_that_cannot_be_read_is_told_beside_the_list(
    tmp_path: Path, capsys: Capture
) -> None:
    study = Study()
    study.ask("One?")
    study.loop(["a?"])
    study.cells[1]["outputs"][0]["data"][RECORD] = {"v": 2, "id": 7}
    assert main(["log", saved(study, tmp_path), "--json"]) == 1
    out, err = capsys.readouterr()
    assert len(json.loads(out)) == 1
    assert "cell 2" in err
