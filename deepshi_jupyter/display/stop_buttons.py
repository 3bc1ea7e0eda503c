"""A row of Stop buttons over something that runs, where pressing one arrives while it runs."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Collection, Sequence
from typing import Any

Json = dict[str, Any]

Stop = Callable[[int], None]
"""Stops one of several things, by its number; called in another thread than the one that asked."""

_VIEW = "application/vnd.jupyter.widget-view+json"


def may_arrive(kernel: Any) -> bool:
    """Tell whether a kernel can take messages of widgets while a cell runs.

    That takes subshells (JEP 91, https://jupyter.org/enhancement-proposals/91-kernel-subshells),
    which ipykernel has from 7 on.

    Args:
        kernel: The ipykernel, or None outside of one.
    """
    return getattr(kernel, "shell_channel_thread", None) is not None


def will_arrive(kernel: Any) -> bool:
    """Tell whether the front end sends messages of widgets in a way that reaches a running cell.

    A front end that does opens a subshell when it learns of the first widget; one that does not
    never opens any, and its messages wait for the end of the cell.

    Args:
        kernel: The ipykernel, or None outside of one.
    """
    manager = getattr(getattr(kernel, "shell_channel_thread", None), "manager", None)
    subshells: Callable[[], list[str]] = getattr(manager, "list_subshell", list)
    return bool(subshells())


class StopButtons:
    """A row of buttons, each of which stops one thing.

    Args:
        labels: What each of them stops.
        stop: Is called with the number of the one that was pressed.
    """

    def __init__(self, labels: Sequence[str], stop: Stop) -> None:
        widgets = importlib.import_module("ipywidgets")  # 0.1 s to load; it carries no types
        self._labels = labels
        self._buttons = [_button(widgets, label) for label in labels]
        for number, button in enumerate(self._buttons):
            button.on_click(lambda _, number=number: stop(number))
        self._row = widgets.HBox(self._buttons, layout={"flex_flow": "row wrap"})

    @property
    def bundle(self) -> Json:
        """What displays the row; a front end without widgets shows the words instead."""
        view = {"version_major": 2, "version_minor": 0, "model_id": self._row.model_id}
        return {_VIEW: view, "text/plain": "Interrupt the kernel to stop."}

    def update(self, running: Collection[int], stopped: Collection[int]) -> None:
        """Let only those be pressed that run, and mark those that were stopped."""
        for number, (label, button) in enumerate(zip(self._labels, self._buttons, strict=True)):
            button.disabled = number not in running
            if number in stopped:
                button.description = f"Stopped {label}"

    def close(self) -> None:
        """Take the row away."""
        for widget in (*self._buttons, self._row):
            widget.close()


def _button(widgets: Any, label: str) -> Any:
    button = widgets.Button(
        description=f"Stop {label}",
        icon="stop",
        tooltip=f"Stop {label}; what came is kept, the others go on",
        layout={"width": "auto"},
    )
    # ipykernel 7.4 sends what a front end answers to the shell that has spoken last on a comm. For
    # a button that is the one that runs the cell; this leaves it to the front end, as in 7.3.
    if hasattr(button.comm, "_reply_subshell_for"):
        button.comm._reply_subshell_for = lambda _, default: default
    return button
