from __future__ import annotations

import json
from typing import Any

import pytest

from deepshi_jupyter import Client
from deepshi_jupyter.core.events import Finish, ReasoningDelta, TextDelta, ToolCallDelta
from deepshi_jupyter.core.reply import Reply
from deepshi_jupyter.core.request import Messages
from tests.real.matters import Question, able
from tests.real.servers import NAMES, Server
from tests.real.shells import Address, Answered, Shell


def options(server: Server, question: Question, **more: Any) -> dict[str, Any]:
    return {"model": question.model or server.model, **question.parameters, **more}


@pytest.fixture
def answered(server: Server, question: Question, shell: Shell, address: Address) -> Answered:
    return shell.ask(address, question.prompt, **options(server, question))


@able("text")
def test_the_text_is_what_was_sent_piece_by_piece(question: Question, answered: Answered) -> None:
    pieces = [event.text for event in answered.events if isinstance(event, TextDelta)]
    assert len(pieces) > 1
    assert "".join(pieces) == answered.reply.text
    assert answered.reply.text == (question.text or answered.reply.text)


@able("text")
def test_a_whole_answer_is_complete_and_knows_its_call(
    server: Server, question: Question, address: Address, answered: Answered
) -> None:
    reply = answered.reply
    assert (reply.status, reply.finish_reason) == ("complete", "stop")
    assert Finish("stop") in answered.events
    assert reply.endpoint == address.base_url
    assert reply.model
    assert reply.id
    assert [attempt.status for attempt in reply.attempts] == [200]
    assert reply.request["messages"] == [{"role": "user", "content": question.prompt}]


@able("characters of several bytes")
def test_characters_of_several_bytes_arrive_whole(question: Question, answered: Answered) -> None:
    assert answered.reply.text == question.text
    for event in answered.events:
        if isinstance(event, TextDelta):
            event.text.encode()  # half of a surrogate pair cannot be encoded


@able("text")
def test_tokens_are_counted(answered: Answered) -> None:
    usage = answered.reply.usage
    assert usage is not None
    assert usage.prompt_tokens
    assert usage.completion_tokens
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens


@able("cost")
def test_the_cost_is_read_where_it_is_reported(answered: Answered) -> None:
    assert answered.reply.usage is not None
    assert answered.reply.cost == cost_in(answered.reply.usage.raw["cost"])
    assert answered.reply.cost


def cost_in(raw: Any) -> float:
    """The contract has an object; aimock's second address a number, as OpenRouter does."""
    return float(raw["total_cost"] if isinstance(raw, dict) else raw)


@pytest.mark.parametrize("server", ["mlx"], indirect=True)
def test_no_cost_is_made_up_where_none_is_reported(
    server: Server, shell: Shell, address: Address
) -> None:
    assert shell.ask(address, "go:plain", model=server.model).reply.cost is None


@able("reasoning")
def test_reasoning_comes_apart_from_the_answer_whatever_its_field_is_called(
    server: Server, question: Question, shell: Shell, address: Address
) -> None:
    answered = shell.ask(
        address, question.prompt, **options(server, question, model=server.reasoner)
    )
    thoughts = [event.text for event in answered.events if isinstance(event, ReasoningDelta)]
    assert answered.reply.reasoning == "".join(thoughts)
    assert answered.reply.reasoning.strip()
    assert answered.reply.text
    assert question.reasoning in (None, answered.reply.reasoning)
    assert question.text in (None, answered.reply.text)
    assert "reasoning" not in answered.reply.message


@able("one tool call")
def test_a_tool_call_arrives_with_its_arguments(question: Question, answered: Answered) -> None:
    assert_calls(question, answered)


@able("two tool calls")
def test_two_tool_calls_arrive_apart(question: Question, answered: Answered) -> None:
    assert_calls(question, answered)
    first, second = answered.reply.tool_calls
    assert first.id != second.id


def assert_calls(question: Question, answered: Answered) -> None:
    reply = answered.reply
    assert (reply.status, reply.finish_reason) == ("complete", "tool_calls")
    assert [call.name for call in reply.tool_calls] == [name for name, _ in question.calls]
    assert question.text in (None, reply.text)
    for place, (call, (_, arguments)) in enumerate(
        zip(reply.tool_calls, question.calls, strict=True)
    ):
        assert call.id
        assert arguments in (None, json.loads(call.arguments))
        assert isinstance(json.loads(call.arguments), dict)
        assert joined(answered, place) == call.arguments


def joined(answered: Answered, place: int) -> str:
    pieces = [event for event in answered.events if isinstance(event, ToolCallDelta)]
    return "".join(piece.arguments for piece in pieces if piece.position == place)


@able("one tool call")
def test_the_result_of_a_tool_is_taken_back(
    server: Server, question: Question, shell: Shell, address: Address, answered: Answered
) -> None:
    (call,) = answered.reply.tool_calls
    conversation: Messages = [
        {"role": "user", "content": question.prompt},
        answered.reply,
        {"role": "tool", "tool_call_id": call.id, "content": '{"degrees": 21}'},
    ]
    reply = shell.ask(address, conversation, **options(server, question)).reply
    assert reply.status == "complete"
    assert reply.text


@able("JSON")
def test_a_json_answer_is_read(question: Question, answered: Answered) -> None:
    assert answered.reply.finish_reason == "stop"
    assert set(answered.reply.json) >= {"city", "n"}
    assert question.text in (None, answered.reply.text)


@able("stop")
def test_an_answer_ends_before_a_stop_text(question: Question, answered: Answered) -> None:
    assert (answered.reply.text, answered.reply.finish_reason) == (question.text, "stop")


@able("max_tokens")
def test_an_answer_that_meets_its_limit_says_so(question: Question, answered: Answered) -> None:
    assert (answered.reply.status, answered.reply.finish_reason) == ("complete", "length")
    assert question.text in (None, answered.reply.text)


@able("seed")
def test_an_equal_seed_repeats_an_answer_and_another_does_not(
    server: Server, question: Question, shell: Shell, address: Address
) -> None:
    def draw(seed: int) -> str:
        asked = options(server, question, seed=seed)
        return shell.ask(address, question.prompt, **asked).reply.text

    assert draw(3) == draw(3)
    assert draw(3) != draw(4)


@able("text", "characters of several bytes", "reasoning", "one tool call", "two tool calls", "JSON")
def test_an_answer_that_is_not_streamed_says_the_same(
    server: Server, question: Question, shell: Shell, address: Address
) -> None:
    asked = options(server, question)
    streamed = shell.ask(address, question.prompt, **asked).reply
    whole = shell.ask(address, question.prompt, stream=False, **asked).reply
    if server.name == "any":  # its answers may differ from call to call
        assert (whole.status, whole.finish_reason) == (streamed.status, streamed.finish_reason)
    else:
        assert said(whole) == said(streamed)


def said(reply: Reply) -> dict[str, Any]:
    """All that a reply says, without the ids, which differ from call to call."""
    names = ("text", "reasoning", "finish_reason", "status", "model")
    calls = [(call.name, json.loads(call.arguments)) for call in reply.tool_calls]
    return {name: getattr(reply, name) for name in names} | {"calls": calls}


@pytest.mark.parametrize("server", NAMES, indirect=True)
def test_several_questions_go_through_one_client(server: Server, address: Address) -> None:
    with Client(**address.settings) as client:
        for _ in range(3):
            reply = client.ask("go:plain", model=server.model)
            assert (reply.status, len(reply.attempts)) == ("complete", 1)


@pytest.mark.parametrize("server", NAMES, indirect=True)
def test_the_models_are_listed(server: Server, shell: Shell, address: Address) -> None:
    listed = [model.id for model in shell.models(address)]
    assert listed
    assert all(listed)


@able("stopping")
def test_an_answer_that_is_stopped_keeps_what_came_and_the_server_goes_on(
    server: Server, question: Question, shell: Shell, address: Address
) -> None:
    asked = options(server, question)
    reply = shell.stop_after(address, question.prompt, 1, **asked)
    assert reply.status == "interrupted"
    assert reply.text or reply.reasoning
    assert shell.ask(address, "go:plain", model=server.model).reply.status == "complete"
