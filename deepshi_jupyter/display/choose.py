"""Which presenter fits the place that an answer is shown in: by what it can, not by its name."""

from __future__ import annotations

import os
from typing import Any

from deepshi_jupyter.display.live import Presenter, Silent

VARIABLE = "DEEPSHI_DISPLAY"


def choose(shell: Any, setting: str) -> Presenter:
    """Return a presenter for the cell that runs now.

    Args:
        shell: The IPython shell, or None outside of one.
        setting: ``auto`` or a fixed choice: ``blocks`` (finished blocks stay, the tail is
            updated), ``once`` (one bundle at the end), ``text`` (printed as it comes), ``deltas``
            (over a comm, for a front end that reads them).

    Returns:
        ``auto`` gives ``text`` in a terminal, ``blocks`` where a front end said in its request
        which cell it runs, and ``once`` where nobody watches (nbclient, papermill).
    """
    wanted = os.environ.get(VARIABLE, setting) if setting == "auto" else setting
    return _make(_by_capability(shell) if wanted == "auto" else wanted)


def _by_capability(shell: Any) -> str:
    if shell is None:
        return "silent"
    if not hasattr(shell, "kernel"):
        return "text"
    return "blocks" if cell_metadata(shell) else "once"


def cell_metadata(shell: Any) -> dict[str, Any]:
    """Return the metadata of the request that runs now; empty where the front end sends none."""
    get_parent = getattr(shell, "get_parent", None)
    parent = get_parent() if get_parent is not None else {}
    return dict(parent.get("metadata") or {})


def _make(name: str) -> Presenter:
    if name == "blocks":
        from deepshi_jupyter.display.live_blocks import LiveBlocks

        return LiveBlocks()
    if name == "deltas":
        from deepshi_jupyter.display.deltas import Deltas

        return Deltas()
    if name == "text":
        from deepshi_jupyter.display.terminal import Terminal

        return Terminal()
    if name == "once":
        from deepshi_jupyter.display.once import Once

        return Once()
    return Silent()
