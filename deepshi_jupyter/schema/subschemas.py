"""The schemas within a JSON schema: visit them, or change them.

Only places that hold schemas are entered: an ``enum`` or ``default`` may hold an object with any
keys, and a field may be called ``$ref``. Keywords as in JSON Schema 2020-12 and draft 7
(https://json-schema.org/draft/2020-12/json-schema-core#section-10).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

Schema = dict[str, Any]

_MAPS = ("$defs", "definitions", "properties", "patternProperties", "dependentSchemas")
_LISTS = ("anyOf", "oneOf", "allOf", "prefixItems")
_SINGLE = (
    "items",
    "additionalProperties",
    "additionalItems",
    "not",
    "if",
    "then",
    "else",
    "contains",
    "propertyNames",
    "unevaluatedItems",
    "unevaluatedProperties",
)


def nodes(schema: Any) -> Iterator[Schema]:
    """Give a schema and every schema within it, outermost first."""
    if not isinstance(schema, dict):
        return
    yield schema
    for keyword, inner in schema.items():
        for child in _children(keyword, inner):
            yield from nodes(child)


def _children(keyword: str, inner: Any) -> list[Any]:
    if keyword in _MAPS and isinstance(inner, dict):
        return list(inner.values())
    if isinstance(inner, list) and (keyword in _LISTS or keyword == "items"):
        return inner
    return [inner] if keyword in _SINGLE else []


def transformed(schema: Any, change: Callable[[Schema], Schema]) -> Any:
    """Return a schema in which a change was made to every schema, innermost first.

    Args:
        schema: A schema; True and False are left as they are.
        change: Takes a schema whose inner schemas are changed and returns it changed.
    """
    if not isinstance(schema, dict):
        return schema
    return change({key: _changed(key, inner, change) for key, inner in schema.items()})


def _changed(keyword: str, inner: Any, change: Callable[[Schema], Schema]) -> Any:
    if keyword in _MAPS and isinstance(inner, dict):
        return {name: transformed(child, change) for name, child in inner.items()}
    if isinstance(inner, list) and (keyword in _LISTS or keyword == "items"):
        return [transformed(child, change) for child in inner]
    return transformed(inner, change) if keyword in _SINGLE else inner
