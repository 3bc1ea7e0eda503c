"""What came of a tool call, and a Python value as text for the model."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from deepshi_jupyter.core.summary import Summary, summarise
from deepshi_jupyter.core.text import mend


class ToolResult(msgspec.Struct, frozen=True):
    """What came of one tool call.

    Attributes:
        call_id: The id of the call that it answers.
        name: The tool's name as the model wrote it.
        arguments: The arguments as JSON text, shortened to be shown.
        text: What the model gets.
        error: True if the call does not fit or the tool failed; `text` says why.
        refused: True if the user did not let it run.
        duration: Seconds that the tool ran.
        note: What was left out of the result, in words; empty if nothing was.
    """

    call_id: str
    name: str
    arguments: str
    text: str
    error: bool = False
    refused: bool = False
    duration: float = 0.0
    note: str = ""

    def as_message(self) -> dict[str, Any]:
        """Return the ``tool`` message that answers the call (API contract, "Request body")."""
        return {"role": "tool", "tool_call_id": self.call_id, "content": self.text}


def text_of(value: Any) -> Summary:
    """Return what a tool returned as text of a bounded size.

    Args:
        value: Anything. A text stays as it is, what JSON can carry becomes JSON, and a table,
            array or other object is summarised.

    Returns:
        The text and, if something was left out, a note that says so.
    """
    text = value if isinstance(value, str) else _as_json(value)
    summary = summarise(value if text is None else text)
    return Summary(mend(summary.text), summary.note)


def _as_json(value: Any) -> str | None:
    if callable(dump := getattr(value, "model_dump_json", None)):  # a pydantic model
        return str(dump())
    try:
        builtin = msgspec.to_builtins(value, enc_hook=_scalar)
        return json.dumps(builtin, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError, RecursionError, msgspec.MsgspecError):
        return None  # NaN is here, too: as JSON it would silently become null


def _scalar(value: Any) -> Any:
    """Return the Python number in a NumPy scalar, which is recognised by its empty shape."""
    if getattr(value, "shape", None) == () and callable(getattr(value, "item", None)):
        return value.item()
    raise TypeError(f"{type(value).__name__} has no JSON")
