"""Prompt or messages and parameters → a checked request."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepshi_jupyter.core.catalogue import Catalogue, Model
from deepshi_jupyter.core.parameters import PARAMETERS
from deepshi_jupyter.core.reply import Choice, Reply, ToolCall
from deepshi_jupyter.core.request import (
    ROLES,
    Messages,
    build_request,
    check_messages,
    parameter_notices,
)
from deepshi_jupyter.errors import InvalidRequestError, UnknownModelError

USER = {"role": "user", "content": "hello"}
RICH = Catalogue(
    (
        Model("deepshi-3.0", sampling_parameters=frozenset({"temperature", "max_tokens"})),
        Model("deepshi-2.0", features=frozenset({"json_mode"})),
    )
)
PLAIN = Catalogue((Model("llama3"), Model("qwen")))


def body(messages: Messages = "hello", **options: Any) -> dict[str, Any]:
    return build_request(messages, **{"model": "m", **options}).body


def refusal(messages: Any = "hello", **options: Any) -> InvalidRequestError:
    with pytest.raises(InvalidRequestError) as caught:
        build_request(messages, **{"model": "m", **options})
    return caught.value


def test_a_prompt_becomes_one_user_message_and_asks_for_usage() -> None:
    assert body("hello", parameters={"seed": 7, "temperature": None}) == {
        "model": "m",
        "messages": [USER],
        "seed": 7,
        "stream": True,
        "stream_options": {"include_usage": True},
    }


def test_without_a_stream_neither_stream_nor_its_options_are_sent() -> None:
    request = build_request("hello", model="m", stream=False)
    assert request.body == {"model": "m", "messages": [USER]}
    assert not request.stream


def test_the_bytes_are_utf8_json_in_the_order_of_the_contract() -> None:
    request = build_request("Grüezi 😀", model="m", stream=False, parameters={"seed": 1})
    assert request.encode() == (
        '{"model":"m","messages":[{"role":"user","content":"Grüezi 😀"}],"seed":1}'.encode()
    )


@pytest.mark.parametrize("role", ROLES)
def test_every_role_is_accepted(role: str) -> None:
    message = {"role": role, "content": "x", "tool_call_id": "a", "name": "n"}
    assert check_messages([message]) == [message]


@pytest.mark.parametrize(
    "message", ["hello", None, 5, {}, {"content": "x"}, {"role": "bot", "content": "x"}]
)
def test_a_message_without_a_role_of_the_api_is_refused(message: Any) -> None:
    error = refusal([USER, message])
    assert error.what.startswith("Message 2 has the role")
    assert "user" in error.what


@pytest.mark.parametrize("messages", [None, 5, b"hello", USER, Reply()])
def test_what_is_neither_a_text_nor_a_list_is_refused(messages: Any) -> None:
    assert f"of type {type(messages).__name__}" in refusal(messages).what


@pytest.mark.parametrize("content", [None, 5, {"text": "x"}, b"x"])
def test_a_content_that_is_neither_text_nor_parts_is_refused(content: Any) -> None:
    assert type(content).__name__ in refusal([{"role": "user", "content": content}]).what


def test_parts_and_an_assistants_empty_content_are_accepted() -> None:
    parts = {"role": "user", "content": [{"type": "text", "text": "x"}]}
    calls = {"role": "assistant", "content": None, "tool_calls": [{"id": "a"}]}
    assert check_messages((parts, calls)) == [parts, calls]


def test_a_tool_result_needs_the_id_of_its_call() -> None:
    assert "tool_call_id" in refusal([USER, {"role": "tool", "content": "x"}]).what


def test_a_reply_stands_for_its_message() -> None:
    call = ToolCall("a", "f", "{}")
    reply = Reply(choices=(Choice(text="Hi", reasoning="hm", tool_calls=(call,)),))
    assert check_messages([USER, reply]) == [USER, reply.message]


@pytest.mark.parametrize("messages", ["", " \n\t", [], [{"role": "user", "content": ""}]])
def test_an_empty_prompt_is_refused(messages: Any) -> None:
    assert refusal(messages).what == "The prompt is empty."


@pytest.mark.parametrize(
    "options",
    [
        {"extra": {"x": float("nan")}},
        {"extra": {"x": object()}},
        {"parameters": {"logit_bias": {"1": float("inf")}}},
        {"parameters": {"tools": [{1, 2}]}},
        {"extra": {"x": 10**5000}},
    ],
)
def test_a_value_that_is_no_json_is_refused(options: dict[str, Any]) -> None:
    assert refusal(**options).what.startswith("The request is not JSON")


def test_a_value_that_holds_itself_is_refused() -> None:
    endless: list[Any] = []
    endless.append(endless)
    assert refusal(extra={"x": endless}).what.startswith("The request is not JSON")


@pytest.mark.parametrize("half", ["\ud83d", "\ude00"], ids=["high", "low"])  # noqa: PT014 - unlike
def test_half_a_surrogate_pair_is_refused_in_words(half: str) -> None:
    assert "half of a surrogate pair" in refusal(f"a{half}b").what


@pytest.mark.parametrize("name", ["model", "messages", "stream", "stream_options", *PARAMETERS])
def test_an_extra_field_does_not_stand_in_for_one_that_is_checked(name: str) -> None:
    assert repr(name) in refusal(extra={name: None}).what


def test_extra_fields_are_sent_as_they_are() -> None:
    assert body(extra={"top_k": 5, "x": None})["top_k"] == 5
    assert body(extra={"top_k": 5, "x": None})["x"] is None


def test_a_later_change_of_what_was_given_does_not_reach_the_request() -> None:
    part = {"type": "text", "text": "before"}
    messages = [{"role": "user", "content": [part]}]
    tools = [{"type": "function", "function": {"name": "f"}}]
    request = build_request(messages, model="m", parameters={"tools": tools})
    sent = request.encode()
    part["text"] = "after"
    tools[0]["function"]["name"] = "g"  # type: ignore[index]
    messages.clear()
    assert request.encode() == sent


def test_the_body_is_what_a_reader_of_its_bytes_gets() -> None:
    request = build_request("x", model="m", extra={"pair": (1, 2), "keys": {1: "one"}})
    assert request.body == json.loads(request.encode())


@pytest.mark.parametrize("model", ["", "  ", None, 5])
def test_a_model_must_be_named(model: Any) -> None:
    assert refusal(model=model).what == "No model is named."


def test_a_rich_catalogue_refuses_a_model_that_it_does_not_list_and_names_the_near_ones() -> None:
    with pytest.raises(UnknownModelError, match="no model 'deepshi-30'") as caught:
        build_request("x", model="deepshi-30", catalogue=RICH)
    assert "Did you mean deepshi-3.0" in caught.value.todo


@pytest.mark.parametrize("catalogue", [PLAIN, Catalogue(), None], ids=["plain", "empty", "none"])
def test_a_catalogue_that_says_little_refuses_nothing(catalogue: Catalogue | None) -> None:
    request = build_request(
        "x", model="mine", catalogue=catalogue, parameters={"seed": 1, "top_p": 0.5}
    )
    assert request.notices == ()


@pytest.mark.parametrize(
    ("model", "parameters", "notices"),
    [
        ("deepshi-3.0", {"temperature": 1, "max_tokens": 5}, 0),
        ("deepshi-3.0", {"max_completion_tokens": 5}, 0),
        ("deepshi-3.0", {"user": "u", "tools": [], "response_format": {}}, 0),
        ("deepshi-3.0", {"seed": 1, "stop": "x"}, 2),
        ("deepshi-3.0", {"temperature": 1, "top_p": 0.5}, 2),
        ("deepshi-2.0", {"seed": 1}, 0),
    ],
)
def test_a_parameter_that_the_catalogue_does_not_list_is_sent_and_said_to_be_ignored(
    model: str, parameters: dict[str, Any], notices: int
) -> None:
    request = build_request("x", model=model, parameters=parameters, catalogue=RICH)
    assert parameters.items() <= request.body.items()
    assert len(request.notices) == notices


def test_the_notices_name_model_and_parameter() -> None:
    entry = RICH.get("deepshi-3.0")
    both = parameter_notices({"temperature": 1, "top_p": 0.5, "seed": 1}, entry, "deepshi-3.0")
    assert both == [
        "temperature and top_p are both set: the API asks for one or the other.",
        "deepshi-3.0 ignores top_p: the catalogue does not list it for this model.",
        "deepshi-3.0 ignores seed: the catalogue does not list it for this model.",
    ]


@given(st.text().filter(str.strip))
def test_any_prompt_arrives_as_it_was_written(prompt: str) -> None:
    sent = json.loads(build_request(prompt, model="m").encode())
    assert sent["messages"] == [{"role": "user", "content": prompt}]
