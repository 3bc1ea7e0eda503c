"""Which tools are called, and with which arguments.

A tool is taken when its name or its description shares a word with what the user said, or else the
first one. Arguments fit the tool's schema and use what the user mentioned. Nothing is understood.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from deepshi_jupyter.offline.deltas import Call
from deepshi_jupyter.offline.hints import Hints
from deepshi_jupyter.offline.messages import UserMessage, last_user_text
from deepshi_jupyter.offline.refusal import Refusal
from deepshi_jupyter.offline.request import ChatRequest, NamedTool, Tool
from deepshi_jupyter.offline.schema_merge import SchemaError
from deepshi_jupyter.offline.schema_sample import SchemaSampler

if TYPE_CHECKING:
    from random import Random

_MOST_CALLS: Final = 3
_STEM: Final = 5
_NAME_PARTS: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_PAIR: Final = re.compile(r"\b[A-Z]\w+,? and (?:(?:in|for|of|at|to|from) )?[A-Z]\w+")
_NO_PARAMETERS: Final = {"type": "object", "properties": {}}


def calls_for(request: ChatRequest, rng: Random, phrase: Callable[[], str]) -> list[Call]:
    """Decide which tools an answer calls.

    Args:
        request: With ``tools``, ``tool_choice`` and ``parallel_tool_calls``.
        rng: Chooses what the user did not mention.
        phrase: Gives a few words for strings.

    Returns:
        The calls; none where the answer is to be text.

    Raises:
        Refusal: 400 for a tool whose schema cannot be filled.
    """
    hints = Hints(last_user_text(request.messages))
    called = _called_tools(request, hints.prompt)
    return [
        Call(
            f"call_{rng.getrandbits(96):024x}",
            tool.function.name,
            json.dumps(_arguments(tool, rng, hints, phrase), ensure_ascii=False),
        )
        for tool in called
    ]


def _called_tools(request: ChatRequest, prompt: str) -> list[Tool]:
    tools, choice = request.tools or [], request.tool_choice
    if isinstance(choice, NamedTool):
        return [tool for tool in tools if tool.function.name == choice.function.name]
    answering = not isinstance(request.messages[-1], UserMessage)
    if choice == "none" or (answering and choice != "required"):
        return []
    return _fitting_tools(tools, prompt, parallel=request.parallel_tool_calls is not False)


def _fitting_tools(tools: list[Tool], prompt: str, *, parallel: bool) -> list[Tool]:
    """Take every tool that the user named, or the one whose description fits best."""
    said = _stems(prompt)
    named = [tool for tool in tools if said & _stems(tool.function.name)]
    best = max(named or tools, key=lambda tool: len(said & _stems(_about(tool))))
    if not parallel:
        return [best]
    if len(named) > 1:
        return named[:_MOST_CALLS]
    return [best] * (2 if _PAIR.search(prompt) else 1)


def _about(tool: Tool) -> str:
    return f"{tool.function.name} {tool.function.description or ''}"


def _stems(text: str) -> set[str]:
    """Give the beginnings of the words of a text or name."""
    words = _NAME_PARTS.findall(text)
    return {word.lower()[:_STEM] for word in words if len(word) > 3}


def _arguments(tool: Tool, rng: Random, hints: Hints, phrase: Callable[[], str]) -> dict[str, Any]:
    try:
        value = SchemaSampler(
            tool.function.parameters or _NO_PARAMETERS, rng, hints, phrase
        ).sample()
    except SchemaError as error:
        raise _unusable(tool, str(error)) from None
    if not isinstance(value, dict):
        raise _unusable(tool, "it does not describe an object")
    return value


def _unusable(tool: Tool, problem: str) -> Refusal:
    return Refusal(
        400,
        f"The parameters of the tool {tool.function.name!r} cannot be filled: {problem}.",
        code="invalid_function_parameters",
        param="tools",
    )
