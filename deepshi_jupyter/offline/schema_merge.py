"""A JSON schema made plain: references looked up, ``allOf`` folded into one set of keywords.

Follows JSON Schema 2020-12 (https://json-schema.org/draft/2020-12/json-schema-core). Only
references inside of the schema are followed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import unquote

Keywords = Mapping[str, Any]
Schema = Keywords | bool

_MOST_REFERENCES: Final = 64
_GREATER: Final = frozenset(
    {"minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"}
)
_SMALLER: Final = frozenset(
    {"maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"}
)
_BOTH: Final = frozenset({"items", "additionalProperties", "additionalItems"})
_NOTES: Final = frozenset(
    {"title", "description", "default", "examples", "$comment", "$defs", "definitions", "$schema"}
    | {"$id", "deprecated", "readOnly", "writeOnly"}
)
_TYPE_OF: Final = {
    "properties": "object",
    "required": "object",
    "additionalProperties": "object",
    "minProperties": "object",
    "items": "array",
    "prefixItems": "array",
    "minItems": "array",
    "maxItems": "array",
    "minimum": "number",
    "maximum": "number",
    "exclusiveMinimum": "number",
    "exclusiveMaximum": "number",
    "multipleOf": "number",
}


class SchemaError(Exception):
    """A schema that is malformed, or that this endpoint cannot fill."""


def resolved(schema: Schema, root: Schema, followed: int = 0) -> Keywords:
    """Give the keywords of a schema, with its reference and its ``allOf`` worked in.

    Args:
        schema: A schema, or true or false.
        root: The whole schema, in which references are looked up.
        followed: How many references have led here.

    Returns:
        Keywords without ``$ref`` and ``allOf`` at the top.

    Raises:
        SchemaError: A reference leads nowhere or in a circle, or nothing can fit all the parts.
    """
    if schema is True:
        return {}
    if not isinstance(schema, Mapping):
        raise SchemaError("nothing fits a schema that is false")
    if followed > _MOST_REFERENCES:
        raise SchemaError("its references go in a circle")
    parts = list(schema.get("allOf", ()))
    if "$ref" in schema:
        parts.append(_referred(schema["$ref"], root))
    known: Keywords = {
        word: value for word, value in schema.items() if word not in ("$ref", "allOf")
    }
    for part in parts:
        known = merged(known, resolved(part, root, followed + 1))
    return known


def _referred(reference: str, root: Schema) -> Schema:
    """Look a reference up (https://datatracker.ietf.org/doc/html/rfc6901)."""
    if reference != "#" and not reference.startswith("#/"):
        raise SchemaError(f"the reference {reference!r} leads out of the schema")
    found: Any = root
    for step in reference.split("/")[1:]:
        name = unquote(step).replace("~1", "/").replace("~0", "~")
        try:
            found = found[int(name)] if isinstance(found, list) else found[name]
        except (LookupError, TypeError, ValueError):
            raise SchemaError(f"the reference {reference!r} leads nowhere") from None
    return found  # type: ignore[no-any-return] # `resolved` checks what it is


def merged(first: Keywords, second: Keywords) -> Keywords:
    """Give keywords that ask for what both ask for.

    Args:
        first: Keywords.
        second: More keywords; their notes, such as a description, win.

    Returns:
        All of them, each once.

    Raises:
        SchemaError: They contradict each other, or cannot be written as one.
    """
    both = dict(first)
    for word, value in second.items():
        if word == "properties" or word not in first or first[word] == value or word in _NOTES:
            both[word] = value
        else:
            both[word] = _combined(word, first[word], value)
    if "properties" in first or "properties" in second:
        both["properties"] = _all_properties(first, second)
    return both


def _combined(word: str, first: Any, second: Any) -> Any:
    combine: Callable[[Any, Any], Any] | None = _COMBINATIONS.get(word)
    if combine is None:
        raise SchemaError(f"two different {word!r} in 'allOf' are not supported here")
    value = combine(first, second)
    if word in ("type", "enum") and not value:
        raise SchemaError(f"nothing fits both of two {word!r}")
    return value


def _shared_types(first: Any, second: Any) -> list[str]:
    """Give the types that both allow; every integer is a number."""
    one, other = _listed(first), _listed(second)
    shared = [kind for kind in one if kind in other or (kind, "number") in _pairs(other)]
    return shared + [kind for kind in other if kind == "integer" and "number" in one]


def _pairs(kinds: list[str]) -> set[tuple[str, str]]:
    return {("integer", kind) for kind in kinds}


def _listed(kinds: Any) -> list[str]:
    return [kinds] if isinstance(kinds, str) else list(kinds)


def _all_properties(first: Keywords, second: Keywords) -> dict[str, Schema]:
    """Give the properties of both; what one does not name is one of its additional ones."""
    names = [*first.get("properties", {}), *second.get("properties", {})]
    rules = {
        name: [
            side.get("properties", {}).get(name, side.get("additionalProperties", True))
            for side in (first, second)
        ]
        for name in names
    }
    return {
        name: pair[0] if pair[1] is True or pair[0] == pair[1] else {"allOf": pair}
        for name, pair in rules.items()
    }


_COMBINATIONS: Final[dict[str, Callable[[Any, Any], Any]]] = {
    **dict.fromkeys(_GREATER, max),
    **dict.fromkeys(_SMALLER, min),
    **dict.fromkeys(_BOTH, lambda first, second: {"allOf": [first, second]}),
    "required": lambda first, second: [*dict.fromkeys([*first, *second])],
    "enum": lambda first, second: [value for value in first if value in second],
    "type": _shared_types,
    "uniqueItems": lambda first, second: bool(first or second),
}


def types_of(schema: Keywords) -> list[str]:
    """Give the types that a value may have, null last.

    Args:
        schema: Keywords.

    Returns:
        The names of ``type``, or the one type that the other keywords speak about.
    """
    if "type" in schema:
        return sorted(_listed(schema["type"]), key=lambda kind: kind == "null")
    return [next((kind for word, kind in _TYPE_OF.items() if word in schema), "string")]


def has_type(value: Any, schema: Keywords) -> bool:
    """Tell whether a value has one of the types that a schema names.

    Args:
        value: A value of JSON types.
        schema: Keywords; without ``type`` every value does.

    Returns:
        Whether it does.
    """
    if "type" not in schema:
        return True
    kinds = {bool: {"boolean"}, str: {"string"}, list: {"array"}, dict: {"object"}}.get(type(value))
    if value is None:
        kinds = {"null"}
    if kinds is None:
        kinds = {"number", "integer"} if value == int(value) else {"number"}
    return bool(kinds & set(_listed(schema["type"])))
