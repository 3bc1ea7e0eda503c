"""Which presenter fits the place that an answer is shown in: by what it can, not by its name."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from deepshi_jupyter.display.live import Presenter, Silent

if TYPE_CHECKING:  # it loads when a front end reads deltas
    from deepshi_jupyter.display.live_turn import Streams

VARIABLE = "DEEPSHI_DISPLAY"


def choose(
    shell: Any, setting: str, streams: Callable[[], Streams | None] = lambda: None
) -> Presenter:
    """Return a presenter for the cell that runs now.

    Args:
        shell: The IPython shell, or None outside of one.
        setting: ``auto`` or a fixed choice: ``blocks`` (finished blocks stay, the tail is
            updated), ``once`` (one bundle at the end), ``text`` (printed as it comes), ``deltas``
            (over a comm, for a front end that reads them).
        streams: Returns where the front end that runs the cell finds answers while they come, or
            None if it shows none itself; called only where a front end watches.

    Returns:
        ``auto`` gives ``text`` in a terminal, ``blocks`` where a front end said in its request
        which cell it runs, or `LiveTurn` if it shows answers itself, and ``once`` where nobody
        watches (nbclient, papermill).
    """
    wanted = os.environ.get(VARIABLE, setting) if setting == "auto" else setting
    if wanted != "auto":
        return _make(wanted)
    wanted = _by_capability(shell)
    found = streams() if wanted == "blocks" else None
    if found is None:
        return _make(wanted)
    from deepshi_jupyter.display.live_turn import LiveTurn

    return LiveTurn(found)


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
