from __future__ import annotations

from typing import Any

import pytest

from deepshi_jupyter.offline.catalogue import CHAT, REASONER, TOOLS
from deepshi_jupyter.offline.deltas import Finish
from deepshi_jupyter.offline.request import parse
from deepshi_jupyter.offline.tokens import count_tokens
from deepshi_jupyter.offline.usage import count_prompt, usage_of
from tests.offline.asking import ask, body, user


def test_tokens_are_added_up_over_the_choices() -> None:
    usage = usage_of(REASONER, 10, 0, [Finish("stop", 7, 3), Finish("length", 5, 5)])
    assert usage["completion_tokens"] == 12
    assert usage["completion_tokens_details"] == {"reasoning_tokens": 8}
    assert usage["total_tokens"] == 22


def test_the_cost_is_what_the_catalogue_says() -> None:
    usage = usage_of(CHAT, 1_000_000, 400_000, [Finish("stop", 500_000, 0)])
    assert usage["cost"]["total_cost"] == pytest.approx(0.6 * 0.20 + 0.4 * 0.05 + 0.5 * 0.80)


def test_the_cost_of_a_few_tokens_is_exact() -> None:
    assert usage_of(CHAT, 3, 0, [Finish("stop", 1, 0)])["cost"] == {"total_cost": 0.0000014}


def _prompt(messages: list[dict[str, Any]], **fields: Any) -> tuple[int, int]:
    return count_prompt(parse(body(messages=messages, **fields)), TOOLS)


def test_a_prompt_counts_its_words_and_four_tokens_a_message() -> None:
    assert _prompt([user("one two three")]) == (7, 0)


def test_tools_count_where_they_can_be_called() -> None:
    tools = [{"type": "function", "function": {"name": "add", "description": "Adds numbers."}}]
    request = parse(body(messages=[user("hi")], tools=tools))
    assert count_prompt(request, TOOLS)[0] > count_prompt(request, CHAT)[0]


def test_a_conversation_counts_as_cached_up_to_the_last_reply_in_whole_blocks() -> None:
    long = "word " * 50
    first = user(long)
    reply = {"role": "assistant", "content": "Yes."}
    tokens, cached = _prompt([first, reply, user("And?")])
    seen = count_tokens(long) + 4
    assert cached == seen // 16 * 16 > 0
    assert tokens > seen


def test_usage_of_an_answer_counts_its_tokens() -> None:
    given = ask(seed=1)
    said = given["choices"][0]["message"]["content"]
    usage = given["usage"]
    assert usage["completion_tokens"] == count_tokens(said)
    assert usage["prompt_tokens"] + usage["completion_tokens"] == usage["total_tokens"]
