"""A JSON schema that a user wrote → its form.

jsonschema does the checking. It is imported on first use only: in an environment with JupyterLab
it also loads parsers of its optional formats, which takes seconds.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import partial
from importlib import import_module
from typing import Any

from deepshi_jupyter.errors import InputError
from deepshi_jupyter.schema.form import Form, Misfit, json_path, shown
from deepshi_jupyter.schema.strict import with_root_inlined
from deepshi_jupyter.schema.subschemas import Schema, nodes

_REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")
_TODO = "Mend the schema; https://json-schema.org/learn tells how to write one."


def form_of_json_schema(given: Mapping[str, Any]) -> Form:
    """Return the form that a JSON schema describes.

    Args:
        given: The schema, of any draft that its ``$schema`` names; 2020-12 if it names none.

    Returns:
        Its form; reading returns the JSON value as it is. Formats such as ``date`` are not checked.

    Raises:
        InputError: It is no JSON schema, or it refers to something outside itself.
    """
    schema = _as_json(given)
    if "properties" in schema:
        schema.setdefault("type", "object")  # the API wants it said
    validators = import_module("jsonschema.validators")  # it carries no types
    validator = validators.validator_for(schema, default=validators.Draft202012Validator)
    _check_schema(schema, validator)
    _check_references(schema)
    return Form(with_root_inlined(schema), partial(_check, validator=validator(schema)))


def _as_json(given: Mapping[str, Any]) -> Schema:
    """Return a copy in plain JSON values, so that a later change of the original has no effect."""
    try:
        schema: Schema = json.loads(json.dumps(dict(given), allow_nan=False))
    except (TypeError, ValueError, RecursionError) as error:
        raise InputError(f"The schema is not JSON: {error}.", _TODO) from None
    return schema


def _check_schema(schema: Schema, validator: Any) -> None:
    faults = import_module("jsonschema.exceptions")
    try:
        validator.check_schema(schema)
    except faults.SchemaError as error:
        path, problem = json_path(error.absolute_path), _problem(error)
        raise InputError(f"The JSON schema is not valid at {path}: {problem}.", _TODO) from None
    for node in nodes(schema):
        for pattern in (node.get("pattern"), *node.get("patternProperties", ())):
            _check_pattern(pattern)


def _check_pattern(pattern: Any) -> None:
    try:
        re.compile(pattern or "")
    except re.error as error:
        raise InputError(f"The pattern {shown(pattern)} is not valid: {error}.", _TODO) from None


def _check_references(schema: Schema) -> None:
    """Refuse references that lead out of the schema (nothing is ever fetched) or nowhere."""
    anchors = {node.get(key) for node in nodes(schema) for key in ("$anchor", "$dynamicAnchor")}
    for node in nodes(schema):
        for reference in (node[key] for key in _REFERENCES if key in node):
            leads = reference[1:] in anchors if "/" not in reference else _leads(schema, reference)
            if reference != "#" and not (reference.startswith("#") and leads):
                raise InputError(
                    f"The schema refers to {shown(reference)}, which is not in it.",
                    "Put what it refers to under `$defs` of the same schema.",
                )


def _leads(schema: Any, reference: str) -> bool:
    """True if a JSON pointer leads somewhere (RFC 6901)."""
    for step in reference.removeprefix("#/").split("/"):
        key = step.replace("~1", "/").replace("~0", "~")
        if isinstance(schema, list) and key.isdecimal() and int(key) < len(schema):
            schema = schema[int(key)]
        elif isinstance(schema, dict) and key in schema:
            schema = schema[key]
        else:
            return False
    return True


def _check(value: Any, *, validator: Any) -> Any:
    best_match = import_module("jsonschema.exceptions").best_match
    error = best_match(validator.iter_errors(value))
    if error is not None:
        raise Misfit(json_path(error.absolute_path), _problem(error))
    return value


def _problem(error: Any) -> str:
    """Say what was expected. The words of jsonschema repeat the value, however long it is."""
    rule, wanted, value = error.validator, error.validator_value, error.instance
    if rule == "required":
        missing = [name for name in wanted if name not in value]
        return f"missing: {', '.join(missing)}"
    if rule == "additionalProperties" and wanted is False:
        known = error.schema.get("properties", {})
        extra = [name for name in value if name not in known]
        return f"unknown: {', '.join(extra)}; the fields are: {', '.join(known) or 'none'}"
    if rule == "type":
        names = [wanted] if isinstance(wanted, str) else wanted
        return f"expected {' or '.join(names)}, got {shown(value)}"
    if rule in ("enum", "const"):
        return f"expected {'one of ' * (rule == 'enum')}{shown(wanted)}, got {shown(value)}"
    return f"expected `{rule}`: {shown(wanted)}, got {shown(value)}"
