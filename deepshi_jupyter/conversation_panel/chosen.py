"""What a reader has chosen in a panel, and what the panel says of all that can be chosen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from deepshi_jupyter.core.catalogue import Catalogue, Model
from deepshi_jupyter.core.parameters import PARAMETERS
from deepshi_jupyter.core.turn_record import Json
from deepshi_jupyter.display.footer import dollars
from deepshi_jupyter.errors import OptionError
from deepshi_jupyter.settings import Settings
from deepshi_jupyter.sliders.control import CONTROLS, checked, controlled
from deepshi_jupyter.sliders.layers import Layer, ignored, shown
from deepshi_jupyter.spent import Spent


class Chosen(msgspec.Struct, frozen=True):
    """What holds for the questions of one panel.

    Attributes:
        model: A model, or an empty text for the session's.
        system: A system prompt, or None for the conversation's.
        parameters: Values by name; None is "not sent", whatever the session's default says.
    """

    model: str = ""
    system: str | None = None
    parameters: Mapping[str, Any] = {}

    def but(self, name: str, value: Any) -> Chosen:
        """Return the same with another value.

        Args:
            name: ``model``, ``system`` or a parameter that has a control.
            value: The value; None is automatic.

        Raises:
            InputError: There is no such name, or it does not take this value.
        """
        if name in ("model", "system"):
            if not isinstance(value, str | None):
                raise OptionError(f"The {name} is {value!r}, expected a text.", "Give a text.")
            text = "" if value is None and name == "model" else value
            return msgspec.structs.replace(self, **{name: text})
        if name not in CONTROLS:
            known = ", ".join(("model", "system", *CONTROLS))
            raise OptionError(f"A panel does not set {name!r}.", f"It sets {known}.")
        is_automatic = value is None or value in ("", ())
        value = None if is_automatic else checked(name, value)
        return msgspec.structs.replace(self, parameters={**self.parameters, name: value})


def settings_of(
    chosen: Chosen, defaults: Settings, catalogue: Catalogue | None, model: str
) -> list[Json]:
    """Return what the page shows of each parameter that has a control.

    Args:
        chosen: What was chosen in the panel.
        defaults: The session's settings.
        catalogue: The models, if they are known.
        model: The id of the model that would be asked.
    """
    entry = catalogue.get(model) if catalogue else None
    layers = (
        Layer("cell", chosen.parameters),
        Layer("notebook", controlled(defaults.parameters)),
    )
    return [_parameter(name, layers, entry) for name in CONTROLS]


def _parameter(name: str, layers: tuple[Layer, ...], entry: Model | None) -> Json:
    control, parameter, said = CONTROLS[name], PARAMETERS[name], shown(name, layers)
    overrules = said.value is None and name in layers[-1].values
    high = parameter.high
    if high is None and name == "max_tokens" and entry is not None:
        high = entry.max_output_length
    return {
        "name": name,
        "label": control.label,
        "help": parameter.help,
        "min": parameter.low,
        "max": high,
        "step": control.step if parameter.kind == "number" else 1,
        "integer": parameter.kind == "integer",
        "kind": "list" if parameter.kind == "stop" else "number",
        "value": said.value,
        "source": said.source if said.value is not None or overrules else "",
        "ignored": ignored(name, entry),
    }


def models_of(catalogue: Catalogue) -> list[Json]:
    """Return what the page shows of each model; null where the endpoint does not say."""
    return [
        {
            "id": model.id,
            "name": model.name or model.id,
            "context": model.context_length,
            "price_in": _tidy(model.price.prompt) if model.price else None,
            "price_out": _tidy(model.price.completion) if model.price else None,
            "features": sorted(model.features or ()),
        }
        for model in catalogue
    ]


def _tidy(usd: float) -> float:
    """Return a rate without the dust of its conversion from USD per token."""
    return float(f"{usd:.10g}")


def spent_in_words(spent: Spent) -> str:
    """Return what the session has used so far in one line; empty if nothing."""
    if not spent.calls + spent.replayed:
        return ""
    words = [
        f"{spent.calls} answer{'' if spent.calls == 1 else 's'}",
        f"{spent.prompt_tokens:,} in / {spent.completion_tokens:,} out",
    ]
    if spent.cost:
        words.append(dollars(spent.cost))
    if spent.replayed:
        words.append(f"{spent.replayed} recorded")
    if spent.unpriced:
        words.append(f"{spent.unpriced} without a reported cost")
    return " · ".join(words)
