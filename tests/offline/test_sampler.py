from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from itertools import islice, pairwise
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepshi_jupyter.offline import ngrams
from deepshi_jupyter.offline.ngrams import BEGIN
from deepshi_jupyter.offline.sampler import (
    SENTENCE_ENDS,
    Leaning,
    Sampled,
    Settings,
    choose,
    forced,
    nucleus,
    sample,
)
from deepshi_jupyter.offline.tokens import token_id

SEEDS = range(40)


def _draw(settings: Settings, seed: int = 1, length: int = 40) -> list[Sampled]:
    leaning = Leaning(length=length)
    return list(sample(ngrams.load(), settings, leaning, Random(seed), (BEGIN,)))


def _text(settings: Settings, seed: int = 1, length: int = 40) -> str:
    return "".join(token.text for token in _draw(settings, seed, length))


def _entropy(items: Iterable[object]) -> float:
    counts = Counter(items)
    whole = counts.total()
    return -sum(count / whole * math.log2(count / whole) for count in counts.values())


def test_the_entropy_of_the_answers_grows_with_the_temperature() -> None:
    entropies = [
        _entropy(
            token.text for seed in SEEDS for token in _draw(Settings(temperature=heat), seed)[:20]
        )
        for heat in (0.0, 0.4, 1.0, 2.0)
    ]
    assert all(low + 0.3 < high for low, high in pairwise(entropies))


def test_the_same_random_numbers_give_the_same_text() -> None:
    assert _text(Settings(), 7) == _text(Settings(), 7)


def test_different_random_numbers_give_different_texts() -> None:
    assert len({_text(Settings(), seed) for seed in SEEDS}) == len(SEEDS)


def test_temperature_zero_needs_no_random_numbers() -> None:
    assert len({_text(Settings(temperature=0), seed) for seed in SEEDS}) == 1


def test_a_hardly_positive_temperature_is_greedy() -> None:
    assert {choose([0.0, 1e-9], Settings(temperature=1e-300), Random(seed)) for seed in SEEDS} == {
        1
    }


def test_a_narrow_top_p_leaves_fewer_different_tokens() -> None:
    def variety(top_p: float) -> int:
        settings = Settings(temperature=1.5, top_p=top_p)
        return len({token.text for seed in SEEDS for token in _draw(settings, seed)[:20]})

    assert variety(0.1) < variety(0.6) < variety(1.0)


def test_top_p_zero_leaves_the_likeliest_token() -> None:
    assert _text(Settings(top_p=0)) == _text(Settings(temperature=0))


def _penalised(name: str, value: float, **others: Any) -> Settings:
    return Settings(**{name: value, **others})


@pytest.mark.parametrize("penalty", ["frequency_penalty", "presence_penalty"])
def test_penalties_make_repeats_rarer(penalty: str) -> None:
    def repeats(value: float) -> int:
        settings = _penalised(penalty, value)
        drawn = [_draw(settings, seed, length=60)[:60] for seed in SEEDS]
        return sum(len(tokens) - len({token.text for token in tokens}) for tokens in drawn)

    assert repeats(2) < repeats(0) < repeats(-2)


def test_the_frequency_penalty_grows_with_each_repeat_and_the_other_does_not() -> None:
    scores = {"frequency_penalty": 0, "presence_penalty": 0}
    for penalty in scores:
        settings = _penalised(penalty, 1.5, temperature=0)
        counts = Counter(token.text for token in _draw(settings, length=150)[:150])
        scores[penalty] = counts.most_common(1)[0][1]
    assert scores["frequency_penalty"] < scores["presence_penalty"]


def test_a_bias_of_minus_100_bans_a_token() -> None:
    banned = Settings(logit_bias={token_id(" the"): -100})
    assert not any(token.text == " the" for seed in SEEDS for token in _draw(banned, seed))


def test_a_bias_of_100_leaves_nothing_else() -> None:
    wanted = Settings(logit_bias={token_id(" garden"): 100})
    drawn = islice(sample(ngrams.load(), wanted, Leaning(), Random(1), (BEGIN,)), 5)
    assert [token.text for token in drawn] == [" garden"] * 5


def test_a_bias_for_a_token_that_there_is_not_does_nothing() -> None:
    assert _text(Settings(logit_bias={1: 100})) == _text(Settings())


def test_a_text_ends_with_a_sentence_after_its_length() -> None:
    for seed in SEEDS:
        tokens = _draw(Settings(), seed, length=30)
        assert tokens[-1].text in SENTENCE_ENDS
        assert 30 < len(tokens) < 120


def test_log_probabilities_are_only_worked_out_when_asked_for() -> None:
    assert all(token.logprob == 0 and token.top == () for token in _draw(Settings()))


def test_log_probabilities_are_those_of_the_model_at_any_setting() -> None:
    cool = _draw(Settings(temperature=0, top_logprobs=3))
    model = ngrams.load()
    scores = model.logits((BEGIN,))
    whole = math.log(sum(math.exp(score) for score in scores))
    assert cool[0].logprob == pytest.approx(max(scores) - whole)
    assert [round(value, 9) for _, value in cool[0].top] == (
        [round(score - whole, 9) for score in sorted(scores, reverse=True)[:3]]
    )


def test_greedy_tokens_are_the_first_of_their_alternatives() -> None:
    for token in _draw(Settings(temperature=0, top_logprobs=2)):
        assert token.top[0] == (token.text, token.logprob)
        assert token.top[0][1] >= token.top[1][1]


def test_all_alternatives_together_are_certain() -> None:
    vocabulary = len(ngrams.load().vocabulary)
    for token in _draw(Settings(top_logprobs=vocabulary))[:5]:
        assert sum(math.exp(value) for _, value in token.top) == pytest.approx(1)


def test_drawing_follows_the_distribution() -> None:
    scores = [math.log(0.5), math.log(0.3), math.log(0.2)]
    rng = Random(1)
    drawn = Counter(choose(scores, Settings(), rng) for _ in range(4000))
    assert [round(drawn[index] / 4000, 1) for index in range(3)] == [0.5, 0.3, 0.2]


def test_temperature_divides_the_scores() -> None:
    rng = Random(1)
    scores = [2 * math.log(0.7), 2 * math.log(0.3)]
    drawn = Counter(choose(scores, Settings(temperature=2), rng) for _ in range(4000))
    assert round(drawn[0] / 4000, 1) == 0.7


weights = st.lists(st.floats(0, 1), min_size=1).filter(lambda values: sum(values) > 0)


@given(weights, st.floats(0, 1))
def test_a_nucleus_is_the_fewest_of_the_likeliest_that_reach_the_share(
    values: list[float], top_p: float
) -> None:
    kept = nucleus(values, top_p)
    inside = [index for index, weight in enumerate(kept) if weight > 0]
    assert inside, "a nucleus is never empty"
    assert sum(kept) >= top_p * sum(values) * (1 - 1e-9)
    outside = [value for value, weight in zip(values, kept, strict=True) if weight == 0]
    assert min(kept[index] for index in inside) >= max(outside, default=0)


def test_forced_text_is_certain() -> None:
    assert [token.logprob for token in forced("Two words")] == [0, 0]
    assert "".join(token.text for token in forced("Two words")) == "Two words"
