from __future__ import annotations

from random import Random
from typing import Any

import jsonschema
import pytest

from deepshi_jupyter.offline.hints import Hints
from deepshi_jupyter.offline.schema_merge import SchemaError
from deepshi_jupyter.offline.string_sample import FORMATS, sample_string


def _sample(schema: dict[str, Any], prompt: str = "", seed: int = 1) -> str:
    return sample_string(schema, "key", Random(seed), Hints(prompt), lambda: "a small boat")


@pytest.mark.parametrize(
    "schema",
    [
        {},
        {"minLength": 50},
        {"maxLength": 3},
        {"minLength": 4, "maxLength": 4},
        {"pattern": "^[a-z]{1,9}$", "minLength": 5},
        {"maxLength": 0},
        *({"format": name} for name in FORMATS),
        {"format": "unheard-of"},
    ],
)
def test_a_string_fits_its_schema(schema: dict[str, Any]) -> None:
    checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
    for seed in range(20):
        jsonschema.validate(_sample(schema, seed=seed), schema, format_checker=checker)


def test_a_name_that_the_prompt_mentions_is_used_if_it_fits() -> None:
    assert _sample({"maxLength": 4}, "from Trondheim to Oslo") == "Oslo"


@pytest.mark.parametrize(
    "schema",
    [
        {"minLength": 3, "maxLength": 2},
        {"minLength": 10**9},
        {"pattern": "(?=a)"},
        {"format": "date", "maxLength": 3},
        {"pattern": "^a$", "minLength": 2},
    ],
)
def test_a_string_that_cannot_be_is_an_error(schema: dict[str, Any]) -> None:
    with pytest.raises(SchemaError):
        _sample(schema)
