"""Recorded turns in a file of their own."""

from __future__ import annotations

from pathlib import Path

import pytest

from deepshi_jupyter.errors import ConfigurationError, RecordError
from deepshi_jupyter.notebook.recording_file import append_recording, read_recording
from tests.notebook.study import Study


def test_what_was_recorded_is_read_again(tmp_path: Path) -> None:
    study, file = Study(), tmp_path / "turns.jsonl"
    for body in ("one", "two"):
        append_recording(file, study.ask(body, answer=f"Grüße 🦊 an {body}\n").as_json())
    assert read_recording(file) == study.records()
    assert file.read_bytes().count(b"\n") == 2


def test_the_same_turn_is_the_same_line(tmp_path: Path) -> None:
    record, file = Study().ask("one"), tmp_path / "turns.jsonl"
    for _ in range(2):
        append_recording(file, record.as_json())
    first, second = file.read_bytes().splitlines()
    assert first == second
    assert read_recording(file) == [record]


def test_where_a_turn_was_written_again_the_last_line_counts(tmp_path: Path) -> None:
    study, file = Study(), tmp_path / "turns.jsonl"
    record = study.ask("one", answer="first", id="T1")
    append_recording(file, record.as_json())
    later = study.rerun(0, "second", id="T1")
    append_recording(file, later.as_json())
    assert [found.text for found in read_recording(file)] == ["second"]


def test_empty_lines_are_passed_over(tmp_path: Path) -> None:
    file = tmp_path / "turns.jsonl"
    file.write_bytes(b"\n")
    append_recording(file, Study().ask("one").as_json())
    assert len(read_recording(file)) == 1


@pytest.mark.parametrize("line", [b"{", b"[]", b'{"v": 99}', b'{"v": 2, "calls": 7}', b"\xff"])
def test_a_line_that_is_no_record_is_an_error_with_its_number(tmp_path: Path, line: bytes) -> None:
    file = tmp_path / "turns.jsonl"
    append_recording(file, Study().ask("one").as_json())
    with file.open("ab") as opened:
        opened.write(line + b"\n")
    with pytest.raises(RecordError, match=r"Line 2 of .*turns\.jsonl") as caught:
        read_recording(file)
    assert "--record" in caught.value.todo


def test_a_file_that_is_not_there_is_an_error_that_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="cannot be read") as caught:
        read_recording(tmp_path / "none.jsonl")
    assert "--record" in caught.value.todo


def test_a_file_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be written"):
        append_recording(tmp_path / "no folder" / "turns.jsonl", {})
