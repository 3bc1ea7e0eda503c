"""Where the value of a parameter comes from: the cell, the conversation, the notebook, nowhere."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

import msgspec

from deepshi_jupyter.core.catalogue import Model
from deepshi_jupyter.core.request import parameter_notices
from deepshi_jupyter.settings import Settings
from deepshi_jupyter.sliders.control import CONTROLS, Values, controlled

Source = Literal["cell", "conversation", "notebook", ""]

_WORDS = {
    "cell": "cell",
    "conversation": "conversation",
    "notebook": "notebook default",
    "": "automatic",
}


class Layer(msgspec.Struct, frozen=True):
    """Values that one place has set."""

    source: Source
    values: Values


class Shown(msgspec.Struct, frozen=True):
    """What a control shows.

    Attributes:
        value: What is sent; None where nothing is.
        source: Who says so; an empty text where nobody does.
    """

    value: Any = None
    source: Source = ""

    @property
    def is_automatic(self) -> bool:
        """True if the parameter is not sent."""
        return self.value is None

    @property
    def words(self) -> str:
        """The source in words."""
        if self.is_automatic and self.source:
            return f"automatic ({_WORDS[self.source]})"
        return _WORDS[self.source]


def shown(name: str, layers: Iterable[Layer]) -> Shown:
    """Return what counts of a parameter: the first layer that says something of it.

    Args:
        name: The parameter.
        layers: What is set, what counts most first.
    """
    for layer in layers:
        if name in layer.values:
            return Shown(layer.values[name], layer.source)
    return Shown()


def sent(layers: Iterable[Layer]) -> dict[str, Any]:
    """Return the values that would be sent, by name."""
    layers = tuple(layers)
    found = {name: shown(name, layers).value for name in CONTROLS}
    return {name: value for name, value in found.items() if value is not None}


def default_layers(settings: Settings) -> tuple[Layer, Layer]:
    """Return the defaults that were set in this kernel, and those that the notebook says."""
    told = {n for n in settings.parameters if settings.comes_from_notebook(n)}
    given = settings.parameters.items()
    chosen = {name: value for name, value in given if name not in told}
    said = {name: value for name, value in given if name in told}
    return Layer("conversation", controlled(chosen)), Layer("notebook", controlled(said))


def ignored(name: str, model: Model | None) -> str:
    """Say why a control would do nothing, or return an empty text.

    Args:
        name: The parameter.
        model: What the catalogue says of the model, or None.
    """
    return " ".join(parameter_notices({name: None}, model, model.id)) if model else ""


def hint(layers: Iterable[Layer]) -> str:
    """Return what the API's documentation says of these values together, or an empty text."""
    return " ".join(parameter_notices(sent(layers), None, ""))
