"""A value that fits a JSON schema, for tool arguments and structured outputs.

The keywords are those of JSON Schema 2020-12 that describe what a value *is*
(https://json-schema.org/draft/2020-12/json-schema-validation). Of ``anyOf`` and ``oneOf`` the
first branch that can be filled is taken; where the branches of a ``oneOf`` overlap, the value may
fit two. Keywords that say what a value is *not* are refused by name rather than ignored. Where the
prompt mentions a value that fits, that one is used.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import chain, count
from typing import TYPE_CHECKING, Any, Final

from deepshi_jupyter.offline.number_sample import sample_number
from deepshi_jupyter.offline.schema_merge import (
    Keywords,
    Schema,
    SchemaError,
    has_type,
    merged,
    resolved,
    types_of,
)
from deepshi_jupyter.offline.string_sample import sample_string

if TYPE_CHECKING:
    from random import Random

    from deepshi_jupyter.offline.hints import Hints

REFUSED: Final = (
    "not",
    "if",
    "contains",
    "patternProperties",
    "propertyNames",
    "dependentSchemas",
    "dependentRequired",
    "$dynamicRef",
)
"""Keywords that cannot be filled."""

_MALFORMED: Final = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, re.error)
_SPARSE_DEPTH: Final = 4
_GREATEST_DEPTH: Final = 16
_ATTEMPTS: Final = 60
_MOST_ITEMS: Final = 10_000


@dataclass(frozen=True)
class SchemaSampler:
    """Fills one schema with values.

    Args:
        root: The whole schema, in which ``$ref`` is looked up.
        rng: Chooses where the prompt does not.
        hints: What the prompt mentions.
        phrase: Gives a few words for a string of which nothing else is known.
    """

    root: Schema
    rng: Random
    hints: Hints
    phrase: Callable[[], str]

    def sample(self) -> Any:
        """Make a value for the whole schema.

        Returns:
            A value of JSON types.

        Raises:
            SchemaError: The schema is malformed, cannot be filled, or uses a refused keyword.
        """
        try:
            return self._value(self.root, "", 0)
        except _MALFORMED as error:
            raise SchemaError(f"it is not a JSON schema ({error})") from error

    def _value(self, schema: Schema, key: str, depth: int) -> Any:
        if depth > _GREATEST_DEPTH:
            raise SchemaError("no value of reasonable depth fits it")
        known = resolved(schema, self.root)
        for word in REFUSED:
            if word in known:
                raise SchemaError(f"{word!r} is not supported by the offline endpoint")
        if "const" in known:
            return known["const"]
        if "enum" in known:
            return self._listed(known)
        for word in ("anyOf", "oneOf"):
            if word in known:
                return self._branch(known, word, key, depth)
        return _first_possible(lambda kind: self._of_type(kind, known, key, depth), types_of(known))

    def _listed(self, schema: Keywords) -> Any:
        values = [value for value in schema["enum"] if has_type(value, schema)]
        if not values:
            raise SchemaError("its 'enum' is empty")
        mentioned = self.hints.mentioned(values)
        return self.rng.choice(values) if mentioned is None else mentioned

    def _branch(self, schema: Keywords, word: str, key: str, depth: int) -> Any:
        """Fill the first branch that can be filled; the plainest first where it is deep."""
        rest = {name: value for name, value in schema.items() if name != word}
        branches = [resolved(branch, self.root) for branch in schema[word]]
        if depth >= _SPARSE_DEPTH:
            branches.sort(key=_size)
        return _first_possible(
            lambda branch: self._value(merged(rest, branch), key, depth + 1), branches
        )

    def _of_type(self, kind: str, schema: Keywords, key: str, depth: int) -> Any:
        match kind:
            case "object":
                return self._object(schema, depth)
            case "array":
                return self._array(schema, key, depth)
            case "string":
                return sample_string(schema, key, self.rng, self.hints, self.phrase)
            case "integer" | "number":
                return sample_number(schema, self.rng, self.hints, whole=kind == "integer")
            case "boolean":
                return self.rng.getrandbits(1) == 1
            case "null":
                return None
            case _:
                raise SchemaError(f"{kind!r} is not a type")

    def _object(self, schema: Keywords, depth: int) -> dict[str, Any]:
        properties: Mapping[str, Schema] = schema.get("properties", {})
        others: Schema = schema.get("additionalProperties", True)
        required = list(schema.get("required", ()))
        room = schema.get("maxProperties", math.inf) - len(set(required))
        value: dict[str, Any] = {}
        for name in dict.fromkeys([*properties, *required]):
            rule = properties.get(name, others)
            if name in required:
                value[name] = self._value(rule, name, depth + 1)
            elif depth < _SPARSE_DEPTH and room > 0 and self._try(value, name, rule, depth):
                room -= 1
        self._fill_up(value, schema, depth)
        return value

    def _try(self, value: dict[str, Any], name: str, rule: Schema, depth: int) -> bool:
        """Add an optional property, if it can be filled."""
        try:
            value[name] = self._value(rule, name, depth + 1)
        except SchemaError:
            return False
        return True

    def _fill_up(self, value: dict[str, Any], schema: Keywords, depth: int) -> None:
        """Add the properties that 'minProperties' asks for, or one to show what they are like."""
        rule: Schema = schema.get("additionalProperties", True)
        properties = schema.get("properties", {})
        shown = isinstance(rule, Mapping) and not properties and depth < _SPARSE_DEPTH
        least = min(
            schema.get("minProperties", int(shown)), schema.get("maxProperties", _MOST_ITEMS)
        )
        names = chain(properties, (f"key_{number}" for number in count(1)))
        while len(value) < least:
            name = next(name for name in names if name not in value)
            value[name] = self._value(properties.get(name, rule), name, depth + 1)

    def _array(self, schema: Keywords, key: str, depth: int) -> list[Any]:
        leading, others = _items(schema)
        least = schema.get("minItems", 0)
        usual = 0 if depth >= _SPARSE_DEPTH else max(2, len(leading))
        size = min(max(least, usual), schema.get("maxItems", math.inf), _MOST_ITEMS)
        values: list[Any] = []
        while len(values) < size:
            rule = leading[len(values)] if len(values) < len(leading) else others
            taken = values if schema.get("uniqueItems") else []
            try:
                values.append(self._item(rule, key, depth, taken))
            except SchemaError:
                if len(values) < least:
                    raise
                break
        return values

    def _item(self, rule: Schema, key: str, depth: int, taken: list[Any]) -> Any:
        """Make an item that is not among those taken."""
        seen = {json.dumps(value, sort_keys=True) for value in taken}
        for _ in range(_ATTEMPTS):
            value = self._value(rule, key, depth + 1)
            if json.dumps(value, sort_keys=True) not in seen:
                return value
        raise SchemaError("not enough different items were found")


def _first_possible(make: Callable[[Any], Any], options: Iterable[Any]) -> Any:
    """Make a value from the first option from which one can be made."""
    failure = SchemaError("nothing fits it")
    for option in options:
        try:
            return make(option)
        except SchemaError as error:
            failure = error
    raise failure


def _items(schema: Keywords) -> tuple[list[Schema], Schema]:
    """Give the rules of the leading items and of all others."""
    items = schema.get("items", True)
    if isinstance(items, list):  # tuples, as drafts before 2020-12 write them
        return items, schema.get("additionalItems", True)
    return list(schema.get("prefixItems", ())), items


def _size(schema: Keywords) -> int:
    """Tell how much a schema asks for: 0 for what has no parts."""
    if "object" in types_of(schema) or "anyOf" in schema or "oneOf" in schema:
        return 2 + len(schema.get("required", ()))
    return int("array" in types_of(schema))
