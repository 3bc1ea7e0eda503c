"""The schema made of a type accepts exactly what msgspec reads as that type."""

from __future__ import annotations

import dataclasses
import itertools
import json
from typing import Annotated, Any, Literal

import jsonschema
import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from deepshi_jupyter.errors import InvalidAnswerError
from deepshi_jupyter.schema import answer_schema
from deepshi_jupyter.schema.python_type import form_of_type, type_name
from tests.schema.forms import Größe, Item

Pair = tuple[Any, st.SearchStrategy[Any]]
"""A type, and its values in JSON."""

numbers = itertools.count()
NAMES = ["a", "b", "long_name", "type", "value"]

leaves = st.sampled_from(
    [
        (int, st.integers(-(2**60), 2**60)),
        (float, st.floats(-1e9, 1e9).filter(lambda number: not number.is_integer())),
        (str, st.text(max_size=5)),
        (bool, st.booleans()),
        (Literal["x", "y"], st.sampled_from(["x", "y"])),
        (Literal[1, 2, "three"], st.sampled_from([1, 2, "three"])),
    ]
)


def containers(inner: st.SearchStrategy[Pair]) -> st.SearchStrategy[Pair]:
    return st.one_of(
        inner.map(lambda pair: (list[pair[0]], st.lists(pair[1], max_size=2))),
        inner.map(
            lambda pair: (
                dict[str, pair[0]],
                st.dictionaries(st.text(max_size=3), pair[1], max_size=2),
            )
        ),
        inner.map(lambda pair: (pair[0] | None, st.none() | pair[1])),
        st.dictionaries(st.sampled_from(NAMES), st.tuples(inner, st.booleans()), max_size=3).map(
            record
        ),
    )


def record(fields: dict[str, tuple[Pair, bool]]) -> Pair:
    """Make a dataclass, some fields of which are optional."""
    ordered = sorted(fields.items(), key=lambda entry: entry[1][1])
    made = dataclasses.make_dataclass(
        f"Record{next(numbers)}",
        [
            (name, kind | None, dataclasses.field(default=None)) if optional else (name, kind)
            for name, ((kind, _), optional) in ordered
        ],
    )
    values = {name: values for name, ((_, values), optional) in ordered if not optional}
    others = {name: st.none() | values for name, ((_, values), optional) in ordered if optional}
    return made, st.fixed_dictionaries(values, optional=others)


pairs = st.recursive(leaves, containers, max_leaves=4)


def is_read(value: Any, kind: Any) -> bool:
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError:
        return False
    return True


def is_parsed(value: Any, kind: Any) -> bool:
    try:
        answer_schema(kind).parse(json.dumps(value))
    except InvalidAnswerError:
        return False
    return True


@settings(deadline=None)
@given(pairs, st.data())
def test_what_is_valid_for_a_type_is_valid_for_its_schema(pair: Pair, data: st.DataObject) -> None:
    kind, values = pair
    value = data.draw(values)
    form = form_of_type(kind)
    jsonschema.Draft202012Validator(form.schema).validate(value)
    assert msgspec.to_builtins(form.read(value)) == msgspec.to_builtins(
        msgspec.convert(value, kind)
    )


@settings(deadline=None)
@given(pairs, pairs, st.data())
def test_schema_and_parser_and_msgspec_accept_the_same(
    pair: Pair, other: Pair, data: st.DataObject
) -> None:
    kind = pair[0]
    value = data.draw(pair[1] | other[1])
    schema = answer_schema(kind)
    answer = {"value": value} if schema.wrapped else value
    valid = jsonschema.Draft202012Validator(schema.schema).is_valid(answer)
    assert is_parsed(answer, kind) == valid
    if valid or not _has_unknown_field(value, schema.form.schema):
        assert is_read(value, kind) == valid


def _has_unknown_field(value: Any, schema: dict[str, Any]) -> bool:
    validator = jsonschema.Draft202012Validator(schema)
    faults = list(validator.iter_errors(value))
    return any("additionalProperties" in str(list(_rules(fault))) for fault in faults)


def _rules(fault: Any) -> Any:
    yield fault.validator
    for inner in fault.context:
        yield from _rules(inner)


def test_a_whole_number_may_be_written_with_a_point() -> None:
    assert form_of_type(list[int]).read([1.0, 2]) == [1, 2]
    assert form_of_type(dict[int, int]).read({"1": 2.0}) == {1: 2}


def test_names_may_be_of_any_script() -> None:
    value = json.loads('{"ma\\u00df": 1, "gr\\u00f6\\u00dfe": 2.5}')
    assert form_of_type(Größe).read(value) == {"maß": 1, "größe": 2.5}


def test_a_description_stands_beside_no_reference() -> None:
    kind = dataclasses.make_dataclass(
        "Kind", [("item", described(Item, "the best one"))], namespace={"__doc__": None}
    )
    field = form_of_type(kind).schema["properties"]["item"]
    assert field == {"anyOf": [{"$ref": "#/$defs/Item"}], "description": "the best one"}


def described(kind: Any, text: str) -> Any:
    return Annotated[kind, msgspec.Meta(description=text)]


def test_a_type_is_named_in_a_few_letters() -> None:
    assert type_name(dict[str, list[Item]]) == "dict_str_list_Item"
