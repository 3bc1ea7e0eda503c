"""The widgets of one parameter: its value, whether it is automatic, who says so, a reset."""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Callable
from typing import Any

import ipywidgets as widgets

from deepshi_jupyter.sliders.control import MOST_TEXTS, Control, in_one_form
from deepshi_jupyter.sliders.layers import Shown, Source
from deepshi_jupyter.sliders.stop_text import as_field, from_field

THROWN_BELOW = 10**6
"""A seed that is thrown is below this: few enough digits for a field, and to be typed again."""

_LABELLED = {"description_width": "9.5em"}
_VALUE, _FIELD, _SLIDER, _TEXT = "25.8em", "14.5em", "9.6em", "3.2em"


def thrown_seed() -> int:
    """Return a seed that nobody chose."""
    return secrets.randbelow(THROWN_BELOW)


class Row:
    """The widgets of one parameter.

    Args:
        control: The parameter.
        change: Called with the value that the user has chosen; None for automatic.
        reset: Called when the user takes back what was set here.

    Attributes:
        widget: What is displayed.
    """

    def __init__(
        self, control: Control, change: Callable[[Any], None], reset: Callable[[], None]
    ) -> None:
        self.control = control
        self._change = change
        self._shown = Shown()
        self.value = _VALUES[control.kind](control, self._chosen)
        label = control.label
        of_it = f"{label[0].lower()}{label[1:]}"
        self.automatic = widgets.Checkbox(
            value=True,
            description=f"Automatic {of_it}",
            description_allow_html=False,
            tooltip=f"{label} is not sent; the service chooses.",
            indent=False,
            layout=widgets.Layout(width="16.4em"),
        )
        self.automatic.observe(lambda change: self._tick(change["new"]), "value")
        self.reset = widgets.Button(
            description=f"Reset {of_it}",
            tooltip=f"Take back what was set here of {of_it}",
            layout=widgets.Layout(width="14em"),
        )
        self.reset.on_click(lambda _: reset())
        self.source = widgets.Label(description_allow_html=False)
        value = widgets.HBox(self.value.parts, layout=widgets.Layout(width=_VALUE))
        self.widget = widgets.HBox(
            [value, self.automatic, self.reset, self.source],
            layout=widgets.Layout(flex_flow="row wrap", align_items="center"),
        )

    def show(self, shown: Shown, ignored: str, own: Source) -> None:
        """Show what counts of the parameter.

        Args:
            shown: Its value and source.
            ignored: Why it would do nothing, or an empty text.
            own: The source that a reset takes back.
        """
        self._shown = shown
        self.automatic.value = shown.is_automatic
        self.automatic.disabled = bool(ignored) and shown.is_automatic
        self.value.enable(not ignored, automatic=shown.is_automatic)
        self.value.put(shown.value)
        self.reset.disabled = shown.source != own
        self.source.value = " – ".join(part for part in (shown.words, ignored) if part)
        self.source.tooltip = ignored or shown.words

    def _chosen(self, value: Any) -> None:
        """Pass on what the user chose; what is shown already comes from here."""
        if value != self._shown.value:
            self._change(value)

    def _tick(self, automatic: bool) -> None:
        if automatic != self._shown.is_automatic:
            self._change(None if automatic else self.value.start())


class _Number:
    """A number in a field, which is empty where none is sent."""

    def __init__(self, control: Control, chosen: Callable[[Any], None]) -> None:
        self.control = control
        self.chosen = chosen
        self.field = _field(control, "auto", control.tooltip)
        self.field.observe(lambda change: chosen(_read(change["new"])), "value")
        self.parts: list[widgets.Widget] = [self.field]

    def start(self) -> Any:
        return self.control.start

    def put(self, value: Any) -> None:
        self.field.value = "" if value is None else json.dumps(value)

    def enable(self, enabled: bool, *, automatic: bool) -> None:
        self.field.disabled = not enabled and automatic


class _Slider(_Number):
    """A number between two ends, in a field and on a slider."""

    def __init__(self, control: Control, chosen: Callable[[Any], None]) -> None:
        super().__init__(control, chosen)
        self.slider = widgets.FloatSlider(
            value=control.start,
            min=control.parameter.low,
            max=control.parameter.high,
            step=control.step,
            readout=False,  # the field shows the number, and none where none is sent
            continuous_update=False,
            tooltip=control.tooltip,
            layout=widgets.Layout(width=_SLIDER),
        )
        self.slider.observe(self._moved, "value")
        self.parts = [self.field, self.slider]

    def start(self) -> Any:
        return in_one_form(self.control.name, self.slider.value)

    def put(self, value: Any) -> None:
        super().put(value)
        if value is not None:
            self.slider.value = value

    def enable(self, enabled: bool, *, automatic: bool) -> None:
        super().enable(enabled, automatic=automatic)
        self.slider.disabled = automatic or not enabled

    def _moved(self, _: Any) -> None:
        if not self.slider.disabled:
            self.chosen(in_one_form(self.control.name, self.slider.value))


class _Seed(_Number):
    """A whole number with dice, and a lock that keeps it from one answer to the next."""

    def __init__(self, control: Control, chosen: Callable[[Any], None]) -> None:
        super().__init__(control, chosen)
        self.dice = widgets.Button(
            description="Dice",
            tooltip="Throw a new seed",
            layout=widgets.Layout(width="4em"),
        )
        self.dice.on_click(lambda _: chosen(thrown_seed()))
        self.lock = widgets.ToggleButton(
            value=True,
            description="Locked",
            tooltip="Seed locked: it stays from one answer to the next. "
            "Unlocked, each answer gets a new one.",
            layout=widgets.Layout(width="6.2em"),
        )
        self.lock.observe(lambda change: self._locked(change["new"]), "value")
        self.parts = [self.field, self.dice, self.lock]

    def start(self) -> Any:
        return thrown_seed()

    def enable(self, enabled: bool, *, automatic: bool) -> None:
        super().enable(enabled, automatic=automatic)
        self.dice.disabled = not enabled
        self.lock.disabled = automatic or not enabled

    def _locked(self, locked: bool) -> None:
        self.lock.description = "Locked" if locked else "Unlocked"


class _Texts:
    """Up to four texts; empty fields count for nothing."""

    def __init__(self, control: Control, chosen: Callable[[Any], None]) -> None:
        self._chosen = chosen
        self._putting = 0
        self.fields = [
            _field(control if number == 1 else None, f"{number}", _about_text(number))
            for number in range(1, MOST_TEXTS + 1)
        ]
        for field in self.fields:
            field.observe(self._typed, "value")
        self.parts = self.fields

    def start(self) -> Any:
        return None

    def put(self, value: Any) -> None:
        if self._get() != value:
            self._fill([as_field(text) for text in value or ()])

    def enable(self, enabled: bool, *, automatic: bool) -> None:
        for field in self.fields:
            field.disabled = not enabled and automatic

    def _get(self) -> list[str] | None:
        return [from_field(field.value) for field in self.fields if field.value] or None

    def _fill(self, texts: list[str]) -> None:
        """Write all fields; the states between are nobody's choice."""
        self._putting = threading.get_ident()
        try:
            for field, text in zip(self.fields, [*texts, *[""] * MOST_TEXTS], strict=False):
                field.value = text
        finally:
            self._putting = 0

    def _typed(self, _: Any) -> None:
        if self._putting != threading.get_ident():
            self._chosen(self._get())


def _field(control: Control | None, placeholder: str, tooltip: str) -> Any:
    """Return a field of one line; that of a control has its name beside it."""
    return widgets.Text(
        continuous_update=False,
        description=control.label if control else "",
        description_allow_html=False,
        placeholder=placeholder,
        tooltip=tooltip,
        style=_LABELLED if control else {},
        layout=widgets.Layout(width=_FIELD if control else _TEXT),
    )


def _about_text(number: int) -> str:
    return rf"Text {number} of {MOST_TEXTS} that ends the answer. \n is a line end."


def _read(text: str) -> Any:
    """Return what was typed as JSON has it; what is none is refused by who takes it."""
    try:
        return None if text.strip() in ("", "auto") else json.loads(text)
    except ValueError:
        return text


_VALUES: dict[str, Callable[[Control, Callable[[Any], None]], Any]] = {
    "slider": _Slider,
    "number": _Number,
    "seed": _Seed,
    "texts": _Texts,
}
