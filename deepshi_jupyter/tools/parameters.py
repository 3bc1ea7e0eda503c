"""The signature of a function → the form of its arguments."""

from __future__ import annotations

import inspect
import json
import typing
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from inspect import Parameter
from typing import Annotated, Any, NotRequired, TypedDict

import msgspec

from deepshi_jupyter.errors import InputError
from deepshi_jupyter.schema.form import Form
from deepshi_jupyter.schema.python_type import form_of_type

_LONGEST_DEFAULT = 200
"""A default is told to the model if its JSON is no longer than this many characters."""

_TAKEN = (
    "Types that a model can fill in: str, int, float, bool, Literal, Enum, a list, dict or union "
    "of these, dataclass, TypedDict, msgspec Struct."
)

_REFUSED = {
    Parameter.VAR_POSITIONAL: "takes any number of values",
    Parameter.VAR_KEYWORD: "takes arguments of any name",
    Parameter.POSITIONAL_ONLY: "can only be given by position, and a model gives names",
}


def form_of_arguments(
    function: Callable[..., Any], name: str, descriptions: Mapping[str, str]
) -> Form:
    """Return the form of a function's arguments as one JSON object.

    Args:
        function: A function, bound method or `functools.partial`. What a partial has bound is
            not the model's to give.
        name: The name of the tool, for messages.
        descriptions: What the docstring says of each parameter.

    Returns:
        The form; reading gives the arguments by name, of their annotated types. Arguments with a
        default may be absent; unknown ones are refused.

    Raises:
        InputError: A parameter has no annotation, or one that JSON cannot carry, or cannot be
            given by name.
    """
    fields: dict[str, Any] = {}
    for parameter in _parameters(function, name):
        kind = _annotation(parameter, function, name)
        described = _described(kind, parameter, descriptions.get(parameter.name, ""))
        _check_readable(kind, parameter, name)
        required = parameter.default is Parameter.empty
        fields[parameter.name] = described if required else NotRequired[described]
    form = form_of_type(TypedDict("arguments", fields))  # type: ignore[operator] # made at run time
    schema = {key: value for key, value in form.schema.items() if key != "title"}
    return Form(schema, form.convert)


def innermost(function: Any) -> Any:
    """Return the function that a partial, method or decorated function stands for."""
    while isinstance(function, partial):
        function = function.func
    return inspect.unwrap(getattr(function, "__func__", function))


def _parameters(function: Any, name: str) -> Iterator[Parameter]:
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):
        raise InputError(
            f"The parameters of {name!r} cannot be found out.",
            "Write a function around it, with annotated parameters.",
        ) from None
    bound = _bound_by_partials(function)
    for place, parameter in enumerate(parameters.values()):
        if parameter.name in bound:
            continue
        if place == 0 and parameter.name in ("self", "cls") and not _is_annotated(parameter):
            raise InputError(
                f"{name!r} is a method without its object.",
                "Register the method of an object: `tool(object.method)`.",
            )
        if parameter.kind in _REFUSED:
            raise InputError(
                f"The parameter {parameter} of {name!r} {_REFUSED[parameter.kind]}.",
                "Give the tool named parameters only.",
            )
        yield parameter


def _bound_by_partials(function: Any) -> set[str]:
    bound: set[str] = set()
    while isinstance(function, partial):
        bound |= function.keywords.keys()
        function = function.func
    return bound


def _is_annotated(parameter: Parameter) -> bool:
    return parameter.annotation is not Parameter.empty


def _annotation(parameter: Parameter, function: Any, name: str) -> Any:
    """Return the type of a parameter, with what is written as text evaluated."""
    if not _is_annotated(parameter):
        raise InputError(
            f"The parameter {parameter.name!r} of {name!r} has no type.",
            f"Annotate it, such as `{parameter.name}: str`. {_TAKEN}",
        )

    def stand_in() -> None: ...

    stand_in.__annotations__ = {"it": parameter.annotation}
    names = getattr(innermost(function), "__globals__", {})
    try:
        return typing.get_type_hints(stand_in, globalns=names, include_extras=True)["it"]
    except (NameError, SyntaxError, TypeError, AttributeError) as error:
        raise _unreadable(parameter, name, error) from None


def _described(kind: Any, parameter: Parameter, documented: str) -> Any:
    """Add a description and the default to a type; what the annotation says comes first."""
    extras = getattr(kind, "__metadata__", ())
    said = any(isinstance(extra, msgspec.Meta) and extra.description for extra in extras)
    texts = [extra for extra in extras if isinstance(extra, str)]
    description = None if said else (" ".join(texts) or documented or None)
    default = _default(kind, parameter)
    if description is None and not default:
        return kind
    return Annotated[kind, msgspec.Meta(description=description, extra_json_schema=default)]


def _default(kind: Any, parameter: Parameter) -> dict[str, Any] | None:
    """Return the default as part of a schema, where it is short and of the annotated type."""
    if parameter.default in (Parameter.empty, None):
        return None
    try:
        default = msgspec.to_builtins(parameter.default)
        msgspec.convert(default, kind, str_keys=True)
        fits = len(json.dumps(default, allow_nan=False)) <= _LONGEST_DEFAULT
    except (TypeError, ValueError, msgspec.MsgspecError):
        return None
    return {"default": default} if fits else None


def _check_readable(kind: Any, parameter: Parameter, name: str) -> None:
    try:
        form_of_type(kind)
    except (TypeError, NameError) as error:
        raise _unreadable(parameter, name, error) from None


def _unreadable(parameter: Parameter, name: str, error: Exception) -> InputError:
    reason = str(error).splitlines()[-1] if str(error) else type(error).__name__
    return InputError(
        f"The parameter {parameter.name!r} of {name!r} has a type that cannot come from JSON: "
        f"{reason.rstrip('.')}.",
        _TAKEN,
    )
