"""What a cell says of the parameters, over the defaults of the conversation."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from deepshi_jupyter.core.catalogue import Model
from deepshi_jupyter.session import Session
from deepshi_jupyter.sliders.control import Values, checked
from deepshi_jupyter.sliders.layers import Layer, Source, default_layers, shown


class OwnValues:
    """The values of a cell, as the controls change them.

    Args:
        session: The kernel's session.
        model: The model that the cell asks, or an empty text for the session's.
        values: What the cell says itself.
        changed: Called when a value has changed.

    Attributes:
        values: What the cell says now.
    """

    own: Source = "cell"

    def __init__(
        self, session: Session, model: str, values: Values, changed: Callable[[], None]
    ) -> None:
        self._session = session
        self._model = model
        self._changed = changed
        self.values: Values = values

    def layers(self) -> tuple[Layer, ...]:
        """Return what the cell says, then the defaults."""
        return (Layer("cell", self.values), *default_layers(self._session.settings))

    def model(self) -> Model | None:
        """Return what is known of the model that the cell asks."""
        connection = self._session.connection
        catalogue = connection.known_catalogue()
        return catalogue.get(self._model or connection.model) if catalogue else None

    def change(self, name: str, value: Any) -> None:
        """Set a value; None is "not sent", which is said only where a default says otherwise.

        Raises:
            InvalidRequestError: The API does not take the value.
        """
        rest = {key: kept for key, kept in self.values.items() if key != name}
        if value is not None:
            self.values = {**rest, name: checked(name, value)}
        elif shown(name, default_layers(self._session.settings)).is_automatic:
            self.values = rest
        else:
            self.values = {**rest, name: None}
        self._changed()

    def take_back(self, names: Iterable[str]) -> None:
        """Let defaults count again."""
        names = set(names)
        self.values = {key: kept for key, kept in self.values.items() if key not in names}
        self._changed()
