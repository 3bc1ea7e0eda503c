"""The parameters that have a control, and what kind of control each has.

Ranges and help come from `deepshi_jupyter.core.parameters`, the one table of the API contract.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from deepshi_jupyter.core.parameters import PARAMETERS, Parameter, check_parameters, expected_values

Kind = Literal["slider", "number", "seed", "texts"]

ALIAS = "max_completion_tokens"
"""Another name of ``max_tokens`` (API contract, "Request body"); the two share one control."""

MOST_TEXTS = 4
"""So many texts may end an answer (API contract, "Request body": ``stop``)."""


class Control(msgspec.Struct, frozen=True):
    """One parameter with a control.

    Attributes:
        name: The parameter's name in the request body.
        label: What a reader calls it.
        kind: A slider, a number, a number with dice, or a list of texts.
        start: The value that the control begins with when it is no longer automatic.
        step: The distance between two places of a slider.
    """

    name: str
    label: str
    kind: Kind
    start: Any
    step: float = 1

    @property
    def parameter(self) -> Parameter:
        """What the contract says of it."""
        return PARAMETERS[self.name]

    @property
    def tooltip(self) -> str:
        """A sentence on what it does and which values it takes."""
        return f"{self.label}. {self.parameter.help} Takes {expected_values(self.parameter)}."


_ALL = (
    Control("temperature", "Temperature", "slider", 1, 0.05),
    Control("top_p", "Top p", "slider", 1, 0.01),
    Control("max_tokens", "Max tokens", "number", 1000),
    Control("frequency_penalty", "Frequency penalty", "slider", 0, 0.1),
    Control("presence_penalty", "Presence penalty", "slider", 0, 0.1),
    Control("seed", "Seed", "seed", 0),
    Control("stop", "Stop texts", "texts", None),
    Control("n", "Answers (n)", "number", 1),
)

CONTROLS: Mapping[str, Control] = {control.name: control for control in _ALL}
"""The controls by the name of their parameter, in the order in which they stand."""

Values = Mapping[str, Any]
"""Values of parameters by name; None says that it is not sent, whatever a default says."""


def controlled(parameters: Values) -> dict[str, Any]:
    """Return those of a request's parameters that have a control, in one form.

    Args:
        parameters: Parameters of a request or of the settings.

    Returns:
        Values by name: ``stop`` as a list, ``max_completion_tokens`` as ``max_tokens``, whole
        numbers without a fraction.
    """
    given = dict(parameters)
    if ALIAS in given:
        given.setdefault("max_tokens", given[ALIAS])
    return {name: in_one_form(name, given[name]) for name in CONTROLS if name in given}


def uncontrolled(parameters: Values) -> dict[str, Any]:
    """Return the parameters that have no control."""
    return {n: value for n, value in parameters.items() if n not in CONTROLS and n != ALIAS}


def in_one_form(name: str, value: Any) -> Any:
    """Return a value as it is written: without the dust that a slider leaves on a number."""
    if name == "stop" and value is not None:
        return [value] if isinstance(value, str) else list(value)
    if isinstance(value, float):
        tidy = float(f"{value:.10g}")
        return int(tidy) if tidy.is_integer() else tidy
    return value


def checked(name: str, value: Any) -> Any:
    """Return a value that the API takes, in one form.

    Raises:
        InvalidRequestError: It lies out of the range, or is of another type.
    """
    return in_one_form(name, check_parameters({name: value})[name])
