"""Shares, distinct answers, and Krippendorff's alpha."""

from __future__ import annotations

import builtins
from collections import Counter
from typing import Any, Literal, TypedDict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepshi_jupyter.comparison.agreement import agreement, alphas, collapsed
from deepshi_jupyter.comparison.comparison import Comparison
from deepshi_jupyter.errors import ConfigurationError, DeepshiWarning
from tests.comparison.rows import failed, row

Label = Literal["yes", "no"]


class Labels(TypedDict):
    """Labels of several texts, as one answer."""

    labels: list[Label]


texts = st.lists(st.sampled_from(["a", "b", "c", "d"]), max_size=30)


@given(texts, st.integers(0, 5))
def test_the_share_is_that_of_the_most_frequent_answer(given_texts: list[str], bad: int) -> None:
    rows = [row(text) for text in given_texts] + [failed("no")] * bad
    found = agreement(rows)
    counts = Counter(given_texts)
    assert (found.answers, found.failed, found.distinct) == (len(given_texts), bad, len(counts))
    if not given_texts:
        assert found.share is None
    else:
        assert found.share == counts.most_common(1)[0][1] / len(given_texts)
        assert 1 / found.distinct <= found.share <= 1


@given(texts)
def test_collapsing_loses_no_answer_and_begins_with_the_most_frequent(
    given_texts: list[str],
) -> None:
    groups = collapsed(row(text) for text in given_texts)
    assert {answer.text: count for answer, count in groups} == Counter(given_texts)
    assert [count for _, count in groups] == sorted((c for _, c in groups), reverse=True)


def test_answers_of_a_schema_agree_by_value_and_not_by_spelling() -> None:
    rows = [row(text, schema=Labels) for text in ('{"labels":["yes"]}', '{ "labels": [ "yes" ] }')]
    assert agreement(rows).distinct == 1


def test_an_answer_of_another_form_is_a_failure_and_stays_apart() -> None:
    rows = [row('{"labels": ["yes"]}', schema=Labels), row("yes", schema=Labels)]
    assert (agreement(rows).answers, agreement(rows).failed) == (1, 1)
    assert [answer.is_whole for answer, _ in collapsed(rows)] == [True, False]


def labels_of(*answers: str) -> list[tuple[int, Any]]:
    """Answers that label several texts at once; ``y`` and ``n`` in each are its labels."""
    words = {"y": '"yes"', "n": '"no"'}
    return [
        (0, row(f'{{"labels": [{", ".join(words[c] for c in answer)}]}}', schema=Labels))
        for answer in answers
    ]


def test_alpha_is_that_of_the_definition() -> None:
    """Two coders, four units, one disagreement: 1 - 0.25 / (2 · 3 · 5 / (8 · 7))."""
    found = alphas(labels_of("yynn", "yynn"))
    assert found == {"labels[]": pytest.approx(1.0)}
    found = alphas(labels_of("yynn", "ynnn"))
    assert found == {"labels[]": pytest.approx(1 - 0.25 / (2 * 3 * 5 / (8 * 7)))}


@given(st.lists(st.text("yn", min_size=4, max_size=4), min_size=2, max_size=6))
def test_alpha_is_at_most_1_and_does_not_depend_on_the_order_of_samples(
    answers: list[str],
) -> None:
    (one,) = alphas(labels_of(*answers)).values()
    (other,) = alphas(labels_of(*reversed(answers))).values()
    assert one == (None if other is None else pytest.approx(other))
    assert one is None or one <= 1 + 1e-12
    if one is None:
        assert len({label for answer in answers for label in answer}) == 1


def test_alpha_is_undefined_where_all_is_the_same_or_one_unit_alone() -> None:
    assert alphas(labels_of("yy", "yy")) == {"labels[]": None}
    assert alphas(labels_of("y", "n")) == {}


def test_with_several_prompts_a_plain_label_has_an_alpha_for_each_other_setting() -> None:
    settings = [{"prompt": p, "temperature": t} for p in ("one", "two") for t in (0, 1)]
    answers = [["yes", "yes"], ["yes", "no"], ["no", "no"], ["no", "no"]]
    rows = [
        row(f'{{"value": "{text}"}}', number, sample, schema=Label)
        for number, texts in enumerate(answers)
        for sample, text in enumerate(texts)
    ]
    comparison = Comparison(settings, rows)
    assert comparison.alpha(0) == comparison.alpha(2) == {"answer": pytest.approx(1.0)}
    assert comparison.alpha(1) == {"answer": pytest.approx(1 - 0.5 / (2 * 1 * 3 / (4 * 3)))}
    assert list(comparison.agreement["alpha answer"]) == pytest.approx([1.0, 0.0, 1.0, 0.0])


def test_without_the_library_the_rest_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *more: Any, **how: Any) -> Any:
        if name == "krippendorff":
            raise ImportError(name)
        return real(name, *more, **how)

    comparison = Comparison([{"seed": 1}], [answer for _, answer in labels_of("yn", "yn")])
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ConfigurationError, match="pip install krippendorff"):
        comparison.alpha(0)
    with pytest.warns(DeepshiWarning, match="No alpha"):
        frame = comparison.agreement
    assert list(frame["share"]) == [1.0]
    assert "alpha labels[]" not in frame
