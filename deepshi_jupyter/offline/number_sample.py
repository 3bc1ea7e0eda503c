"""A number that fits a JSON schema: a round one where there is one."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from deepshi_jupyter.offline.schema_merge import Keywords, SchemaError

if TYPE_CHECKING:
    from random import Random

    from deepshi_jupyter.offline.hints import Hints

_RANGE: Final = 100
_DRAWS: Final = 8
_DIGITS: Final = (0, 1, 2, 4, 8, 15)


def sample_number(schema: Keywords, rng: Random, hints: Hints, *, whole: bool) -> float:
    """Make a number for a schema.

    Args:
        schema: Keywords (JSON Schema validation, 6.2).
        rng: Chooses where the prompt does not.
        hints: What the prompt mentions.
        whole: Whether it must be an integer.

    Returns:
        An int where the value is whole, else a float.

    Raises:
        SchemaError: No number was found that fits.
    """
    fits = _test_of(schema, whole=whole)
    hinted = hints.number(fits)
    if hinted is not None:
        return int(hinted) if whole else hinted
    for step in _steps(schema, whole=whole):
        for value in _on_lattice(schema, step, rng):
            if fits(value):
                return value
    raise SchemaError("no number was found within its bounds")


def _test_of(schema: Keywords, *, whole: bool) -> Callable[[float], bool]:
    if any(isinstance(schema.get(word), bool) for word in ("exclusiveMinimum", "exclusiveMaximum")):
        raise SchemaError("its exclusive bounds have the form of draft 4")
    multiple = schema.get("multipleOf")

    def fits(value: float) -> bool:
        return (
            schema.get("minimum", -math.inf) <= value <= schema.get("maximum", math.inf)
            and schema.get("exclusiveMinimum", -math.inf) < value
            and value < schema.get("exclusiveMaximum", math.inf)
            and not (whole and value != int(value))
            and (multiple is None or _is_multiple(value, multiple))
        )

    return fits


def _is_multiple(value: float, multiple: float) -> bool:
    """Tell it as validators do: by floating-point division where the step is a float."""
    if isinstance(multiple, float):
        return (value / multiple).is_integer()
    return value % multiple == 0


def _steps(schema: Keywords, *, whole: bool) -> Iterator[Fraction]:
    """Give the distances at which to look for values, the roundest first."""
    if "multipleOf" in schema:
        step = Fraction(str(schema["multipleOf"]))
        yield Fraction(step.numerator)  # the whole multiples among them
        if not whole:
            yield step
    elif whole:
        yield Fraction(1)
    else:
        yield from (Fraction(1, 10**digits) for digits in _DIGITS)


def _on_lattice(schema: Keywords, step: Fraction, rng: Random) -> Iterator[float]:
    """Give multiples of a step near or between the bounds: some drawn, then the outermost."""
    lows = [Fraction(str(schema[w])) for w in ("minimum", "exclusiveMinimum") if w in schema]
    highs = [Fraction(str(schema[w])) for w in ("maximum", "exclusiveMaximum") if w in schema]
    span = _RANGE * max(step, Fraction(1))
    low = max(lows) if lows else min(highs) - span if highs else Fraction(0)
    high = min(highs) if highs else low + span
    first, last = math.ceil(low / step), math.floor(high / step)
    if first > last:
        return
    drawn = [rng.randint(first, last) for _ in range(_DRAWS)]
    for place in (*drawn, first, first + 1, last, last - 1):
        value = place * step
        yield int(value) if value.denominator == 1 else float(value)
