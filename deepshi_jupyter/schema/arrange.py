"""A JSON value, walked along the schema of a Python type before msgspec converts it.

msgspec passes over fields that it does not know and reads named tuples from arrays. A model that
invents a field should be told, and writes fields with names more surely than by their position, so
the schema says objects for named tuples, and this walk turns them back into rows.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from deepshi_jupyter.schema.form import Misfit, json_path, shown
from deepshi_jupyter.schema.subschemas import Schema

Path = tuple[str | int, ...]

_PATH_STEP = re.compile(r"\.(?P<field>[^.\[]+)|\[(?P<index>\d+)\]")


class Row(list[Any]):
    """The values of a named tuple in order; knows the names for messages."""

    def __init__(self, names: tuple[str, ...], values: list[Any]) -> None:
        super().__init__(values)
        self.names = names


class Arranger:
    """Arranges values of one schema.

    Args:
        schema: A schema of the form that msgspec makes, with its ``$defs``.
        rows: The named tuple of each ``$ref`` that stands for one.
    """

    def __init__(self, schema: Schema, rows: dict[str, Any]) -> None:
        self._schema = schema
        self._rows = rows

    def arrange(self, value: Any) -> Any:
        """Return the value with rows for named tuples.

        Raises:
            Misfit: An object has a field that the schema does not name.
        """
        return self._at(value, self._schema, ())

    def _at(self, value: Any, schema: Schema, path: Path) -> Any:
        if reference := schema.get("$ref"):
            arranged = self._at(value, self._target(reference), path)
            row = self._rows.get(reference)
            return _as_row(arranged, row, path) if row else arranged
        branches = schema.get("anyOf")
        if branches and isinstance(value, dict | list):
            return self._at(value, self._branch(value, branches), path)
        if isinstance(value, dict):
            return self._object(value, schema, path)
        return self._array(value, schema, path) if isinstance(value, list) else value

    def _target(self, reference: str) -> Schema:
        target: Schema = self._schema["$defs"][reference.removeprefix("#/$defs/")]
        return target

    def _branch(self, value: Any, branches: list[Schema]) -> Schema:
        """Pick the branch of a union that a value belongs to.

        msgspec allows one object and one array in a union, or several objects told apart by a tag.
        """
        kind = "object" if isinstance(value, dict) else "array"
        alike = [branch for branch in branches if self._resolved(branch).get("type") == kind]
        fitting = [branch for branch in alike if _fits(value, self._resolved(branch))]
        return (fitting or alike or [{}])[0]

    def _resolved(self, schema: Schema) -> Schema:
        while len(inner := schema.get("anyOf", ())) == 1:
            schema = inner[0]
        return self._target(schema["$ref"]) if "$ref" in schema else schema

    def _object(self, value: dict[str, Any], schema: Schema, path: Path) -> dict[str, Any]:
        fields = schema.get("properties", {})
        others = schema.get("additionalProperties", True)
        for name in value:
            if name not in fields and others is False:
                known = ", ".join(fields) or "none"
                raise Misfit(
                    json_path((*path, name)), f"no field has this name; the fields are: {known}"
                )
        rest = others if isinstance(others, dict) else {}
        return {
            name: self._at(inner, fields.get(name, rest), (*path, name))
            for name, inner in value.items()
        }

    def _array(self, value: list[Any], schema: Schema, path: Path) -> list[Any]:
        places = schema.get("prefixItems", [])
        items = schema.get("items")
        rest = items if isinstance(items, dict) else {}
        return [
            self._at(inner, places[i] if i < len(places) else rest, (*path, i))
            for i, inner in enumerate(value)
        ]


def _fits(value: Any, schema: Schema) -> bool:
    """True if an object has the fields of a schema, and its tag where it has one."""
    if not isinstance(value, dict):
        return True
    fields = schema.get("properties", {})
    if not set(schema.get("required", ())) <= value.keys() <= fields.keys():
        return False
    return all(value[name] in fields[name].get("enum", [value[name]]) for name in value)


def _as_row(value: Any, row: Any, path: Path) -> Row:
    if not isinstance(value, dict):
        raise Misfit(json_path(path), f"expected an object, got {shown(value)}")
    defaults = row._field_defaults
    for name in row._fields:
        if name not in value and name not in defaults:
            raise Misfit(json_path(path), f"the field {shown(name)} is missing")
    names = list(row._fields)
    while names and names[-1] not in value:  # msgspec fills in what is missing at the end
        names.pop()
    values = [value[n] if n in value else msgspec.to_builtins(defaults[n]) for n in names]
    return Row(row._fields, values)


def misfit_of(error: msgspec.ValidationError, value: Any) -> Misfit:
    """Return what msgspec found, with the names of rows in the path instead of positions.

    Args:
        error: The error, whose text may end with a path.
        value: The arranged value.
    """
    problem, _, path = str(error).rpartition(" - at `")
    if not problem:
        return Misfit("$", str(error))
    path = path.removesuffix("`")
    if "..." in path or not path.startswith("$"):  # below a key that msgspec does not name
        return Misfit(path.replace("`", ""), problem)
    steps = []
    for step in _PATH_STEP.finditer(path):
        field, index = step["field"], step["index"]
        key: str | int = field if field is not None else int(index)
        named = isinstance(value, Row) and isinstance(key, int)
        steps.append(value.names[key] if named else key)
        value = _inner(value, key)
    if problem.startswith("Expected") and " got " not in problem:
        problem = f"{problem}, got {shown(value)}"
    return Misfit(json_path(steps), problem)


def _inner(value: Any, key: str | int) -> Any:
    try:
        return value[key]
    except (LookupError, TypeError):
        return None
