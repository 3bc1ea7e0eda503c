from __future__ import annotations

import re

import pytest

from deepshi_jupyter.offline import catalogue
from deepshi_jupyter.offline.refusal import Refusal

FIELDS = {
    "id",
    "name",
    "created",
    "input_modalities",
    "output_modalities",
    "context_length",
    "max_output_length",
    "pricing",
    "supported_sampling_parameters",
    "supported_features",
}


def test_every_model_says_what_it_is() -> None:
    assert all(model_id.startswith("offline-") for model_id in catalogue.MODELS)


def test_every_entry_has_every_field_of_the_contract() -> None:
    for entry in catalogue.listing()["data"][: len(catalogue.MODELS)]:
        assert set(entry) >= FIELDS


def test_prices_are_decimal_strings_in_usd_per_token() -> None:
    for entry in catalogue.listing()["data"][: len(catalogue.MODELS)]:
        assert set(entry["pricing"]) == {"prompt", "completion", "input_cache_read"}
        for price in entry["pricing"].values():
            assert re.fullmatch(r"0\.0{5,}[1-9]\d*", price)


def test_features_are_those_of_the_contract() -> None:
    features = {model.id: set(model.features) for model in catalogue.MODELS.values()}
    assert features["offline-chat"] == {"json_mode", "structured_outputs", "logprobs"}
    assert features["offline-tools"] == {"tools", "json_mode", "structured_outputs"}
    assert features["offline-reasoner"] == {"reasoning"}


def test_the_reasoner_has_something_to_warn_about() -> None:
    assert "top_p" not in catalogue.REASONER.sampling_parameters
    assert "top_p" in catalogue.CHAT.sampling_parameters


def test_images_are_taken_by_the_vision_model_alone() -> None:
    taking = [m.id for m in catalogue.MODELS.values() if "image" in m.input_modalities]
    assert taking == ["offline-vision"]


def test_an_unknown_model_is_refused_with_near_names() -> None:
    with pytest.raises(Refusal, match="Did you mean offline-reasoner") as caught:
        catalogue.find("offline-resoner")
    assert (caught.value.status, caught.value.code) == (400, "model_not_found")


def test_a_model_of_another_family_is_refused_with_all_names() -> None:
    with pytest.raises(Refusal, match=r"There are offline-chat, .*offline-echo"):
        catalogue.find("zzz")
