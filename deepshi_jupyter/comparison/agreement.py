"""How far the answers under one setting agree.

Krippendorff's alpha takes the samples as coders and the places of an answer as units. Places of one
field are units of one measure: the items of a list, and, where the prompt is varied, the same field
of each prompt. A field that stands only once has no alpha, as chance agreement cannot be told from
one unit. Values are nominal. https://en.wikipedia.org/wiki/Krippendorff%27s_alpha
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from deepshi_jupyter.comparison.answered import Answered
from deepshi_jupyter.core.canonical import canonical
from deepshi_jupyter.errors import ConfigurationError

WHOLE = "answer"
"""What the field of an answer that is one plain value is called."""

Units = dict[Hashable, Counter[bytes]]
"""For each unit how often each value was given."""


class Agreement(msgspec.Struct, frozen=True):
    """How far the answers under one setting agree.

    Attributes:
        answers: How many whole answers there are.
        failed: How many failed, or were not asked.
        distinct: How many different whole answers there are.
        share: The share of the most frequent one, from 0 to 1; None without answers.
    """

    answers: int
    failed: int
    distinct: int
    share: float | None


def agreement(answers: Iterable[Answered]) -> Agreement:
    """Return how far answers agree; those that failed count as failed only."""
    answers = list(answers)
    whole = Counter(answer.identity for answer in answers if answer.is_whole)
    count = whole.total()
    return Agreement(
        answers=count,
        failed=len(answers) - count,
        distinct=len(whole),
        share=max(whole.values()) / count if count else None,
    )


def collapsed(answers: Iterable[Answered]) -> list[tuple[Answered, int]]:
    """Return different answers with how often each came, most frequent first; failures last."""
    groups: dict[Hashable, list[Answered]] = {}
    for answer in answers:
        groups.setdefault((answer.is_whole, answer.identity, answer.error), []).append(answer)
    found = [(same[0], len(same)) for same in groups.values()]
    return sorted(found, key=lambda pair: (not pair[0].is_whole, -pair[1]))


def alphas(answers: Iterable[tuple[Hashable, Answered]]) -> dict[str, float | None]:
    """Return Krippendorff's alpha of each field that stands in several places.

    Args:
        answers: Answers, each with what it was asked about; the same field of an answer about
            something else is another unit.

    Returns:
        Alpha by field; None where it is not defined, as when all values are the same.

    Raises:
        ConfigurationError: The library ``krippendorff`` is not installed.
    """
    fields: dict[str, Units] = {}
    for about, answer in answers:
        if answer.is_whole and answer.json is not None:
            for field, place, value in _leaves(answer.json):
                units = fields.setdefault(field, {})
                units.setdefault((about, place), Counter())[canonical(value)] += 1
    several = {field: units for field, units in fields.items() if len(units) > 1}
    return {field: _alpha(units) for field, units in several.items()}


def _leaves(value: Any, field: str = "", place: str = "") -> Iterator[tuple[str, str, Any]]:
    """Return the plain values in a JSON value, each with its field and its place."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            dot = "." if field else ""
            yield from _leaves(inner, f"{field}{dot}{name}", f"{place}.{name}")
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for number, inner in enumerate(value):
            yield from _leaves(inner, f"{field}[]", f"{place}[{number}]")
    else:
        yield field or WHOLE, place, value


def _alpha(units: Units) -> float | None:
    krippendorff = _library()
    pairable = [counts for counts in units.values() if counts.total() > 1]
    values = sorted({value for counts in pairable for value in counts})
    if len(pairable) < 2 or len(values) < 2:
        return None
    table = [[counts[value] for value in values] for counts in pairable]
    return float(krippendorff.alpha(value_counts=table, level_of_measurement="nominal"))


def _library() -> Any:
    try:
        import krippendorff
    except ImportError:
        raise ConfigurationError(
            "Krippendorff's alpha is computed by the library krippendorff, which is not installed.",
            "`pip install krippendorff` (its licence is the GPL, version 3 or later).",
        ) from None
    return krippendorff
