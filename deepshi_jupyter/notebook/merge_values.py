"""Three versions of a JSON object → one, key by key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

Path = tuple[str, ...]

_ABSENT: Any = object()


class MergedValues(NamedTuple):
    """An object, and the paths of the values that both sides changed in different ways."""

    values: dict[str, Any]
    clashes: list[Path]


def merge_values(
    base: Mapping[str, Any], ours: Mapping[str, Any], theirs: Mapping[str, Any]
) -> MergedValues:
    """Return what two changed versions of an object make together.

    Args:
        base: The object that both come from.
        ours: One version; it wins where both changed the same value.
        theirs: The other.
    """
    values: dict[str, Any] = {}
    clashes: list[Path] = []
    for key in dict.fromkeys((*ours, *theirs)):
        sides = [side.get(key, _ABSENT) for side in (base, ours, theirs)]
        value, inside = _merge(*sides)
        if value is not _ABSENT:
            values[key] = value
        clashes += [(key, *path) for path in inside]
    return MergedValues(values, clashes)


def same(one: Any, other: Any) -> bool:
    """Tell whether two JSON values are the same; to Python, true is 1 and NaN is not NaN.

    Args:
        one: A JSON value, or None where there is none.
        other: Another.
    """
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if type(one) is not type(other):
        return False
    return bool(one == other) or (one != one and other != other)


def _merge(base: Any, ours: Any, theirs: Any) -> tuple[Any, list[Path]]:
    if same(theirs, base) or same(theirs, ours):
        return ours, []
    if same(ours, base):
        return theirs, []
    if isinstance(ours, dict) and isinstance(theirs, dict):
        inner = merge_values(base if isinstance(base, dict) else {}, ours, theirs)
        return inner.values, inner.clashes
    return (theirs if ours is _ABSENT else ours), [()]
