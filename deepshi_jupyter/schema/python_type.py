"""A Python type → its form, by way of msgspec.

What msgspec supports is supported (https://jcristharif.com/msgspec/supported-types.html):
dataclasses, TypedDicts, Structs, named tuples, enums, literals and containers of these.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from types import UnionType
from typing import Any, Union, get_args, get_origin

import msgspec

from deepshi_jupyter.schema.arrange import Arranger, misfit_of
from deepshi_jupyter.schema.form import Form
from deepshi_jupyter.schema.strict import tidy, with_root_inlined
from deepshi_jupyter.schema.subschemas import Schema


def form_of_type(kind: Any) -> Form:
    """Return the form of the values of a type.

    Args:
        kind: A type, or a generic such as ``list[Row]``.

    Returns:
        Its form. Objects with named fields are closed, named tuples are objects.

    Raises:
        TypeError: msgspec cannot read the type from JSON; the message says which part of it.
        NameError: An annotation names something that does not exist.
    """
    (root,), definitions = _components((kind,))
    records = list(_records(msgspec.inspect.type_info(kind), set()))
    references, _ = _components(records)
    rows = {}
    for record, reference in zip(records, references, strict=True):
        name = reference["$ref"].removeprefix("#/$defs/")
        if hasattr(record, "_fields"):
            rows[reference["$ref"]] = record
            definitions[name] = _as_object(definitions[name], record)
        else:
            definitions[name] = _in_order(definitions[name], record)
            _make_findable(record)
    schema = tidy({**root, "$defs": definitions} if definitions else root)
    arranger = Arranger(schema, rows)
    return Form(with_root_inlined(schema), partial(_convert, kind=kind, arranger=arranger))


def _components(kinds: Iterable[Any]) -> tuple[tuple[Schema, ...], Schema]:
    try:
        return msgspec.json.schema_components(kinds, ref_template="#/$defs/{name}")
    except KeyError as error:  # msgspec keeps them apart by module and name only
        name = type_name(error.args[0])
        raise TypeError(
            f"two different types are called {name}; run the cells that use it again"
        ) from None


def type_name(kind: Any) -> str:
    """Return a type in a few letters: ``list[Row]`` → ``list_Row``, ``A | B`` → ``A_or_B``."""
    origin, parts = get_origin(kind), [type_name(part) for part in get_args(kind)]
    if origin is None:
        return str(getattr(kind, "__name__", kind))
    if origin in (Union, UnionType):
        return "_or_".join(parts)
    return "_".join([type_name(origin), *parts])


def _records(info: Any, seen: set[int]) -> Iterator[Any]:
    """Give the named tuples and TypedDicts within a type."""
    if id(info) in seen:
        return
    seen.add(id(info))
    if isinstance(info, msgspec.inspect.NamedTupleType | msgspec.inspect.TypedDictType):
        yield info.cls
    for name in getattr(info, "__struct_fields__", ()):
        inner = getattr(info, name)
        for each in inner if isinstance(inner, tuple) else (inner,):
            if isinstance(each, msgspec.inspect.Type | msgspec.inspect.Field):
                yield from _records(each, seen)


def _as_object(schema: Schema, row: Any) -> Schema:
    """Return the array schema of a named tuple as that of an object with its field names."""
    arrays_only = ("prefixItems", "minItems", "maxItems")
    about = {key: value for key, value in schema.items() if key not in arrays_only}
    fields = dict(zip(row._fields, schema["prefixItems"], strict=True))
    required = [name for name in row._fields if name not in row._field_defaults]
    return {**about, "type": "object", "properties": fields, "required": required}


def _in_order(schema: Schema, record: Any) -> Schema:
    """Put the fields of a TypedDict back in their order, which msgspec sorts.

    A model writes the fields in the order of the schema, so a field for its reasons has to stay
    before the one for its answer.
    """
    names = list(record.__annotations__)
    fields = {name: schema["properties"][name] for name in names}
    required = [name for name in names if name in schema["required"]]
    return {**schema, "properties": fields, "required": required}


def _make_findable(record: Any) -> None:
    """Let msgspec find the fields of a TypedDict whose names are not ASCII.

    msgspec 0.22 compares such a name only if the name in the class already carries its UTF-8 form,
    which CPython adds to a string when it is first encoded; else it says that the field is missing.
    """
    for name in record.__annotations__:
        msgspec.json.encode(name)


def _convert(value: Any, *, kind: Any, arranger: Arranger) -> Any:
    arranged = arranger.arrange(value)
    try:
        return msgspec.convert(arranged, kind, str_keys=True)
    except msgspec.ValidationError as error:
        found = misfit_of(error, arranged)
    try:
        return msgspec.convert(_with_whole_numbers(arranged), kind, str_keys=True)
    except msgspec.ValidationError:
        raise found from None


def _with_whole_numbers(value: Any) -> Any:
    """Write ``3.0`` as ``3``, which is an integer to JSON Schema but not to msgspec."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {key: _with_whole_numbers(inner) for key, inner in value.items()}
    return [_with_whole_numbers(inner) for inner in value] if isinstance(value, list) else value
