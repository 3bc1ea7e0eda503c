"""Identifiers that sort by the time at which they were made.

A ULID (https://github.com/ulid/spec) is 48 bits of time and 80 random ones in Crockford's base 32:
26 characters, without ``I``, ``L``, ``O`` and ``U``, that sort as text by their time.
"""

from __future__ import annotations

_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_VALUES = {digit: value for value, digit in enumerate(_DIGITS)}
_LENGTH = 26
_RANDOM_BYTES = 10
_TIME_BITS = 48


def ulid(milliseconds: int, randomness: bytes) -> str:
    """Return the ULID of a moment.

    Args:
        milliseconds: Milliseconds since 1970, at least 0 and below 2^48.
        randomness: 10 random bytes.

    Raises:
        ValueError: The time or the number of bytes is another.
    """
    if not 0 <= milliseconds < 1 << _TIME_BITS:
        raise ValueError(f"A ULID holds milliseconds from 0 to 2^48 - 1, not {milliseconds}.")
    if len(randomness) != _RANDOM_BYTES:
        raise ValueError(f"A ULID takes {_RANDOM_BYTES} random bytes, not {len(randomness)}.")
    number = milliseconds << (8 * _RANDOM_BYTES) | int.from_bytes(randomness)
    return "".join(_DIGITS[number >> (5 * place) & 31] for place in reversed(range(_LENGTH)))


def ulid_milliseconds(text: str) -> int:
    """Return the time of a ULID, in milliseconds since 1970.

    Args:
        text: A ULID in capital letters, as `ulid` writes it.

    Raises:
        ValueError: It is no ULID.
    """
    if len(text) != _LENGTH or not _VALUES.keys() >= set(text) or text[0] > "7":
        raise ValueError(f"{text!r} is no ULID: expected 26 characters of Crockford's base 32.")
    number = 0
    for digit in text:
        number = number << 5 | _VALUES[digit]
    return number >> (8 * _RANDOM_BYTES)
