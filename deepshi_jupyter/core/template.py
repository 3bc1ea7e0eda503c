r"""``{{expression}}`` in a prompt → text; everything else stays byte for byte as it was written.

* ``{{df.shape}}`` is any Python expression; ``{{x:.2f}}`` formats it, ``{{x!r}}`` converts it.
* ``\{{`` is a literal ``{{``. So are an empty ``{{}}`` and braces around nothing but braces.
* A value is inserted once: braces in it are not read again.
"""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from types import CodeType
from typing import Any

import msgspec

from deepshi_jupyter.core.summary import Summary, summarise
from deepshi_jupyter.errors import InterpolationError, OptionError

_OPENING = re.compile(r"\\\{\{|\{\{")
_CONVERSION = re.compile(r"(?s)(?P<expression>.*)!(?P<conversion>[rsa])(?::(?P<format>[^{}]*))?\Z")
_FORMAT = re.compile(r":(?=([^{}\n]{0,100})\Z)")
_PLACE = re.compile("\x00(\\d+)\x00")
_LONGEST = 4000
_MOST_ENDS = 40
_CONVERSIONS: Mapping[str, Callable[[Any], str]] = {"r": repr, "s": str, "a": ascii}


class Inserted(msgspec.Struct, frozen=True):
    """One value of a prompt.

    Attributes:
        expression: The expression as written between the braces.
        text: What was inserted.
        note: How it was shortened, in words, or an empty text.
    """

    expression: str
    text: str
    note: str = ""


class Prompt(msgspec.Struct, frozen=True):
    """A prompt as it is sent, the template that it came from, and its values."""

    text: str
    template: str
    inserted: tuple[Inserted, ...] = ()


def verbatim(text: str) -> Prompt:
    """Return a prompt that is sent as it is, whatever braces it holds."""
    return Prompt(text, text)


class _Field(msgspec.Struct, frozen=True):
    """One ``{{…}}``: its source, its code, and how its value becomes text."""

    source: str
    code: CodeType
    conversion: str = ""
    format: str | None = None


def fill(template: str, names: Mapping[str, Any]) -> Prompt:
    r"""Insert the values of a template's expressions.

    Args:
        template: A prompt with ``{{expression}}``.
        names: The variables that expressions may use, a notebook's namespace.

    Returns:
        The prompt, with each inserted value and whether it was summarised.

    Raises:
        InterpolationError: An expression cannot be read, names something unknown, or fails.
    """
    scope = dict(names)
    pieces: list[str] = []
    inserted: list[Inserted] = []
    for part in _parts(template):
        if isinstance(part, str):
            pieces.append(part)
        else:
            inserted.append(_evaluate(part, scope))
            pieces.append(inserted[-1].text)
    return Prompt("".join(pieces), template, tuple(inserted))


def fill_words(line: str, names: Mapping[str, Any]) -> list[str]:
    """Split a magic's line into words as a shell does, and insert the values of its expressions.

    A value stays within its word, whatever spaces or quotes it holds.

    Args:
        line: The line after the magic's name.
        names: The variables that expressions may use.

    Returns:
        The words, without their quotes.

    Raises:
        OptionError: A quote is not closed.
        InterpolationError: An expression cannot be read, names something unknown, or fails.
    """
    values: list[str] = []
    pieces: list[str] = []
    for part in _parts(line):
        if isinstance(part, str):
            pieces.append(part)
        else:
            pieces.append(f"\x00{len(values)}\x00")
            values.append(_evaluate(part, dict(names)).text)
    try:
        words = shlex.split("".join(pieces))
    except ValueError as error:
        raise OptionError(
            f"The line cannot be split into options: {error}.", "Close the quotes."
        ) from None
    return [_PLACE.sub(lambda match: values[int(match[1])], word) for word in words]


def _parts(template: str) -> Iterator[str | _Field]:
    """Cut a template into text and fields."""
    start = 0
    while (opening := _OPENING.search(template, start)) is not None:
        yield template[start : opening.start()]
        if opening[0].startswith("\\"):
            yield "{{"
            start = opening.end()
            continue
        part, start = _field_at(template, opening.end())
        yield part
    yield template[start:]


def _field_at(template: str, begin: int) -> tuple[str | _Field, int]:
    """Read the field that begins here; return it, or the text that it is, and where it ends.

    The expression may hold ``}}`` itself, as in a dict of dicts: the first end that makes it valid
    Python is taken.
    """
    ends: list[int] = []
    end = template.find("}}", begin)
    while end >= 0 and end - begin <= _LONGEST and len(ends) < _MOST_ENDS:
        ends.append(end)
        end = template.find("}}", end + 1)
    if not ends or _only_braces(template[begin : ends[0]]):
        return "{{", begin
    for end in ends:
        if (field := _read_field(template[begin:end])) is not None:
            return field, end + 2
    raise InterpolationError(
        f"{{{{{_shorten(template[begin : ends[0]])}}}}} is not a Python expression.",
        r"Write \{{ for literal braces, or use `--raw` to send the cell as it is.",
    )


def _only_braces(inner: str) -> bool:
    return not inner.strip(" \t\r\n{}")


def _read_field(inner: str) -> _Field | None:
    for expression, conversion, format_ in _readings(inner):
        if (code := _compile(expression, formatted=format_ is not None)) is not None:
            return _Field(inner.strip(), code, conversion, format_)
    return None


def _readings(inner: str) -> Iterator[tuple[str, str, str | None]]:
    """Yield the ways to read a field as expression, conversion and format, the plainest first.

    As in an f-string the format begins at the first colon that ends an expression; other than
    there, white space before the closing braces is no part of it.
    """
    inner = inner.strip()
    yield inner, "", None
    if (match := _CONVERSION.match(inner)) is not None:
        yield match["expression"], match["conversion"], match["format"]
    for colon in _FORMAT.finditer(inner):
        yield inner[: colon.start()], "", colon[1]


def _compile(expression: str, *, formatted: bool) -> CodeType | None:
    try:
        tree = ast.parse(expression.strip(), "<prompt>", "eval")
        if formatted and _is_text(tree.body):  # ``{{"a": 1}}`` is JSON in doubled braces
            return None
        return compile(tree, "<prompt>", "eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _evaluate(field: _Field, names: dict[str, Any]) -> Inserted:
    try:
        value = eval(field.code, names)  # noqa: S307 - the user's own expression, in his kernel
        summary = _as_text(field, value)
    except NameError as error:
        raise _unknown_name(field, error, names) from None
    except Exception as error:  # whatever the user's expression raises
        raise InterpolationError(
            f"{{{{{_shorten(field.source)}}}}} failed: {type(error).__name__}: {error}.",
            "Mend the expression; nothing was sent.",
        ) from None
    return Inserted(field.source, summary.text, summary.note)


def _as_text(field: _Field, value: Any) -> Summary:
    """Format a value; an explicit conversion or format is never shortened."""
    if field.conversion:
        value = _CONVERSIONS[field.conversion](value)
    if field.format is not None:
        return Summary(format(value, field.format))
    return Summary(value) if field.conversion else summarise(value)


def _unknown_name(field: _Field, error: NameError, names: Mapping[str, Any]) -> InterpolationError:
    known = [name for name in names if not name.startswith("_")]
    near = get_close_matches(str(error.name), known, n=3)
    hint = f"Did you mean {' or '.join(near)}? " if near else ""
    return InterpolationError(
        f"{{{{{_shorten(field.source)}}}}} uses the name {error.name!r}, which is not defined.",
        rf"{hint}Define it in a cell above, or write \{{{{ for literal braces.",
    )


def _shorten(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= 60 else f"{flat[:59]}…"
