from __future__ import annotations

import subprocess
import sys

import pytest

import deepshi_jupyter.tools
from deepshi_jupyter.errors import InputError
from deepshi_jupyter.tools import Toolbox
from deepshi_jupyter.tools.definition import define_tool
from tests.tools.weather import boom, rainfall


@pytest.fixture
def toolbox() -> Toolbox:
    made = Toolbox()
    made.tool(rainfall)
    made.tool(name="bang", approve="always", description="Fail.")(boom)
    return made


def test_a_function_is_registered_and_stays_as_it_was(toolbox: Toolbox) -> None:
    assert toolbox.tool(rainfall) is rainfall
    assert rainfall("Bern") == "Bern: 7 mm"
    assert [tool.name for tool in toolbox.tools] == ["rainfall", "bang"]


def test_a_decorator_may_have_options(toolbox: Toolbox) -> None:
    bang = toolbox.tools[1]
    assert (bang.name, bang.approve, bang.description) == ("bang", "always", "Fail.")


def test_a_tool_has_the_form_of_the_api(toolbox: Toolbox) -> None:
    assert toolbox.tools[0].as_request_part() == {
        "type": "function",
        "function": {
            "name": "rainfall",
            "description": "Rain that fell in a city.",
            "parameters": {
                "type": "object",
                "properties": {
                    "city": {"type": "string"},
                    "days": {"type": "integer", "default": 7},
                },
                "required": ["city"],
                "additionalProperties": False,
            },
        },
    }


def test_registering_a_name_again_replaces_it(toolbox: Toolbox) -> None:
    def snow(city: str) -> str:
        return city

    toolbox.tool(name="rainfall")(snow)
    assert [tool.name for tool in toolbox.tools] == ["rainfall", "bang"]
    assert toolbox.tools[0].function is snow


@pytest.mark.parametrize(
    "wanted",
    ["rainfall,bang", " rainfall , bang ", ["rainfall", boom], [rainfall, "bang,rainfall"]],
)
def test_tools_are_selected_by_name_or_function(toolbox: Toolbox, wanted: object) -> None:
    assert toolbox.select(wanted) == toolbox.tools  # type: ignore[arg-type]


def test_a_single_function_or_tool_is_a_selection(toolbox: Toolbox) -> None:
    assert toolbox.select(rainfall) == toolbox.select(toolbox.tools[0]) == toolbox.tools[:1]
    assert toolbox.select("") == ()


def test_a_function_that_is_not_registered_is_taken_and_asks(toolbox: Toolbox) -> None:
    def snow(city: str) -> str:
        return city

    (found,) = toolbox.select(snow)
    assert (found.name, found.approve) == ("snow", "ask")
    assert found not in toolbox.tools


def test_an_unknown_name_is_an_error_with_near_names(toolbox: Toolbox) -> None:
    with pytest.raises(InputError, match=r"Did you mean rainfall\? Registered are: rainfall, bang"):
        toolbox.select("rainfal")
    with pytest.raises(InputError, match=r"None is yet"):
        Toolbox().select("rainfall")


def test_two_tools_of_one_name_are_an_error(toolbox: Toolbox) -> None:
    with pytest.raises(InputError, match="Two tools have the name 'rainfall'"):
        toolbox.select(["rainfall", define_tool(boom, name="rainfall")])


def test_what_was_always_allowed_is_that_function_and_no_other(toolbox: Toolbox) -> None:
    first = toolbox.tools[0]
    assert not toolbox.allows(first)
    toolbox.allow(first)
    assert toolbox.allows(first)
    assert toolbox.allows(define_tool(rainfall))
    assert not toolbox.allows(define_tool(boom, name="rainfall"))


def test_a_method_of_the_same_object_stays_allowed(toolbox: Toolbox) -> None:
    class Station:
        def measure(self) -> int:
            return 1

    station = Station()
    toolbox.allow(define_tool(station.measure))
    assert toolbox.allows(define_tool(station.measure))
    assert not toolbox.allows(define_tool(Station().measure))


def test_the_public_decorator_registers_in_the_default_toolbox(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(deepshi_jupyter.tools.default_toolbox, "_tools", {})
    deepshi_jupyter.tools.tool(rainfall)
    assert deepshi_jupyter.tools.default_toolbox.select("rainfall")


def test_importing_the_decorator_loads_nothing_heavy() -> None:
    heavy = ("IPython", "jsonschema", "pydantic", "httpx", "asyncio", "deepshi_jupyter.session")
    code = (
        "import sys, deepshi_jupyter.tools\n"
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
