"""``deepshi_jupyter.panel``: a panel on a conversation, in the cell that runs or for a side bar."""

from __future__ import annotations

import weakref
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from deepshi_jupyter.conversation_panel.kept_display import KeptDisplay
from deepshi_jupyter.conversation_panel.kept_turns import kept_turns
from deepshi_jupyter.conversation_panel.panel import Panel
from deepshi_jupyter.conversation_panel.seat import CellSeat, EndSeat
from deepshi_jupyter.core.chat import MAIN_CHAT
from deepshi_jupyter.core.place import Place
from deepshi_jupyter.display.running_cell import after_cell, running_cell, running_shell
from deepshi_jupyter.errors import ConfigurationError, OptionError
from deepshi_jupyter.session import Session, session_of
from deepshi_jupyter.tools.toolbox import Wanted

if TYPE_CHECKING:
    from deepshi_jupyter.conversation_panel.widget import PanelWidget

PATIENCE = 2.0
"""Seconds that a cell that runs again waits for the answer of its earlier panel to be stopped."""


def panel(
    chat: str = MAIN_CHAT,
    *,
    at: str = "cell",
    new: bool = False,
    tools: Wanted | Iterable[Wanted] = (),
) -> PanelWidget:
    """Show a panel on a conversation of the notebook.

    What is asked in it are turns of its cell: they see what stands above the cell, and what comes
    below sees them. The output of the cell keeps their records, and they stay when it runs again.

    Args:
        chat: The conversation.
        at: ``cell``: in the cell that runs. ``end``: below all cells, for a side bar; its turns
            see the whole notebook, and are kept by the journal and not by the notebook.
        new: Whether its first question begins the context anew, as ``--new`` does.
        tools: Functions, or names of registered tools, that the model may call; the page asks
            before one runs that was not registered with ``approve="always"``.

    Returns:
        The widget; as the last line of a cell it shows itself.

    Raises:
        InputError: There is no kernel to show it, the cell has a panel already, or a tool is not
            known.
    """
    shell = running_shell()
    return open_panel(session_of(shell), shell, chat, at=at, new=new, tools=tools)


def open_panel(
    session: Session,
    shell: Any,
    chat: str,
    *,
    at: str = "cell",
    new: bool = False,
    tools: Wanted | Iterable[Wanted] = (),
) -> PanelWidget:
    """Show a panel, as `panel` does.

    Args:
        session: The session.
        shell: The IPython shell.
        chat: As for `panel`.
        at: As for `panel`.
        new: As for `panel`.
        tools: As for `panel`.
    """
    if shell is None or not hasattr(shell, "kernel"):
        raise ConfigurationError(
            "A panel shows in a notebook, and no kernel runs here.",
            "Ask with %%deepshi or deepshi_jupyter.ask.",
        )
    if at not in ("cell", "end"):
        raise OptionError(f"at is {at!r}.", "Expected 'cell' or 'end'.")
    if at == "end":
        return _at_end(session, shell, chat, new=new, tools=tools)
    return _in_cell(session, shell, chat, new=new, tools=tools)


class _Opened:
    """The panels of one session, by where they stand; those whose display is not made yet."""

    def __init__(self) -> None:
        self.by_place: dict[str, PanelWidget] = {}
        self.unshown: list[tuple[KeptDisplay, Panel]] = []


_opened: weakref.WeakKeyDictionary[Session, _Opened] = weakref.WeakKeyDictionary()
_watched: weakref.WeakSet[Any] = weakref.WeakSet()


def _in_cell(session: Session, shell: Any, chat: str, **given: Any) -> PanelWidget:
    opened = _opened.setdefault(session, _Opened())
    place = session.state.located(running_cell(shell))
    earlier = opened.by_place.get(place.key)
    before = _taken_over(earlier, place, chat)
    with session.lock:
        place = session.state.begins(place)
        turns = [] if before else kept_turns(session, place.cell, chat)
        display = KeptDisplay(f"deepshi-panel-{session.state.new_id()}")
        made = Panel(
            session,
            CellSeat(place),
            chat=chat,
            names=shell.user_ns,
            display=display,
            before=before,
            turns=turns,
            **given,
        )
    if earlier is not None:
        earlier.close()
    widget = _widget(made)
    opened.by_place[place.key] = widget
    opened.unshown.append((display, made))
    _watch_cells(session, shell)
    return widget


def _at_end(session: Session, shell: Any, chat: str, *, new: bool, **given: Any) -> PanelWidget:
    """Return the panel of a conversation that stands at its end; there is one."""
    opened = _opened.setdefault(session, _Opened())
    key = f"end of {chat}"
    earlier = opened.by_place.get(key)
    if earlier is not None and not (new or earlier.panel.is_closed):
        return earlier
    seat = EndSeat(f"panel-{session.state.new_id()}")
    made = Panel(session, seat, chat=chat, names=shell.user_ns, new=new, **given)
    if earlier is not None:
        earlier.close()
    opened.by_place[key] = widget = _widget(made)
    return widget


def _taken_over(earlier: PanelWidget | None, place: Place, chat: str) -> Panel | None:
    """Return the panel that the cell had when it ran before, if the new one goes on with it.

    Raises:
        OptionError: The cell has made a panel in this very execution.
    """
    if earlier is None:
        return None
    if earlier.panel.seat.place.execution == place.execution and not earlier.panel.is_closed:
        raise OptionError("This cell shows a panel already.", "Make another one in another cell.")
    earlier.panel.end_answer(PATIENCE)
    return earlier.panel if earlier.panel.chat == chat else None


def _widget(made: Panel) -> PanelWidget:
    from deepshi_jupyter.conversation_panel.widget import PanelWidget

    try:
        return PanelWidget(made)
    except BaseException:
        made.close()
        raise


def _watch_cells(session: Session, shell: Any) -> None:
    """Look after each cell, once for each shell."""
    if shell not in _watched:
        _watched.add(shell)
        after_cell(shell, lambda: _after_cell(session, shell))


def _after_cell(session: Session, shell: Any) -> None:
    """Make the displays below their panels, and close the panel of a cell that shows none now."""
    opened = _opened.setdefault(session, _Opened())
    unshown, opened.unshown = opened.unshown, []
    for display, made in unshown:
        display.show(made.records)
    place = session.state.located(running_cell(shell))
    widget = opened.by_place.get(place.key)
    if widget is not None and widget.panel.seat.place.execution != place.execution:
        widget.close()
        del opened.by_place[place.key]
