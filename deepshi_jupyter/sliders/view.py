"""What the controls of a cell and those of the defaults have in common."""

from __future__ import annotations

from typing import Any

import ipywidgets as widgets

from deepshi_jupyter.connection import CATALOGUE_SECONDS
from deepshi_jupyter.errors import DeepshiError
from deepshi_jupyter.session import Session
from deepshi_jupyter.sliders.controls import Controls, Holder, answer_at_once, close
from deepshi_jupyter.sliders.place import Note, display_controls
from deepshi_jupyter.sliders.serial import Serial, Work


class View:
    """Controls, an output that stays, and one thread at a time that changes them.

    Args:
        session: The kernel's session; its news are shown until `close`.
        holder: Who has the values.
    """

    def __init__(self, session: Session, holder: Holder) -> None:
        self.session = session
        session.connection.known_catalogue()  # asked for; what comes soon is shown at once
        session.connection.catalogue_within(CATALOGUE_SECONDS)
        self._serial = Serial(self.failed)
        self.controls = Controls(holder, self.act)
        self._note = Note()
        self._widget: widgets.Widget | None = None

    def display(self, widget: widgets.Widget) -> None:
        """Display everything in the cell that runs.

        Args:
            widget: The widgets.
        """
        self.refresh()
        answer_at_once(widget)
        display_controls(widget)
        self._widget = widget
        self._note.show(self.bundle())
        self.session.watchers.append(self.changed)

    def close(self) -> None:
        """Take the controls away; what stays in the notebook stays."""
        if self._widget is not None:
            self.session.watchers.remove(self.changed)
            close(self._widget)
            self._widget = None

    def act(self, work: Work) -> None:
        """Do what the user wished, and show what came of it; from any thread."""
        self._serial.do(lambda: self._act(work))

    def changed(self) -> None:
        """Show the news of the session; it waits for nobody."""
        self._serial.do(self._news)

    def failed(self, error: Exception) -> None:
        """Say below the controls what went wrong and what to do."""
        if isinstance(error, DeepshiError):
            self.session.preparation.redactor.clean(error)
            self.controls.message.say(f"{error.what} {error.todo}")
        else:
            self.controls.message.say(f"{type(error).__name__}: {error}")

    def refresh(self) -> None:
        """Show everything as it is now."""
        self.controls.show()
        if self._widget is not None:
            self._note.show(self.bundle())

    def bundle(self) -> dict[str, Any]:
        """Return what stays in the notebook."""
        raise NotImplementedError

    def news(self) -> None:
        """Take in the news of the session."""
        raise NotImplementedError

    def _act(self, work: Work) -> None:
        self.controls.message.say("")
        try:
            work()
        except DeepshiError as error:
            self.failed(error)
        self.refresh()

    def _news(self) -> None:
        if self._widget is not None:
            self.news()
            self.refresh()
