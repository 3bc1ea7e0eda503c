"""A plan and a report of drift, for a reader and for a program."""

from __future__ import annotations

import json
from collections.abc import Sequence
from statistics import fmean
from typing import Any, TextIO

import msgspec

from deepshi_jupyter.cli.columns import aligned, one_line
from deepshi_jupyter.cli.drift_plan import Plan
from deepshi_jupyter.display.footer import dollars
from deepshi_jupyter.notebook.drift_report import TurnDrift, drift_sum, used_in_all
from deepshi_jupyter.notebook.recorded_request import RecordedRequest

Drift = tuple[RecordedRequest, TurnDrift]
"""A recorded request, and how new answers to it differ."""

_HEADER = ("", "identical", "different", "similarity", "characters", "USD", "changed")


def print_plan(plan: Plan, endpoint: str, out: TextIO) -> None:
    """Say what is skipped, how many calls are to be made, and about what they take."""
    for skipped in plan.skipped:
        print(f"! {name_of(skipped)} is skipped: {one_line(skipped.problem)}", file=out)
    others = {ready.recorded.record.endpoint for ready in plan.ready} - {endpoint}
    for other in sorted(others):
        print(f"! Recorded from {one_line(other)}, and now asked of {endpoint}.", file=out)
    if not plan.calls:
        print("Nothing can be asked again.", file=out)
        return
    turns = len(plan.ready)
    print(
        f"{turns} turn{'' if turns == 1 else 's'}, {plan.times} times each: {plan.calls} calls to "
        f"{endpoint}.",
        file=out,
    )
    print(f"All together {plan.total.sentence}.", file=out)
    if plan.as_recorded is not None:
        print(f"At what these calls cost when recorded: {dollars(plan.as_recorded)}.", file=out)


def print_json(notebook: str, plan: Plan, drifts: Sequence[Drift]) -> None:
    """Print plan and report as one JSON object."""
    plain = msgspec.to_builtins
    total = plan.total
    value = {
        "notebook": notebook,
        "plan": {
            "turns": len(plan.ready),
            "times": plan.times,
            "calls": plan.calls,
            "prompt_tokens": total.prompt_tokens,
            "most_completion_tokens": total.completion_tokens,
            "usd_low": total.low,
            "usd_high": total.high,
            "usd_as_recorded": plan.as_recorded,
        },
        "skipped": [{**_where(one), "reason": one.problem} for one in plan.skipped],
        "turns": [{**_where(request), **_as_json(drift)} for request, drift in drifts],
        "sum": plain(drift_sum(drift for _, drift in drifts)) if drifts else None,
        "used": plain(used_in_all(drift for _, drift in drifts)),
        "similarity": "difflib ratio over words, spaces and marks",
    }
    print(json.dumps(value, ensure_ascii=False, indent=2))


def _where(request: RecordedRequest) -> dict[str, Any]:
    cell = request.status.cell
    return {"index": cell.index, "number": cell.number, "cell": cell.id, "turn": request.record.id}


def _as_json(drift: TurnDrift) -> dict[str, Any]:
    changed = ("model_changed", "fingerprint_changed", "finish_changed")
    fields: dict[str, Any] = msgspec.to_builtins(drift)
    return fields | {name: getattr(drift, name) for name in changed}


def print_lines(drifts: Sequence[Drift]) -> None:
    """Print a line for each turn, and the sums."""
    rows = [_row(request, drift) for request, drift in drifts]
    print("\n".join(aligned([_HEADER, *rows])))
    print(_in_words(drifts))


def _row(request: RecordedRequest, drift: TurnDrift) -> tuple[str, ...]:
    usd = "not reported" if drift.used.usd is None else dollars(drift.used.usd)
    likeness = lengths = "–"
    if drift.answers:
        likeness = f"{fmean(drift.similarity):.3f} ({_span(drift.similarity, '.3f')})"
        lengths = f"{drift.length:,} → {_span(drift.lengths, ',')}"
    shares = (f"{drift.identical}/{drift.answers}", str(drift.different))
    return (name_of(request), *shares, likeness, lengths, usd, _changes(drift))


def _span(values: Sequence[float], form: str) -> str:
    low, high = min(values), max(values)
    return f"{low:{form}}" if low == high else f"{low:{form}}–{high:{form}}"


def _changes(drift: TurnDrift) -> str:
    """Return what changed beside the text, or that nothing did as far as is told."""
    found = []
    if drift.model_changed:
        found.append(f"model: {drift.model} → {', '.join(drift.models)}")
    if drift.fingerprint_changed:
        now = ", ".join(name or "none" for name in drift.fingerprints)
        found.append(f"fingerprint: {drift.fingerprint} → {now}")
    if drift.finish_changed:
        now = ", ".join(reason or "none" for reason in drift.finishes)
        found.append(f"finish: {drift.finish or 'none'} → {now}")
    if drift.failure:
        found.append(f"failed: {drift.failure}")
    return one_line("; ".join(found)) or "–"


def _in_words(drifts: Sequence[Drift]) -> str:
    total, used = drift_sum(drift for _, drift in drifts), used_in_all(drift for _, drift in drifts)
    if not total.answers:
        return "No answer came."
    usd = "no cost reported" if used.usd is None else f"{dollars(used.usd)} as reported"
    if used.usd is not None and used.calls_without_cost:
        usd += f" ({used.calls_without_cost} of {used.calls} calls without a cost)"
    unknown = total.fingerprint_unknown
    return (
        f"{total.answers} answers: {total.identical_share:.0%} identical, mean similarity "
        f"{total.mean_similarity:.3f}; model changed in {total.model_changed} of {total.turns} "
        f"turns, fingerprint in {total.fingerprint_changed}"
        f"{f' and not given in {unknown}' if unknown else ''}; "
        f"{used.tokens_in:,} tokens in / {used.tokens_out:,} out, {usd}."
    )


def name_of(request: RecordedRequest) -> str:
    """Return what a reader calls a turn: the number beside its cell, or the cell's place."""
    cell, place = request.status.cell, request.record.place
    name = f"[{cell.number}]" if cell.number is not None else f"cell {cell.index + 1}"
    return f"{name} question {place + 1}" if place or len(cell.records) > 1 else name
