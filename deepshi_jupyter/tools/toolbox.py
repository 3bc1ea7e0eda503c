"""The tools that a user registered, and which of them may run without asking."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from difflib import get_close_matches
from typing import Any, TypeVar, overload

from deepshi_jupyter.errors import InputError
from deepshi_jupyter.tools.definition import Approval, Tool, define_tool

_Function = TypeVar("_Function", bound=Callable[..., Any])

Wanted = str | Tool | Callable[..., Any]
"""A tool, its name, or a function."""


class Toolbox:
    """The tools of one session, by name."""

    def __init__(self) -> None:
        self._tools: dict[str, Tool] = {}
        self._allowed: dict[str, Callable[..., Any]] = {}

    @property
    def tools(self) -> tuple[Tool, ...]:
        """All registered tools, in the order in which their names were first registered."""
        return tuple(self._tools.values())

    @overload
    def tool(self, function: _Function, /) -> _Function: ...

    @overload
    def tool(
        self,
        /,
        *,
        name: str | None = None,
        description: str | None = None,
        approve: Approval = "ask",
    ) -> Callable[[_Function], _Function]: ...

    def tool(
        self,
        function: Callable[..., Any] | None = None,
        /,
        *,
        name: str | None = None,
        description: str | None = None,
        approve: Approval = "ask",
    ) -> Any:
        """Register a function that a model may call; a decorator.

        A name that is registered again replaces the earlier one, as running a cell again does.

        Args:
            function: The function; every parameter has a type and can be given by name.
            name: What the model calls it; the function's name by default.
            description: What it does; the first paragraph of the docstring by default.
            approve: ``ask`` (default) asks the user before each run, ``always`` does not.

        Returns:
            The function, unchanged.

        Raises:
            InputError: The function cannot be a tool; the message names the parameter.

        Examples:
            ::

                @tool
                def rainfall(city: str, days: int = 7) -> float:
                    \"\"\"Millimetres of rain that fell in a city in the last days.\"\"\"
        """

        def register(function: _Function) -> _Function:
            defined = define_tool(function, name=name, description=description, approve=approve)
            self._tools[defined.name] = defined
            return function

        return register if function is None else register(function)

    def select(self, wanted: Wanted | Iterable[Wanted]) -> tuple[Tool, ...]:
        """Return the tools that a request is to offer.

        Args:
            wanted: Names (also several in one text, with commas between them), functions or
                tools. A function that is not registered is taken as a tool that asks.

        Returns:
            The tools in this order, each once.

        Raises:
            InputError: A name is not registered, or two tools have the same name.
        """
        chosen: dict[str, Tool] = {}
        for each in _flat(wanted):
            found = self._find(each)
            if chosen.setdefault(found.name, found).function != found.function:
                raise InputError(
                    f"Two tools have the name {found.name!r}.",
                    "Register one of them under another: `@tool(name=…)`.",
                )
        return tuple(chosen.values())

    def allow(self, tool: Tool) -> None:
        """Let a tool run without asking for the rest of the session."""
        self._allowed[tool.name] = tool.function

    def allows(self, tool: Tool) -> bool:
        """True if a tool runs without asking.

        What was allowed is the function as it was then: a function that is defined anew is asked
        about again.
        """
        return tool.approve == "always" or self._allowed.get(tool.name) == tool.function

    def _find(self, wanted: Wanted) -> Tool:
        if isinstance(wanted, Tool):
            return wanted
        if not isinstance(wanted, str):
            same = (tool for tool in self.tools if tool.function == wanted)
            return next(same, None) or define_tool(wanted)
        if wanted not in self._tools:
            raise self._unknown(wanted)
        return self._tools[wanted]

    def _unknown(self, name: str) -> InputError:
        near = get_close_matches(name, self._tools, n=3)
        hint = f"Did you mean {' or '.join(near)}? " if near else ""
        known = f"Registered are: {', '.join(self._tools)}." if self._tools else "None is yet."
        return InputError(
            f"No tool {name!r} is registered.",
            f"{hint}{known} `@deepshi_jupyter.tool` above a function registers it.",
        )


def _flat(wanted: Wanted | Iterable[Wanted]) -> Iterable[Wanted]:
    if isinstance(wanted, str):
        return [name for name in re.split(r"[,\s]+", wanted) if name]
    if isinstance(wanted, Tool) or callable(wanted) or not isinstance(wanted, Iterable):
        return [wanted]
    return [one for each in wanted for one in _flat(each)]
