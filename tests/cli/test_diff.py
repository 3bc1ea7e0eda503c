from __future__ import annotations

import json
from pathlib import Path

import pytest

from deepshi_jupyter.cli.main import main
from deepshi_jupyter.core.turn_record import MIME_TYPE as RECORD
from tests.notebook.study import Study

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def study() -> Study:
    made = Study()
    made.ask("One?", "--seed 7", answer="The mean is 4.")
    made.ask("Two?")
    return made


def paths(a: Study, b: Study, folder: Path) -> list[str]:
    return [str(a.save(folder / "a.ipynb")), str(b.save(folder / "b.ipynb"))]


def test_the_same_turns_are_no_difference(study: Study, tmp_path: Path, capsys: Capture) -> None:
    assert main(["diff", *paths(study, study.copied(), tmp_path)]) == 0
    assert capsys.readouterr().out == "2 same\n"


def test_changes_read_well_without_colour(study: Study, tmp_path: Path, capsys: Capture) -> None:
    other = study.copied()
    other.rerun(0, "The median is 4.", options="--seed 8")
    other.rerun(1)
    assert main(["diff", *paths(study, other, tmp_path)]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "changed  [1]  cell-1  main  One?",
        "    answer: The [-mean-]{+median+} is 4.",
        "    parameters.seed: 7 → 8",
        "changed  [2]  cell-2  main  Two?",
        "    context: other turns stood above",
        "2 changed",
    ]


def test_added_and_removed_turns_show_their_answer(
    study: Study, tmp_path: Path, capsys: Capture
) -> None:
    other = study.copied()
    del other.cells[0]
    other.ask("Three?", answer="New\x1b[31m.", id="another")
    other.cells[-1]["id"] = "new"
    assert main(["diff", *paths(study, other, tmp_path)]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "removed  [1]  cell-1  main  One?",
        "    answer: The mean is 4.",
        "added  [3]  new  main  Three?",
        "    answer: New[31m.",
        "1 same, 1 added, 1 removed",
    ]


def test_a_terminal_gets_colours_and_the_marks(
    study: Study, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    other = study.copied()
    other.rerun(0, "The median is 4.")
    main(["diff", *paths(study, other, tmp_path)])
    assert "\x1b[31m[-mean-]\x1b[0m\x1b[32m{+median+}\x1b[0m" in capsys.readouterr().out


def test_long_parts_that_are_the_same_are_left_out(tmp_path: Path, capsys: Capture) -> None:
    long = " ".join(str(number) for number in range(200))
    a, b = Study(), Study()
    a.ask("One?", answer=f"{long} x {long} y")
    b.ask("One?", answer=f"{long} z {long} y")
    both = paths(a, b, tmp_path)
    main(["diff", *both])
    out = capsys.readouterr().out
    assert "[-x-]{+z+}" in out
    assert "[…]" in out
    assert len(out) < 400
    main(["diff", "--full", *both])
    assert f"{long} [-x-]{{+z+}} {long} y" in capsys.readouterr().out


def test_control_characters_alone_are_told(tmp_path: Path, capsys: Capture) -> None:
    a, b = Study(), Study()
    a.ask("One?", answer="Yes.")
    b.ask("One?", answer="Yes\x07.")
    assert main(["diff", *paths(a, b, tmp_path)]) == 1
    assert "answer: only control characters differ" in capsys.readouterr().out


def test_json_is_for_a_program(study: Study, tmp_path: Path, capsys: Capture) -> None:
    other = study.copied()
    other.rerun(0, "No.")
    assert main(["diff", "--json", *paths(study, other, tmp_path)]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["counts"] == {"same": 1, "changed": 1, "added": 0, "removed": 0}
    first, _ = found["turns"]
    assert (first["how"], first["matched_by"]) == ("changed", "cell")
    assert first["changes"] == {"answer": {"a": "The mean is 4.", "b": "No."}}


def test_what_cannot_be_read_cannot_be_compared(
    study: Study, tmp_path: Path, capsys: Capture
) -> None:
    other = study.copied()
    other.cells[0]["outputs"][0]["data"][RECORD] = {"v": 2, "id": 7}
    both = paths(study, other, tmp_path)
    assert main(["diff", *both]) == 2
    assert "cell 1" in capsys.readouterr().err
    assert main(["diff", both[0], str(tmp_path / "none.ipynb")]) == 2
