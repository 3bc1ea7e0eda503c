"""The records of notebooks → what their calls used and cost, as the service reported it.

Nothing is estimated: a call whose cost was not reported is counted and not priced. A turn that
stands in several places, such as in a copied cell or a copied notebook, counts once.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import TypeVar

import msgspec

from deepshi_jupyter.core.staleness import CellView
from deepshi_jupyter.core.turn_record import RecordedCall, TurnRecord, read_record
from deepshi_jupyter.core.usage import Usage, read_usage

Key = TypeVar("Key", bound=Hashable)

UNKNOWN_MODEL = "unknown"


class Sum(msgspec.Struct, frozen=True, kw_only=True):
    """What some calls used.

    Attributes:
        turns: How many turns they belong to.
        calls: How many they are.
        tokens_in: Tokens of their requests.
        tokens_out: Tokens of their answers, reasoning included.
        cached_tokens: Tokens of the requests that came from the service's cache.
        reasoning_tokens: Tokens of the answers spent on thinking.
        usd: USD, or None if no call reported any.
        calls_without_usage: How many calls reported no tokens.
        calls_without_cost: How many calls reported no cost.
    """

    turns: int = 0
    calls: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    cached_tokens: int = 0
    reasoning_tokens: int = 0
    usd: float | None = None
    calls_without_usage: int = 0
    calls_without_cost: int = 0


class Ledger(msgspec.Struct, frozen=True, kw_only=True):
    """What notebooks cost; each of the parts adds up to `total`, but for turns of several models.

    Attributes:
        total: All calls.
        by_model: By the model that answered; by the one asked where no other was named.
        by_chat: By notebook and conversation.
        by_notebook: By notebook; a turn counts where it stands first.
        copies: How many turns stood a second time and were not counted again.
    """

    total: Sum
    by_model: dict[str, Sum]
    by_chat: dict[tuple[str, str], Sum]
    by_notebook: dict[str, Sum]
    copies: int


class _Line(msgspec.Struct, frozen=True):
    """One call of one turn; a turn without a call has a line without one."""

    notebook: str
    turn: int
    record: TurnRecord
    call: RecordedCall | None


def ledger(notebooks: Mapping[str, Sequence[CellView]]) -> Ledger:
    """Return what the calls in notebooks used and cost.

    Args:
        notebooks: The code cells of each notebook, by its name.
    """
    lines: list[_Line] = []
    seen: set[str] = set()
    copies = 0
    for name, cells in notebooks.items():
        for record in paid_turns(cells):
            key = record.id or record.as_json()["sha256"]
            if key in seen:
                copies += 1
            else:
                seen.add(key)
                lines += [_Line(name, len(seen), record, call) for call in record.calls or (None,)]
    return Ledger(
        total=_sum(lines),
        by_model=_sums(lines, _model),
        by_chat=_sums(lines, lambda line: (line.notebook, line.record.chat)),
        by_notebook={name: Sum() for name in notebooks} | _sums(lines, lambda line: line.notebook),
        copies=copies,
    )


def paid_turns(cells: Iterable[CellView]) -> list[TurnRecord]:
    """Return all turns that cells keep, also those that another version stands for."""
    found: list[TurnRecord] = []
    for cell in cells:
        found += cell.records
        found += [read_record(mark.record) for mark in cell.marks if mark.record is not None]
    return found


def sum_of(record: TurnRecord) -> Sum:
    """Return what one turn used."""
    return _sum([_Line("", 1, record, call) for call in record.calls or (None,)])


def _model(line: _Line) -> str:
    served = line.call.served if line.call else ""
    return served or line.record.model or UNKNOWN_MODEL


def _sums(lines: Iterable[_Line], key_of: Callable[[_Line], Key]) -> dict[Key, Sum]:
    groups: dict[Key, list[_Line]] = {}
    for line in lines:
        groups.setdefault(key_of(line), []).append(line)
    return {key: _sum(group) for key, group in groups.items()}


def _sum(lines: Sequence[_Line]) -> Sum:
    calls = [line.call for line in lines if line.call is not None]
    usages = [read_usage(call.usage) if call.usage else Usage() for call in calls]
    costs = [Decimal(repr(call.cost_usd)) for call in calls if call.cost_usd is not None]
    return Sum(
        turns=len({line.turn for line in lines}),
        calls=len(calls),
        tokens_in=sum(usage.prompt_tokens or 0 for usage in usages),
        tokens_out=sum(usage.completion_tokens or 0 for usage in usages),
        cached_tokens=sum(usage.cached_tokens or 0 for usage in usages),
        reasoning_tokens=sum(usage.reasoning_tokens or 0 for usage in usages),
        usd=float(sum(costs)) if costs else None,
        calls_without_usage=sum(
            usage.prompt_tokens is None and usage.completion_tokens is None for usage in usages
        ),
        calls_without_cost=len(calls) - len(costs),
    )
