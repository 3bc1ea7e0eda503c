"""The body of a cell byte for byte as it stands in the notebook.

IPython edits cells before a magic sees them: it takes prompts such as ``>>>`` off and empties
lines of white space (``IPython.core.inputtransformer2``). A prompt is sent as it was written.
"""

from __future__ import annotations

from typing import Any


def body_as_written(shell: Any, line: str, cell: str) -> str:
    """Return a cell's body as the user wrote it.

    Args:
        shell: The IPython shell that runs the cell.
        line: The magic's first line, as IPython gives it.
        cell: The body, as IPython gives it.

    Returns:
        The body from the source that runs now if that is this magic's cell; else `cell` without
        the line end that IPython adds.
    """
    for source in _sources(shell):
        first, _, body = source.lstrip().partition("\n")
        if first.startswith("%%deepshi") and first[len("%%deepshi") :].strip() == line.strip():
            return body
    return cell.removesuffix("\n")


def _sources(shell: Any) -> list[str]:
    """Return what runs now as the front end sent it, or as the history has it."""
    get_parent = getattr(shell, "get_parent", None)
    if get_parent is not None:
        content = get_parent().get("content") or {}
        return [str(content.get("code", ""))]
    history = getattr(shell.history_manager, "input_hist_raw", [])
    return [str(history[-1])] if history else []
