"""What came of a tool call, as a line and as a folded card."""

from __future__ import annotations

from deepshi_jupyter.core.printable import printable
from deepshi_jupyter.display.answer import ToolOutcome
from deepshi_jupyter.display.form import fenced
from deepshi_jupyter.display.safe_markdown import literal, safe_markdown

_LONGEST_LINE = 100


def tool_line(outcome: ToolOutcome) -> str:
    """Return one line: name, arguments, how it ended and how long it took."""
    arguments = " ".join(printable(outcome.arguments).split())
    if len(arguments) > _LONGEST_LINE:
        arguments = f"{arguments[: _LONGEST_LINE - 1]}…"
    return f"{printable(outcome.name)}({arguments}) · {_end(outcome)}"


def tool_card(outcome: ToolOutcome) -> str:
    """Return markdown that shows a call in one line and its result folded."""
    result = safe_markdown(fenced(printable(outcome.text)))
    note = f"\n\n{literal(outcome.note)}" if outcome.note else ""
    title = literal(tool_line(outcome))
    return f"<details><summary>🔧 {title}</summary>\n\n{result}{note}\n\n</details>"


def _end(outcome: ToolOutcome) -> str:
    if outcome.refused:
        return "refused"
    return f"{'failed, ' if outcome.error else ''}{outcome.duration:.1f} s"
