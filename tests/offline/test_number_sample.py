from __future__ import annotations

from random import Random
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepshi_jupyter.offline.hints import Hints
from deepshi_jupyter.offline.number_sample import sample_number
from deepshi_jupyter.offline.schema_merge import SchemaError


def _sample(schema: dict[str, Any], prompt: str = "", seed: int = 1) -> float:
    whole = schema["type"] == "integer"
    return sample_number(schema, Random(seed), Hints(prompt), whole=whole)


@given(st.data())
def test_a_number_lies_within_any_bounds(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(["integer", "number"]))
    low = data.draw(st.integers(-1000, 1000))
    width = data.draw(st.integers(2, 50))
    words = data.draw(st.sampled_from([("minimum", "maximum"), ("exclusiveMinimum", "maximum")]))
    schema = {"type": kind, words[0]: low, words[1]: low + width}
    jsonschema.validate(_sample(schema, seed=data.draw(st.integers())), schema)


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "integer"},
        {"type": "integer", "minimum": 2.5, "maximum": 3},
        {"type": "integer", "exclusiveMinimum": 2.5, "exclusiveMaximum": 4},
        {"type": "integer", "multipleOf": 7, "minimum": 50},
        {"type": "integer", "multipleOf": 0.5, "maximum": -3},
        {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 0.001},
        {"type": "number", "multipleOf": 0.1, "minimum": 0.15, "maximum": 0.25},
        {"type": "number", "minimum": 0.123, "maximum": 0.123},
        {"type": "number", "maximum": -1e6},
    ],
)
def test_a_number_fits_its_schema(schema: dict[str, Any]) -> None:
    for seed in range(20):
        jsonschema.validate(_sample(schema, seed=seed), schema)


def test_a_number_that_the_prompt_mentions_is_used_if_it_fits() -> None:
    schema = {"type": "integer", "minimum": 1, "maximum": 7}
    assert _sample(schema, "20 cities for 3 days") == 3


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "integer", "minimum": 3, "maximum": 2},
        {"type": "integer", "exclusiveMinimum": 2, "exclusiveMaximum": 3},
        {"type": "number", "minimum": 0, "exclusiveMinimum": True},
    ],
)
def test_bounds_without_a_number_between_are_an_error(schema: dict[str, Any]) -> None:
    with pytest.raises(SchemaError):
        _sample(schema)
