from __future__ import annotations

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepshi_jupyter.core import tokens
from deepshi_jupyter.core.tokens import (
    ANSWER_TOKENS,
    LEAST_IMAGE_TOKENS,
    MESSAGE_TOKENS,
    MOST_IMAGE_TOKENS,
    TOOL_CALL_TOKENS,
    UNSEEN_IMAGE_TOKENS,
    estimate_image_tokens,
    estimate_messages,
    estimate_tokens,
)
from tests.attachments.images import drawn, png_header
from tests.core.known_texts import KNOWN

OVERHEAD = MESSAGE_TOKENS + ANSWER_TOKENS


@pytest.mark.parametrize("name", ["prose", "code", "JSON", "table", "numbers", "formula"])
def test_english_code_and_tables_are_estimated_within_15_percent(name: str) -> None:
    known = KNOWN[name]
    estimated = estimate_tokens(known.text)
    assert estimated == pytest.approx(known.o200k, rel=0.15)
    assert estimated == pytest.approx(known.cl100k, rel=0.15)


@pytest.mark.parametrize("name", ["German", "Russian", "Chinese", "Japanese", "Korean"])
def test_other_languages_are_estimated_within_a_third(name: str) -> None:
    known = KNOWN[name]
    estimated = estimate_tokens(known.text)
    assert estimated == pytest.approx(known.o200k, rel=0.3)
    assert 0.64 * known.cl100k <= estimated <= 1.1 * known.cl100k


def test_a_quarter_of_the_characters_would_be_further_off() -> None:
    def error(guess: float, known: int) -> float:
        return abs(guess / known - 1)

    ours = sum(error(estimate_tokens(k.text), k.o200k) for k in KNOWN.values())
    quarter = sum(error(len(k.text) / 4, k.o200k) for k in KNOWN.values())
    assert ours < quarter / 3


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        (" ", 1),
        ("a", 1),
        ("The cat sat.", 4),
        ("12345678", 3),
        ("\n" * 40, 1),
        (" " * 40, 1),
        ("x = 1\n", 5),
        ("😀", 2),
    ],
)
def test_short_texts_come_to_whole_tokens(text: str, count: int) -> None:
    assert estimate_tokens(text) == count


@given(st.text())
def test_every_text_costs_something_and_no_more_than_two_for_each_character(text: str) -> None:
    assert (1 if text else 0) <= estimate_tokens(text) <= 2 * len(text)


@given(st.lists(st.sampled_from([KNOWN[name].text for name in KNOWN if name != "German"])))
def test_texts_in_a_row_cost_about_the_sum_of_each(texts: list[str]) -> None:
    apart = sum(estimate_tokens(text) for text in texts)
    assert estimate_tokens("\n".join(texts)) == pytest.approx(apart, rel=0.1, abs=4)


def test_every_kind_of_piece_has_a_cost() -> None:
    kinds = set(tokens._PIECE.groupindex)
    assert kinds - set(tokens._COSTS) == {"word", "accented"}


def test_a_message_costs_more_than_its_text() -> None:
    text = KNOWN["prose"].text
    one = [{"role": "user", "content": text}]
    assert estimate_messages(one) == estimate_tokens(text) + OVERHEAD
    assert estimate_messages(one * 3) == 3 * (estimate_tokens(text) + MESSAGE_TOKENS) + 3
    assert estimate_messages([]) == ANSWER_TOKENS


def test_names_refusals_and_tool_calls_count() -> None:
    call = {"function": {"name": "weather", "arguments": '{"city": "Bern"}'}}
    message = {"role": "assistant", "content": None, "tool_calls": [call], "name": "weather"}
    expected = TOOL_CALL_TOKENS + estimate_tokens('{"city": "Bern"}') + 2 + OVERHEAD
    assert estimate_messages([message]) == expected


@pytest.mark.parametrize(
    "message",
    [
        {"role": "user"},
        {"role": "user", "content": [1, "two", {"type": "input_audio"}, {"text": 3}]},
        {"role": "user", "content": "", "tool_calls": "none", "name": 5},
        {"role": "user", "content": "", "tool_calls": [None, {}, {"function": None}]},
    ],
)
def test_what_is_not_known_costs_nothing(message: dict[str, Any]) -> None:
    assert estimate_messages([message]) == OVERHEAD


def image(data: bytes, **more: str) -> dict[str, Any]:
    url = f"data:image/png;base64,{base64.b64encode(data).decode()}"
    return {"role": "user", "content": [{"type": "image_url", "image_url": {"url": url, **more}}]}


def test_an_image_costs_by_its_pixels_and_not_by_its_bytes() -> None:
    assert estimate_messages([image(drawn("PNG", (750, 600)))]) == 600 + OVERHEAD
    assert estimate_messages([image(drawn("JPEG", (750, 600)))]) == 600 + OVERHEAD
    heavy = image(png_header(750, 600) + bytes(100_000))
    assert estimate_messages([heavy]) == 600 + OVERHEAD


def test_an_image_has_a_least_and_a_highest_cost() -> None:
    assert estimate_image_tokens(1, 1) == LEAST_IMAGE_TOKENS
    assert estimate_image_tokens(100_000, 100_000) == MOST_IMAGE_TOKENS
    low = image(drawn("PNG", (750, 600)), detail="low")
    assert estimate_messages([low]) == LEAST_IMAGE_TOKENS + OVERHEAD


@pytest.mark.parametrize(
    "url", ["https://example.org/a.png", "data:image/png;base64,AAAA", "data:x;base64,é", "", None]
)
def test_an_image_that_cannot_be_seen_from_here_costs_a_thousand(url: str | None) -> None:
    part = {"type": "image_url", "image_url": {"url": url}}
    message = {"role": "user", "content": [part, {"type": "text", "text": "Hi"}]}
    assert estimate_messages([message]) == UNSEEN_IMAGE_TOKENS + 1 + OVERHEAD
