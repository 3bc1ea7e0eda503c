"""What an endpoint lists, read leniently; nothing is assumed of what it does not say."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepshi_jupyter.core.catalogue import Catalogue, Model, Price, read_catalogue
from deepshi_jupyter.core.usage import Usage
from deepshi_jupyter.errors import MalformedStreamError
from tests.core.json_values import ANY_JSON, ANY_OBJECT

FULL = {
    "id": "deepshi-3.0",
    "name": "Deepshi 3.0",
    "created": 1,
    "input_modalities": ["text", "image"],
    "output_modalities": ["text"],
    "context_length": 128_000,
    "max_output_length": 8_000,
    "pricing": {"prompt": "0.5", "completion": "1.5", "input_cache_read": "0.05"},
    "supported_sampling_parameters": ["temperature", "seed"],
    "supported_features": ["tools", "reasoning"],
}


def read(*entries: Any) -> Catalogue:
    return read_catalogue(json.dumps({"object": "list", "data": entries}).encode())


def price(**pricing: Any) -> Price | None:
    return next(iter(read({"id": "m", "pricing": pricing}))).price


def test_everything_that_an_entry_says_is_read() -> None:
    assert read(FULL).models == (
        Model(
            id="deepshi-3.0",
            name="Deepshi 3.0",
            context_length=128_000,
            max_output_length=8_000,
            price=Price(0.5, 1.5, 0.05),
            sampling_parameters=frozenset({"temperature", "seed"}),
            features=frozenset({"tools", "reasoning"}),
            input_modalities=frozenset({"text", "image"}),
        ),
    )


def test_an_entry_may_say_its_id_alone() -> None:
    catalogue = read({"id": "llama3", "object": "model", "owned_by": "library"})
    assert catalogue.models == (Model("llama3"),)
    assert catalogue.is_plain
    assert not read(FULL).is_plain


@pytest.mark.parametrize("name", [*FULL][1:])
@pytest.mark.parametrize("value", [None, "x", 5, [], {}, True])
def test_any_field_but_the_id_may_be_missing_or_of_another_form(name: str, value: Any) -> None:
    assert len(read({k: v for k, v in FULL.items() if k != name})) == 1
    assert len(read({**FULL, name: value})) == 1


def test_entries_without_an_id_are_left_out() -> None:
    assert [m.id for m in read({}, {"id": ""}, {"id": None}, "x", {"id": "a"})] == ["a"]


def test_a_bare_list_of_models_is_read_too() -> None:
    assert len(read_catalogue(b'[{"id": "a"}]')) == 1


def test_half_a_character_does_not_come_through() -> None:
    (model,) = read({"id": "a\ud83d", "supported_features": ["\ude00"]})
    assert (model.id, model.features) == ("a\ufffd", frozenset({"\ufffd"}))


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"{}", b'{"data": null}', b'"x"', b'{"data": {}}']
)
def test_what_is_no_list_of_models_is_an_error(body: bytes) -> None:
    with pytest.raises(MalformedStreamError, match="not a list of models"):
        read_catalogue(body)


@pytest.mark.parametrize(
    ("pricing", "wanted"),
    [
        ({"prompt": 0.5, "completion": 1.5}, Price(0.5, 1.5)),
        ({"prompt": "0.5", "completion": "1.5"}, Price(0.5, 1.5)),
        ({"prompt": "0.0000005", "completion": "0.0000015"}, Price(0.5, 1.5)),
        ({"prompt": 0.5e-6, "completion": 1.5e-6, "input_cache_read": 5e-8}, Price(0.5, 1.5, 0.05)),
        ({"prompt": 150e-6, "completion": 600e-6}, Price(150, 600)),
        ({"prompt": 0, "completion": "0"}, Price(0, 0)),
        ({"prompt": "0.5"}, None),
        ({"prompt": "-1", "completion": "-1"}, None),
        ({"prompt": "free", "completion": 1}, None),
        ({"prompt": "nan", "completion": 1}, None),
        ({"prompt": "inf", "completion": 1}, None),
        ({"prompt": 10**400, "completion": 1}, None),
        ({"prompt": 0.5, "completion": 1.5, "input_cache_read": "nan"}, Price(0.5, 1.5)),
    ],
)
def test_a_price_is_read_per_token_or_per_million(
    pricing: dict[str, Any], wanted: Price | None
) -> None:
    read_price = price(**pricing)
    if wanted is None:
        assert read_price is None
    else:
        assert read_price is not None
        assert read_price.prompt == pytest.approx(wanted.prompt)
        assert read_price.completion == pytest.approx(wanted.completion)
        assert read_price.cached == pytest.approx(wanted.cached)


MILLION = 1_000_000


@pytest.mark.parametrize(
    ("rates", "prompt", "completion", "cached", "usd"),
    [
        (Price(0.5, 1.5), MILLION, MILLION, None, 2.0),
        (Price(0.5, 1.5), 2000, 100, None, 0.00115),
        (Price(1.0, 0.0, 0.1), MILLION, 0, 600_000, 0.46),
        (Price(1.0, 0.0, 0.0), MILLION, 0, MILLION, 0.0),
        (Price(1.0, 0.0), MILLION, 0, 600_000, 1.0),
        (Price(1.0, 0.0, 0.1), 100, 0, MILLION, 0.00001),
        (Price(1.0, 1.0), 10, None, None, None),
        (Price(1.0, 1.0), None, 10, None, None),
    ],
)
def test_the_cost_of_a_call_counts_cached_tokens_at_their_rate(
    rates: Price, prompt: int | None, completion: int | None, cached: int | None, usd: float | None
) -> None:
    usage = Usage(prompt_tokens=prompt, completion_tokens=completion, cached_tokens=cached)
    assert rates.of(usage) == (None if usd is None else pytest.approx(usd))


@pytest.mark.parametrize(
    ("supported", "ignored"),
    [
        (None, set()),
        (frozenset(), {"seed", "max_tokens", "max_completion_tokens"}),
        (frozenset({"seed"}), {"max_tokens", "max_completion_tokens"}),
        (frozenset({"seed", "max_tokens"}), set()),
        (frozenset({"max_completion_tokens"}), {"seed"}),
    ],
)
def test_a_parameter_is_ignored_where_the_catalogue_leaves_out_both_its_names(
    supported: frozenset[str] | None, ignored: set[str]
) -> None:
    model = Model("m", sampling_parameters=supported)
    names = {"seed", "max_tokens", "max_completion_tokens"}
    assert {name for name in names if model.ignores(name)} == ignored


def test_near_ids_are_offered_and_far_ones_not() -> None:
    catalogue = read({"id": "deepshi-3.0"}, {"id": "deepshi-2.0"}, {"id": "gpt-4o"})
    assert catalogue.near("deepshi-3") == ["deepshi-3.0", "deepshi-2.0"]
    assert catalogue.near("zzz") == []
    assert catalogue.get("gpt-4o") == Model("gpt-4o")
    assert catalogue.get("gpt-4") is None


@given(ANY_JSON | st.fixed_dictionaries({"data": st.lists(ANY_OBJECT, max_size=3)}))
def test_a_catalogue_of_any_form_is_read_or_refused(value: Any) -> None:
    try:
        catalogue = read_catalogue(json.dumps(value).encode())
    except MalformedStreamError:
        return
    for model in catalogue:
        f"{model.id}{model.name}{model.features}".encode()
