"""The parameters of the API as options of a command, from the one table in `core.parameters`."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from typing import Any

from deepshi_jupyter.core.parameters import (
    PARAMETERS,
    Parameter,
    check_parameters,
    expected_values,
)
from deepshi_jupyter.errors import InvalidRequestError, OptionError

_SHORT: Mapping[str, tuple[str, ...]] = {"temperature": ("-t",), "n": ("-n",)}
_WORDLESS = frozenset({"object", "array", "any"})
"""Kinds whose values are JSON and no word: they go through ``--param``."""


def add_parameters(parser: argparse.ArgumentParser) -> None:
    """Add an option for each parameter that a word can give, and ``--param`` for any field."""
    group = parser.add_argument_group("parameters of the request")
    for parameter in PARAMETERS.values():
        if parameter.kind not in _WORDLESS:
            _add(group, parameter)
    group.add_argument(
        "--param",
        action="append",
        default=[],
        type=_field,
        metavar="NAME=JSON",
        help="any other field of the request; may be given several times",
    )


def parameters_of(options: argparse.Namespace) -> dict[str, Any]:
    """Return the parameters that were given and stand in the table.

    Raises:
        OptionError: One has a value that it does not take.
    """
    given = {name: getattr(options, name, None) for name in PARAMETERS}
    given |= {name: value for name, value in options.param if name in PARAMETERS}
    try:
        return check_parameters(given)
    except InvalidRequestError as error:
        raise OptionError(error.what, error.todo) from None


def extra_of(options: argparse.Namespace) -> dict[str, Any]:
    """Return the fields of ``--param`` that the table does not know."""
    return {name: value for name, value in options.param if name not in PARAMETERS}


def _add(group: argparse._ArgumentGroup, parameter: Parameter) -> None:
    name = f"--{parameter.name.replace('_', '-')}"
    text = f"{parameter.help} ({expected_values(parameter)})"
    if parameter.kind == "boolean":
        group.add_argument(name, action=argparse.BooleanOptionalAction, help=text)
    elif parameter.kind == "stop":
        group.add_argument(name, action="append", metavar="TEXT", help=text)
    else:
        metavar = "TEXT" if parameter.kind == "text" else "N"
        reader = str if parameter.kind == "text" else _json_or_text
        group.add_argument(
            *_SHORT.get(parameter.name, ()), name, type=reader, metavar=metavar, help=text
        )


def _field(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=JSON, such as top_k=40")
    return name.strip(), _json_or_text(value)


def _json_or_text(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
