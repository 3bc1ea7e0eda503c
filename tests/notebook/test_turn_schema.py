"""The JSON Schema of the record says what the reader takes."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from deepshi_jupyter.core.chat import Start
from deepshi_jupyter.core.reply import Status
from deepshi_jupyter.core.turn_record import (
    Kind,
    OrderSource,
    RecordedCall,
    SystemSource,
    TurnRecord,
    read_record,
)
from deepshi_jupyter.errors import RecordError
from tests.core.json_values import ANY_JSON
from tests.core.test_turn_record import full, record
from tests.notebook.study import Study

SCHEMA = json.loads(
    resources.files("deepshi_jupyter.notebook").joinpath("turn.schema.json").read_text("utf-8")
)
VALIDATOR = Draft202012Validator(SCHEMA)
V1 = Path(__file__).parent / "records" / "v1.json"


def is_readable(value: Any) -> bool:
    try:
        read_record(value)
    except RecordError:
        return False
    return True


def test_it_is_a_schema_and_describes_each_field() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    for fields in (SCHEMA, *SCHEMA["$defs"].values()):
        assert all(field.get("description") for field in fields["properties"].values())


@pytest.mark.parametrize(
    "value", [record(), full(), read_record(json.loads(V1.read_text("utf-8")))]
)
def test_what_is_written_is_valid(value: TurnRecord) -> None:
    VALIDATOR.validate(value.as_json())


def test_the_records_of_a_notebook_are_valid() -> None:
    study = Study(system="Be brief.", room=1)
    study.ask("one")
    study.ask("two", "-t 1 --chat side --from main@cell-1")
    study.ask("three", answer=None, status="interrupted")
    study.loop(["four", "five"])
    for value in study.records():
        VALIDATOR.validate(value.as_json())


def test_fields_that_are_not_known_are_valid() -> None:
    VALIDATOR.validate({**full().as_json(), "new": 1})


def test_a_record_lacks_nothing_that_a_reader_may_rely_on() -> None:
    bare = record(calls=()).as_json()
    assert set(SCHEMA["required"]) == bare.keys()
    assert SCHEMA["$defs"]["call"]["required"] == ["status"]


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("kind", Kind),
        ("start", Start),
        ("system_from", SystemSource),
        ("order", OrderSource),
    ],
)
def test_a_field_of_few_values_lists_them(name: str, values: Any) -> None:
    assert SCHEMA["properties"][name]["enum"] == list(get_args(values))


def test_the_status_of_a_call_lists_its_values() -> None:
    assert SCHEMA["$defs"]["call"]["properties"]["status"]["enum"] == list(get_args(Status))


LENIENT = json.loads(json.dumps(SCHEMA))
del LENIENT["$defs"]["call"]["required"]
READER = Draft202012Validator(LENIENT)
"""What the reader takes: a call without its status as well, which none is written without."""

_TURN_FIELDS = sorted(set(TurnRecord.__struct_fields__) - {"v"})
_NO_FLOATS = ANY_JSON.filter(lambda value: not isinstance(value, float | int) or value is True)


@given(st.sampled_from(_TURN_FIELDS), _NO_FLOATS)
def test_the_schema_and_the_reader_take_the_same_turns(name: str, value: Any) -> None:
    changed = {**full().as_json(), name: value}
    assert READER.is_valid(changed) == is_readable(changed)


@given(st.sampled_from(sorted(RecordedCall.__struct_fields__)), _NO_FLOATS)
def test_the_schema_and_the_reader_take_the_same_calls(name: str, value: Any) -> None:
    call = {**full().as_json()["calls"][-1], name: value}
    changed = {**full().as_json(), "calls": [call]}
    assert READER.is_valid(changed) == is_readable(changed)
