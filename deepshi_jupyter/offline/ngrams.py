"""An interpolated n-gram model over the corpus: from a context to a log-probability of every token.

Each order mixes the counts that it has with the order below it, by Witten and Bell's rule
(https://doi.org/10.1109/18.87000): a context that was followed by many different tokens trusts
itself less. The lowest order covers the whole vocabulary, so every token always has a probability.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final, NamedTuple

from deepshi_jupyter.offline.tokens import tokenize

VERSION: Final = 1
"""Counts up when equal requests no longer get equal texts; part of the fingerprint."""

ORDER: Final = 3
"""The model looks back at most ``ORDER - 1`` tokens."""

BEGIN: Final = -1
"""Stands in a context for the beginning of an answer; it is no token and is never sampled."""

_SMOOTHING: Final = 0.2
_NOVEL_COUNT: Final = 0.05

Context = tuple[int, ...]


class Followers(NamedTuple):
    """What came after a context, and how often."""

    total: float
    counts: Mapping[int, float]


@dataclass(frozen=True)
class NGrams:
    """The tables of a model; adding openings gives a new one and leaves this one as it is."""

    vocabulary: tuple[str, ...]
    index: Mapping[str, int]
    log_unigrams: tuple[float, ...]
    followers: Mapping[Context, Followers]

    def logits(self, context: Sequence[int]) -> list[float]:
        """Score every token of the vocabulary as the next one.

        Args:
            context: Indices of the tokens so far, `BEGIN` first while it is near; only the last
                few count, but the whole when it is the beginning of an opening phrase.

        Returns:
            Natural logarithms of probabilities, up to one constant, by index.
        """
        scores = list(self.log_unigrams)
        backed, backoff = self._interpolate(context)
        for index, probability in backed.items():
            scores[index] = math.log(probability / backoff + math.exp(scores[index]))
        return scores

    def _interpolate(self, context: Sequence[int]) -> tuple[dict[int, float], float]:
        """Give what the contexts add to some tokens, and the weight left to the unigrams."""
        backed: dict[int, float] = {}
        backoff = 1.0
        for known in _contexts(tuple(context)):
            found = self.followers.get(known)
            if found is None:
                continue
            unseen = _SMOOTHING * len(found.counts)
            keep = unseen / (found.total + unseen)
            backed = {index: value * keep for index, value in backed.items()}
            backoff *= keep
            for index, count in found.counts.items():
                backed[index] = backed.get(index, 0.0) + count / (found.total + unseen)
        return backed, backoff

    def with_openings(self, phrases: Iterable[tuple[Sequence[str], float]]) -> NGrams:
        """Add phrases that an answer may begin with.

        They are followed from `BEGIN` on and have no part in the text after them.

        Args:
            phrases: Tokens of each phrase, and how often it counts.

        Returns:
            A new model; tokens that were not known are at the end of its vocabulary.
        """
        index = dict(self.index)
        openings: _Counts = defaultdict(lambda: defaultdict(float))
        for tokens, weight in phrases:
            path = [BEGIN, *(index.setdefault(token, len(index)) for token in tokens)]
            for place in range(1, len(path)):
                openings[tuple(path[:place])][path[place]] += weight
        novel = list(index)[len(self.vocabulary) :]
        floor = math.log(_NOVEL_COUNT) + min(self.log_unigrams)
        return NGrams(
            (*self.vocabulary, *novel),
            index,
            (*self.log_unigrams, *[floor] * len(novel)),
            {**self.followers, **_totalled(openings)},
        )


_Counts = dict[Context, dict[int, float]]


def _contexts(before: Context) -> list[Context]:
    """Give the ends of a context to look up, the shortest first, and the whole of it."""
    ends = [before[-length:] for length in range(1, min(ORDER, len(before) + 1))]
    return [*ends, before] if len(before) >= ORDER else ends


def _totalled(counts: _Counts) -> dict[Context, Followers]:
    return {context: Followers(sum(found.values()), found) for context, found in counts.items()}


def _counted(indices: Sequence[int]) -> _Counts:
    """Count each token after the contexts of every length before it."""
    counts: _Counts = defaultdict(lambda: defaultdict(float))
    for place in range(1, len(indices)):
        for length in range(1, min(ORDER, place + 1)):
            counts[tuple(indices[place - length : place])][indices[place]] += 1.0
    return counts


def corpus() -> str:
    """Read the prose that the model learns from: one line a paragraph, a blank line between.

    Returns:
        The text of ``corpus.txt``, unwrapped.
    """
    text = files("deepshi_jupyter.offline").joinpath("corpus.txt").read_text(encoding="utf-8")
    return re.sub(r"(?<!\n)\n(?!\n)", " ", text.strip())


@cache
def load() -> NGrams:
    """Build the model from the corpus, once a process.

    Returns:
        The tables.
    """
    text = corpus()
    stream = tokenize(text)
    frequency: dict[str, int] = defaultdict(int)
    for token in stream:
        frequency[token] += 1
    vocabulary = tuple(sorted(frequency, key=lambda token: (-frequency[token], token)))
    index = {token: place for place, token in enumerate(vocabulary)}
    counts = _counted([index[token] for token in stream])
    for paragraph in text.split("\n\n"):
        counts[(BEGIN,)][index[tokenize(paragraph)[0]]] += 1.0
    return NGrams(
        vocabulary,
        index,
        tuple(math.log(frequency[token] / len(stream)) for token in vocabulary),
        _totalled(counts),
    )


@cache
def fingerprint() -> str:
    """Name this version of corpus and sampler, as ``system_fingerprint`` gives it.

    Returns:
        ``fp_offline_`` and ten hexadecimal digits.
    """
    digest = hashlib.sha256(f"{VERSION}\n{corpus()}".encode()).hexdigest()
    return f"fp_offline_{digest[:10]}"
