from __future__ import annotations

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepshi_jupyter.offline.ngrams import corpus
from deepshi_jupyter.offline.tokens import count_tokens, token_id, tokenize


@given(st.text())
def test_tokens_join_to_the_text_they_came_from(text: str) -> None:
    assert "".join(tokenize(text)) == text


@given(st.text())
def test_counting_agrees_with_splitting(text: str) -> None:
    assert count_tokens(text) == len(tokenize(text))


@given(st.text())
def test_no_text_has_more_tokens_than_characters_or_fewer_than_a_sixteenth(text: str) -> None:
    assert len(text) / 16 <= count_tokens(text) <= len(text)


def test_prose_has_about_four_characters_a_token() -> None:
    prose = corpus()
    assert 3.5 < len(prose) / count_tokens(prose) < 5.5


@pytest.mark.parametrize("text", ["abcdefgh" * 500, "Zm9vYmFy" * 500])
def test_a_very_long_word_has_about_four_characters_a_token(text: str) -> None:
    assert 3 < len(text) / count_tokens(text) <= 4


def test_a_word_carries_the_space_before_it() -> None:
    assert tokenize("The sea, quiet") == ["The", " sea", ",", " quiet"]


def test_a_long_word_falls_into_pieces() -> None:
    assert tokenize("a supercalifragilistic day") == (
        ["a", " supe", "rcal", "ifra", "gili", "stic", " day"]
    )


def test_scripts_without_spaces_count_by_character() -> None:
    assert tokenize("海は青い") == ["海", "は", "青", "い"]


def test_indentation_is_one_token() -> None:
    assert tokenize("if x:\n        y") == ["if", " x", ":", "\n", "        ", "y"]


def test_an_id_is_the_crc_of_the_token() -> None:
    assert token_id(" garden") == zlib.crc32(b" garden") == 3743047595


def test_the_tokens_of_the_corpus_have_different_ids() -> None:
    tokens = set(tokenize(corpus()))
    assert len({token_id(token) for token in tokens}) == len(tokens)
