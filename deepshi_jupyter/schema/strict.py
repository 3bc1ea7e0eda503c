"""The strict rules of structured outputs, and making generated schemas follow them.

The rules are those of the OpenAI API, which Deepshi declares itself compatible with
(https://platform.openai.com/docs/guides/structured-outputs#supported-schemas): every object closed
and all its fields required, a limited set of keywords, and nothing beside a ``$ref``. A service may
refuse a request with ``strict: true`` and a schema that breaks them.
"""

from __future__ import annotations

from typing import Any

from deepshi_jupyter.schema.subschemas import Schema, nodes, transformed

_DEFINITIONS = frozenset({"$defs", "definitions"})
_ABOUT = frozenset({"title", "description", "type", "enum", "const", "anyOf", "$ref"})
_OF_OBJECTS = frozenset({"properties", "required", "additionalProperties"})
_OF_ARRAYS = frozenset({"items", "minItems", "maxItems"})
_OF_STRINGS = frozenset({"pattern", "format"})
_OF_NUMBERS = frozenset(
    {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"}
)
_ALLOWED = _DEFINITIONS | _ABOUT | _OF_OBJECTS | _OF_ARRAYS | _OF_STRINGS | _OF_NUMBERS
_FORMATS = frozenset(
    {"date", "date-time", "duration", "email", "hostname", "ipv4", "ipv6", "time", "uuid"}
)


def obeys_strict_rules(schema: Schema) -> bool:
    """True if a service that knows ``strict`` can be asked to hold the model to this schema."""
    return schema.get("type") == "object" and all(_is_strict(node) for node in nodes(schema))


def _is_strict(node: Schema) -> bool:
    if not node.keys() <= _ALLOWED or node.get("format", "date") not in _FORMATS:
        return False
    if "$ref" in node:
        return node.keys() - _DEFINITIONS == {"$ref"}
    if node.get("type") == "object" or "properties" in node:
        return _is_closed(node)
    if node.get("type") == "array":
        return isinstance(node.get("items"), dict)
    return bool(node.keys() & {"type", "anyOf"})


def _is_closed(node: Schema) -> bool:
    fields = node.get("properties")
    if not isinstance(fields, dict) or node.get("additionalProperties") is not False:
        return False
    return all(isinstance(field, dict) for field in fields.values()) and (
        set(node.get("required", ())) == set(fields)
    )


def tidy(schema: Schema) -> Schema:
    """Return a generated schema in a form that most services take.

    Objects with named fields allow no others; an ``enum`` says its type; a union of tagged
    objects is a plain ``anyOf``; what stood beside a ``$ref`` stands outside it, because services
    refuse it there.
    """
    changed: Schema = transformed(schema, _tidy)
    return changed


def _tidy(node: Schema) -> Schema:
    if "properties" in node:
        node.setdefault("additionalProperties", False)
    choices = node.get("enum") or [node[keyword] for keyword in ("const",) if keyword in node]
    if choices and "type" not in node:
        node = {"type": _types(choices)} | node
    if node.pop("discriminator", None) and "oneOf" in node:  # the tags already keep them apart
        node["anyOf"] = node.pop("oneOf")
    beside = node.keys() - {"$ref"} - _DEFINITIONS
    if "$ref" in node and beside:
        return {"anyOf": [{"$ref": node.pop("$ref")}]} | node
    return node


def _types(values: list[Any]) -> str | list[str]:
    names = sorted({_TYPE_NAMES[type(value)] for value in values})
    return names[0] if len(names) == 1 else names


_TYPE_NAMES = {
    str: "string",
    int: "integer",
    float: "number",
    bool: "boolean",
    type(None): "null",
    list: "array",
    dict: "object",
}


def with_root_inlined(schema: Schema) -> Schema:
    """Return a schema whose root is no ``$ref``: the API asks for an object there."""
    reference = str(schema.get("$ref", ""))
    definitions = schema.get("$defs", {})
    name = reference.removeprefix("#/$defs/")
    if schema.keys() != {"$ref", "$defs"} or name not in definitions:
        return schema
    used = any(
        node.get("$ref") == reference for inner in definitions.values() for node in nodes(inner)
    )
    kept = definitions if used else {key: definitions[key] for key in definitions if key != name}
    return {**definitions[name], "$defs": kept} if kept else dict(definitions[name])
