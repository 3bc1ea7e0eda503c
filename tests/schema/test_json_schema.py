from __future__ import annotations

from typing import Any

import pytest

from deepshi_jupyter.errors import InputError, InvalidAnswerError
from deepshi_jupyter.schema import answer_schema

ITEM = {
    "title": "Item",
    "type": "object",
    "properties": {"name": {"type": "string"}, "price": {"type": "number", "minimum": 0}},
    "required": ["name", "price"],
    "additionalProperties": False,
}
TREE = {
    "anyOf": [
        {"type": "integer"},
        {"type": "array", "items": {"$ref": "#"}},
        {"$ref": "#/$defs/named"},
        {"$ref": "#/anyOf/0"},
    ],
    "$defs": {"named": {"type": "object", "properties": {"tree": {"$ref": "#"}}}},
}


def problem(schema: dict[str, Any], text: str) -> str:
    with pytest.raises(InvalidAnswerError) as caught:
        answer_schema(schema).parse(text)
    return caught.value.what


def refusal(schema: dict[str, Any]) -> str:
    with pytest.raises(InputError) as caught:
        answer_schema(schema)
    return str(caught.value)


def test_a_schema_of_the_user_is_sent_as_it_is() -> None:
    assert answer_schema(ITEM).response_format == {
        "type": "json_schema",
        "json_schema": {"name": "Item", "strict": True, "schema": ITEM},
    }


def test_an_answer_is_returned_as_plain_values() -> None:
    assert answer_schema(ITEM).parse('{"name": "pen", "price": 2}') == {"name": "pen", "price": 2}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"name": "pen"}', "at $, missing: price"),
        ('{"name": "pen", "price": "2"}', 'at $.price, expected number, got "2"'),
        ('{"name": "pen", "price": -2}', "at $.price, expected `minimum`: 0, got -2"),
        ('{"name": "pen", "price": 2, "x": 1}', "unknown: x; the fields are: name, price"),
    ],
)
def test_an_error_says_where_and_what_was_expected(text: str, said: str) -> None:
    assert said in problem(ITEM, text)


def test_a_choice_is_listed() -> None:
    schema = {"type": "object", "properties": {"unit": {"enum": ["m", "km"]}}}
    assert 'at $.unit, expected one of ["m", "km"], got "mile"' in problem(
        schema, '{"unit": "mile"}'
    )


def test_a_long_value_is_shortened_in_an_error() -> None:
    assert len(problem(ITEM, f'{{"name": {list(range(10_000))}, "price": 1}}')) < 300


def test_references_still_lead_where_they_led_when_a_schema_is_wrapped() -> None:
    schema = answer_schema(TREE)
    assert schema.wrapped
    import jsonschema

    for value, valid in (
        (1, True),
        ([[1], 2], True),
        ({"tree": [{"tree": 1}]}, True),
        ("a", False),
    ):
        answer = {"value": value}
        assert jsonschema.Draft202012Validator(schema.schema).is_valid(answer) is valid


def test_properties_alone_make_an_object() -> None:
    schema = answer_schema({"properties": {"a": {"type": "integer"}}})
    assert (schema.schema["type"], schema.wrapped) == ("object", False)


def test_a_root_that_is_a_reference_is_an_object_still() -> None:
    schema = answer_schema({"$ref": "#/$defs/Item", "$defs": {"Item": ITEM}})
    assert (schema.schema, schema.wrapped) == (ITEM, False)


def test_a_whole_response_format_is_taken_for_its_schema() -> None:
    whole = answer_schema(ITEM).response_format
    assert answer_schema(whole).response_format == whole
    assert answer_schema(whole["json_schema"]).response_format == whole


def test_a_later_change_of_the_original_has_no_effect() -> None:
    original: dict[str, Any] = {"type": "object", "properties": {"a": {"type": "integer"}}}
    schema = answer_schema(original)
    original["properties"]["a"]["type"] = "string"
    assert schema.parse('{"a": 1}') == {"a": 1}


def test_a_field_may_have_the_name_of_a_keyword() -> None:
    schema = {"type": "object", "properties": {"$ref": {"type": "string"}, "enum": {"const": 1}}}
    assert answer_schema(schema).parse('{"$ref": "http://example.com", "enum": 1}')


@pytest.mark.parametrize(
    "reference", ["http://example.com/x.json", "other.json", "#/$defs/nothing", "#nothing"]
)
def test_nothing_outside_the_schema_is_looked_up(reference: str) -> None:
    assert "which is not in it" in refusal({"properties": {"a": {"$ref": reference}}})


def test_an_anchor_is_found() -> None:
    schema = {"properties": {"a": {"$ref": "#x"}}, "$defs": {"b": {"$anchor": "x", "type": "null"}}}
    assert answer_schema(schema).parse('{"a": null}') == {"a": None}


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ({"type": "strnig"}, "not valid at $.type"),
        ({"properties": {"a": 1}}, "not valid at $.properties.a"),
        ({"properties": {"a": {"enum": {1, 2}}}}, "not JSON"),
        ({"patternProperties": {"(": {}}}, "not valid"),
    ],
)
def test_what_is_no_schema_is_refused(schema: dict[str, Any], said: str) -> None:
    assert said in refusal(schema)


def test_a_schema_that_only_refers_to_itself_is_no_crash() -> None:
    with pytest.raises(InvalidAnswerError, match="nested too deeply"):
        answer_schema({"$ref": "#"}).parse('{"value": 1}')
