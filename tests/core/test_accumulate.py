"""Chunks, or one whole answer → choices, and the events on the way."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepshi_jupyter.core.accumulate import Accumulator
from deepshi_jupyter.core.events import (
    Event,
    Finish,
    ImageDelta,
    ReasoningDelta,
    RefusalDelta,
    TextDelta,
    ToolCallDelta,
    UsageReport,
)
from deepshi_jupyter.core.reply import Choice
from tests.core.json_values import ANY_OBJECT


def delta(finish: str | None = None, index: int = 0, **fields: Any) -> dict[str, Any]:
    return {"choices": [{"index": index, "delta": fields, "finish_reason": finish}]}


def gathered(*chunks: dict[str, Any]) -> tuple[Accumulator, list[Event]]:
    answer = Accumulator()
    events = [event for chunk in chunks for event in answer.add(chunk)]
    return answer, [*events, *answer.flush()]


def first(*chunks: dict[str, Any]) -> Choice:
    return gathered(*chunks)[0].choices()[0]


def test_text_in_pieces_is_one_text_and_one_event_a_piece() -> None:
    answer, events = gathered(
        delta(role="assistant", content=""), delta(content="Hi"), delta(content="!"), delta("stop")
    )
    assert events == [TextDelta("Hi"), TextDelta("!"), Finish("stop")]
    assert answer.choices() == (Choice(text="Hi!", finish_reason="stop"),)
    assert answer.finished


def test_a_whole_answer_gives_the_same_choice_as_its_chunks() -> None:
    call = {"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    message = {"role": "assistant", "content": "Hi", "reasoning": "hm", "tool_calls": [call]}
    whole = first({"choices": [{"message": message, "finish_reason": "tool_calls"}]})
    chunks = first(
        delta(reasoning="h"),
        delta(reasoning="m"),
        delta(content="Hi"),
        delta("tool_calls", tool_calls=[{"index": 0, **call}]),
    )
    assert whole == chunks


def test_whole_calls_without_an_index_stay_apart() -> None:
    calls = [{"function": {"name": "f", "arguments": ""}}, {"function": {"name": "g"}}]
    choice = first({"choices": [{"message": {"tool_calls": calls}}]})
    assert [call.name for call in choice.tool_calls] == ["f", "g"]


@pytest.mark.parametrize(
    "part",
    [
        {"delta": {"content": "Hi"}, "message": {"content": "Hi"}},
        {"message": {"content": "Hi"}},
        {"delta": None, "message": {"content": "Hi"}},
        {"index": None, "delta": {"content": "Hi"}},
        {"index": "0", "delta": {"content": [{"type": "text", "text": "Hi"}]}},
    ],
)
def test_a_text_that_comes_as_delta_or_message_or_both_comes_once(part: dict[str, Any]) -> None:
    assert first({"choices": [part]}).text == "Hi"


def test_a_message_after_deltas_does_not_repeat_them() -> None:
    message = {"choices": [{"index": 0, "message": {"content": "Hi"}, "finish_reason": "stop"}]}
    assert first(delta(content="Hi"), message) == Choice(text="Hi", finish_reason="stop")


@pytest.mark.parametrize(
    "fields",
    [
        {"reasoning": "hm"},
        {"reasoning_content": "hm"},
        {"reasoning": "hm", "reasoning_content": "hm"},
        {"reasoning": "", "reasoning_content": "hm"},
        {"reasoning_details": [{"type": "reasoning.text", "text": "hm"}]},
        {"reasoning": "hm", "reasoning_details": [{"type": "reasoning.text", "text": "hm"}]},
    ],
)
def test_thinking_in_any_spelling_is_told_once(fields: dict[str, Any]) -> None:
    answer, events = gathered(delta(**fields))
    assert events == [ReasoningDelta("hm")]
    assert answer.choices()[0].reasoning == "hm"


def test_reasoning_segments_are_kept_as_they_came() -> None:
    segments = [{"type": "reasoning.encrypted", "data": "x", "index": 0}, {"signature": "s"}]
    assert first(delta(reasoning_details=segments)).reasoning_details == tuple(segments)


def test_refusals_and_images_are_told_and_kept() -> None:
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA"}}
    answer, events = gathered(delta(refusal="I "), delta(refusal="cannot."), delta(images=[image]))
    assert events == [RefusalDelta("I "), RefusalDelta("cannot."), ImageDelta(image)]
    assert answer.choices() == (Choice(refusal="I cannot.", images=(image,)),)


def test_the_old_function_call_is_a_tool_call() -> None:
    answer, events = gathered(
        delta(function_call={"name": "f", "arguments": "{"}),
        delta("function_call", function_call={"arguments": "}"}),
    )
    assert events[0] == ToolCallDelta(0, None, "f", "{")
    (call,) = answer.choices()[0].tool_calls
    assert (call.id, call.name, call.arguments) == (None, "f", "{}")


def test_logprobs_are_gathered_over_the_chunks() -> None:
    chunks = [{"choices": [{"delta": {}, "logprobs": {"content": [{"token": t}]}}]} for t in "ab"]
    assert first(*chunks).logprobs == ({"token": "a"}, {"token": "b"})


def test_several_choices_stay_apart_and_come_by_index() -> None:
    answer, _ = gathered(
        delta(index=1, content="Yo"), delta(index=0, content="Hi"), delta("stop", index=0)
    )
    assert [choice.text for choice in answer.choices()] == ["Hi", "Yo"]
    assert not answer.finished
    answer.add(delta("length", index=1))
    assert answer.finished


def test_nothing_is_finished_before_anything_began() -> None:
    assert not Accumulator().finished


def test_the_last_usage_counts() -> None:
    answer, events = gathered({"usage": {"prompt_tokens": 1}}, {"usage": {"prompt_tokens": 2}})
    assert answer.usage is not None
    assert answer.usage.prompt_tokens == 2
    assert len([event for event in events if isinstance(event, UsageReport)]) == 2


def test_the_first_name_of_an_answer_counts() -> None:
    answer, _ = gathered(
        {"id": "", "model": None, "created": None},
        {"id": "c1", "model": "m", "created": 5, "system_fingerprint": "fp"},
        {"id": "c2", "model": "other", "created": 6, "system_fingerprint": "other"},
    )
    named = (answer.id, answer.model, answer.created, answer.system_fingerprint)
    assert named == ("c1", "m", 5, "fp")


def test_a_half_character_is_shown_before_the_finish_that_ends_it() -> None:
    _, events = gathered(delta(content="a\ud83d"), delta("stop"))
    assert events == [TextDelta("a"), TextDelta("\ufffd"), Finish("stop")]


def test_a_half_character_that_nothing_ended_is_shown_at_the_end() -> None:
    _, events = gathered(delta(content="a\ud83d", reasoning="r\ud83d", refusal="f\ud83d"))
    assert events[3:] == [ReasoningDelta("\ufffd"), TextDelta("\ufffd"), RefusalDelta("\ufffd")]


@given(st.lists(ANY_OBJECT, max_size=5))
def test_chunks_of_any_form_are_read_without_an_error_and_can_be_saved(
    chunks: list[dict[str, Any]],
) -> None:
    answer, _ = gathered(*chunks)
    for choice in answer.choices():
        json.dumps(choice.message, ensure_ascii=False).encode()
        json.dumps([*choice.images, *choice.logprobs], ensure_ascii=False).encode()
        (choice.text + choice.reasoning + choice.refusal + (choice.finish_reason or "")).encode()
    f"{answer.id}{answer.model}{answer.system_fingerprint}".encode()
