"""Two requests have the same key only if nothing in them can change the answer."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepshi_jupyter.core.canonical import canonical
from deepshi_jupyter.core.chain import chain
from deepshi_jupyter.core.request_key import NOT_IN_THE_KEY, key_of_chain, request_key
from tests.core.json_values import ANY_JSON

URL = "https://api.example/v1"
MESSAGES = [{"role": "system", "content": "s"}, {"role": "user", "content": "q"}]
FIELD_NAMES = st.sampled_from(["temperature", "seed", "tools", "top_k", "x"]) | st.text(max_size=4)
BODIES = st.dictionaries(FIELD_NAMES, ANY_JSON, max_size=5).map(
    lambda fields: {"model": "m", **fields, "messages": MESSAGES}
)


def key(**changes: Any) -> str:
    return request_key(URL, {"model": "m", "messages": MESSAGES, **changes})


def test_a_key_is_the_hash_of_endpoint_body_and_sample() -> None:
    """The definition, written out: what another program has to do."""
    text = (
        f'{{"api":"chat.completions","body":{{"messages":"{chain(MESSAGES)}","model":"m",'
        '"temperature":0.5},"endpoint":"https://api.example/v1","sample":2}'
    )
    expected = "r1:" + hashlib.sha256(text.encode()).hexdigest()
    body = {"temperature": 0.5, "stream": True, "model": "m", "messages": MESSAGES}
    assert request_key(URL, body, sample=2) == expected


@given(BODIES, st.randoms())
def test_the_order_of_fields_makes_no_difference(body: dict[str, Any], random: Any) -> None:
    names = list(body)
    random.shuffle(names)
    assert request_key(URL, {name: body[name] for name in names}) == request_key(URL, body)


@given(st.integers(-1000, 1000))
def test_a_whole_number_may_be_written_with_a_point(number: int) -> None:
    assert key(temperature=number) == key(temperature=float(number))


@given(BODIES, st.sampled_from(sorted(NOT_IN_THE_KEY)), ANY_JSON)
def test_what_cannot_change_the_answer_does_not_count(
    body: dict[str, Any], name: str, value: Any
) -> None:
    assert request_key(URL, {**body, name: value}) == request_key(
        URL, {field: body[field] for field in body if field != name}
    )


@given(BODIES, st.text(min_size=1, max_size=8), ANY_JSON)
def test_any_other_field_counts_also_one_that_nobody_knows(
    body: dict[str, Any], name: str, value: Any
) -> None:
    if name in NOT_IN_THE_KEY or name in body:
        return
    assert request_key(URL, {**body, name: value}) != request_key(URL, body)


@given(BODIES, ANY_JSON, ANY_JSON)
def test_keys_are_the_same_exactly_if_the_values_are(
    body: dict[str, Any], one: Any, other: Any
) -> None:
    keys = [request_key(URL, {**body, "extra": value}) for value in (one, other)]
    assert (keys[0] == keys[1]) == (canonical(one) == canonical(other))


@pytest.mark.parametrize(
    "messages",
    [
        MESSAGES[1:],
        MESSAGES[::-1],
        [MESSAGES[0], {"role": "user", "content": "Q"}],
        [*MESSAGES, {"role": "assistant", "content": ""}],
        [MESSAGES[0], {**MESSAGES[1], "name": "me"}],
    ],
)
def test_any_change_of_the_messages_counts(messages: list[dict[str, Any]]) -> None:
    assert key(messages=messages) != key()


def test_the_endpoint_counts() -> None:
    body = {"model": "m", "messages": MESSAGES}
    keys = {request_key(url, body) for url in (URL, "http://127.0.0.1:8000/v1", "lab-vllm")}
    assert len(keys) == 3


def test_repeats_of_a_request_are_told_apart() -> None:
    body = {"model": "m", "messages": MESSAGES}
    assert len({request_key(URL, body, sample) for sample in range(5)}) == 5
    assert request_key(URL, body, 0) == request_key(URL, body)


@given(BODIES)
def test_the_key_can_be_checked_from_the_chain_alone(body: dict[str, Any]) -> None:
    without_messages = {name: body[name] for name in body if name != "messages"}
    assert key_of_chain(URL, chain(MESSAGES), without_messages) == request_key(URL, body)
    assert key_of_chain(URL, chain(MESSAGES), body) == request_key(URL, body)


def test_true_is_not_one() -> None:
    assert key(logprobs=True) != key(logprobs=1)
