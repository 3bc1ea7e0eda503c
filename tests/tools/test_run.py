from __future__ import annotations

import inspect
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepshi_jupyter.tools import Tool, Toolbox
from deepshi_jupyter.tools.definition import define_tool
from deepshi_jupyter.tools.run import Answer
from tests.tools.weather import allow, boom, call, rainfall

leaves: list[tuple[Any, st.SearchStrategy[Any]]] = [
    (int, st.integers(-(2**60), 2**60)),
    (float, st.floats(allow_nan=False, allow_infinity=False)),
    (str, st.text(max_size=10)),
    (bool, st.booleans()),
    (Literal["x", 1], st.sampled_from(["x", 1])),
    (Any, st.none() | st.text(max_size=3) | st.lists(st.integers(), max_size=2)),
]
types = st.recursive(
    st.sampled_from(leaves),
    lambda inner: st.one_of(
        inner.map(lambda pair: (list[pair[0]], st.lists(pair[1], max_size=3))),
        inner.map(
            lambda pair: (
                dict[str, pair[0]],
                st.dictionaries(st.text(max_size=3), pair[1], max_size=3),
            )
        ),
        inner.map(lambda pair: (pair[0] | None, st.none() | pair[1])),
    ),
    max_leaves=3,
)
names = st.sampled_from(["city", "days", "self", "type", "name", "_private", "größe", "arguments"])
signatures = st.dictionaries(names, types, max_size=4)


def function_of(kinds: Mapping[str, Any], seen: dict[str, Any]) -> Any:
    """Make a function of these parameters that notes what it was given."""

    def function(**arguments: Any) -> str:
        seen.update(arguments)
        return "done"

    parameters = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=kind)
        for name, kind in kinds.items()
    ]
    function.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return function


@settings(deadline=None)
@given(signatures, st.data())
def test_arguments_that_fit_the_signature_arrive_as_they_were_sent(
    signature: dict[str, Any], data: st.DataObject
) -> None:
    given = {name: data.draw(values) for name, (_, values) in signature.items()}
    seen: dict[str, Any] = {}
    function = function_of({name: kind for name, (kind, _) in signature.items()}, seen)
    result = call(function, json.dumps(given))
    assert (result.text, result.error) == ("done", False)
    assert seen == given


@settings(deadline=None)
@given(
    st.text()
    | st.dictionaries(st.sampled_from(["city", "days"]), st.integers() | st.text()).map(json.dumps)
)
def test_any_arguments_run_the_tool_as_it_was_declared_or_not_at_all(arguments: str) -> None:
    seen: list[Any] = []

    def note(city: str, days: int = 7) -> None:
        seen.append((city, days))

    result = call(note, arguments)
    assert result.error == (not seen)
    assert all(type(city) is str and type(days) is int for city, days in seen)


@dataclass
class Place:
    lat: float
    lon: float = 0.0


def test_arguments_have_the_types_of_the_signature() -> None:
    def f(place: Place, ratio: float) -> str:
        return f"{place} {ratio}"

    result = call(f, '{"place": {"lat": 1}, "ratio": 2}')
    assert result.text == "Place(lat=1.0, lon=0.0) 2.0"


def test_defaults_are_those_of_the_function() -> None:
    assert call(rainfall, '{"city": "Bern"}').text == "Bern: 7 mm"


@pytest.mark.parametrize("arguments", ["", "  ", "{}"])
def test_a_tool_without_parameters_may_be_called_with_nothing(arguments: str) -> None:
    def now() -> str:
        return "noon"

    assert call(now, arguments).text == "noon"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ('{"city": "Bern"', "not JSON: at line 1, column 16"),
        ('["Bern"]', "not a JSON object"),
        ("{}", "missing required field `city`"),
        ('{"city": 3}', "at $.city, Expected `str`, got `int`"),
        ('{"city": "Bern", "days": "3"}', "at $.days, Expected `int`, got `str`"),
        (
            '{"city": "Bern", "day": 3}',
            "at $.day, no field has this name; the fields are: city, days",
        ),
        ('{"city": "Bern", "city": "Basel"}', 'the field "city" twice'),
        ('{"city": "Bern", "days": NaN}', "NaN is no JSON value"),
    ],
)
def test_arguments_that_do_not_fit_are_told_to_the_model(arguments: str, said: str) -> None:
    result = call(rainfall, arguments)
    assert result.error
    assert result.text.startswith("error: ")
    assert said in result.text


def test_an_unknown_field_of_an_inner_object_is_told_as_well() -> None:
    def f(place: Place) -> None: ...

    assert "at $.place.height" in call(f, '{"place": {"lat": 1, "height": 2}}').text


def test_an_unknown_tool_is_told_which_there_are() -> None:
    result = call(rainfall, "{}", name="__import__")
    assert result.error
    assert result.text == "error: there is no tool '__import__'. The tools are: rainfall."


def test_an_exception_goes_to_the_model_without_a_traceback() -> None:
    result = call(boom, '{"text": "no rain"}')
    assert (result.text, result.error) == ("error: TypeError: no rain", True)


def test_a_long_message_of_an_exception_is_cut() -> None:
    result = call(boom, json.dumps({"text": "x" * 100_000}))
    assert len(result.text) < 1_100
    assert result.text.endswith("characters left out]")


def test_an_exception_that_cannot_say_what_it_is_is_still_a_result() -> None:
    class MuteError(Exception):
        def __str__(self) -> str:
            raise ValueError

    def f() -> None:
        raise MuteError

    assert call(f, "").text == "error: MuteError"


def test_a_tool_that_exits_does_not_end_the_kernel() -> None:
    def f() -> None:
        raise SystemExit(2)

    assert call(f, "").text == "error: SystemExit: 2"


def test_a_type_that_refuses_its_values_is_a_result() -> None:
    @dataclass
    class Odd:
        x: int

        def __post_init__(self) -> None:
            raise LookupError("nothing fits")

    def f(odd: Odd) -> None: ...

    f.__annotations__["odd"] = Odd
    assert call(f, '{"odd": {"x": 1}}').text == "error: LookupError: nothing fits"


def test_an_interrupt_is_no_result() -> None:
    def f() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        call(f, "")


def test_the_user_is_asked_with_the_arguments_that_were_checked() -> None:
    asked: list[tuple[str, Mapping[str, Any]]] = []

    def approve(tool: Tool, arguments: Mapping[str, Any]) -> Answer:
        asked.append((tool.name, arguments))
        return "allow"

    call(rainfall, '{"city": "Bern"}', approve=approve)
    assert asked == [("rainfall", {"city": "Bern"})]
    call(rainfall, '{"city": 1}', approve=approve)
    assert len(asked) == 1


@pytest.mark.parametrize("answer", ["refuse", "no", None, True])
def test_anything_but_leave_is_a_refusal(answer: Any) -> None:
    def f() -> None:
        pytest.fail("it ran")

    result = call(f, "", approve=lambda tool, arguments: answer)
    assert (result.refused, result.duration) == (True, 0.0)
    assert "The user refused" in result.text


def test_always_is_remembered_for_the_session() -> None:
    toolbox = Toolbox()
    answers = iter(["always"])
    tool = define_tool(rainfall)
    for _ in range(3):
        result = call(
            tool,
            '{"city": "Bern"}',
            toolbox=toolbox,
            approve=lambda tool, arguments: next(answers),  # type: ignore[arg-type,return-value]
        )
        assert not result.error


def test_a_tool_that_is_always_approved_does_not_ask() -> None:
    def approve(tool: Tool, arguments: Mapping[str, Any]) -> Answer:
        pytest.fail("asked")

    tool = define_tool(rainfall, approve="always")
    assert call(tool, '{"city": "Bern"}', approve=approve).text == "Bern: 7 mm"


def test_the_duration_is_that_of_the_tool() -> None:
    assert call(rainfall, '{"city": "Bern"}').duration == 1.0
    assert call(rainfall, "{}").duration == 0.0


def test_what_is_shown_of_a_call_is_bounded_and_can_be_stored() -> None:
    result = call(rainfall, "\ud83d" + "x" * 100_000, name="y" * 1_000)
    assert len(result.arguments) < 2_100
    assert len(result.name) < 120
    assert not re.search("[\ud800-\udfff]", result.arguments + result.text)


def test_an_asynchronous_tool_runs_to_its_end() -> None:
    import asyncio

    async def f(city: str) -> str:
        await asyncio.sleep(0)
        return city

    assert call(f, '{"city": "Bern"}', approve=allow).text == "Bern"
