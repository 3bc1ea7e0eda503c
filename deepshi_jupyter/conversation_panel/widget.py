"""The panel as an anywidget: the one module here that loads ipywidgets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anywidget
import traitlets

from deepshi_jupyter.conversation_panel.panel import Panel
from deepshi_jupyter.errors import ConfigurationError

PAGE = Path(__file__).parents[1] / "panel" / "static" / "panel.js"
"""The page's side, built from ``labextension/src/panel``."""


class PanelWidget(anywidget.AnyWidget):
    """Shows a panel in a front end.

    Args:
        panel: The panel.
    """

    _esm = traitlets.Unicode().tag(sync=True)

    def __init__(self, panel: Panel) -> None:
        super().__init__(_esm=_page_source())
        self._panel = panel
        _let_messages_come_beside_cells(self.comm)
        panel.connect(self.send)
        self.on_msg(_receive)

    @property
    def panel(self) -> Panel:
        """What it shows."""
        return self._panel

    def close(self) -> None:
        """Take the panel off the page; its turns stay."""
        if panel := getattr(self, "_panel", None):
            panel.close()
        super().close()

    def __repr__(self) -> str:
        return f"Panel of the conversation {self._panel.chat!r}; it shows in a notebook."


def _receive(widget: PanelWidget, content: Any, _: object) -> None:
    widget.panel.receive(content)


def _let_messages_come_beside_cells(comm: Any) -> None:
    """Take messages in the subshell that the front end chose, also while a cell runs.

    From 7.4 on, ipykernel routes them back to the shell that sent last on the comm, which for a
    widget is the main one, where they wait for the cell (``ipykernel/comm/comm.py``).
    """
    if hasattr(comm, "_reply_subshell_for"):
        comm._reply_subshell_for = lambda _, default: default


def _page_source() -> str:
    try:
        return PAGE.read_text(encoding="utf-8")
    except OSError:
        raise ConfigurationError(
            "The page of the panel is not part of this installation.",
            "Install deepshi_jupyter again; in a clone, `npm run build` in labextension/ makes it.",
        ) from None
