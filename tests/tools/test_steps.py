from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepshi_jupyter.core.reply import Choice, Reply, ToolCall
from deepshi_jupyter.errors import CallError, InputError, StreamCutError
from deepshi_jupyter.tools import Finished, RunTools, ToolResult, next_step

USER = {"role": "user", "content": "How much rain?"}
FIRST = ToolCall("a", "rainfall", '{"city":"Bern"}', {"extra_content": {"signature": "s"}})
SECOND = ToolCall("b", "rainfall", '{"city": "Basel"}')


def reply(
    *calls: ToolCall, reason: str | None = "tool_calls", text: str = "", **fields: Any
) -> Reply:
    return Reply(choices=(Choice(text=text, finish_reason=reason, tool_calls=calls),), **fields)


def result(identity: str, text: str = "7 mm") -> ToolResult:
    return ToolResult(identity, "rainfall", "{}", text)


def run_tools(messages: list[dict[str, Any]], answer: Reply) -> RunTools:
    step = next_step(messages, answer)
    assert isinstance(step, RunTools)
    return step


@pytest.mark.parametrize("reason", ["stop", "tool_calls", "length", None])
def test_a_reply_without_calls_is_the_answer(reason: str | None) -> None:
    answer = reply(reason=reason, text="7 mm")
    assert next_step([USER], answer) == Finished(answer)


@pytest.mark.parametrize("reason", ["tool_calls", "stop", "function_call"])
def test_calls_are_run_whatever_the_finish_reason_says(reason: str) -> None:
    assert run_tools([USER], reply(FIRST, reason=reason)).calls == (FIRST,)


@pytest.mark.parametrize("status", ["truncated", "interrupted", "unconfirmed"])
def test_calls_of_a_reply_that_is_not_whole_are_never_run(status: Any) -> None:
    answer = reply(FIRST, status=status)
    with pytest.raises(StreamCutError, match=status) as caught:
        next_step([USER], answer)
    assert caught.value.partial is answer


@pytest.mark.parametrize("reason", ["length", "content_filter"])
def test_calls_of_a_reply_that_the_service_cut_are_never_run(reason: str) -> None:
    with pytest.raises(CallError, match=f"{reason}.*not run"):
        next_step([USER], reply(FIRST, reason=reason))


def test_the_calls_go_back_as_they_came_followed_by_the_results_in_their_order() -> None:
    answer = reply(FIRST, SECOND, text="Let me see.")
    messages = run_tools([USER], answer).messages([result("b", "2"), result("a", "1")])
    assert messages == [
        {
            "role": "assistant",
            "content": "Let me see.",
            "tool_calls": [
                {
                    "id": "a",
                    "type": "function",
                    "function": {"name": "rainfall", "arguments": '{"city":"Bern"}'},
                    "extra_content": {"signature": "s"},
                },
                {
                    "id": "b",
                    "type": "function",
                    "function": {"name": "rainfall", "arguments": '{"city": "Basel"}'},
                },
            ],
        },
        {"role": "tool", "tool_call_id": "a", "content": "1"},
        {"role": "tool", "tool_call_id": "b", "content": "2"},
    ]


def test_signed_reasoning_goes_back_with_the_calls() -> None:
    segment = {"type": "reasoning.encrypted", "data": "xyz"}
    choice = Choice(finish_reason="tool_calls", tool_calls=(FIRST,), reasoning_details=(segment,))
    messages = run_tools([USER], Reply(choices=(choice,))).messages([result("a")])
    assert messages[0]["reasoning_details"] == [segment]


def test_calls_without_an_id_get_one_that_is_new_in_the_conversation() -> None:
    bare = ToolCall(None, "rainfall", "{}")
    step = run_tools([USER], reply(bare, bare))
    identities = [call.id for call in step.calls]
    assert identities == ["call_1_1", "call_1_2"]
    messages = [USER, *step.messages([result(str(name)) for name in identities]), USER]
    assert run_tools(messages, reply(bare)).calls[0].id == "call_2_1"
    assert [message["tool_call_id"] for message in messages[2:4]] == identities


def test_each_call_has_one_result() -> None:
    step = run_tools([USER], reply(FIRST, SECOND))
    with pytest.raises(InputError, match="'b' has no result"):
        step.messages([result("a")])
    with pytest.raises(InputError, match="'c' belongs to no call"):
        step.messages([result("a"), result("b"), result("c")])


def test_calls_that_share_an_id_keep_their_results_apart_by_order() -> None:
    step = run_tools([USER], reply(FIRST, FIRST))
    messages = step.messages([result("a", "1"), result("a", "2")])
    assert [message["content"] for message in messages[1:]] == ["1", "2"]


@given(st.integers(1, 5), st.integers(0, 3))
def test_the_rounds_are_bounded_and_counted_from_the_last_question(most: int, earlier: int) -> None:
    def ask_for_tools(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
        step = next_step(messages, reply(FIRST), most_rounds=most)
        assert isinstance(step, RunTools)
        return [*messages, *step.messages([result("a")])]

    messages = [USER]
    for _ in range(min(earlier, most)):
        messages = ask_for_tools(messages)
    messages.append(USER)
    for _ in range(most):
        messages = ask_for_tools(messages)
    with pytest.raises(CallError, match=f"{most + 1} times in a row; {most} are allowed"):
        next_step(messages, reply(FIRST), most_rounds=most)
    assert isinstance(next_step(messages, reply(text="7 mm")), Finished)
