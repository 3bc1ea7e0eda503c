from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

from deepshi_jupyter.offline.ngrams import fingerprint
from deepshi_jupyter.offline.tokens import token_id
from tests.offline.asking import ask, choice, refused, text, user

BOOK = {
    "type": "object",
    "properties": {
        "title": {"type": "string", "minLength": 3},
        "pages": {"type": "integer", "minimum": 1},
        "tags": {"type": "array", "items": {"type": "string"}, "minItems": 1},
    },
    "required": ["title", "pages", "tags"],
    "additionalProperties": False,
}


def _formatted(schema: Any) -> dict[str, Any]:
    return {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}}


def test_equal_seeds_give_equal_answers_and_others_do_not() -> None:
    assert text(seed=1) == text(seed=1)
    assert len({text(seed=seed) for seed in range(10)}) == 10


def test_without_a_seed_answers_differ() -> None:
    assert len({text() for _ in range(5)}) > 1


def test_the_seed_is_for_the_messages_and_not_for_the_parameters() -> None:
    assert text(seed=1, temperature=0.7)[:4] == text(seed=1, temperature=0.70001)[:4]
    assert text(seed=1) != text(seed=1, messages=[user("Another question entirely")])


def test_temperature_zero_does_not_depend_on_the_seed() -> None:
    assert len({text(seed=seed, temperature=0) for seed in range(5)}) == 1


def test_this_fingerprint_gives_this_text() -> None:
    """When this fails, raise `ngrams.VERSION` and write down the new text and fingerprint."""
    given = ask(seed=7, temperature=0.8)
    assert (given["system_fingerprint"], given["choices"][0]["message"]["content"]) == (
        "fp_offline_e895412542",
        "Somebody who asks about blue has been asked many questions, and it was true.\n\n"
        "A thermometer in the small boat. It was a light, then the shapes, and go for a while.",
    )
    assert given["system_fingerprint"] == fingerprint()


def test_parameters_of_the_request_reach_the_sampler() -> None:
    plain = text(seed=1)
    assert text(seed=1, temperature=2) != plain
    assert text(seed=1, top_p=0.01) != plain
    assert text(seed=1, presence_penalty=2) != plain
    assert text(seed=1, frequency_penalty=2) != plain
    assert text(seed=1, logit_bias={str(token_id(" the")): -100}).count(" the ") == 0


def test_a_parameter_that_the_model_does_not_support_is_ignored() -> None:
    reasoner = {"model": "offline-reasoner", "seed": 1}
    assert text(**reasoner, top_p=0.01) == text(**reasoner)
    assert choice(**reasoner, logprobs=True)["logprobs"] is None


def test_the_echo_says_exactly_what_was_said() -> None:
    said = "  naïve 🙂\n\n\t{{x}} `code` <b>\u2028 "
    assert text(model="offline-echo", messages=[user(said)]) == said


def test_the_reasoner_thinks_before_it_answers() -> None:
    message = choice(model="offline-reasoner", seed=1)["message"]
    assert message["reasoning"]
    assert message["reasoning_details"][0]["text"] == message["reasoning"]
    assert message["content"]
    assert message["content"] != message["reasoning"]


def test_json_mode_gives_an_object() -> None:
    for seed in range(5):
        said = text(seed=seed, response_format={"type": "json_object"})
        assert isinstance(json.loads(said), dict)


def test_json_mode_takes_the_keys_from_the_prompt() -> None:
    prompt = 'Give JSON with the keys "author" and `title`.'
    said = text(messages=[user(prompt)], response_format={"type": "json_object"})
    assert list(json.loads(said)) == ["author", "title"]


@pytest.mark.parametrize("model", ["offline-chat", "offline-tools"])
def test_a_json_schema_is_obeyed(model: str) -> None:
    for seed in range(10):
        said = text(model=model, seed=seed, response_format=_formatted(BOOK))
        jsonschema.validate(json.loads(said), BOOK)


def test_a_model_without_json_ignores_the_format() -> None:
    plain = text(model="offline-reasoner", seed=1)
    assert text(model="offline-reasoner", seed=1, response_format=_formatted(BOOK)) == plain


def test_a_schema_that_cannot_be_filled_is_refused() -> None:
    status, error = refused(response_format=_formatted({"not": {}}))
    assert (status, error["code"], error["param"]) == (
        400,
        "invalid_json_schema",
        "response_format",
    )


def test_json_is_cut_by_the_limit_like_any_text() -> None:
    cut = choice(seed=1, max_tokens=3, response_format=_formatted(BOOK))
    assert cut["finish_reason"] == "length"
