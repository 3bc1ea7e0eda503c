"""Tokens and cost of one call, as the service reports them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import msgspec


class Usage(msgspec.Struct, frozen=True):
    """Tokens and cost of one call; None where the service did not say.

    Attributes:
        prompt_tokens: Tokens of the request.
        completion_tokens: Tokens of the answer, reasoning included.
        total_tokens: The sum, as reported.
        cached_tokens: Prompt tokens that were read from the service's cache.
        reasoning_tokens: Completion tokens spent on thinking.
        cost: USD drawn for the call (``usage.cost.total_cost`` in the API contract).
        raw: The object as it came.
    """

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    total_tokens: int | None = None
    cached_tokens: int | None = None
    reasoning_tokens: int | None = None
    cost: float | None = None
    raw: dict[str, Any] = {}


def read_usage(raw: Mapping[str, Any]) -> Usage:
    """Read a usage object leniently: what is missing or of another form stays None.

    Args:
        raw: The ``usage`` object of an answer (API contract, "Response").

    Returns:
        The numbers found; `Usage.raw` keeps everything else.
    """
    return Usage(
        prompt_tokens=_count(raw.get("prompt_tokens")),
        completion_tokens=_count(raw.get("completion_tokens")),
        total_tokens=_count(raw.get("total_tokens")),
        cached_tokens=_count(_inside(raw, "prompt_tokens_details", "cached_tokens")),
        reasoning_tokens=_count(_inside(raw, "completion_tokens_details", "reasoning_tokens")),
        cost=_read_cost(raw.get("cost")),
        raw=dict(raw),
    )


def _inside(raw: Mapping[str, Any], name: str, field: str) -> Any:
    inner = raw.get(name)
    return inner.get(field) if isinstance(inner, Mapping) else None


def _count(value: Any) -> int | None:
    if isinstance(value, int):
        return None if isinstance(value, bool) else value
    return int(value) if isinstance(value, float) and math.isfinite(value) else None


def _read_cost(value: Any) -> float | None:
    if isinstance(value, Mapping):
        value = value.get("total_cost")
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        cost = float(value)
    except OverflowError:
        return None
    return cost if math.isfinite(cost) else None
