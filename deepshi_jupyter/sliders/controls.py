"""The rows of all parameters, what is to be said of them together, and a reset of all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol

import ipywidgets as widgets

from deepshi_jupyter.core.catalogue import Model
from deepshi_jupyter.sliders.control import CONTROLS
from deepshi_jupyter.sliders.layers import Layer, Source, hint, ignored, shown
from deepshi_jupyter.sliders.row import Row


class Holder(Protocol):
    """Who holds the values that the controls show."""

    own: Source
    """The source of what is set with these controls."""

    def layers(self) -> tuple[Layer, ...]:
        """Return what is set, what counts most first."""

    def model(self) -> Model | None:
        """Return what the catalogue says of the model that will be asked, without waiting."""

    def change(self, name: str, value: Any) -> None:
        """Set a parameter; None is "not sent"."""

    def take_back(self, names: Iterable[str]) -> None:
        """Take back what was set here of some parameters."""


class Sentence:
    """A sentence that takes no room where there is none.

    Attributes:
        widget: What is displayed.
    """

    def __init__(self) -> None:
        self.widget = widgets.Label(description_allow_html=False)
        self.say("")

    def say(self, sentence: str) -> None:
        """Show a sentence, or nothing."""
        self.widget.value = sentence
        self.widget.layout.display = None if sentence else "none"


class Controls:
    """Shows and changes the values of a holder.

    Args:
        holder: Who has the values.
        act: Runs what a user's action asks for, one after the other.

    Attributes:
        widget: What is displayed.
        rows: The rows by parameter.
    """

    def __init__(self, holder: Holder, act: Callable[[Callable[[], None]], None]) -> None:
        self._holder = holder
        self.rows = {name: self._row(name, act) for name in CONTROLS}
        self.reset_all = widgets.Button(
            description="Reset all",
            tooltip="Reset all parameters: take back everything that was set here",
        )
        self.reset_all.on_click(lambda _: act(lambda: holder.take_back(CONTROLS)))
        self.hint = Sentence()
        self.message = Sentence()
        foot = [widgets.HBox([self.reset_all, self.hint.widget]), self.message.widget]
        self.widget = widgets.VBox([*(row.widget for row in self.rows.values()), *foot])

    def show(self) -> None:
        """Show the values as they are now."""
        layers, model = self._holder.layers(), self._holder.model()
        for name, row in self.rows.items():
            row.show(shown(name, layers), ignored(name, model), self._holder.own)
        self.reset_all.disabled = not any(
            layer.values for layer in layers if layer.source == self._holder.own
        )
        self.hint.say(hint(layers))

    @property
    def seed_is_locked(self) -> bool:
        """True if the seed stays from one answer to the next."""
        return bool(self.rows["seed"].value.lock.value)

    def _row(self, name: str, act: Callable[[Callable[[], None]], None]) -> Row:
        return Row(
            CONTROLS[name],
            lambda value: act(lambda: self._holder.change(name, value)),
            lambda: act(lambda: self._holder.take_back([name])),
        )


def all_of(widget: widgets.Widget) -> Iterator[widgets.Widget]:
    """Return a widget and all that stand in it."""
    yield widget
    for inner in getattr(widget, "children", ()):
        yield from all_of(inner)


def answer_at_once(widget: widgets.Widget) -> None:
    """Let messages of a widget and those in it come while a cell runs.

    ipykernel 7.4 hands the messages of a comm to the thread that sent on it last, which for the
    main thread is after the cell (``BaseComm._reply_subshell_for``); the front end's own choice,
    a subshell, is `default`.
    """
    for one in all_of(widget):
        if hasattr(one.comm, "_reply_subshell_for"):
            one.comm._reply_subshell_for = lambda _, default: default


def close(widget: widgets.Widget) -> None:
    """Close a widget and all that stand in it, with their layouts and styles."""
    for one in [*all_of(widget)]:
        for part in (getattr(one, "style", None), one.layout, one):
            if part is not None:
                part.close()
