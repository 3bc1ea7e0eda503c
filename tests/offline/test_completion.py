from __future__ import annotations

import math
from typing import Any

import pytest

from deepshi_jupyter.offline.catalogue import CONTEXT_LENGTH, MAX_OUTPUT_LENGTH
from deepshi_jupyter.offline.completion import side_by_side
from deepshi_jupyter.offline.deltas import Finish, Thought
from deepshi_jupyter.offline.endpoint import Endpoint
from deepshi_jupyter.offline.steps import Piece
from deepshi_jupyter.offline.tokens import count_tokens
from tests.offline.asking import answer_to, ask, choice, deltas, events, refused, text, user

ECHO: dict[str, Any] = {"model": "offline-echo", "messages": [user("one two three four")]}


def test_a_response_has_the_form_of_the_contract() -> None:
    given = ask(seed=1)
    assert given["object"] == "chat.completion"
    assert given["model"] == "offline-chat"
    assert given["provider"] == "offline"
    assert given["id"].startswith("chatcmpl-offline-")
    (only,) = given["choices"]
    assert only["index"] == 0
    assert only["message"]["role"] == "assistant"
    assert only["finish_reason"] == "stop"
    assert given["usage"]["cost"]["total_cost"] > 0


def test_ids_come_from_the_request_when_a_seed_is_given() -> None:
    assert ask(seed=1)["id"] == ask(seed=1)["id"] != ask(seed=2)["id"]
    assert ask()["id"] != ask()["id"]


def test_the_length_of_an_answer_is_about_a_paragraph() -> None:
    lengths = [count_tokens(text(seed=seed)) for seed in range(20)]
    assert 15 < min(lengths) <= max(lengths) < 110


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
def test_the_limit_cuts_and_says_so(name: str) -> None:
    limit: dict[str, Any] = {name: 3}
    given = ask(**limit, **ECHO)
    assert given["choices"][0]["message"]["content"] == "one two three"
    assert given["choices"][0]["finish_reason"] == "length"
    assert given["usage"]["completion_tokens"] == 3


def test_an_answer_that_ends_with_its_limit_is_complete() -> None:
    assert choice(max_tokens=4, **ECHO)["finish_reason"] == "stop"


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("stop", [" three", "wo thr", ["zzz", "three"]])
def test_a_stop_ends_the_answer_and_is_not_shown(stop: Any, streamed: bool) -> None:
    if streamed:
        said = "".join(delta.get("content", "") for delta in deltas(stop=stop, **ECHO))
    else:
        said = text(stop=stop, **ECHO)
    assert "one two".startswith(said.rstrip())
    assert choice(stop=stop, **ECHO)["finish_reason"] == "stop"


def test_a_small_limit_leaves_the_reasoner_without_an_answer() -> None:
    given = ask(model="offline-reasoner", seed=1, max_tokens=5)
    (only,) = given["choices"]
    assert only["message"]["content"] == ""
    assert only["finish_reason"] == "length"
    assert only["message"]["reasoning"]
    assert given["usage"]["completion_tokens"] == 5
    assert given["usage"]["completion_tokens_details"]["reasoning_tokens"] == 5


def test_several_choices_differ_and_are_repeatable() -> None:
    given = ask(seed=1, n=3)
    texts = [each["message"]["content"] for each in given["choices"]]
    assert [each["index"] for each in given["choices"]] == [0, 1, 2]
    assert len(set(texts)) == 3
    assert texts == [each["message"]["content"] for each in ask(seed=1, n=3)["choices"]]
    assert texts[0] == text(seed=1)
    assert given["usage"]["completion_tokens"] == sum(map(count_tokens, texts))
    assert given["usage"]["prompt_tokens"] == ask(seed=1)["usage"]["prompt_tokens"]


def test_a_stream_opens_with_the_role_and_ends_with_the_reason_and_done() -> None:
    *chunks, done = events(seed=1)
    assert done == "[DONE]"
    assert chunks[0]["choices"][0]["delta"] == {"role": "assistant", "content": ""}
    assert chunks[-1]["choices"][0]["delta"] == {}
    assert [chunk["choices"][0]["finish_reason"] for chunk in chunks[:-1]] == (
        [None] * (len(chunks) - 1)
    )
    assert chunks[-1]["choices"][0]["finish_reason"] == "stop"
    assert {chunk["object"] for chunk in chunks} == {"chat.completion.chunk"}
    assert {chunk["provider"] for chunk in chunks} == {"offline"}
    assert len({chunk["id"] for chunk in chunks}) == 1


@pytest.mark.parametrize("model", ["offline-chat", "offline-reasoner", "offline-echo"])
def test_a_stream_and_a_whole_answer_say_the_same(model: str) -> None:
    given = deltas(model=model, seed=1)
    whole = choice(model=model, seed=1)["message"]
    assert "".join(delta.get("content", "") for delta in given) == whole["content"]
    reasoning = "".join(delta.get("reasoning", "") for delta in given)
    assert reasoning == whole.get("reasoning", "")


def test_reasoning_is_streamed_before_the_answer() -> None:
    given = deltas(model="offline-reasoner", seed=1)[1:-1]
    kinds = ["reasoning" if "reasoning" in delta else "content" for delta in given]
    assert kinds == sorted(kinds, reverse=True)
    assert {"reasoning", "content"} == set(kinds)


def test_usage_is_streamed_only_when_asked_for() -> None:
    assert all(chunk["usage"] is None for chunk in events(seed=1)[:-1])
    *chunks, last, done = events(seed=1, stream_options={"include_usage": True})
    assert done == "[DONE]"
    assert last["choices"] == []
    assert last["usage"] == ask(seed=1)["usage"]
    assert all(chunk["usage"] is None for chunk in chunks)


def test_choices_are_streamed_side_by_side() -> None:
    chunks = events(seed=1, n=2)[:-1]
    order = [chunk["choices"][0]["index"] for chunk in chunks]
    assert order[:8] == [0, 1] * 4
    whole = ask(seed=1, n=2)["choices"]
    for index in (0, 1):
        said = "".join(delta.get("content", "") for delta in deltas(index, seed=1, n=2))
        assert said == whole[index]["message"]["content"]


def test_a_short_choice_does_not_end_a_long_one() -> None:
    short, long = iter([Finish("stop", 0, 0)]), iter([Thought("a"), Thought("b")])
    assert list(side_by_side([short, long])) == (
        [[(0, Finish("stop", 0, 0)), (1, Thought("a"))], [(1, Thought("b"))]]
    )


def test_log_probabilities_have_the_form_of_openai() -> None:
    given = choice(seed=1, logprobs=True, top_logprobs=2)
    entries = given["logprobs"]["content"]
    assert "".join(entry["token"] for entry in entries) == given["message"]["content"]
    for entry in entries:
        assert bytes(entry["bytes"]).decode() == entry["token"]
        assert entry["logprob"] <= 0
        assert len(entry["top_logprobs"]) == 2
        assert set(entry["top_logprobs"][0]) == {"token", "logprob", "bytes"}


def test_log_probabilities_without_alternatives() -> None:
    entries = choice(seed=1, logprobs=True)["logprobs"]["content"]
    assert all(entry["top_logprobs"] == [] for entry in entries)


def test_log_probabilities_come_with_each_token_of_a_stream() -> None:
    for chunk in events(seed=1, logprobs=True, top_logprobs=1)[1:-2]:
        (only,) = chunk["choices"]
        assert [entry["token"] for entry in only["logprobs"]["content"]] == (
            [only["delta"]["content"]]
        )


def test_greedy_answers_are_likelier_than_hot_ones() -> None:
    def mean(**fields: Any) -> float:
        entries = choice(seed=1, logprobs=True, **fields)["logprobs"]["content"]
        return math.fsum(entry["logprob"] for entry in entries) / len(entries)

    assert mean(temperature=0) > mean(temperature=2)


def test_without_asking_there_are_no_log_probabilities() -> None:
    assert choice(seed=1)["logprobs"] is None


def test_a_limit_beyond_the_model_is_refused() -> None:
    status, error = refused(max_tokens=MAX_OUTPUT_LENGTH + 1)
    assert (status, error["param"]) == (400, "max_tokens")


def test_a_prompt_beyond_the_context_is_refused() -> None:
    status, error = refused(messages=[user("word " * (CONTEXT_LENGTH + 1))])
    assert (status, error["code"]) == (400, "context_length_exceeded")


def _delays(pace: float, **fields: Any) -> list[float]:
    steps = answer_to(Endpoint(pace), **fields).steps
    return [step.delay for step in steps if isinstance(step, Piece)]


def test_the_pace_is_a_delay_before_each_token() -> None:
    assert _delays(20, stream=True, **ECHO) == [0, 0.05, 0.05, 0.05, 0.05, 0, 0]


def test_choices_side_by_side_share_the_pace() -> None:
    assert sum(_delays(20, stream=True, n=3, **ECHO)) == pytest.approx(0.2)


def test_a_whole_answer_takes_as_long_as_its_tokens() -> None:
    assert _delays(20, **ECHO) == [0.2]


def test_without_a_pace_nothing_waits() -> None:
    assert set(_delays(0, stream=True, **ECHO)) == {0}
