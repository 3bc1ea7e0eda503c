from __future__ import annotations

from typing import Literal

import pydantic
import pytest

from deepshi_jupyter.errors import InputError, InvalidAnswerError
from deepshi_jupyter.schema import answer_schema


class Item(pydantic.BaseModel):
    name: str
    price: float = pydantic.Field(ge=0, description="in euros")


class Basket(pydantic.BaseModel):
    items: list[Item]
    size: Literal["s", "l"]


class Branch(pydantic.BaseModel):
    inner: Branch | None


class Open(pydantic.BaseModel, extra="allow"):
    name: str


class Optional(pydantic.BaseModel):
    name: str = "nobody"


class Items(pydantic.RootModel[list[Item]]):
    pass


def test_a_model_is_asked_for_and_parsed() -> None:
    schema = answer_schema(Basket)
    assert (schema.name, schema.strict, schema.wrapped) == ("Basket", True, False)
    parsed = schema.parse('{"items": [{"name": "pen", "price": 2}], "size": "s"}')
    assert parsed == Basket(items=[Item(name="pen", price=2)], size="s")


def test_a_model_that_holds_itself_is_an_object_at_the_root() -> None:
    assert answer_schema(Branch).schema["type"] == "object"
    assert answer_schema(Branch).parse('{"inner": {"inner": null}}').inner == Branch(inner=None)


def test_a_model_of_a_list_travels_in_an_object() -> None:
    assert answer_schema(Items).parse('{"value": [{"name": "pen", "price": 2}]}') == Items(
        [Item(name="pen", price=2)]
    )


def test_a_model_that_is_open_stays_open() -> None:
    assert answer_schema(Open).schema["additionalProperties"] is True
    assert not answer_schema(Open).strict
    assert answer_schema(Item).schema["additionalProperties"] is False


def test_a_model_with_optional_fields_is_not_strict() -> None:
    assert not answer_schema(Optional).strict
    assert answer_schema(Optional).parse("{}") == Optional()


def test_an_error_says_where_and_how_many_more_there_are() -> None:
    with pytest.raises(InvalidAnswerError) as caught:
        answer_schema(Basket).parse('{"items": [{"name": "pen", "price": -1}], "size": "m"}')
    assert caught.value.where == "$.items[0].price"
    assert "greater than or equal to 0; and 1 more" in caught.value.what


def test_a_model_without_a_json_schema_is_refused() -> None:
    class Odd(pydantic.BaseModel, arbitrary_types_allowed=True):
        what: complex.__class__  # type: ignore[name-defined]

    class Odder(pydantic.BaseModel, arbitrary_types_allowed=True):
        what: Odd.__class__  # type: ignore[name-defined]
        call: object.__new__.__class__  # type: ignore[name-defined]

    with pytest.raises(InputError, match="cannot be the form of an answer"):
        answer_schema(Odder)


def test_a_list_of_models_says_what_to_do() -> None:
    with pytest.raises(InputError, match="goes into a model of its own"):
        answer_schema(list[Item])
