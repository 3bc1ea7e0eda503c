"""What the page shows of a record is what the kernel shows; both are tested against these files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from deepshi_jupyter.core.turn_record import read_record
from deepshi_jupyter.display.footer import explanations, footer
from deepshi_jupyter.recorded_turn import answer_of

FILES = sorted((Path(__file__).parent / "protocol").glob("record-*.json"))


def test_there_are_records_to_show() -> None:
    assert len(FILES) > 20


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_page_is_told_the_lines_that_the_kernel_shows(path: Path) -> None:
    example: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    record, shown = read_record(example["record"]), example["shown"]
    answer = answer_of(record)
    assert footer(answer) == shown["footer"]
    assert list(explanations(answer)) == shown["notices"]
    assert record.question == shown["question"]
