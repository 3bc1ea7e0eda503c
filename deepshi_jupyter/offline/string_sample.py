"""A string that fits a JSON schema: by its pattern, its format, or a few words."""

from __future__ import annotations

import math
import re
import uuid
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from deepshi_jupyter.offline.pattern_sample import PatternError, sample_pattern
from deepshi_jupyter.offline.schema_merge import Keywords, SchemaError

if TYPE_CHECKING:
    from random import Random

    from deepshi_jupyter.offline.hints import Hints

_ATTEMPTS: Final = 60
_LONGEST: Final = 10_000


def _date(rng: Random) -> str:
    return f"2026-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}"


def _time(rng: Random) -> str:
    return f"{rng.randint(0, 23):02}:{rng.randint(0, 59):02}:{rng.randint(0, 59):02}Z"


# Addresses are those reserved for documentation (RFC 2606, RFC 5737, RFC 3849).
FORMATS: Final[Mapping[str, Callable[[Random], str]]] = {
    "date": _date,
    "time": _time,
    "date-time": lambda rng: f"{_date(rng)}T{_time(rng)}",
    "duration": lambda rng: f"PT{rng.randint(1, 12)}H",
    "email": lambda rng: f"reader{rng.randint(1, 99)}@example.org",
    "hostname": lambda rng: f"host{rng.randint(1, 99)}.example.org",
    "ipv4": lambda rng: f"192.0.2.{rng.randint(1, 254)}",
    "ipv6": lambda rng: f"2001:db8::{rng.randint(1, 9999)}",
    "uri": lambda rng: f"https://example.org/{rng.randint(1, 999)}",
    "url": lambda rng: f"https://example.org/{rng.randint(1, 999)}",
    "uuid": lambda rng: str(uuid.UUID(int=rng.getrandbits(128), version=4)),
}
"""The formats that are filled (JSON Schema validation, 7.3); others are taken as notes."""


def sample_string(
    schema: Keywords, key: str, rng: Random, hints: Hints, phrase: Callable[[], str]
) -> str:
    """Make a string for a schema.

    Args:
        schema: Keywords (JSON Schema validation, 6.3 and 7).
        key: The name of the property that it is for.
        rng: Chooses where the prompt does not.
        hints: What the prompt mentions.
        phrase: Gives a few words.

    Returns:
        A string of the right length, pattern and format.

    Raises:
        SchemaError: No such string was found.
    """
    least, most = schema.get("minLength", 0), schema.get("maxLength", math.inf)
    pattern, form = schema.get("pattern"), schema.get("format", "")
    if least > min(most, _LONGEST):
        raise SchemaError(f"'minLength' is greater than 'maxLength' or {_LONGEST}")

    def fits(text: str) -> bool:
        return least <= len(text) <= most and (not pattern or re.search(pattern, text) is not None)

    make = FORMATS.get(form)
    if make:
        return hints.formatted(form, fits) or _first_fitting(lambda: make(rng), fits)
    mentioned = hints.string(key, fits)
    if mentioned:
        return mentioned
    if pattern:
        return _first_fitting(lambda: sample_pattern(pattern, rng), fits)
    return _words(phrase, least, most)


def _first_fitting(make: Callable[[], str], fits: Callable[[str], bool]) -> str:
    for _ in range(_ATTEMPTS):
        try:
            text = make()
        except PatternError as error:
            raise SchemaError(str(error)) from error
        if fits(text):
            return text
    raise SchemaError("no text was found that has its pattern, format and length")


def _words(phrase: Callable[[], str], least: int, most: float) -> str:
    text = phrase()
    while len(text) < least:
        text += f" {phrase()}"
    return text if len(text) <= most else text[: int(most)]
