from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepshi_jupyter.offline.refusal import Refusal
from deepshi_jupyter.offline.request import parse
from tests.offline.asking import body, user

TOOL = {"type": "function", "function": {"name": "add"}}
CALL = {"id": "c1", "type": "function", "function": {"name": "add", "arguments": "{}"}}
CALLING = {"role": "assistant", "content": None, "tool_calls": [CALL]}
RESULT = {"role": "tool", "tool_call_id": "c1", "content": "3"}


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"model": None}, "model"),
        ({"messages": []}, "messages"),
        ({"messages": "hi"}, "messages"),
        ({"messages": [{"role": "robot", "content": "x"}]}, "messages[0].role"),
        ({"messages": [{"content": "x"}]}, "messages[0].role"),
        ({"messages": [{"role": "user"}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": None}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": []}]}, "messages[0].content"),
        (
            {"messages": [{"role": "user", "content": [{"type": "sound"}]}]},
            "messages[0].content[0].type",
        ),
        ({"messages": [{"role": "assistant"}]}, "messages[0]"),
        ({"messages": [RESULT]}, "messages[0].tool_call_id"),
        ({"messages": [user(), CALLING]}, "messages"),
        ({"messages": [user(), CALLING, user()]}, "messages[2]"),
        ({"messages": [user(), CALLING, RESULT, RESULT]}, "messages[3].tool_call_id"),
        ({"temperature": 2.1}, "temperature"),
        ({"temperature": -0.1}, "temperature"),
        ({"temperature": "0.5"}, "temperature"),
        ({"temperature": True}, "temperature"),
        ({"top_p": 1.5}, "top_p"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"max_tokens": 1.5}, "max_tokens"),
        ({"max_completion_tokens": 0}, "max_completion_tokens"),
        ({"max_tokens": 5, "max_completion_tokens": 6}, "max_tokens"),
        ({"stop": ["a", "b", "c", "d", "e"]}, "stop"),
        ({"stop": 5}, "stop"),
        ({"n": 0}, "n"),
        ({"frequency_penalty": 2.5}, "frequency_penalty"),
        ({"presence_penalty": -2.5}, "presence_penalty"),
        ({"logit_bias": {"5": 101}}, "logit_bias[...]"),
        ({"logit_bias": {"word": 1}}, "logit_bias"),
        ({"top_logprobs": 2}, "top_logprobs"),
        ({"logprobs": True, "top_logprobs": 21}, "top_logprobs"),
        ({"stream": "yes"}, "stream"),
        ({"stream_options": {"include_usage": True}}, "stream_options"),
        ({"response_format": {"type": "yaml"}}, "response_format.type"),
        (
            {"response_format": {"type": "json_schema", "json_schema": {"schema": {}}}},
            "response_format.json_schema.name",
        ),
        ({"tools": []}, "tools"),
        ({"tools": [{"type": "function"}]}, "tools[0].function"),
        ({"tools": [{"type": "function", "function": {"name": "a b"}}]}, "tools[0].function.name"),
        ({"tools": [TOOL, TOOL]}, "tools"),
        ({"tool_choice": "auto"}, "tool_choice"),
        ({"tools": [TOOL], "tool_choice": "perhaps"}, "tool_choice"),
        (
            {
                "tools": [TOOL],
                "tool_choice": {"type": "function", "function": {"name": "subtract"}},
            },
            "tool_choice",
        ),
    ],
)
def test_a_bad_field_is_refused_by_name(fields: dict[str, Any], param: str) -> None:
    with pytest.raises(Refusal) as caught:
        parse(body(**fields))
    assert (caught.value.status, caught.value.param) == (400, param)
    assert caught.value.message


@pytest.mark.parametrize("data", [b"", b"{", b"null", b"[]", b"\xff", b'{"model": "\\ud800"}'])
def test_a_body_that_is_no_json_object_is_refused(data: bytes) -> None:
    with pytest.raises(Refusal) as caught:
        parse(data)
    assert caught.value.status == 400


@given(st.binary())
def test_no_body_makes_the_parser_fail_otherwise(data: bytes) -> None:
    with pytest.raises(Refusal):
        parse(data)


def test_a_missing_field_is_named() -> None:
    with pytest.raises(Refusal, match="'messages' is missing") as caught:
        parse(b'{"model": "offline-chat"}')
    assert caught.value.param == "messages"


def test_unknown_fields_are_ignored() -> None:
    assert parse(body(metadata={"a": 1}, top_k=3, reasoning={"effort": "low"}))


def test_null_is_as_good_as_absent() -> None:
    request = parse(body(temperature=None, stop=None, tools=None, n=None, stream=None))
    assert request == parse(body())


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
def test_the_limit_has_two_names(name: str) -> None:
    assert parse(body(**{name: 5})).limit == 5


def test_one_stop_is_as_good_as_a_list_and_an_empty_one_never_matches() -> None:
    assert parse(body(stop="END")).stops == ("END",)
    assert parse(body(stop=["END", ""])).stops == ("END",)


def test_a_whole_tool_conversation_is_accepted() -> None:
    request = parse(
        body(
            messages=[
                {"role": "system", "content": "Be brief."},
                {"role": "developer", "content": [{"type": "text", "text": "Very."}]},
                user(),
                CALLING,
                RESULT,
                {"role": "assistant", "content": ""},
                user(),
            ],
            tools=[TOOL],
        )
    )
    assert len(request.messages) == 7
