"""Tools of the tests, and how to call them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import count
from typing import Any

from deepshi_jupyter.core.reply import ToolCall
from deepshi_jupyter.tools import Tool, Toolbox, ToolResult, run_call
from deepshi_jupyter.tools.definition import define_tool
from deepshi_jupyter.tools.run import Answer

Approve = Callable[[Tool, Mapping[str, Any]], Answer]


def rainfall(city: str, days: int = 7) -> str:
    """Rain that fell in a city."""
    return f"{city}: {days} mm"


def boom(text: str) -> None:
    raise TypeError(text)


def allow(tool: Tool, arguments: Mapping[str, Any]) -> Answer:
    return "allow"


def call(
    function: Callable[..., Any] | Tool,
    arguments: str,
    *,
    name: str | None = None,
    approve: Approve = allow,
    toolbox: Toolbox | None = None,
) -> ToolResult:
    """Run a call of one tool; each look at the clock takes a second."""
    tool = function if isinstance(function, Tool) else define_tool(function)
    ticks = count()
    return run_call(
        ToolCall("call_1", name or tool.name, arguments),
        [tool],
        toolbox=toolbox or Toolbox(),
        approve=approve,
        clock=lambda: float(next(ticks)),
    )
