"""Whether a tool that the model calls may run: asked of the user, in the cell that runs."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from typing import Any

from deepshi_jupyter.core.printable import printable
from deepshi_jupyter.errors import InputError
from deepshi_jupyter.question import Approve
from deepshi_jupyter.tools import default_toolbox
from deepshi_jupyter.tools.definition import Tool
from deepshi_jupyter.tools.run import Answer

_LONGEST = 500
_ANSWERS: Mapping[str, Answer] = {
    "y": "allow",
    "yes": "allow",
    "a": "always",
    "always": "always",
}


def approver(shell: Any) -> Approve | None:
    """Return a function that asks the user, or None where nobody can be asked."""
    return _ask if can_ask(shell) else None


def can_ask(shell: Any) -> bool:
    """True if the place where the cell runs takes an input."""
    get_parent = getattr(shell, "get_parent", None)
    if get_parent is None:
        return sys.stdin is not None and sys.stdin.isatty()
    return bool((get_parent().get("content") or {}).get("allow_stdin"))


def check_all_can_run(tools: Iterable[Tool], shell: Any) -> None:
    """Refuse tools that would have to ask where nobody can be asked, before anything is sent.

    Raises:
        InputError: There is such a tool.
    """
    if can_ask(shell):
        return
    asking = [tool.name for tool in tools if not default_toolbox.allows(tool)]
    if asking:
        raise InputError(
            f"{', '.join(asking)} may only run after asking you, and here nobody can be asked "
            "(such as in a notebook that runs by itself).",
            'Register it with `@tool(approve="always")` if it may always run.',
        )


def _ask(tool: Tool, arguments: Mapping[str, Any]) -> Answer:
    shown = printable(json.dumps(arguments, ensure_ascii=False, default=str))
    shown = shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST - 1]}…"
    answer = input(f"Run {printable(tool.name)}({shown})? [y]es, [a]lways, [n]o: ")
    return _ANSWERS.get(answer.strip().lower(), "refuse")
