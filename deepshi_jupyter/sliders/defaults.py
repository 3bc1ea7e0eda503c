"""``%deepshi sliders``: the defaults of the conversation as controls."""

from __future__ import annotations

from typing import Any

from deepshi_jupyter.display.running_cell import running_cell
from deepshi_jupyter.display.table import Table
from deepshi_jupyter.session import Session
from deepshi_jupyter.sliders.default_values import DefaultValues
from deepshi_jupyter.sliders.layers import sent
from deepshi_jupyter.sliders.place import knows_widgets, replaces
from deepshi_jupyter.sliders.words import rows, set_line


def show_defaults(session: Session, shell: Any) -> Table | None:
    """Show the defaults of the conversation.

    Args:
        session: The kernel's session.
        shell: The IPython shell.

    Returns:
        None where they are displayed as controls; else a table of them, with the line that sets
        them.
    """
    holder = DefaultValues(session)
    if not knows_widgets(shell):
        values = sent(holder.layers())
        return Table(("parameter", "value", "source"), rows(holder.layers()), set_line(values))
    from deepshi_jupyter.sliders.defaults_view import DefaultsView

    view = DefaultsView(session, holder)
    replaces(f"defaults {running_cell(shell).key}", view.close)
    return None
