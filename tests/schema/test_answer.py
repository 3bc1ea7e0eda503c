from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from random import Random
from typing import Any, Literal

import jsonschema
import pytest

from deepshi_jupyter.errors import CallError, InputError, InvalidAnswerError
from deepshi_jupyter.offline.hints import Hints
from deepshi_jupyter.offline.schema_sample import SchemaSampler
from deepshi_jupyter.schema import AnswerSchema, answer_schema
from tests.schema.forms import (
    Basket,
    Cat,
    Colour,
    Dog,
    Even,
    Item,
    Loose,
    Node,
    Place,
    Remark,
    Route,
    Verdict,
)

POINTS = {"type": "array", "items": {"type": "integer", "minimum": 0}}
KINDS = [
    Basket,
    Colour,
    Item,
    Loose,
    Node,
    Place,
    Remark,
    Route,
    Verdict,
    Cat | Dog,
    list[Item],
    dict[str, int],
    Literal["a", "b"],
    int | None,
    POINTS,
]
every_kind = pytest.mark.parametrize("kind", KINDS, ids=str)


def where(kind: Any, text: str) -> str:
    with pytest.raises(InvalidAnswerError) as caught:
        answer_schema(kind).parse(text)
    assert caught.value.where in str(caught.value)
    return caught.value.where


def problem(kind: Any, text: str) -> str:
    with pytest.raises(InvalidAnswerError) as caught:
        answer_schema(kind).parse(text)
    return caught.value.what


@every_kind
def test_what_goes_to_the_api_is_a_valid_schema_of_an_object(kind: Any) -> None:
    about = answer_schema(kind).response_format["json_schema"]
    jsonschema.Draft202012Validator.check_schema(about["schema"])
    assert about["schema"]["type"] == "object"
    json.dumps(about)


@every_kind
def test_an_answer_that_obeys_the_schema_can_be_parsed(kind: Any) -> None:
    schema = answer_schema(kind)
    for seed in range(5):
        sampler = SchemaSampler(schema.schema, Random(seed), Hints(""), lambda: "a small boat")
        schema.parse(json.dumps(sampler.sample()))


def test_an_answer_becomes_an_instance_of_the_type() -> None:
    text = '{"owner": "Ada", "items": [{"name": "pen", "price": 2}]}'
    assert answer_schema(Basket).parse(text) == Basket("Ada", [Item("pen", 2.0)])
    assert answer_schema(Node).parse('{"value": 1, "next": null}') == Node(1, None)
    assert answer_schema(Verdict).parse('{"why": "so", "answer": "no"}') == {
        "why": "so",
        "answer": "no",
    }


def test_what_is_no_object_travels_in_one_and_is_unwrapped() -> None:
    items = answer_schema(list[Item])
    assert items.schema["required"] == ["value"]
    assert items.parse('{"value": [{"name": "pen", "price": 2}]}') == [Item("pen", 2.0)]
    assert answer_schema(Colour).parse('{"value": "red"}') is Colour.RED
    assert answer_schema(int).parse('{"value": 3.0}') == 3
    assert answer_schema(POINTS).parse('{"value": [1, 2]}') == [1, 2]


def test_what_travels_in_an_object_is_not_taken_without_it() -> None:
    assert "expected an object" in problem(list[int], "[1]")
    assert "expected an object" in problem(list[int], '{"value": [1], "more": 2}')


def test_members_of_a_union_are_told_apart_by_their_tag() -> None:
    schema = answer_schema(Cat | Dog)
    assert schema.parse('{"value": {"type": "Dog", "tricks": []}}') == Dog([])
    assert where(Cat | Dog, '{"value": {"type": "Cat", "tricks": []}}') == "$.value.tricks"


def test_an_error_names_the_place_and_what_was_expected() -> None:
    wrong = '{"owner": "A", "items": [{"name": "pen", "price": 1}, {"name": "ink", "price": "x"}]}'
    assert where(Basket, wrong) == "$.items[1].price"
    assert "Expected `float`, got `str`" in problem(Basket, wrong)
    assert "Expected `float` >= 0.0, got -1" in problem(Item, '{"name": "a", "price": -1}')
    assert where(list[Item], '{"value": [{"name": "a", "price": -1}]}') == "$.value[0].price"
    assert "missing required field `price`" in problem(Item, '{"name": "a"}')


def test_a_field_that_was_not_asked_for_is_an_error() -> None:
    text = '{"owner": "A", "items": [{"name": "pen", "price": 1, "colour": "red"}]}'
    assert where(Basket, text) == "$.items[0].colour"
    assert "the fields are: name, price" in problem(Basket, text)


def test_a_syntax_error_is_told_by_line_and_column() -> None:
    assert where(Item, '{"name": "pen",\n "price" 2}') == "line 2, column 10"


def test_a_check_of_the_type_itself_counts() -> None:
    assert "an even number was expected" in problem(Even, '{"number": 3}')


def test_an_answer_in_one_code_fence_is_taken() -> None:
    assert answer_schema(Item).parse('```json\n{"name": "pen", "price": 2}\n```') == Item("pen", 2)
    assert where(Item, '```json\n{"name": 1,\n}\n```') == "line 3, column 1"


@pytest.mark.parametrize(
    "text",
    [
        'Here you are: {"name": "pen", "price": 2}',
        '```json\n{"name": "pen", "price": 2}\n```\nAnything else?',
        '```python\n{"name": "pen", "price": 2}\n```',
        "{'name': 'pen', 'price': 2}",
        '{"name": "pen", "price": 2,}',
        "",
    ],
)
def test_nothing_looser_than_that_is_taken(text: str) -> None:
    assert where(Item, text).startswith("line ")


def test_json_too_deep_to_read_is_an_error_and_no_crash() -> None:
    assert "nested too deeply" in problem(list[Any], '{"value": ' + "[" * 100_000)
    deep = '{"value": 1, "next": ' * 900 + "null" + "}" * 900
    assert problem(Node, deep).endswith("the JSON is nested too deeply.")


def test_an_invalid_answer_is_an_error_of_the_call() -> None:
    assert issubclass(InvalidAnswerError, CallError)
    assert InvalidAnswerError("It does not fit.", "Ask again.", where="$", partial=3).partial == 3


def test_strict_is_said_only_where_it_holds() -> None:
    for kind in (Basket, Node, Verdict, list[Item], Colour, Cat | Dog):
        assert answer_schema(kind).strict, kind
    for kind in (
        Loose,
        Remark,
        Place,
        dict[str, int],
        list[Any],
        tuple[int, str],
        POINTS | {"x": 1},
    ):
        assert not answer_schema(kind).strict, kind


def test_a_field_stays_before_the_one_it_explains() -> None:
    assert list(answer_schema(Verdict).schema["properties"]) == ["why", "answer"]


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (Basket, "Basket"),
        (list[Item], "list_Item"),
        ({"title": "Größe in cm", "type": "number"}, "Gr_e_in_cm"),
        ({"title": "x" * 100, "type": "number"}, "x" * 64),
        ({"title": "価格", "type": "number"}, "answer"),
        (POINTS, "answer"),
        (int | Item, "int_or_Item"),
        (Literal["a", "b"], "Literal_a_b"),
    ],
)
def test_the_name_is_one_that_the_api_takes(kind: Any, name: str) -> None:
    assert answer_schema(kind).name == name


def test_the_instruction_holds_the_schema() -> None:
    schema = answer_schema(Item)
    assert json.loads(schema.instruction.split("\n", 1)[1]) == schema.schema


def test_an_answer_schema_is_taken_as_it_is() -> None:
    schema = answer_schema(Item)
    assert answer_schema(schema) is schema
    assert isinstance(schema, AnswerSchema)


@pytest.mark.parametrize("kind", [5, "Item", print, complex, Item("a", 1), list[complex], object()])
def test_other_things_are_refused_with_what_is_supported(kind: Any) -> None:
    with pytest.raises(InputError, match="dataclass, TypedDict, NamedTuple"):
        answer_schema(kind)


def test_a_type_that_was_defined_twice_says_so() -> None:
    old, new = (dataclasses.make_dataclass("Row", [("a", kind)]) for kind in (int, str))
    both = dataclasses.make_dataclass("Both", [("old", old), ("new", new)])
    with pytest.raises(InputError, match="two different types are called Row"):
        answer_schema(both)


def test_neither_pydantic_nor_jsonschema_is_loaded_for_a_python_type() -> None:
    code = (
        "import sys\n"
        "from deepshi_jupyter.schema import answer_schema\n"
        "assert answer_schema(list[int]).parse('{\"value\": [1]}') == [1]\n"
        "print([name for name in ('pydantic', 'jsonschema') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
