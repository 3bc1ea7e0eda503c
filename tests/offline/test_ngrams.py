from __future__ import annotations

import math
from collections.abc import Iterator

import pytest

from deepshi_jupyter.offline import ngrams
from deepshi_jupyter.offline.ngrams import BEGIN, NGrams
from deepshi_jupyter.offline.tokens import tokenize


@pytest.fixture
def model() -> NGrams:
    return ngrams.load()


def _probabilities(model: NGrams, context: list[str]) -> dict[str, float]:
    scores = model.logits([model.index[token] for token in context])
    whole = sum(math.exp(score) for score in scores)
    return {
        token: math.exp(score) / whole
        for token, score in zip(model.vocabulary, scores, strict=True)
    }


@pytest.mark.parametrize("context", [[], [" the"], [" the", " garden"], [" garden", " garden"]])
def test_every_token_has_a_probability_in_every_context(model: NGrams, context: list[str]) -> None:
    assert all(probability > 0 for probability in _probabilities(model, context).values())


def test_what_followed_in_the_corpus_is_likelier_than_what_did_not(model: NGrams) -> None:
    after = _probabilities(model, [" there", " is"])
    assert after[" a"] > 20 * after[" garden"]


def test_a_context_that_never_occurred_falls_back_to_the_shorter_one(model: NGrams) -> None:
    assert model.logits([model.index[" garden"], model.index[" the"]]) == (
        model.logits([model.index[" the"]])
    )


def test_the_corpus_is_prose_of_the_promised_size() -> None:
    assert 10_000 < len(ngrams.corpus()) < 20_000
    assert "\n\n" in ngrams.corpus()
    assert not any(line.endswith(" ") for line in ngrams.corpus().splitlines())


def test_an_opening_phrase_is_followed_from_the_beginning(model: NGrams) -> None:
    phrase = tokenize("On zebras there is")
    extended = model.with_openings([(phrase, 1000.0)])
    path = [BEGIN]
    for token in phrase:
        scores = extended.logits(path)
        path.append(max(range(len(scores)), key=scores.__getitem__))
        assert extended.vocabulary[path[-1]] == token


def test_an_opening_phrase_has_no_part_in_the_text_after_it(model: NGrams) -> None:
    extended = model.with_openings([(tokenize("On zebras there is"), 1000.0)])
    after = extended.logits([extended.index[" there"]])
    assert after[: len(model.vocabulary)] == model.logits([model.index[" there"]])


def test_openings_leave_the_model_as_it_is(model: NGrams) -> None:
    before = model.vocabulary, model.logits([BEGIN])
    model.with_openings([(tokenize("On zebras"), 1000.0)])
    assert (model.vocabulary, model.logits([BEGIN])) == before


@pytest.fixture
def _forgetful() -> Iterator[None]:
    ngrams.fingerprint.cache_clear()
    yield
    ngrams.fingerprint.cache_clear()


@pytest.mark.usefixtures("_forgetful")
def test_the_fingerprint_changes_with_the_version_of_the_sampler(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = ngrams.fingerprint()
    ngrams.fingerprint.cache_clear()
    monkeypatch.setattr(ngrams, "VERSION", ngrams.VERSION + 1)
    assert ngrams.fingerprint() != before


@pytest.mark.usefixtures("_forgetful")
def test_the_fingerprint_changes_with_the_corpus(monkeypatch: pytest.MonkeyPatch) -> None:
    before = ngrams.fingerprint()
    ngrams.fingerprint.cache_clear()
    monkeypatch.setattr(ngrams, "corpus", lambda: "Another text.")
    assert ngrams.fingerprint() != before
