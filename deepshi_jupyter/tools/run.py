"""Run a tool call of a model: checked arguments, with the user's leave, every failure a result.

The model's text never picks what runs: a name is looked up among the tools of this request, and
arguments are converted to the types that the function declares, or refused.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal

import msgspec

from deepshi_jupyter.core.reply import ToolCall
from deepshi_jupyter.core.text import mend
from deepshi_jupyter.schema.form import Misfit
from deepshi_jupyter.schema.json_text import read_json
from deepshi_jupyter.tools.definition import Tool
from deepshi_jupyter.tools.result import ToolResult, text_of
from deepshi_jupyter.tools.toolbox import Toolbox

Answer = Literal["allow", "always", "refuse"]
"""What a user answers when asked whether a tool may run."""

_LONGEST_NAME = 64
_LONGEST_ARGUMENTS = 2_000
_LONGEST_ERROR = 1_000


class _Refusal(Exception):  # noqa: N818 -- never leaves this module
    """The call will not be run; the text is for the model."""


def run_call(
    call: ToolCall,
    tools: Iterable[Tool],
    *,
    toolbox: Toolbox,
    approve: Callable[[Tool, Mapping[str, Any]], Answer],
    clock: Callable[[], float],
) -> ToolResult:
    """Run one tool call.

    Args:
        call: The call, from a whole reply (`deepshi_jupyter.tools.next_step` sees to that).
        tools: The tools that the request offered; no other is run.
        toolbox: Remembers what the user always allows.
        approve: Asks the user, given the tool and the checked arguments as JSON values. Anything
            but ``allow`` or ``always`` is a refusal.
        clock: Returns seconds of a clock that never goes back, such as `time.monotonic`.

    Returns:
        The result. An unknown tool, arguments that do not fit, a refusal and whatever the tool
        raises are results as well, so that the model can mend its call.

    Raises:
        KeyboardInterrupt: The user interrupted the tool.
    """
    result = ToolResult(
        call.id or "",
        _shortened(call.name, _LONGEST_NAME),
        _shortened(call.arguments, _LONGEST_ARGUMENTS),
        "",
    )
    try:
        tool = _find(call.name, tools)
        given = _read(call)
        arguments = _convert(given, tool)
    except _Refusal as refusal:
        return msgspec.structs.replace(result, text=str(refusal), error=True)
    if not _is_allowed(tool, given, toolbox, approve):
        text = f"The user refused to run {tool.name}. Do not call it again with these arguments."
        return msgspec.structs.replace(result, text=text, refused=True)
    started = clock()
    outcome = _run(tool, arguments)
    return msgspec.structs.replace(result, **outcome, duration=clock() - started)


def _find(name: str, tools: Iterable[Tool]) -> Tool:
    by_name = {tool.name: tool for tool in tools}
    if name not in by_name:
        known = ", ".join(by_name) or "none"
        raise _Refusal(
            f"error: there is no tool {_shortened(name, _LONGEST_NAME)!r}. The tools are: {known}."
        )
    return by_name[name]


def _read(call: ToolCall) -> dict[str, Any]:
    """Read the arguments; models write nothing at all for a tool without parameters."""
    try:
        given = read_json(call.arguments) if call.arguments.strip() else {}
    except Misfit as misfit:
        raise _Refusal(
            f"error: the arguments are not JSON: at {misfit.where}, {misfit.problem}."
        ) from None
    if not isinstance(given, dict):
        raise _Refusal("error: the arguments are not a JSON object.")
    return given


def _convert(given: dict[str, Any], tool: Tool) -> dict[str, Any]:
    try:
        converted: dict[str, Any] = tool.form.read(given)
    except Misfit as misfit:
        raise _Refusal(
            f"error: the arguments do not fit: at {misfit.where}, {misfit.problem}."
        ) from None
    except Exception as error:  # a type of the user's may check its fields in any way
        raise _Refusal(_complaint(error)) from None
    return converted


def _is_allowed(
    tool: Tool,
    given: Mapping[str, Any],
    toolbox: Toolbox,
    approve: Callable[[Tool, Mapping[str, Any]], Answer],
) -> bool:
    if toolbox.allows(tool):
        return True
    answer = approve(tool, given)
    if answer == "always":
        toolbox.allow(tool)
    return answer in ("allow", "always")


def _run(tool: Tool, arguments: dict[str, Any]) -> dict[str, Any]:
    """Run the function and say what came of it, in fields of a `ToolResult`."""
    try:
        value = tool.function(**arguments)
        if inspect.isawaitable(value):
            from deepshi_jupyter.tools.awaiting import run_to_completion

            value = run_to_completion(value)
        summary = text_of(value)
    except (Exception, SystemExit) as error:
        return {"text": _complaint(error), "error": True}
    return {"text": summary.text, "note": summary.note}


def _complaint(error: BaseException) -> str:
    """Return the kind and message of an exception; its traceback would show local paths."""
    try:
        message = str(error)
    except Exception:  # a faulty __str__ must not hide that the tool failed
        message = ""
    said = f"{type(error).__name__}: {message}" if message else type(error).__name__
    return f"error: {_shortened(said, _LONGEST_ERROR)}"


def _shortened(text: str, limit: int) -> str:
    left_out = len(text) - limit
    return mend(text if left_out <= 0 else f"{text[:limit]} [… {left_out:,} characters left out]")
