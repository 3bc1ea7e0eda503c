"""What the files for the TypeScript twin say is what Python says today."""

from __future__ import annotations

import json
from typing import get_args

import pytest

from deepshi_jupyter.core.conversation import WhyLeft
from deepshi_jupyter.core.staleness import State
from tests.frontend.make_state_fixtures import FOLDER, fixtures

MADE = fixtures()
AGAIN = "Say so in TypeScript, too, then run `python -m tests.frontend.make_state_fixtures`."


@pytest.mark.parametrize("name", MADE)
def test_the_file_says_what_python_says(name: str) -> None:
    written = (FOLDER / name).read_text(encoding="utf-8")
    assert json.loads(written) == json.loads(MADE[name]), AGAIN


def test_no_file_is_left_that_is_no_longer_made() -> None:
    there = {path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*.json")}
    assert there == set(MADE), AGAIN


def test_every_state_and_every_reason_to_be_left_out_stands_in_a_file() -> None:
    cases = [case for name in MADE if "notebooks/" in name for case in json.loads(MADE[name])]
    questions = [question for case in cases for question in case["questions"]]
    contexts = [context for case in cases for context in case["contexts"]]
    turns = [turn for context in contexts for turn in context.get("turns", ())]
    assert {state for question in questions for state in question["states"]} == set(get_args(State))
    assert {turn["why"] for turn in turns} == {None, *get_args(WhyLeft)}
