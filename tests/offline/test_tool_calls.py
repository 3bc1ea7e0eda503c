from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

from tests.offline.asking import choice, deltas, refused, text, user


def tool(name: str, description: str = "", **properties: Any) -> dict[str, Any]:
    parameters = {"type": "object", "properties": properties, "required": [*properties]}
    function = {"name": name, "description": description, "parameters": parameters}
    return {"type": "function", "function": function}


WEATHER = tool("get_weather", "The weather in a city.", city={"type": "string"})
TIDES = tool("find_tides", "High and low water of a harbour.", days={"type": "integer"})
CLOCK = {"type": "function", "function": {"name": "now"}}
TOOLS = [CLOCK, WEATHER, TIDES]


def _calls(prompt: str, **fields: Any) -> list[dict[str, Any]]:
    fields = {"model": "offline-tools", "tools": TOOLS, "seed": 1, **fields}
    given = choice(messages=[user(prompt)], **fields)
    calls: list[dict[str, Any]] = given["message"].get("tool_calls", [])
    assert given["finish_reason"] == ("tool_calls" if calls else "stop")
    assert (given["message"]["content"] is None) == bool(calls)
    return calls


def _names(prompt: str, **fields: Any) -> list[str]:
    return [call["function"]["name"] for call in _calls(prompt, **fields)]


def test_the_tool_whose_name_is_said_is_called_with_what_is_said() -> None:
    (call,) = _calls("How is the weather in Oslo?")
    assert call["type"] == "function"
    assert call["function"]["name"] == "get_weather"
    assert json.loads(call["function"]["arguments"]) == {"city": "Oslo"}


def test_the_tool_whose_description_fits_is_called() -> None:
    assert _names("When is there high water?") == ["find_tides"]


def test_without_a_hint_the_first_tool_is_called() -> None:
    (call,) = _calls("Hello!")
    assert call["function"] == {"name": "now", "arguments": "{}"}


def test_every_tool_that_is_named_is_called() -> None:
    prompt = "Tell me the weather and the tides in Bergen for 3 days."
    calls = _calls(prompt)
    assert [call["function"]["name"] for call in calls] == ["get_weather", "find_tides"]
    assert [json.loads(call["function"]["arguments"]) for call in calls] == (
        [{"city": "Bergen"}, {"days": 3}]
    )
    assert len({call["id"] for call in calls}) == 2


def test_one_tool_is_called_twice_for_two_names() -> None:
    calls = _calls("What is the weather in Oslo and Bergen?")
    assert [json.loads(call["function"]["arguments"])["city"] for call in calls] == (
        ["Oslo", "Bergen"]
    )


@pytest.mark.parametrize(
    "prompt", ["Tell me the weather and the tides.", "The weather in Oslo and Bergen?"]
)
def test_without_parallel_calls_there_is_one(prompt: str) -> None:
    assert len(_calls(prompt, parallel_tool_calls=False)) == 1


def test_tool_choice_none_answers_with_text() -> None:
    assert _names("How is the weather?", tool_choice="none") == []


def test_a_named_tool_is_called_whatever_is_said() -> None:
    named = {"type": "function", "function": {"name": "find_tides"}}
    assert _names("How is the weather?", tool_choice=named) == ["find_tides"]


def test_a_model_without_tools_ignores_them() -> None:
    assert _names("How is the weather?", model="offline-chat", tool_choice="required") == []


def _after_result(result: str, **fields: Any) -> dict[str, Any]:
    question = user("How is the weather in Oslo?")
    first = choice(model="offline-tools", tools=TOOLS, messages=[question], seed=1)["message"]
    answered = {
        "role": "tool",
        "tool_call_id": first["tool_calls"][0]["id"],
        "content": result,
    }
    messages = [question, first, answered]
    return choice(model="offline-tools", tools=TOOLS, messages=messages, seed=1, **fields)


def test_after_a_result_there_is_text_that_quotes_it() -> None:
    given = _after_result('{"temperature": 12}')
    assert given["finish_reason"] == "stop"
    assert given["message"]["content"].startswith(
        'The tool get_weather answered: {"temperature": 12}.'
    )


def test_a_long_result_is_quoted_briefly() -> None:
    said = _after_result("x" * 5000)["message"]["content"]
    assert len(said) < 1500
    assert "x…." in said


def test_required_calls_again_after_a_result() -> None:
    assert _after_result("12", tool_choice="required")["finish_reason"] == "tool_calls"


def test_arguments_fit_the_schema() -> None:
    schema = {
        "type": "object",
        "$defs": {"Point": {"type": "array", "prefixItems": [{"type": "number"}] * 2}},
        "properties": {
            "points": {"type": "array", "items": {"$ref": "#/$defs/Point"}, "minItems": 3},
            "mode": {"enum": ["fast", "exact"]},
        },
        "required": ["points", "mode"],
    }
    drawn = {"type": "function", "function": {"name": "draw", "parameters": schema}}
    for seed in range(10):
        (call,) = _calls("Draw it.", tools=[drawn], seed=seed)
        jsonschema.validate(json.loads(call["function"]["arguments"]), schema)


def test_equal_seeds_give_equal_calls() -> None:
    assert _calls("Hello", tools=[TIDES]) == _calls("Hello", tools=[TIDES])


def test_a_stream_gives_id_and_name_first_and_the_arguments_in_pieces() -> None:
    prompt = [user("The weather in Oslo and Bergen?")]
    given = deltas(model="offline-tools", tools=TOOLS, seed=1, messages=prompt)
    parts = [part for delta in given for part in delta.get("tool_calls", [])]
    for index, city in enumerate(["Oslo", "Bergen"]):
        first, *rest = (part for part in parts if part["index"] == index)
        assert first["id"].startswith("call_")
        assert first["function"] == {"name": "get_weather", "arguments": ""}
        assert len(rest) > 1
        assert all(set(part) == {"index", "function"} for part in rest)
        arguments = "".join(part["function"]["arguments"] for part in rest)
        assert json.loads(arguments) == {"city": city}


def test_arguments_that_are_cut_off_say_so() -> None:
    fields = {"model": "offline-tools", "tools": TOOLS, "max_tokens": 2}
    given = choice(messages=[user("The weather in Oslo?")], **fields)
    assert given["finish_reason"] == "length"


def test_a_tool_that_cannot_be_filled_is_refused() -> None:
    bad = tool("bad", x={"not": {}})
    status, error = refused(model="offline-tools", tools=[bad])
    assert (status, error["code"]) == (400, "invalid_function_parameters")
    assert "'bad'" in error["message"]
    assert "'not'" in error["message"]


def test_parameters_must_describe_an_object() -> None:
    bad = {"type": "function", "function": {"name": "bad", "parameters": {"type": "string"}}}
    status, error = refused(model="offline-tools", tools=[bad])
    assert status == 400
    assert "object" in error["message"]


def test_without_tools_the_tools_model_talks() -> None:
    assert text(model="offline-tools")
