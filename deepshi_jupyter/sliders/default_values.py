"""The default parameters of the session, as the controls change them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from deepshi_jupyter.core.catalogue import Model
from deepshi_jupyter.errors import OptionError
from deepshi_jupyter.session import Session
from deepshi_jupyter.sliders.control import ALIAS, checked
from deepshi_jupyter.sliders.layers import Layer, Source, default_layers, shown


class DefaultValues:
    """The session's default parameters.

    Args:
        session: The kernel's session.
    """

    own: Source = "conversation"

    def __init__(self, session: Session) -> None:
        self._session = session

    def layers(self) -> tuple[Layer, ...]:
        """Return what is set."""
        return default_layers(self._session.settings)

    def model(self) -> Model | None:
        """Return what is known of the model that a question asks by default."""
        connection = self._session.connection
        catalogue = connection.known_catalogue()
        return catalogue.get(connection.model) if catalogue else None

    def change(self, name: str, value: Any) -> None:
        """Set a default; None takes it back.

        Raises:
            InvalidRequestError: The API does not take the value.
            OptionError: The notebook says another one, so that it cannot be automatic.
        """
        if value is None:
            self.take_back([name])
            self._check_automatic(name)
            return
        value = checked(name, value)
        if name == "max_tokens" and ALIAS in self._session.settings.parameters:
            self._session.set(ALIAS, "auto")
        self._session.set(name, json.dumps(value))

    def take_back(self, names: Iterable[str]) -> None:
        """Let defaults be automatic again."""
        given = self._session.settings.parameters
        for name in names:
            for each in (name, ALIAS) if name == "max_tokens" else (name,):
                if each in given:
                    self._session.set(each, "auto")

    def _check_automatic(self, name: str) -> None:
        if not shown(name, self.layers()).is_automatic:
            raise OptionError(
                f"The notebook's settings say {name}, and count where nothing else is set.",
                f"Take it out of them, or write `--param {name}=null` in a cell.",
            )
