"""A Python value → text for a prompt, within a stated size.

Tables and arrays are recognised by their shape and methods, so that neither pandas nor NumPy is
needed. What was left out is said in the text itself, for the model, and in a note, for the reader.
"""

from __future__ import annotations

import math
from typing import Any

import msgspec

LONGEST_TEXT = 20_000
"""A text may be this many characters long before its middle is left out."""

LONGEST_VALUE = 4_000
"""Any other value may be this many characters long."""

ROWS = 10
"""This many first rows of a table are shown."""


class Summary(msgspec.Struct, frozen=True):
    """A value as text, and a note in words if it was shortened."""

    text: str
    note: str = ""


def summarise(value: Any) -> Summary:
    """Return a value as text of a bounded size.

    Args:
        value: Anything; a table or array keeps its shape, types and first rows.

    Returns:
        The text and, if something was left out, a note that says so.
    """
    if isinstance(value, str):
        return _shorten(value, LONGEST_TEXT)
    if _is_table(value):
        return _summarise_table(value)
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        return _summarise_array(value)
    return _shorten(str(value), LONGEST_VALUE)


def _shorten(text: str, limit: int) -> Summary:
    if len(text) <= limit:
        return Summary(text)
    half = limit // 2
    left_out = len(text) - 2 * half
    marker = f"\n[… {left_out:,} characters left out …]\n"
    note = f"{left_out:,} of {len(text):,} characters left out"
    return Summary(f"{text[:half]}{marker}{text[-half:]}", note)


def _is_table(value: Any) -> bool:
    return all(hasattr(value, name) for name in ("columns", "dtypes", "head", "to_csv"))


def _summarise_table(value: Any) -> Summary:
    rows, columns = value.shape
    head = value.head(ROWS).to_csv(index=not _has_plain_index(value)).rstrip("\n")
    if rows <= ROWS and len(head) <= LONGEST_VALUE:
        return Summary(head)
    types = ", ".join(
        f"{name}: {kind}" for name, kind in zip(value.columns, value.dtypes, strict=True)
    )
    size = f"{rows:,} rows × {columns:,} columns"
    part = f"first {ROWS} of {rows:,} rows" if rows > ROWS else "all rows"
    shown = _shorten(f"Table of {size} ({types}); {part}:\n{head}", LONGEST_VALUE)
    notes = [part] if rows > ROWS else []
    return Summary(shown.text, "; ".join([*notes, shown.note] if shown.note else notes))


def _has_plain_index(value: Any) -> bool:
    return type(value.index).__name__ == "RangeIndex"


def _summarise_array(value: Any) -> Summary:
    text = str(value)
    size = math.prod(value.shape)
    if size <= 100 and len(text) <= LONGEST_VALUE:
        return Summary(text)
    shape = " × ".join(str(length) for length in value.shape)
    shown = _shorten(text, LONGEST_VALUE)
    is_abridged = bool(shown.note) or ".." in text  # libraries write .. or ... for what they omit
    return Summary(
        f"Array of {shape} ({value.dtype}):\n{shown.text}",
        f"{size:,} values abridged" if is_abridged else "",
    )
