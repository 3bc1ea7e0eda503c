"""The sampling and output parameters of a request: one table for checks, options and help.

Ranges follow the API contract, "Request body".
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from difflib import get_close_matches
from numbers import Integral, Real
from typing import Any, Literal

import msgspec

from deepshi_jupyter.errors import InvalidRequestError

Kind = Literal["number", "integer", "boolean", "text", "stop", "object", "array", "any"]


class Parameter(msgspec.Struct, frozen=True):
    """One field of the request that a user may set.

    Attributes:
        name: The field's name in the request body.
        kind: What values it takes.
        help: One sentence for a user.
        low: The smallest value, or None.
        high: The largest value, or None.
        sampling: True if the catalogue's ``supported_sampling_parameters`` speaks of it.
    """

    name: str
    kind: Kind
    help: str
    low: float | None = None
    high: float | None = None
    sampling: bool = True


_TABLE = (
    Parameter("temperature", "number", "Randomness: 0 picks the likeliest token.", 0, 2),
    Parameter("top_p", "number", "Nucleus sampling; use instead of temperature, not both.", 0, 1),
    Parameter("max_tokens", "integer", "Most tokens to generate, reasoning included.", 1),
    Parameter("max_completion_tokens", "integer", "Another name for max_tokens.", 1),
    Parameter("stop", "stop", "A text that ends the answer, or up to 4 of them."),
    Parameter("seed", "integer", "Best-effort repeatability."),
    Parameter("n", "integer", "How many answers to generate.", 1, 128),
    Parameter("frequency_penalty", "number", "Discourages tokens by how often they came.", -2, 2),
    Parameter("presence_penalty", "number", "Discourages tokens that came at all.", -2, 2),
    Parameter("logit_bias", "object", "Token id → bias between -100 and 100."),
    Parameter("logprobs", "boolean", "Return the log probability of each token."),
    Parameter("top_logprobs", "integer", "How many likely tokens to list at each place.", 0, 20),
    Parameter("response_format", "object", "json_object, or a json_schema.", sampling=False),
    Parameter("tools", "array", "The functions that the model may call.", sampling=False),
    Parameter("tool_choice", "any", "auto, none, required, or one tool.", sampling=False),
    Parameter("parallel_tool_calls", "boolean", "May one turn call several tools.", sampling=False),
    Parameter("user", "text", "An opaque id of the end user.", sampling=False),
)

PARAMETERS: Mapping[str, Parameter] = {parameter.name: parameter for parameter in _TABLE}
"""Every parameter of the API contract, by name."""

TOKEN_LIMITS = ("max_tokens", "max_completion_tokens")


def check_parameters(given: Mapping[str, Any]) -> dict[str, Any]:
    """Check parameters against the contract, before anything is sent.

    Args:
        given: Values by name; None means "not set" and is left out.

    Returns:
        The values as they go into the request body, in the table's order.

    Raises:
        InvalidRequestError: A name is unknown, or a value has another type or lies out of range.
    """
    for name in given:
        if name not in PARAMETERS:
            raise _unknown(name)
    checked = {
        name: _check(parameter, given[name])
        for name, parameter in PARAMETERS.items()
        if given.get(name) is not None
    }
    _check_together(checked)
    return checked


def _unknown(name: str) -> InvalidRequestError:
    near = get_close_matches(name, PARAMETERS, n=3)
    hint = f"Did you mean {' or '.join(near)}? " if near else ""
    return InvalidRequestError(
        f"{name!r} is no parameter of the chat completions API.",
        f"{hint}A field that this package does not know goes into `extra={{…}}` "
        "(`--param NAME=JSON` in a cell).",
    )


def _check_together(values: Mapping[str, Any]) -> None:
    if "top_logprobs" in values and not values.get("logprobs"):
        raise InvalidRequestError(
            "top_logprobs needs logprobs.", "Set logprobs to true as well, or leave both out."
        )
    if all(name in values for name in TOKEN_LIMITS):
        raise InvalidRequestError(
            "max_tokens and max_completion_tokens are two names of one limit.", "Set only one."
        )


def _check(parameter: Parameter, value: Any) -> Any:
    return _CHECKS[parameter.kind](parameter, value)


def _check_number(parameter: Parameter, value: Any) -> float | int:
    if isinstance(value, bool) or not isinstance(value, Real) or not _is_finite(value):
        raise _refuse(parameter, value)
    number = int(value) if isinstance(value, Integral) else float(value)
    return _in_range(parameter, number)


def _is_finite(value: Real) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number beyond any float
        return False


def _check_integer(parameter: Parameter, value: Any) -> int:
    whole = isinstance(value, Integral) or (isinstance(value, float) and value.is_integer())
    if isinstance(value, bool) or not whole:
        raise _refuse(parameter, value)
    return int(_in_range(parameter, int(value)))


def _in_range(parameter: Parameter, number: float | int) -> float | int:
    low = -math.inf if parameter.low is None else parameter.low
    high = math.inf if parameter.high is None else parameter.high
    if not low <= number <= high:
        raise _refuse(parameter, number)
    return number


def _check_boolean(parameter: Parameter, value: Any) -> bool:
    if not isinstance(value, bool):
        raise _refuse(parameter, value)
    return value


def _check_text(parameter: Parameter, value: Any) -> str:
    if not isinstance(value, str):
        raise _refuse(parameter, value)
    return value


def _check_stop(parameter: Parameter, value: Any) -> str | list[str]:
    if isinstance(value, str) and value:
        return value
    texts = list(value) if isinstance(value, list | tuple) else []
    if not 1 <= len(texts) <= 4 or not all(isinstance(text, str) and text for text in texts):
        raise _refuse(parameter, value)
    return texts


def _check_object(parameter: Parameter, value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise _refuse(parameter, value)
    return {str(key): inner for key, inner in value.items()}


def _check_array(parameter: Parameter, value: Any) -> list[Any]:
    if not isinstance(value, list | tuple):
        raise _refuse(parameter, value)
    return list(value)


def _check_any(_: Parameter, value: Any) -> Any:
    return value


_CHECKS = {
    "number": _check_number,
    "integer": _check_integer,
    "boolean": _check_boolean,
    "text": _check_text,
    "stop": _check_stop,
    "object": _check_object,
    "array": _check_array,
    "any": _check_any,
}


def expected_values(parameter: Parameter) -> str:
    """Say in words which values a parameter takes."""
    words = {
        "number": "a number",
        "integer": "a whole number",
        "boolean": "true or false",
        "text": "a text",
        "stop": "a text, or a list of 1 to 4 texts, none empty",
        "object": "an object",
        "array": "a list",
        "any": "a JSON value",
    }[parameter.kind]
    if parameter.low is not None and parameter.high is not None:
        return f"{words} from {parameter.low:g} to {parameter.high:g}"
    return words if parameter.low is None else f"{words} of at least {parameter.low:g}"


def _refuse(parameter: Parameter, value: Any) -> InvalidRequestError:
    shown = repr(value)
    return InvalidRequestError(
        f"{parameter.name} is {shown if len(shown) <= 60 else shown[:59] + '…'}, "
        f"expected {expected_values(parameter)}.",
        "Change it, or leave it out to let the service choose.",
    )
