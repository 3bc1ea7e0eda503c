"""What may be sent without asking."""

from __future__ import annotations

import pytest

from deepshi_jupyter.core.limit import Limit, read_limit
from deepshi_jupyter.errors import OptionError


@pytest.mark.parametrize(
    ("given", "limit"),
    [
        (None, Limit()),
        ("", Limit()),
        (0.5, Limit(usd=0.5)),
        (0, Limit(usd=0)),
        ("$0.50", Limit(usd=0.5)),
        ("1.5 USD", Limit(usd=1.5)),
        ("100 calls", Limit(calls=100)),
        ("1 call", Limit(calls=1)),
        ("$0.50, 100 calls", Limit(0.5, 100)),
    ],
)
def test_a_limit_is_read(given: float | str | None, limit: Limit) -> None:
    assert read_limit(given) == limit


@pytest.mark.parametrize("given", ["much", "-1", "1 €", "calls", "nan", float("inf")])
def test_what_is_no_limit_is_an_error(given: float | str) -> None:
    with pytest.raises(OptionError, match="cannot be read"):
        read_limit(given)


def test_a_limit_is_passed_by_more_and_by_what_is_not_known() -> None:
    assert not Limit().is_passed_by(10**6, None)
    assert not Limit(usd=1).is_passed_by(10, 1.0)
    assert Limit(usd=1).is_passed_by(10, 1.01)
    assert Limit(usd=1).is_passed_by(10, None)
    assert Limit(calls=9).is_passed_by(10, 0.0)
    assert not Limit(usd=0, calls=0).is_passed_by(0, None)


def test_a_limit_reads_in_words() -> None:
    assert str(Limit(0.5, 100)) == "$0.5, 100 calls"
