"""The cells that ran → how many answers were asked for, how many were recorded, and what it took.

An answer that was recorded keeps the time of its original call; so a call that began before the
run is one that was replayed, wherever it was found.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from deepshi_jupyter.core.staleness import CellView
from deepshi_jupyter.core.turn_record import RecordedCall, TurnRecord
from deepshi_jupyter.notebook.ledger import Sum, ledger

_TOLERANCE = 0.001
"""Seconds; times are recorded in milliseconds."""


class RunSum(msgspec.Struct, frozen=True, kw_only=True):
    """What a run asked and used.

    Attributes:
        answers: How many answers the cells that ran hold.
        asked: For how many of them somebody was asked, be it for one call of several.
        replayed: How many were recorded before.
        partial: How many broke off.
        used: What the calls of this run used; what was replayed used nothing.
    """

    answers: int
    asked: int
    replayed: int
    partial: int
    used: Sum


def run_sum(cells: Sequence[CellView], began: float) -> RunSum:
    """Return what a run asked and used.

    Args:
        cells: The code cells that ran.
        began: When the run began, in seconds since 1970.
    """
    records = [record for cell in cells for record in cell.records]
    asked = [new for record in records if (new := _asked(record, began)).calls]
    view = CellView(index=0, records=tuple(asked))
    return RunSum(
        answers=len(records),
        asked=len(asked),
        replayed=len(records) - len(asked),
        partial=sum(record.is_partial for record in records),
        used=ledger({"": [view]}).total,
    )


def _asked(record: TurnRecord, began: float) -> TurnRecord:
    """Return a turn with only those of its calls that were made since."""
    calls = tuple(call for call in record.calls if _started(call) >= began - _TOLERANCE)
    return msgspec.structs.replace(record, calls=calls)


def _started(call: RecordedCall) -> float:
    try:
        return datetime.fromisoformat(call.started).timestamp()
    except ValueError:
        return 0.0
