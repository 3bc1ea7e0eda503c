"""The sampler: what temperature, top_p, penalties, logit_bias and the random numbers do.

A step takes the model's scores of all tokens, lets the request's settings act on them, and draws
one token. Log-probabilities are those of the model before the settings act, as servers of this
family report them, so they can be compared between settings.

Nothing here is random by itself: the `random.Random` is given, and equal ones give equal texts.
"""

from __future__ import annotations

import heapq
import math
from bisect import bisect
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, count
from typing import TYPE_CHECKING, Final, NamedTuple

from deepshi_jupyter.offline.ngrams import NGrams
from deepshi_jupyter.offline.tokens import token_id, tokenize

if TYPE_CHECKING:
    from random import Random

SENTENCE_ENDS: Final = frozenset({".", "?", "!"})

_URGE_PER_TOKEN: Final = 0.25
_GREATEST_URGE: Final = 12.0
_REPEAT_CONTEXT: Final = 3
_REPEAT_COST: Final = (
    3.0  # saying four tokens again; keeps the likeliest text from going in circles
)
_LONGEST_CONTEXT: Final = 15  # more than the longest opening phrase


class Sampled(NamedTuple):
    """One token, its log-probability, and the likeliest tokens in its place."""

    text: str
    logprob: float = 0.0
    top: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True)
class Settings:
    """The sampling parameters of a request (API contract, "Request body").

    Args:
        temperature: 0 takes the likeliest token; up to 2 flattens the distribution.
        top_p: Draw only among the likeliest tokens that together have this probability.
        frequency_penalty: Taken off a token's score for each time it occurred, −2 to 2.
        presence_penalty: Taken off once when it occurred at all, −2 to 2.
        logit_bias: Added to the score of tokens, by `token_id`, −100 to 100.
        top_logprobs: How many alternatives to report for each token, 0 to 20; None reports no
            log-probabilities and saves the work.
    """

    temperature: float = 1.0
    top_p: float = 1.0
    frequency_penalty: float = 0.0
    presence_penalty: float = 0.0
    logit_bias: Mapping[int, float] = field(default_factory=dict)
    top_logprobs: int | None = None


@dataclass(frozen=True)
class Leaning:
    """What a prompt does to the text: which words it favours and how long the text becomes.

    Args:
        favoured: Added to the score of tokens, by index in the model's vocabulary.
        length: After so many tokens the text ends with its sentence, and more and more tends to.
    """

    favoured: Mapping[int, float] = field(default_factory=dict)
    length: int = 40


def forced(text: str) -> Iterator[Sampled]:
    """Give a text that is not drawn, token by token, each with probability 1."""
    for token in tokenize(text):
        yield Sampled(token, 0.0, ((token, 0.0),))


def sample(
    model: NGrams,
    settings: Settings,
    leaning: Leaning,
    rng: Random,
    context: Sequence[int],
) -> Iterator[Sampled]:
    """Draw a text token by token, until it ends by itself at the end of a sentence.

    Args:
        model: Scores the next token.
        settings: The sampling parameters.
        leaning: What the prompt favours, and the length at which the text may end.
        rng: Gives the random numbers, one a token; none at temperature 0.
        context: Indices of what stands before the text.

    Yields:
        The tokens.
    """
    biases = _biases(model, settings.logit_bias)
    enders = [model.index[mark] for mark in SENTENCE_ENDS if mark in model.index]
    seen: Counter[int] = Counter()
    said: dict[tuple[int, ...], list[int]] = {}
    recent = tuple(context)
    for length in count():
        scores = model.logits(recent)
        _lean(scores, leaning, enders, length)
        for index in said.get(recent[-_REPEAT_CONTEXT:], ()):
            scores[index] -= _REPEAT_COST
        chosen = choose(_penalised(scores, seen, biases, settings), settings, rng)
        yield _report(model, scores, chosen, settings.top_logprobs)
        if length >= leaning.length and model.vocabulary[chosen] in SENTENCE_ENDS:
            return
        seen[chosen] += 1
        said.setdefault(recent[-_REPEAT_CONTEXT:], []).append(chosen)
        recent = (*recent[-_LONGEST_CONTEXT:], chosen)


def _biases(model: NGrams, logit_bias: Mapping[int, float]) -> dict[int, float]:
    if not logit_bias:
        return {}
    ids = ((index, token_id(token)) for index, token in enumerate(model.vocabulary))
    return {index: logit_bias[token] for index, token in ids if token in logit_bias}


def _lean(scores: list[float], leaning: Leaning, enders: Sequence[int], length: int) -> None:
    """Let the prompt's words and the growing length act on the model's scores."""
    for index, boost in leaning.favoured.items():
        scores[index] += boost
    if length > leaning.length:
        urge = min(_GREATEST_URGE, _URGE_PER_TOKEN * (length - leaning.length))
        for index in enders:
            scores[index] += urge


def _penalised(
    scores: list[float], seen: Counter[int], biases: Mapping[int, float], settings: Settings
) -> list[float]:
    if not biases and not settings.frequency_penalty and not settings.presence_penalty:
        return scores
    result = list(scores)
    for index, times in seen.items():
        result[index] -= settings.frequency_penalty * times + settings.presence_penalty
    for index, bias in biases.items():
        result[index] += bias
    return result


def choose(scores: Sequence[float], settings: Settings, rng: Random) -> int:
    """Draw an index from scores by temperature and top_p.

    Args:
        scores: Natural logarithms of weights.
        settings: Of these, ``temperature`` and ``top_p`` count.
        rng: Asked for one number, unless the temperature is 0.

    Returns:
        The index drawn; at temperature 0 the first of the greatest.
    """
    greatest = max(scores)
    if settings.temperature == 0:
        return scores.index(greatest)
    weights = [math.exp((score - greatest) / settings.temperature) for score in scores]
    if settings.top_p < 1:
        weights = nucleus(weights, settings.top_p)
    cumulative = list(accumulate(weights))
    place = bisect(cumulative, rng.random() * cumulative[-1])
    return min(place, len(weights) - 1)


def nucleus(weights: Sequence[float], top_p: float) -> list[float]:
    """Keep the likeliest tokens that together reach a share, at least one.

    Args:
        weights: What each token weighs, not negative.
        top_p: The share, 0 to 1.

    Returns:
        The weights, with 0 for each token outside of the nucleus.
    """
    kept = [0.0] * len(weights)
    missing = top_p * sum(weights)
    for index in sorted(range(len(weights)), key=weights.__getitem__, reverse=True):
        kept[index] = weights[index]
        missing -= weights[index]
        if missing <= 0:
            break
    return kept


def _report(model: NGrams, scores: list[float], chosen: int, top: int | None) -> Sampled:
    text = model.vocabulary[chosen]
    if top is None:
        return Sampled(text)
    greatest = max(scores)
    whole = greatest + math.log(sum(math.exp(score - greatest) for score in scores))
    likeliest = heapq.nlargest(top, range(len(scores)), key=scores.__getitem__)
    alternatives = tuple((model.vocabulary[index], scores[index] - whole) for index in likeliest)
    return Sampled(text, scores[chosen] - whole, alternatives)
