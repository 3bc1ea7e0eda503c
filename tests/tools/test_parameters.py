from __future__ import annotations

import enum
from dataclasses import dataclass
from functools import partial, wraps
from typing import Annotated, Any, Literal, TypedDict

import jsonschema
import msgspec
import pytest

from deepshi_jupyter.errors import InputError
from deepshi_jupyter.tools.definition import define_tool


class Unit(enum.Enum):
    MM = "mm"
    INCH = "in"


@dataclass
class Place:
    lat: float
    lon: float


class Span(TypedDict):
    start: str
    end: str


def many(
    place: Place,
    span: Span,
    unit: Unit,
    *,
    kind: Literal["rain", "snow"] = "rain",
    days: Annotated[int, msgspec.Meta(ge=1, le=10)] = 7,
    stations: list[str] | None = None,
    weights: dict[str, float] = {},  # noqa: B006
    best: Place = Place(0, 0),  # noqa: B008
    who: Annotated[str, "who asks"] = "me",
    exact: bool = False,
    ratio: float = float("nan"),
) -> None:
    """Look up the weather.

    Args:
        place: Where it fell.
        days: How far back.
        who: Not this text.
    """


def parameters(function: Any) -> dict[str, Any]:
    return define_tool(function).parameters


def refusal(function: Any, **options: Any) -> str:
    with pytest.raises(InputError) as caught:
        define_tool(function, **options)
    return str(caught.value)


def test_the_schema_is_valid_and_closed() -> None:
    schema = parameters(many)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["additionalProperties"] is False
    assert schema["$defs"]["Place"]["additionalProperties"] is False


def test_parameters_stand_in_order_and_those_without_a_default_are_required() -> None:
    schema = parameters(many)
    assert list(schema["properties"])[:4] == ["place", "span", "unit", "kind"]
    assert schema["required"] == ["place", "span", "unit"]


def test_a_parameter_is_described_by_its_annotation_or_the_docstring() -> None:
    fields = parameters(many)["properties"]
    assert fields["place"]["description"] == "Where it fell."
    assert fields["who"]["description"] == "who asks"
    assert fields["days"] == {
        "type": "integer",
        "minimum": 1,
        "maximum": 10,
        "description": "How far back.",
        "default": 7,
    }


def test_a_default_is_told_where_json_can_carry_it() -> None:
    fields = parameters(many)["properties"]
    assert fields["best"]["default"] == {"lat": 0, "lon": 0}
    assert fields["kind"]["default"] == "rain"
    assert "default" not in fields["stations"]
    assert "default" not in fields["ratio"]


def test_a_function_without_parameters_takes_an_empty_object() -> None:
    def now() -> str:
        return "noon"

    assert parameters(now) == {
        "type": "object",
        "properties": {},
        "required": [],
        "additionalProperties": False,
    }


def test_a_parameter_without_a_type_is_refused_by_name() -> None:
    def f(city, days: int): ...  # type: ignore[no-untyped-def]

    said = refusal(f)
    assert "'city' of 'f' has no type" in said
    assert "`city: str`" in said


@pytest.mark.parametrize("annotation", [complex, "Nowhere", "list[", object, list[complex]])
def test_a_type_that_cannot_come_from_json_is_refused_by_name(annotation: Any) -> None:
    def f(city: str, what: Any) -> None: ...

    f.__annotations__["what"] = annotation
    assert "'what' of 'f' has a type that cannot come from JSON" in refusal(f)


def test_parameters_that_cannot_be_given_by_name_are_refused() -> None:
    def any_number(*cities: str) -> None: ...
    def any_name(**options: str) -> None: ...
    def by_position(city: str, /) -> None: ...

    assert "takes any number of values" in refusal(any_number)
    assert "takes arguments of any name" in refusal(any_name)
    assert "by position" in refusal(by_position)


class Station:
    """A weather station."""

    def measure(self, days: int) -> int:
        """Measure rain."""
        return days

    @classmethod
    def count(cls, country: str) -> int:
        """Count stations."""
        return len(country)


def test_a_bound_method_is_a_tool_and_an_unbound_one_is_not() -> None:
    assert list(parameters(Station().measure)["properties"]) == ["days"]
    assert list(parameters(Station.count)["properties"]) == ["country"]
    assert "tool(object.method)" in refusal(Station.measure)


def test_what_a_partial_binds_is_not_the_models_to_give() -> None:
    def query(database: Any, table: str, *, key: str, limit: int = 5) -> None:
        """Ask a database."""

    bound = partial(partial(query, object()), key="secret")
    made = define_tool(bound)
    assert (made.name, made.description) == ("query", "Ask a database.")
    assert list(made.parameters["properties"]) == ["table", "limit"]


def test_a_decorated_function_keeps_its_signature() -> None:
    def twice(function: Any) -> Any:
        @wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            return function(*args, **kwargs) * 2

        return wrapper

    @twice
    def f(city: str) -> str:
        """Say a city."""
        return city

    assert list(parameters(f)["properties"]) == ["city"]


def test_what_is_no_function_is_refused() -> None:
    assert "a str cannot be a tool" in refusal("rainfall").lower()
    assert "cannot be a tool" in refusal(Station)
    assert "cannot be found out" in refusal(next)


def test_a_generator_is_refused() -> None:
    def numbers(n: int) -> Any:
        yield n

    assert "Return a list instead" in refusal(numbers)


def test_a_name_that_the_api_does_not_take_is_refused() -> None:
    def größe() -> None: ...

    assert "@tool(name=…)" in refusal(größe)
    assert "@tool(name=…)" in refusal(lambda: 1)
    assert define_tool(größe, name="size").name == "size"


def test_another_way_of_approval_is_refused() -> None:
    assert "'ask' or 'always'" in refusal(many, approve="never")
