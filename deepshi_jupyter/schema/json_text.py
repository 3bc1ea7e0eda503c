"""JSON text that a model wrote → a value, or the line and column where it breaks.

Stricter than Python's reader: `NaN`, infinite numbers and a field that comes twice are refused,
because each of them would silently become something other than what is written.
"""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

from deepshi_jupyter.core.wire import storable
from deepshi_jupyter.schema.form import Misfit, shown

_FENCE = "```"


def read_json(text: str) -> Any:
    """Read one JSON value (RFC 8259, https://www.rfc-editor.org/rfc/rfc8259).

    Args:
        text: The JSON and nothing else but white space.

    Returns:
        The value; lone surrogate halves in its strings are U+FFFD.

    Raises:
        Misfit: The text is not JSON; `where` is the line and column, both from 1.
    """
    if not text.strip():
        raise Misfit("line 1, column 1", "there is no text")
    try:
        return storable(
            json.loads(
                text,
                parse_constant=_refuse_constant,
                parse_float=_finite,
                object_pairs_hook=_object,
            )
        )
    except json.JSONDecodeError as error:
        raise Misfit(f"line {error.lineno}, column {error.colno}", _problem(error)) from None
    except RecursionError:
        raise Misfit("$", "the JSON is nested too deeply") from None
    except Misfit:
        raise
    except ValueError as error:  # a whole number of thousands of digits
        raise Misfit("$", str(error)) from None


def unfenced(text: str) -> str:
    """Take away the one code fence around a JSON text, if there is one and nothing outside it.

    Models without native support for schemas write one. Line numbers stay the same.
    """
    bare = text.strip()
    opening, line_end, rest = bare.partition("\n")
    info = opening.removeprefix(_FENCE).strip().lower()
    if not (opening.startswith(_FENCE) and line_end and rest.endswith(_FENCE)):
        return text
    if info not in ("", "json"):
        return text
    lines_before = text[: len(text) - len(text.lstrip())].count("\n") + 1
    return "\n" * lines_before + rest.removesuffix(_FENCE)


def _problem(error: json.JSONDecodeError) -> str:
    problem = error.msg[0].lower() + error.msg[1:]
    rest = error.doc[error.pos : error.pos + 20].strip()
    return f"{problem} before {shown(rest)}" if rest else f"{problem}, but the text ends"


def _refuse_constant(name: str) -> NoReturn:
    raise Misfit("$", f"{name} is no JSON value")


def _finite(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise Misfit("$", f"the number {shown(digits)} is too large")
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise Misfit("$", f"an object has the field {shown(twice)} twice")
    return value
