from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepshi_jupyter.offline import ngrams
from deepshi_jupyter.offline.ngrams import BEGIN
from deepshi_jupyter.offline.openings import ANSWER_OPENINGS, opening, topics
from deepshi_jupyter.offline.sampler import Settings, sample

PROMPTS = [
    "What is the capital of France?",
    "Explain backpropagation in two sentences.",
    "Write a haiku about the sea.",
    "How do bees find their way?",
]


def _greedy(prompt: str) -> str:
    begin = opening(ngrams.load(), prompt, ANSWER_OPENINGS)
    settings = Settings(temperature=0)
    drawn = sample(begin.model, settings, begin.leaning, Random(1), (BEGIN,))
    return "".join(token.text for token in drawn)


def test_a_topic_is_a_telling_word_of_the_prompt() -> None:
    assert topics("Explain backpropagation in two sentences.") == ["backpropagation"]


def test_there_is_always_a_topic() -> None:
    assert topics("") == topics("hi") == ["the question"]


@pytest.mark.parametrize("prompt", PROMPTS)
def test_an_answer_speaks_of_the_topic(prompt: str) -> None:
    beginning = " ".join(_greedy(prompt).split()[:8])
    assert any(topic in beginning for topic in topics(prompt))


def test_different_prompts_get_different_answers() -> None:
    assert len({_greedy(prompt) for prompt in PROMPTS}) == len(PROMPTS)


@given(st.text(max_size=300))
def test_the_length_is_between_18_and_58_tokens_for_any_prompt(prompt: str) -> None:
    leaning = opening(ngrams.load(), prompt, ANSWER_OPENINGS).leaning
    assert 18 <= leaning.length < 58


def test_words_that_the_corpus_knows_are_favoured() -> None:
    begin = opening(ngrams.load(), "Tell me of the garden", ANSWER_OPENINGS)
    assert begin.leaning.favoured[begin.model.index[" garden"]] > 0
