from __future__ import annotations

import pytest

from deepshi_jupyter.core.catalogue import Price
from deepshi_jupyter.core.reply import Attempt, Choice, Reply, ToolCall
from deepshi_jupyter.core.usage import read_usage
from deepshi_jupyter.display.answer import Answer
from deepshi_jupyter.display.footer import dollars, explanations, footer

TOKENS = {"prompt_tokens": 1204, "completion_tokens": 340}


def reply(text: str = "Hi", **fields: object) -> Reply:
    finish = fields.pop("finish", "stop")
    refusal, calls = fields.pop("refusal", ""), fields.pop("tool_calls", ())
    choice = Choice(text=text, finish_reason=finish, refusal=refusal, tool_calls=calls)  # type: ignore[arg-type]
    known = {"choices": (choice,), "model": "deepshi-3.0", "duration": 1.94}
    return Reply(**{**known, **fields})  # type: ignore[arg-type]


def test_it_says_model_time_tokens_cost_and_why_it_ended() -> None:
    usage = read_usage({**TOKENS, "cost": {"total_cost": 0.00135}})
    line = footer(Answer(reply=reply(usage=usage, time_to_first_token=0.41)))
    assert line == (
        "deepshi-3.0 · 1.9 s (0.4 s to first token) · 1,204 in / 340 out · $0.00135 · stop"
    )


def test_a_cost_that_was_not_reported_is_estimated_and_marked() -> None:
    usage = read_usage(TOKENS)
    assert "≈ $0.00144" in footer(Answer(reply=reply(usage=usage), price=Price(0.2, 3.5271)))
    assert "$" not in footer(Answer(reply=reply(usage=usage)))


def test_what_came_from_the_cache_or_went_into_reasoning_is_said() -> None:
    details = {
        "prompt_tokens_details": {"cached_tokens": 1000},
        "completion_tokens_details": {"reasoning_tokens": 300},
    }
    line = footer(Answer(reply=reply(usage=read_usage({**TOKENS, **details}))))
    assert "1,204 in (1,000 cached) / 340 out (300 reasoning)" in line


def test_tries_and_inserted_values_are_counted() -> None:
    attempts = tuple(Attempt(i, 200, None, 0.0, 0.1) for i in (1, 2, 3))
    line = footer(Answer(reply=reply(attempts=attempts), inserted=2))
    assert "3 tries · 2 values inserted" in line


def test_the_embedded_endpoint_says_what_it_is() -> None:
    line = footer(Answer(reply=reply(model="offline-chat")))
    assert line.startswith("offline-chat (embedded endpoint, not a language model)")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"finish": "length"}, "Cut at max_tokens. Raise it"),
        ({"finish": "length", "text": ""}, "All of max_tokens went into reasoning"),
        ({"finish": "content_filter"}, "content filter"),
        ({"refusal": "No.", "text": ""}, "refused"),
        ({"text": ""}, "answered with nothing"),
        ({"status": "unconfirmed"}, "without saying why"),
        ({"status": "truncated", "finish": None}, "broke off"),
        ({"status": "interrupted", "finish": None}, "You stopped"),
        ({"notices": ("m ignores top_p.",)}, "m ignores top_p."),
    ],
)
def test_what_is_unusual_is_explained_in_one_line(fields: dict[str, object], words: str) -> None:
    (sentence,) = explanations(Answer(reply=reply(**fields)))  # type: ignore[arg-type]
    assert words in sentence


def test_a_usual_answer_and_one_that_calls_tools_need_no_explanation() -> None:
    assert explanations(Answer(reply=reply())) == []
    call = ToolCall("a", "f", "{}")
    assert explanations(Answer(reply=reply(text="", tool_calls=(call,)))) == []


@pytest.mark.parametrize(
    ("amount", "text"), [(0.00135, "$0.00135"), (1234.5, "$1,234.50"), (0.0, "$0.00000")]
)
def test_dollars_have_enough_digits(amount: float, text: str) -> None:
    assert dollars(amount) == text
