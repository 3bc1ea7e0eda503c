"""The cell that runs now, as far as the kernel and the front end tell."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from deepshi_jupyter.core.place import Place


def running_shell() -> Any:
    """Return the IPython shell of this process, or None; IPython is not loaded to find out."""
    if "IPython" not in sys.modules:
        return None
    from IPython.core.getipython import get_ipython

    return get_ipython()


def running_cell(shell: Any) -> Place:
    """Return where the code that runs now stands.

    JupyterLab and Notebook put the id of the cell, and of cells that were deleted, into the
    request (``@jupyterlab/outputarea``, ``OutputArea.execute``); others put nothing.

    Args:
        shell: The IPython shell, or None outside of one.
    """
    if shell is None:
        return Place()
    parent = _request(shell)
    metadata = parent.get("metadata") or {}
    deleted = metadata.get("deletedCells")
    return Place(
        cell=str(metadata.get("cellId") or ""),
        execution=_number(shell),
        source=_source(shell, parent),
        deleted=frozenset(map(str, deleted)) if isinstance(deleted, list) else frozenset(),
    )


def after_cell(shell: Any, act: Callable[[], None]) -> None:
    """Do something each time that a cell has run, while its outputs are still open.

    Args:
        shell: The IPython shell.
        act: What to do.
    """
    shell.events.register("post_run_cell", lambda _=None: act())


def _number(shell: Any) -> int:
    """Return the number that stands beside the cell that runs.

    ``execution_count`` is that of the next cell already, in IPython from 9 on; the display hook
    tells the right one in all versions.
    """
    return int(shell.displayhook.prompt_count)


def _request(shell: Any) -> dict[str, Any]:
    get_parent = getattr(shell, "get_parent", None)
    return dict(get_parent() or {}) if get_parent is not None else {}


def _source(shell: Any, parent: dict[str, Any]) -> str:
    if parent:
        return str((parent.get("content") or {}).get("code", ""))
    history = getattr(shell.history_manager, "input_hist_raw", [])
    return str(history[-1]) if history else ""
