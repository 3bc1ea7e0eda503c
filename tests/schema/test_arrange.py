"""Named tuples as objects with names."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from deepshi_jupyter.errors import InvalidAnswerError
from deepshi_jupyter.schema import answer_schema
from tests.schema.forms import Place, Route


class Range(NamedTuple):
    low: int = 0
    high: int = 1


BERN = '{"city": "Bern", "lat": 46.9, "lon": 7.4}'


def where(kind: Any, text: str) -> str:
    with pytest.raises(InvalidAnswerError) as caught:
        answer_schema(kind).parse(text)
    return caught.value.where


def test_a_named_tuple_is_asked_for_by_the_names_of_its_fields() -> None:
    schema = answer_schema(Place).schema
    assert list(schema["properties"]) == ["city", "lat", "lon", "height"]
    assert schema["required"] == ["city", "lat", "lon"]
    assert answer_schema(Place).parse(BERN) == Place("Bern", 46.9, 7.4, 0)


def test_the_order_of_the_fields_does_not_matter() -> None:
    assert answer_schema(Place).parse('{"lon": 1, "lat": 2, "height": 3, "city": "a"}') == Place(
        "a", 2, 1, 3
    )


def test_named_tuples_within_other_types_are_objects_as_well() -> None:
    text = f'{{"stops": [{BERN}], "end": {BERN}}}'
    bern = Place("Bern", 46.9, 7.4)
    assert answer_schema(Route).parse(text) == Route([bern], bern)
    assert answer_schema(dict[str, list[Place]]).parse(f'{{"a b": [{BERN}]}}') == {"a b": [bern]}
    assert answer_schema(Route).parse('{"stops": [], "end": null}') == Route([], None)


def test_a_place_in_a_named_tuple_is_told_by_name() -> None:
    assert where(Route, '{"stops": [{"city": "a", "lat": "x", "lon": 1}], "end": null}') == (
        "$.stops[0].lat"
    )
    assert where(Route, '{"stops": [{"city": "a", "lat": 1}], "end": null}') == "$.stops[0]"
    assert where(Place, '{"city": "a", "lat": 1, "lon": 1, "zoom": 1}') == "$.zoom"


def test_an_array_is_not_taken_for_a_named_tuple() -> None:
    assert where(list[Place], '{"value": [["a", 1, 2]]}') == "$.value[0]"


def test_a_default_in_the_middle_is_filled_in() -> None:

    assert answer_schema(Range).parse('{"high": 9}') == (0, 9)
    assert answer_schema(Range).parse("{}") == (0, 1)
