"""A function as a tool: what the model is told of it, and how to run it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import Any, Literal, get_args

import msgspec

from deepshi_jupyter.errors import InputError
from deepshi_jupyter.schema.form import Form
from deepshi_jupyter.tools.docstring import read_docstring
from deepshi_jupyter.tools.parameters import form_of_arguments, innermost

Approval = Literal["ask", "always"]
"""``ask``: the user is asked before each run. ``always``: it runs without asking."""

_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")


class Tool(msgspec.Struct, frozen=True):
    """A function that a model may call; made by `define_tool`.

    Attributes:
        name: What the model calls it: 1 to 64 letters, digits, ``_`` and ``-``.
        description: What it does, for the model; may be empty.
        function: The function itself.
        form: The form of its arguments.
        approve: Whether the user is asked before it runs.
    """

    name: str
    description: str
    function: Callable[..., Any]
    form: Form
    approve: Approval = "ask"

    @property
    def parameters(self) -> dict[str, Any]:
        """The JSON schema of the arguments."""
        return self.form.schema

    def as_request_part(self) -> dict[str, Any]:
        """Return the tool as an element of ``tools`` (API contract, "Request body")."""
        about = {"description": self.description} if self.description else {}
        function = {"name": self.name, **about, "parameters": self.parameters}
        return {"type": "function", "function": function}


def define_tool(
    function: Callable[..., Any],
    *,
    name: str | None = None,
    description: str | None = None,
    approve: Approval = "ask",
) -> Tool:
    """Make a tool of a function.

    Args:
        function: A function, also an asynchronous one; a bound method, or a `functools.partial`.
        name: The tool's name; the function's own by default.
        description: What it does; the first paragraph of its docstring by default.
        approve: ``ask`` (default) or ``always``.

    Returns:
        The tool. The schema of its arguments comes from the annotations, what it says of them
        from `typing.Annotated` or the docstring.

    Raises:
        InputError: It cannot be called with named JSON values; the message names the parameter.
    """
    if approve not in get_args(Approval):
        raise InputError(
            f"approve is {approve!r}, expected 'ask' or 'always'.", "Give one of them."
        )
    if not callable(function) or isinstance(function, type):
        raise InputError(
            f"A {type(function).__name__} cannot be a tool, expected a function.",
            "Write a function with annotated parameters.",
        )
    inner = innermost(function)
    name = _checked_name(name or str(getattr(inner, "__name__", "")))
    if inspect.isgeneratorfunction(inner) or inspect.isasyncgenfunction(inner):
        raise InputError(f"{name!r} is a generator and has no result.", "Return a list instead.")
    documented = read_docstring(inner.__doc__)
    form = form_of_arguments(function, name, documented.parameters)
    return Tool(
        name, documented.summary if description is None else description, function, form, approve
    )


def _checked_name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise InputError(
            f"{name!r} cannot be the name of a tool, expected 1 to 64 of a-z, A-Z, 0-9, _ and -.",
            "Give another one: `@tool(name=…)`.",
        )
    return name
