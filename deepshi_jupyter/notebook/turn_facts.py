"""What the records of turns say together: models, dates, tokens, cost; what a reader is told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from deepshi_jupyter.core.turn_record import RecordedCall, TurnRecord
from deepshi_jupyter.core.usage import read_usage


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """The sums of some turns.

    Attributes:
        models: The models asked with those served, such as ``m (served as m-2026)``.
        first: When the first call began, UTC, ISO 8601; empty if that is not known.
        last: When the last call began.
        tokens_in: Tokens of all requests, as reported.
        tokens_out: Tokens of all answers, as reported.
        cost: USD as reported.
        calls: How many calls there were.
        without_usage: How many of them reported no tokens.
        without_cost: How many of them reported no cost.
    """

    models: tuple[str, ...]
    first: str
    last: str
    tokens_in: int
    tokens_out: int
    cost: float
    calls: int
    without_usage: int
    without_cost: int


def facts_of(records: Sequence[TurnRecord]) -> Facts:
    """Return the sums of some turns."""
    calls = [call for record in records for call in record.calls if was_made(call)]
    usages = [read_usage(call.usage or {}) for call in calls]
    dates = sorted(call.started for call in calls if call.started)
    return Facts(
        models=models_of(records),
        first=dates[0] if dates else "",
        last=dates[-1] if dates else "",
        tokens_in=sum(usage.prompt_tokens or 0 for usage in usages),
        tokens_out=sum(usage.completion_tokens or 0 for usage in usages),
        cost=sum(call.cost_usd or 0.0 for call in calls),
        calls=len(calls),
        without_usage=sum(usage.prompt_tokens is None for usage in usages),
        without_cost=sum(call.cost_usd is None for call in calls),
    )


def was_made(call: RecordedCall) -> bool:
    """True if a call is known to have been made; an imported answer has none."""
    return bool(call.request_key or call.started)


def models_of(records: Iterable[TurnRecord]) -> tuple[str, ...]:
    """Return each model that was asked, with the one that the service says answered."""
    found: dict[str, None] = {}
    for record in records:
        served = {call.served: None for call in record.calls if call.served} or {"": None}
        for name in served:
            found[_model(record.model, name)] = None
    return tuple(name for name in found if name)


def turn_line(record: TurnRecord) -> str:
    """Return one line of facts on a turn: model, context, date, parameters, tokens, cost, end."""
    facts = facts_of([record])
    call = record.call
    parts = [
        ", ".join(facts.models) or "model unknown",
        "imported" if record.kind == "imported" else "",
        _STARTS.get(record.start, ""),
        f"from a turn of {record.fork.chat}" if record.fork else "",
        readable_date(facts.first),
        parameters_line(record.parameters),
        tokens_line(facts),
        usd(facts.cost) if facts.calls > facts.without_cost else "",
        f"{facts.calls} calls" if facts.calls > 1 else "",
        str((call.answers[0].get("finish_reason") or "") if call.answers else ""),
        "" if call.status == "complete" else call.status,
    ]
    return " · ".join(" ".join(part.split()) for part in parts if part)


_STARTS = {
    "new": "the conversation begins anew",
    "once": "asked by itself",
    "aside": "not part of the conversation",
}
"""What a reader must know of the context of a turn."""


def tokens_line(facts: Facts) -> str:
    """Return the tokens of some calls as words, or an empty text if none were reported."""
    if facts.calls == facts.without_usage:
        return ""
    return f"{facts.tokens_in:,} tokens in, {facts.tokens_out:,} out"


def parameters_line(parameters: dict[str, Any]) -> str:
    """Return the parameters that were sent as ``name=value``, long values by their name alone."""
    words = []
    for name in sorted(parameters):
        value = msgspec.json.encode(parameters[name]).decode()
        words.append(f"{name}={value}" if len(value) <= 40 else name)
    return ", ".join(words)


def readable_date(iso: str) -> str:
    """Return a UTC time to the minute, such as ``2026-11-01 09:01 UTC``."""
    return f"{iso[:16].replace('T', ' ')} UTC" if iso else ""


def usd(amount: float) -> str:
    """Return an amount of USD with enough digits to be told from nothing."""
    return f"USD {amount:,.2f}" if amount >= 1 else f"USD {amount:.5f}"


def _model(asked: str, served: str) -> str:
    if asked and served and asked != served:
        return f"{asked} (served as {served})"
    return asked or served
