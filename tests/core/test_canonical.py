"""The canonical text of a JSON value; the examples are those of RFC 8785."""

from __future__ import annotations

import base64
import hashlib
import json
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepshi_jupyter.core.canonical import canonical, image_bytes, text_sha256, without_bytes
from deepshi_jupyter.errors import InvalidRequestError
from tests.core.json_values import ANY_JSON, ANY_TEXT

NUMBERS = """
0000000000000000 0
8000000000000000 0
0000000000000001 5e-324
8000000000000001 -5e-324
7fefffffffffffff 1.7976931348623157e+308
ffefffffffffffff -1.7976931348623157e+308
4340000000000000 9007199254740992
c340000000000000 -9007199254740992
4430000000000000 295147905179352830000
44b52d02c7e14af5 9.999999999999997e+22
44b52d02c7e14af6 1e+23
44b52d02c7e14af7 1.0000000000000001e+23
444b1ae4d6e2ef4e 999999999999999700000
444b1ae4d6e2ef4f 999999999999999900000
444b1ae4d6e2ef50 1e+21
3eb0c6f7a0b5ed8c 9.999999999999997e-7
3eb0c6f7a0b5ed8d 0.000001
41b3de4355555553 333333333.3333332
41b3de4355555554 333333333.33333325
41b3de4355555555 333333333.3333333
41b3de4355555556 333333333.3333334
41b3de4355555557 333333333.33333343
becbf647612f3696 -0.0000033333333333333333
43143ff3c1cb0959 1424953923781206.2
"""
"""RFC 8785, appendix B: the bits of a number, and its text."""


@pytest.mark.parametrize("line", NUMBERS.split("\n")[1:-1])
def test_a_number_is_written_as_the_rfc_says(line: str) -> None:
    bits, text = line.split()
    (number,) = struct.unpack(">d", bytes.fromhex(bits))
    assert canonical(number).decode() == text


def test_the_values_of_the_rfc_come_out_as_it_says() -> None:
    """RFC 8785, 3.2.2 and 3.2.3."""
    value = json.loads(
        r"""{"numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
             "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
             "literals": [null, true, false]}"""
    )
    assert canonical(value).decode() == (
        '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],'
        '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
    )


def test_keys_are_in_the_order_of_their_utf_16_units() -> None:
    """RFC 8785, 3.2.3: the emoji, beyond U+FFFF, comes before U+FB33."""
    keys = ["\u20ac", "\r", "\ufb33", "1", "\U0001f600", "\u0080", "\u00f6"]
    text = canonical(dict.fromkeys(keys, 0)).decode()
    assert list(json.loads(text)) == ["\r", "1", "\u0080", "ö", "€", "\U0001f600", "\ufb33"]


@pytest.mark.parametrize("zero", [0, 0.0, -0.0])
def test_all_zeros_are_one(zero: float) -> None:
    assert canonical(zero) == b"0"


@given(st.integers(-(2**53) + 1, 2**53 - 1))
def test_a_whole_number_is_the_same_as_an_integer_and_as_a_float(number: int) -> None:
    assert canonical(number) == canonical(float(number)) == str(number).encode()


def test_integers_that_no_float_can_hold_keep_their_digits() -> None:
    assert canonical([2**53, 2**53 + 1, 10**25]) == (
        b"[9007199254740992,9007199254740993,10000000000000000000000000]"
    )


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_is_read_back_as_itself(number: float) -> None:
    assert float(canonical(number)) == number


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), -float("inf"), {1: 2}, {"a": {1, 2}}, b"bytes", object()]
)
def test_what_is_no_json_is_refused(value: Any) -> None:
    with pytest.raises(InvalidRequestError, match="not JSON"):
        canonical(value)


@given(ANY_JSON)
def test_a_way_through_json_changes_nothing(value: Any) -> None:
    text = canonical(value)
    assert canonical(json.loads(json.dumps(value))) == text
    if b"\xed" not in text:  # halves of surrogate pairs are no UTF-8 that a parser takes
        assert canonical(json.loads(text)) == text


@given(st.dictionaries(ANY_TEXT, ANY_JSON, max_size=6), st.randoms())
def test_the_order_of_keys_makes_no_difference(value: dict[str, Any], random: Any) -> None:
    names = list(value)
    random.shuffle(names)
    assert canonical({name: value[name] for name in names}) == canonical(value)


@given(ANY_JSON, ANY_JSON)
def test_only_equal_values_have_the_same_text(one: Any, other: Any) -> None:
    if canonical(one) == canonical(other):
        assert _told_apart(one) == _told_apart(other)


def _told_apart(value: Any) -> Any:
    """Return a value in which True is not 1, as JSON has it and Python does not."""
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, list):
        return [_told_apart(item) for item in value]
    if isinstance(value, dict):
        return {name: _told_apart(item) for name, item in value.items()}
    return [value] if isinstance(value, str) else value


def test_a_tuple_counts_as_an_array() -> None:
    assert canonical(("a", (1,))) == canonical(["a", [1]])


def test_the_hash_of_a_text_is_that_of_its_utf_8() -> None:
    assert text_sha256("é") == hashlib.sha256(b"\xc3\xa9").hexdigest()


def image(data: bytes = b"bytes", part: Any = None, **said: Any) -> dict[str, Any]:
    url = "data:image/png;base64," + base64.b64encode(data).decode()
    return {"type": "image_url", "image_url": {"url": url, **said}, **(part or {})}


def message(*parts: Any) -> dict[str, Any]:
    return {"role": "user", "content": list(parts)}


def test_an_image_is_named_by_the_hash_of_its_bytes() -> None:
    text = {"type": "text", "text": "What is it?"}
    digest = hashlib.sha256(b"bytes").hexdigest()
    named = {"type": "image", "media_type": "image/png", "sha256": digest}
    assert without_bytes(message(text, image())) == message(text, named)


def test_what_is_said_of_an_image_beside_its_bytes_still_counts() -> None:
    plain = without_bytes(message(image()))
    detailed = without_bytes(message(image(detail="low")))
    marked = without_bytes(message(image(part={"cache_control": {"type": "ephemeral"}})))
    assert detailed["content"][0]["detail"] == "low"
    assert len({canonical(value) for value in (plain, detailed, marked)}) == 3


def test_naming_images_twice_is_naming_them_once() -> None:
    once = without_bytes(message(image(detail="low")))
    assert without_bytes(once) is once


@pytest.mark.parametrize(
    "url",
    [
        *("https://example.org/a.png", "data:image/png;base64,!!", "data:image/png;base64,\u00e9"),
        *("data:image/png,x", "", 5, None),
    ],
)
def test_what_carries_no_bytes_stays_as_it_is(url: Any) -> None:
    part = {"type": "image_url", "image_url": {"url": url}}
    assert image_bytes(part) is None
    assert without_bytes(message(part)) == message(part)


@given(ANY_JSON)
def test_any_content_can_be_named(content: Any) -> None:
    named = without_bytes({"role": "user", "content": content})
    assert without_bytes(named) == named
