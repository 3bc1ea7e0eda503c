"""The requests that a notebook's answers came from, rebuilt from its records.

A record keeps its own messages and the chain of those above it. So a request can be built again
where the turns above are still those that were sent, and its key tells that nothing is missing.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from deepshi_jupyter.core.chain import chain
from deepshi_jupyter.core.conversation import Context
from deepshi_jupyter.core.request_key import key_of_chain
from deepshi_jupyter.core.staleness import CellStatus, CellView, Reading, statuses
from deepshi_jupyter.core.turn_record import Json, RecordedCall, TurnRecord


class RecordedRequest(msgspec.Struct, frozen=True, kw_only=True):
    """The last request of one turn of a document, which gave its answer.

    Attributes:
        status: The turn in its document.
        record: The turn as it was recorded, also where its answer was edited since.
        messages: All messages of the request; images are named by their hash.
        problem: Why it cannot be asked again, in words; empty if it can.
    """

    status: CellStatus
    record: TurnRecord
    messages: tuple[Json, ...] = ()
    problem: str = ""

    @property
    def call(self) -> RecordedCall:
        """The call that it was."""
        return self.record.call

    @property
    def own(self) -> tuple[tuple[Json, ...], tuple[Json, ...]]:
        """The turn's messages and repairs that it held."""
        call = self.call
        return self.record.messages[: call.messages], self.record.repairs[: call.repairs]

    def key(self, endpoint: str, sample: int) -> str:
        """Return its key at an endpoint, as another repeat."""
        body = {"model": self.record.model, **self.record.parameters}
        return key_of_chain(endpoint, chain(self.messages), body, sample)


def recorded_requests(cells: Sequence[CellView]) -> list[RecordedRequest]:
    """Return the request of each turn that a document shows, from the top.

    Args:
        cells: The code cells.
    """
    marks = [mark for cell in cells for mark in cell.marks if mark.record is None]
    reading = Reading(marks)  # what was picked or brought back stands in its turn already
    found = []
    for status in statuses(cells):
        if status.turn is None:
            continue
        shown = status.turn.record
        context = reading.context(shown)
        found.append(_rebuilt(status, _as_recorded(status, shown), context))
        reading.read([msgspec.structs.replace(status.cell, records=(shown,), shown=(), marks=())])
    return found


def _as_recorded(status: CellStatus, shown: TurnRecord) -> TurnRecord:
    """Return the record of a turn as it stands in its cell."""
    own = [record for record in status.cell.records if record.id == shown.id]
    return own[-1] if own else shown


def _rebuilt(status: CellStatus, record: TurnRecord, context: Context) -> RecordedRequest:
    request = RecordedRequest(status=status, record=record)
    messages = (*context.messages(), *request.own[0], *request.own[1])
    request = msgspec.structs.replace(request, messages=messages)
    return msgspec.structs.replace(request, problem=_problem(request, context))


def _problem(request: RecordedRequest, context: Context) -> str:
    record = request.record
    if "copied" in request.status.states:
        return "it is a copy of a turn further up"
    if record.is_partial:
        return "its answer broke off"
    if not record.tip or not request.call.request_key:
        return "nothing is recorded of its context or request"
    if context.parent != record.parent:
        return "what stands above is not what was sent"
    if request.key(record.endpoint, request.call.sample) != request.call.request_key:
        secrets = "secrets were taken out of its record, so that it cannot be rebuilt"
        return secrets if record.redacted else "its key is not that of what is recorded"
    return ""
