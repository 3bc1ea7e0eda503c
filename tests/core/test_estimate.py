from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepshi_jupyter.core.catalogue import Model, Price
from deepshi_jupyter.core.estimate import Estimate, estimate
from deepshi_jupyter.core.request import ChatRequest, build_request
from deepshi_jupyter.core.tokens import estimate_messages

PRICE = Price(prompt=2.0, completion=8.0)
PRICED = Model("m", price=PRICE, context_length=8_000, max_output_length=4_000)


def request(prompt: str = "Hello there.", **parameters: Any) -> ChatRequest:
    return build_request(prompt, model="m", parameters=parameters)


def test_the_range_runs_from_no_answer_to_the_longest() -> None:
    asked = request(max_tokens=500)
    found = estimate(asked, PRICED)
    tokens = estimate_messages(asked.body["messages"])
    assert (found.prompt_tokens, found.completion_tokens, found.n) == (tokens, 500, 1)
    assert found.low == pytest.approx(tokens * 2e-6)
    assert found.high == pytest.approx(tokens * 2e-6 + 500 * 8e-6)


def test_the_prompt_is_paid_once_and_every_answer_apart() -> None:
    one, three = (estimate(request(n=n, max_tokens=100), PRICED) for n in (1, 3))
    assert one.low == three.low
    assert three.high is not None
    assert one.high is not None
    assert three.high - one.high == pytest.approx(2 * 100 * 8e-6)


@pytest.mark.parametrize(
    ("parameters", "model", "most"),
    [
        ({}, None, None),
        ({}, Model("m"), None),
        ({}, PRICED, 4_000),
        ({"max_tokens": 500}, None, 500),
        ({"max_completion_tokens": 500}, PRICED, 500),
        ({"max_tokens": 9_000}, PRICED, 4_000),
        ({"max_tokens": 500}, Model("m", sampling_parameters=frozenset({"seed"})), None),
        ({}, Model("m", max_output_length=0), None),
    ],
)
def test_the_longest_answer_is_the_least_of_what_bounds_it(
    parameters: dict[str, Any], model: Model | None, most: int | None
) -> None:
    assert estimate(request(**parameters), model).completion_tokens == most


def test_a_model_that_ignores_n_answers_once() -> None:
    model = Model("m", sampling_parameters=frozenset({"temperature"}))
    assert estimate(request(n=5), model).n == 1


def test_tools_and_schemas_go_into_the_prompt() -> None:
    tool = {"type": "function", "function": {"name": "weather", "description": "The weather."}}
    plain, with_tool = estimate(request(), None), estimate(request(tools=[tool]), None)
    schema = {"type": "json_schema", "json_schema": {"name": "answer", "schema": {}}}
    with_schema = estimate(request(response_format=schema), None)
    assert with_tool.prompt_tokens > plain.prompt_tokens + 10
    assert with_schema.prompt_tokens > plain.prompt_tokens + 10


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        (
            Estimate(1240, 500, 1, 0.0021, 0.0061),
            "≈ 1,240 tokens in, up to 500 out: ≈ $0.0021–0.0061",
        ),
        (
            Estimate(1240, 500, 3, 0.0021, 1.5),
            "≈ 1,240 tokens in, up to 3 × 500 out: ≈ $0.0021–1.50",
        ),
        (
            Estimate(10, 500),
            "≈ 10 tokens in, up to 500 out; price unknown: the catalogue does not say",
        ),
        (
            Estimate(10, None, 1, 0.00000123, None),
            "≈ 10 tokens in, no limit known for what comes out: at least ≈ $0.0000012",
        ),
        (Estimate(10, 5, 1, 0.0, 0.0), "≈ 10 tokens in, up to 5 out: ≈ $0"),
        (Estimate(10, 5, 1, 1234.567, 1234.567), "≈ 10 tokens in, up to 5 out: ≈ $1,234.57"),
        (
            Estimate(9_000, 5, 1, 0.1, 0.2, context_length=8_000),
            "≈ 9,000 tokens in, up to 5 out: ≈ $0.10–0.20; the model's context is 8,000 tokens",
        ),
    ],
)
def test_the_sentence_says_what_is_known_and_what_is_not(found: Estimate, sentence: str) -> None:
    assert found.sentence == sentence


def test_a_prompt_longer_than_the_context_is_noticed() -> None:
    assert estimate(request("word " * 9_000), PRICED).exceeds_context
    assert not estimate(request("word " * 9_000), None).exceeds_context


@given(
    st.text(min_size=1).filter(str.strip),
    st.one_of(st.none(), st.integers(1, 10**6)),
    st.integers(1, 128),
)
def test_the_high_end_is_never_below_the_low_end(text: str, limit: int | None, n: int) -> None:
    found = estimate(request(text, max_tokens=limit, n=n), PRICED)
    assert found.low is not None
    assert found.high is not None
    assert 0 < found.low <= found.high
    assert found.sentence.startswith("≈ ")
