from __future__ import annotations

import re
from random import Random

import pytest

from deepshi_jupyter.offline.pattern_sample import PatternError, sample_pattern

PATTERNS = [
    "",
    "abc",
    r"^\d{4}-\d{2}-\d{2}$",
    r"^[A-Z]{2}[0-9]{3,5}(-[a-f]+)?$",
    r"^(?:red|green|blue)$",
    r"^(?P<a>x)(y|z)*$",
    r"^#[0-9a-fA-F]{6}$",
    r"^[^\s@]+@[^\s@]+\.[a-z]{2,}$",
    r"^\+?[1-9]\d{1,14}$",
    r"^\S+( \S+){0,2}$",
    r"[\w.-]+",
    r"^[]a]+$",
    r"^\u0041\x42$",
    r"^a{2}b{0}c?$",
    r"^.+\.(png|jpe?g)$",
    r"^[\d\-]+?$",
    "^a{1,1000000000}$",
]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_sample_matches_its_pattern(pattern: str) -> None:
    for seed in range(30):
        assert re.search(pattern, sample_pattern(pattern, Random(seed)))


@pytest.mark.parametrize(
    "pattern", ["(?=a)b", r"(a)\1", "a)", "(a", "[a", r"\bword", "a\\", "^b^a$", "a{99999}"]
)
def test_what_cannot_be_sampled_is_said(pattern: str) -> None:
    with pytest.raises((PatternError, re.error)):
        sample_pattern(pattern, Random(1))


def test_equal_random_numbers_give_equal_samples() -> None:
    assert len({sample_pattern(PATTERNS[3], Random(5)) for _ in range(5)}) == 1
