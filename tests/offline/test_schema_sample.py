from __future__ import annotations

from random import Random
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepshi_jupyter.offline.hints import Hints
from deepshi_jupyter.offline.schema_merge import SchemaError
from deepshi_jupyter.offline.schema_sample import REFUSED, SchemaSampler

WEATHER = {
    "type": "object",
    "properties": {
        "city": {"type": "string"},
        "unit": {"enum": ["celsius", "fahrenheit"]},
        "days": {"type": "integer", "minimum": 1, "maximum": 10},
    },
    "required": ["city", "unit", "days"],
    "additionalProperties": False,
}
LIST_NODE = {
    "type": "object",
    "properties": {
        "value": {"type": "integer"},
        "next": {"anyOf": [{"$ref": "#/$defs/Node"}, {"type": "null"}]},
    },
    "required": ["value", "next"],
}
SUM = {
    "anyOf": [
        {
            "type": "object",
            "properties": {"left": {"$ref": "#/$defs/Sum"}, "right": {"$ref": "#/$defs/Sum"}},
            "required": ["left", "right"],
        },
        {"type": "number"},
    ]
}


def _sample(schema: Any, prompt: str = "", seed: int = 1) -> Any:
    return SchemaSampler(schema, Random(seed), Hints(prompt), lambda: "a small boat").sample()


def _modest(children: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Schemas that contain schemas."""
    names = st.sampled_from(["a", "b", "city", "count", "näme"])
    properties = st.dictionaries(names, children, max_size=3)
    objects = properties.flatmap(
        lambda known: st.fixed_dictionaries(
            {"type": st.just("object"), "properties": st.just(known)},
            optional={
                "required": st.lists(st.sampled_from([*known] or ["z"]), unique=True),
                "additionalProperties": st.sampled_from([True, {"type": "integer"}]),
                "minProperties": st.integers(0, 4),
            },
        )
    )
    arrays = st.fixed_dictionaries(
        {"type": st.just("array"), "items": children},
        optional={"minItems": st.integers(0, 3), "maxItems": st.integers(3, 5)},
    )
    tuples = st.lists(children, min_size=1, max_size=3).map(
        lambda items: {
            "type": "array",
            "prefixItems": items,
            "items": False,
            "minItems": len(items),
        }
    )
    choices = st.lists(children, min_size=1, max_size=3).map(lambda some: {"anyOf": some})
    parts = children.map(lambda part: {"allOf": [part, {"description": "both"}]})
    return objects | arrays | tuples | choices | parts


scalars = st.one_of(
    st.just({"type": "boolean"}),
    st.just({"type": "null"}),
    st.just({"type": ["string", "null"]}),
    st.fixed_dictionaries(
        {"type": st.sampled_from(["integer", "number"])},
        optional={
            "minimum": st.integers(-50, 0),
            "maximum": st.integers(10, 60),
            "exclusiveMinimum": st.integers(-40, 5),
            "multipleOf": st.integers(1, 4),
        },
    ),
    st.fixed_dictionaries(
        {"type": st.just("string")},
        optional={"minLength": st.integers(0, 20), "maxLength": st.integers(20, 40)},
    ),
    st.lists(st.none() | st.integers() | st.text(), min_size=1, max_size=4).map(
        lambda values: {"enum": values}
    ),
    st.integers().map(lambda value: {"const": value}),
    st.just({"type": "string", "pattern": "^[A-Z]{2}-[0-9]{3}$"}),
)
schemas = st.recursive(scalars, _modest, max_leaves=8)


@given(schemas, st.integers(), st.sampled_from(["", "In Oslo there are 7 boats and 42 gulls."]))
def test_any_modest_schema_gets_a_value_that_fits(schema: Any, seed: int, prompt: str) -> None:
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(_sample(schema, prompt, seed), schema)


@pytest.mark.parametrize(
    "schema",
    [
        True,
        {},
        {"$defs": {"Node": LIST_NODE}, "$ref": "#/$defs/Node"},
        {"$defs": {"Sum": SUM}, "$ref": "#/$defs/Sum"},
        {
            "type": "object",
            "properties": {"kids": {"type": "array", "items": {"$ref": "#"}}},
            "required": ["kids"],
        },
        {"type": "array", "items": {"enum": [1, 2, 3]}, "uniqueItems": True, "minItems": 3},
        {"type": "object", "additionalProperties": {"type": "integer"}},
        {"type": "object", "minProperties": 2, "maxProperties": 2},
        {"type": "object", "properties": {"a": {}, "b": {}, "c": {}}, "maxProperties": 1},
        {"type": "object", "properties": {"a": False}},
        {"type": "object", "properties": {"key_2": {}}, "minProperties": 3},
        {"type": "object", "additionalProperties": {"type": "null"}, "maxProperties": 0},
        {"oneOf": [{"type": "integer"}, {"type": "string"}], "title": "one"},
        {"type": ["null", "array"], "items": {"type": "boolean"}},
        {"anyOf": [{"minimum": 5}, {"minimum": 7}], "type": "integer", "maximum": 6},
    ],
)
def test_a_value_fits_its_schema(schema: Any) -> None:
    for seed in range(10):
        jsonschema.Draft202012Validator(schema).validate(_sample(schema, seed=seed))


def test_what_the_prompt_mentions_is_used() -> None:
    prompt = "What will it be like in Oslo over the next 3 days, in Fahrenheit?"
    assert _sample(WEATHER, prompt) == {"city": "Oslo", "unit": "fahrenheit", "days": 3}


def test_an_array_takes_one_name_after_the_other() -> None:
    schema = {"type": "array", "items": {"type": "string"}}
    assert _sample(schema, "Compare Alice with Bob.") == ["Alice", "Bob"]


def test_equal_random_numbers_give_equal_values() -> None:
    assert _sample(WEATHER, seed=3) == _sample(WEATHER, seed=3)


@pytest.mark.parametrize("keyword", REFUSED)
def test_a_keyword_that_cannot_be_filled_is_named(keyword: str) -> None:
    with pytest.raises(SchemaError, match=keyword.replace("$", r"\$")):
        _sample({"type": "object", keyword: {}})


@pytest.mark.parametrize(
    "schema",
    [
        False,
        3,
        {"type": "strin"},
        {"properties": 3},
        {"enum": []},
        {"type": "array", "items": {"const": 1}, "uniqueItems": True, "minItems": 2},
        {"type": "array", "prefixItems": [], "items": False, "minItems": 1},
        {"type": "object", "properties": {"a": False}, "required": ["a"]},
        {"type": "object", "properties": {"again": {"$ref": "#"}}, "required": ["again"]},
        {"type": "object", "additionalProperties": False, "minProperties": 1},
        {"type": "string", "pattern": "["},
        {"type": "integer", "minimum": "three"},
        {"type": "integer", "multipleOf": 0},
    ],
)
def test_a_schema_that_nothing_fits_is_an_error(schema: Any) -> None:
    with pytest.raises(SchemaError):
        _sample(schema)
