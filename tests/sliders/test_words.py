"""Values, prices and texts as a reader sees them."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepshi_jupyter.core.estimate import Estimate
from deepshi_jupyter.settings import Settings
from deepshi_jupyter.sliders.stop_text import as_field, from_field
from deepshi_jupyter.sliders.words import in_words, price_of_a_change, set_line


@pytest.mark.parametrize(
    ("estimate", "words"),
    [
        (None, "not priced"),
        (Estimate(10), "not priced"),
        (Estimate(10, low=0.0021, high=0.0021), "≈ $0.0021 a change"),
        (Estimate(10, low=0.0000024, high=0.0123), "≈ $0.0000024–0.012 a change"),
        (Estimate(10, low=1.5), "at least ≈ $1.50 a change"),
        (Estimate(10, low=0.0, high=0.0), "≈ $0 a change"),
    ],
)
def test_a_change_has_a_price(estimate: Estimate | None, words: str) -> None:
    assert price_of_a_change(estimate) == words


def test_values_stand_in_the_order_of_the_controls() -> None:
    assert in_words({"seed": 3, "temperature": 0.7}) == "temperature 0.7 · seed 3"


@given(st.lists(st.text(min_size=1), min_size=1, max_size=4), st.integers())
def test_the_line_that_sets_defaults_sets_them(texts: list[str], seed: int) -> None:
    settings = Settings()
    _, _, *words = shlex.split(set_line({"stop": texts, "seed": seed}))
    for word in words:
        name, _, value = word.partition("=")
        settings.set(name, value)
    assert settings.parameters == {"stop": texts, "seed": seed}


@given(st.text())
def test_a_text_comes_back_from_its_field(text: str) -> None:
    assert "\n" not in as_field(text)
    assert from_field(as_field(text)) == text


def test_a_line_end_is_typed_as_in_python() -> None:
    assert from_field(r"\n\n") == "\n\n"
    assert from_field(r"C:\\new") == r"C:\new"
