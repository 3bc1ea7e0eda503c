"""What is varied → all settings to ask under, each combination once."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from itertools import product
from typing import Any

import msgspec

from deepshi_jupyter.core.canonical import canonical
from deepshi_jupyter.core.parameters import PARAMETERS
from deepshi_jupyter.errors import InvalidRequestError, OptionError

OF_THE_QUESTION = ("prompt", "model", "system")
"""What can be varied beside the parameters of the API."""

_LIST_KINDS = ("stop", "array")
"""Parameters whose value may itself be a list, so that only a list of lists varies them."""

Setting = dict[str, Any]
"""A value for each varied name; None means "not sent"."""


class Axis(msgspec.Struct, frozen=True):
    """One thing that is varied.

    Attributes:
        name: A parameter of the API, or one of `OF_THE_QUESTION`.
        values: Its values, each once, in the order given.
    """

    name: str
    values: tuple[Any, ...]


class Grid(msgspec.Struct, frozen=True):
    """All that is varied, and what is the same in every question.

    Attributes:
        axes: What is varied: names with at least two values.
        fixed: The other names with their one value.
    """

    axes: tuple[Axis, ...] = ()
    fixed: dict[str, Any] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """The names of what is varied."""
        return tuple(axis.name for axis in self.axes)

    @property
    def settings(self) -> list[Setting]:
        """Every combination of the varied values; the last axis changes fastest."""
        values = product(*(axis.values for axis in self.axes))
        return [dict(zip(self.names, combination, strict=True)) for combination in values]


def grid_of(given: Mapping[str, Any]) -> Grid:
    """Return the grid of values of which some are lists.

    Args:
        given: By name a value, or a list, tuple, range or array of values to vary.

    Raises:
        InvalidRequestError: A name is unknown, or a list is empty.
    """
    axes, fixed = [], {}
    for name, value in given.items():
        _check_name(name)
        values = _different(_values(name, value))
        if not values:
            raise InvalidRequestError(f"{name} has no value.", "Such as temperature=[0, 1].")
        if len(values) > 1:
            axes.append(Axis(name, tuple(values)))
        else:
            fixed[name] = values[0]
    return Grid(tuple(axes), fixed)


def read_vary(words: Iterable[str]) -> dict[str, list[Any]]:
    """Read what ``--vary NAME=V1,V2`` says.

    Args:
        words: What stands after each ``--vary``. Values that hold a comma are written as a JSON
            list: ``system=["Be brief.", "Be long, please."]``. The value ``auto`` is "not sent".

    Returns:
        The values by name, in the order given.

    Raises:
        OptionError: One is not of this form, or its name is given twice.
        InvalidRequestError: A name is unknown.
    """
    found: dict[str, list[Any]] = {}
    for word in words:
        name, equals, text = word.partition("=")
        name = name.strip().replace("-", "_")
        if not equals or not text.strip():
            raise OptionError(
                f"--vary {word!r} is not NAME=VALUE,VALUE.", "Such as --vary temperature=0,0.7,1.4."
            )
        _check_name(name)
        if name in found:
            raise OptionError(f"--vary names {name} twice.", "Give all its values at once.")
        found[name] = _read_values(name, text)
    return found


def shown_value(value: Any) -> str:
    """Return a varied value as a reader sees it, in one line."""
    if value is None:
        return "not set"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return " ".join(text.split())


def _check_name(name: str) -> None:
    if name == "n":
        raise InvalidRequestError(
            "n gives several answers to one call; a comparison asks for each on its own.",
            "Give samples (`--samples`).",
        )
    if name in PARAMETERS or name in OF_THE_QUESTION:
        return
    near = get_close_matches(name, [*PARAMETERS, *OF_THE_QUESTION], n=2)
    hint = f"Did you mean {' or '.join(near)}? " if near else ""
    raise InvalidRequestError(
        f"{name!r} is nothing that can be varied.",
        f"{hint}Vary model, system, prompt or a parameter of the API.",
    )


def _values(name: str, value: Any) -> list[Any]:
    if hasattr(value, "tolist"):  # an array or series, and numbers of NumPy
        value = value.tolist()
    if not isinstance(value, list | tuple | range):
        return [value]
    values = [item.item() if hasattr(item, "item") else item for item in value]
    takes_lists = name in PARAMETERS and PARAMETERS[name].kind in _LIST_KINDS
    if takes_lists and not any(isinstance(item, list | tuple) or item is None for item in values):
        return [values]
    return values


def _different(values: Iterable[Any]) -> list[Any]:
    """Return values without repeats; ``0`` and ``0.0`` are one value, as in a request."""
    return list({_identity(value): value for value in reversed(list(values))}.values())[::-1]


def _identity(value: Any) -> bytes | str:
    try:
        return canonical(value)
    except (InvalidRequestError, TypeError, ValueError):
        return repr(value)  # no JSON: refused later, in the words of its parameter


def _read_values(name: str, text: str) -> list[Any]:
    if text.lstrip().startswith("["):
        try:
            listed = json.loads(text)
        except ValueError:
            raise OptionError(
                f"--vary {name}={text} is no JSON list.", 'Such as --vary system=["a", "b"].'
            ) from None
        return list(listed)
    return [_read_value(name, part.strip()) for part in text.split(",")]


def _read_value(name: str, text: str) -> Any:
    if text == "auto":
        return None
    if name in OF_THE_QUESTION or PARAMETERS[name].kind in ("text", "stop"):
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text  # refused later, in the words of its parameter
