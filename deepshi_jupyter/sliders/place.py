"""Where controls can be shown, and the output beside them that stays when they are gone."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from deepshi_jupyter.display.choose import cell_metadata

_CONTROLS = "Controls of the parameters, while the kernel runs; run the cell again to have them."


def knows_widgets(shell: Any) -> bool:
    """True if a front end runs the cell that may show widgets; in nbclient nobody does.

    Args:
        shell: The IPython shell, or None outside of one.
    """
    return hasattr(shell, "kernel") and bool(cell_metadata(shell))


def display_controls(widget: Any) -> None:
    """Display widgets in the cell that runs; without a kernel a sentence says what stood there."""
    from IPython.display import publish_display_data

    publish_display_data({**widget._repr_mimebundle_(), "text/plain": _CONTROLS})


class Note:
    """An output of plain text and markdown that is rewritten in its place."""

    def __init__(self) -> None:
        self._id = f"deepshi-sliders-{uuid.uuid4().hex}"
        self._shown: dict[str, Any] = {}

    def show(self, bundle: dict[str, Any]) -> None:
        """Show a bundle: the first time in the cell that runs, then where it stands."""
        from IPython.display import publish_display_data

        if bundle != self._shown:
            update, self._shown = bool(self._shown), bundle
            publish_display_data(bundle, transient={"display_id": self._id}, update=update)


_open: dict[str, Callable[[], None]] = {}


def replaces(key: str, close: Callable[[], None]) -> None:
    """Close the controls that an earlier run of a cell has shown.

    Args:
        key: The cell.
        close: Closes those that it shows now.
    """
    earlier = _open.pop(key, None)
    if earlier is not None:
        earlier()
    _open[key] = close
