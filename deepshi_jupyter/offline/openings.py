"""What a prompt does to an answer: its topics, the opening phrases about them, the length.

The sampler knows nothing about the world, but different questions should get different answers.
So the longest words of the question are its topics, a handful of opening phrases about each are
added to the n-gram tables for this one answer, and words that the corpus shares with the question
are favoured. All of it acts on the distribution; nothing is pasted into the text.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from deepshi_jupyter.offline.ngrams import NGrams
from deepshi_jupyter.offline.sampler import Leaning
from deepshi_jupyter.offline.tokens import tokenize

ANSWER_OPENINGS: Final = (
    "About {topic} there is a good deal to say.",
    "As for {topic}, it is",
    "With {topic} it is the same.",
    "To speak of {topic} is to",
    "A note on {topic}: the",
    "Of {topic} we know that the",
    "When you look at {topic}, you",
    "Somebody who asks about {topic} has",
    "First of all, {topic} is",
    "Where there is {topic}, there is",
)
"""How an answer may begin."""

THOUGHT_OPENINGS: Final = (
    "The question is about {topic}. First",
    "So what is {topic}? It is",
    "Begin with {topic}, then look at the",
    "Somebody wants to know about {topic}. The",
)
"""How a thinking trace may begin."""

_MOST_TOPICS: Final = 3
_OPENING_WEIGHT: Final = 300.0
_FAVOUR: Final = 1.2
_SHORTEST: Final = 18
_SPREAD: Final = 40
_WORD: Final = re.compile(r"[^\W\d_]{4,40}")
_EVERYDAY: Final = """
    about above after again also answer been before below between both briefly code could describe
    does each every explain from function give have having hello here into just keep like list
    long look looks make many more most much must name only other over please reply same sentence
    sentences shall short should show some such summarise summarize take tell than thank thanks that
    their them then there these they thing this those three very want well were what when where
    which while will with word words would write your yours
"""
_EVERYDAY_WORDS: Final = frozenset(_EVERYDAY.split())


class Opening(NamedTuple):
    """The model and the leaning for one text."""

    model: NGrams
    leaning: Leaning


def topics(prompt: str) -> list[str]:
    """Find what a prompt is about: its longest words that are not everyday ones.

    Args:
        prompt: The last thing the user said.

    Returns:
        Up to three words as they are written there, the longest first; never empty.
    """
    words = dict.fromkeys(_WORD.findall(prompt))
    telling = [word for word in words if word.lower() not in _EVERYDAY_WORDS]
    return sorted(telling, key=len, reverse=True)[:_MOST_TOPICS] or ["the question"]


def opening(model: NGrams, prompt: str, phrases: Sequence[str]) -> Opening:
    """Prepare the model for a text that answers a prompt.

    Args:
        model: The tables of the corpus.
        prompt: The last thing the user said.
        phrases: How the text may begin, with ``{topic}`` in each.

    Returns:
        The extended tables, and what the prompt favours.
    """
    draw = _draws(prompt)
    subjects = topics(prompt)
    weighted = [
        (tokenize(phrase.format(topic=subject)), _OPENING_WEIGHT * next(draw) ** 3 / (place + 1))
        for place, subject in enumerate(subjects)
        for phrase in phrases
    ]
    extended = model.with_openings(weighted)
    favoured = {
        extended.index[token]: _FAVOUR
        for word in _WORD.findall(prompt)
        if word.lower() not in _EVERYDAY_WORDS
        for token in (f" {word}", f" {word.lower()}")
        if token in extended.index
    }
    return Opening(extended, Leaning(favoured, _SHORTEST + int(_SPREAD * next(draw))))


def _draws(prompt: str) -> Iterator[float]:
    """Give numbers from 0 to 1 that depend on the prompt and on nothing else.

    They are no part of the sampling, so that an answer at temperature 0 does not depend on the
    seed.
    """
    count = 0
    while True:
        digest = hashlib.sha256(f"{count}\n{prompt}".encode("utf-8", "surrogatepass")).digest()
        for place in range(0, 32, 4):
            yield int.from_bytes(digest[place : place + 4], "big") / 2**32
        count += 1
