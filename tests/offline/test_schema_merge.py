from __future__ import annotations

from typing import Any

import pytest

from deepshi_jupyter.offline.schema_merge import (
    SchemaError,
    has_type,
    merged,
    resolved,
    types_of,
)


def test_a_reference_is_looked_up() -> None:
    root = {"$defs": {"a/b": {"type": "integer"}}, "$ref": "#/$defs/a~1b"}
    assert resolved(root, root)["type"] == "integer"


def test_keywords_beside_a_reference_count() -> None:
    root = {"$defs": {"N": {"type": "integer", "minimum": 1}}}
    assert resolved({"$ref": "#/$defs/N", "minimum": 5}, root) == {"type": "integer", "minimum": 5}


def test_the_parts_of_all_of_are_folded() -> None:
    schema = {"allOf": [{"minimum": 1, "maximum": 9}, {"minimum": 3, "maximum": 5}]}
    assert resolved(schema, schema) == {"minimum": 3, "maximum": 5}


def test_properties_of_both_are_asked_for() -> None:
    both = merged(
        {"properties": {"a": {"type": "integer"}}, "required": ["a"]},
        {"properties": {"a": {"minimum": 1}, "b": True}, "required": ["b"]},
    )
    assert both["required"] == ["a", "b"]
    assert resolved(both["properties"]["a"], {}) == {"type": "integer", "minimum": 1}


def test_what_one_part_forbids_the_other_cannot_add() -> None:
    both = merged(
        {"properties": {"a": True}, "additionalProperties": False}, {"properties": {"b": True}}
    )
    with pytest.raises(SchemaError, match="false"):
        resolved(both["properties"]["b"], {})


@pytest.mark.parametrize(
    ("first", "second", "shared"),
    [
        ("number", "integer", ["integer"]),
        (["string", "null"], "string", ["string"]),
        (["integer", "null"], ["number", "null"], ["null", "integer"]),
    ],
)
def test_types_are_those_that_both_allow(first: Any, second: Any, shared: list[str]) -> None:
    assert set(merged({"type": first}, {"type": second})["type"]) == set(shared)


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#/$defs/missing"},
        {"$ref": "https://example.org/other.json"},
        {"$ref": "#"},
        {"allOf": [{"type": "string"}, {"type": "integer"}]},
        {"allOf": [{"enum": [1]}, {"enum": [2]}]},
        {"allOf": [{"pattern": "a"}, {"pattern": "b"}]},
        {"allOf": [True, False]},
    ],
)
def test_a_schema_that_nothing_fits_is_an_error(schema: Any) -> None:
    with pytest.raises(SchemaError):
        resolved(schema, schema)


def test_null_is_the_last_type_to_try() -> None:
    assert types_of({"type": ["null", "string"]}) == ["string", "null"]


def test_a_type_that_is_not_said_is_inferred() -> None:
    assert types_of({"properties": {}}) == ["object"]
    assert types_of({"minItems": 1}) == ["array"]
    assert types_of({"maximum": 1}) == ["number"]
    assert types_of({}) == ["string"]


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        (True, "integer", False),
        (True, "boolean", True),
        (1, "number", True),
        (1.0, "integer", True),
        (1.5, "integer", False),
        (None, "null", True),
        ("a", "string", True),
        ([], "object", False),
    ],
)
def test_a_value_has_its_type(value: Any, kind: str, expected: bool) -> None:
    assert has_type(value, {"type": kind}) is expected
