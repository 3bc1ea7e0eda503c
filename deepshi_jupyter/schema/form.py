"""What a JSON value must look like, and what it becomes in Python."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

_LONGEST_SHOWN = 60


class Misfit(ValueError):  # noqa: N818 -- not for users: each front door says it in its own words
    """A text or value that is not of the form that was asked for.

    Args:
        where: A path such as ``$.items[2].price``, or a line and column.
        problem: What is there and what was expected.
    """

    def __init__(self, where: str, problem: str) -> None:
        super().__init__(f"{problem} (at {where})")
        self.where = where
        self.problem = problem


class Form(msgspec.Struct, frozen=True):
    """The form of a JSON value.

    Attributes:
        schema: The JSON schema that says it.
        convert: Makes the Python value of a JSON value, or raises `Misfit`.
    """

    schema: dict[str, Any]
    convert: Callable[[Any], Any]

    def read(self, value: Any) -> Any:
        """Return the Python value of a JSON value.

        Raises:
            Misfit: The value is not of this form.
        """
        try:
            return self.convert(value)
        except RecursionError:
            raise Misfit("$", "the JSON is nested too deeply") from None


def json_path(parts: Iterable[str | int]) -> str:
    """Return keys and indices as a path: ``("items", 2, "price")`` → ``$.items[2].price``."""
    return "$" + "".join(_step(part) for part in parts)


def _step(part: str | int) -> str:
    if isinstance(part, str) and part.isidentifier():
        return f".{part}"
    return f"[{shown(part)}]"


def shown(value: Any) -> str:
    """Return a value as JSON, shortened to be read in a message."""
    text = json.dumps(value, ensure_ascii=False, default=repr)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[: _LONGEST_SHOWN - 1]}…"
