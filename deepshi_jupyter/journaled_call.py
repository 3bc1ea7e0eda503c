"""One call as the journal sees it: the request before it goes out, the answer while it comes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from deepshi_jupyter.core.canonical import image_bytes
from deepshi_jupyter.core.events import Event, ReasoningDelta, TextDelta
from deepshi_jupyter.core.reply import Reply
from deepshi_jupyter.core.turn_record import TurnRecord
from deepshi_jupyter.errors import CallError
from deepshi_jupyter.notebook.journal import Journal
from deepshi_jupyter.prepared import Prepared


class JournaledCall:
    """Writes one call into a journal, from its request to its end.

    Args:
        journal: Where to; the request is in it when this returns.
        call: The id of the call, a ULID.
        prepared: The request.
        record: The record of its turn as far as it came.
    """

    def __init__(self, journal: Journal, call: str, prepared: Prepared, record: TurnRecord) -> None:
        self._journal = journal
        self._call = call
        for part in _parts(prepared.messages):
            if (found := image_bytes(part)) is not None:
                journal.object(found[1])
        journal.begin(
            call,
            {
                "turn": record.id,
                "request_key": prepared.key,
                "sample": prepared.sample,
                "record": record.as_json(),
            },
        )

    def due(self) -> float | None:
        """Return the seconds after which `came` is to be called though nothing came, or None."""
        return self._journal.due()

    def came(self, events: Iterable[Event]) -> None:
        """Note what came since the last time."""
        self._journal.progress(self._call, map(_piece, filter(_is_text, events)))

    def ended(self, reply: Reply) -> None:
        """Note that the call ended; what it used stands in the record of its turn."""
        self._journal.end(self._call, {"status": reply.status, "response_id": reply.id})

    def failed(self, error: CallError) -> None:
        """Note why the call failed."""
        fields = {"error": type(error).__name__, "what": error.what, "status": error.status}
        self._journal.error(self._call, fields)


def _is_text(event: Event) -> bool:
    return isinstance(event, TextDelta | ReasoningDelta)


def _piece(event: Event) -> dict[str, Any]:
    field = "text" if isinstance(event, TextDelta) else "reasoning"
    return {"choice": event.choice, "field": field, "text": event.text}  # type: ignore[union-attr]


def _parts(messages: Iterable[dict[str, Any]]) -> list[Any]:
    contents = [message.get("content") for message in messages]
    return [part for content in contents if isinstance(content, list) for part in content]
