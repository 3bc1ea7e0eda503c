"""One request of a turn, ready to be sent or to be found among what is recorded."""

from __future__ import annotations

import msgspec

from deepshi_jupyter.core.recorded_reply import recorded_call, recorded_reply
from deepshi_jupyter.core.recordings import Asked, Recording
from deepshi_jupyter.core.reply import Reply
from deepshi_jupyter.core.request import ChatRequest
from deepshi_jupyter.core.turn_record import Json, RecordedCall


class Prepared(msgspec.Struct, frozen=True, kw_only=True):
    """A request with the key that its answer is recorded under.

    Attributes:
        request: The request.
        key: Its key.
        sample: Which repeat of the same request it is, from 0.
        endpoint: The endpoint as keys and records name it.
        parent: The chain of its context.
        messages: The messages of its turn that it holds.
        repairs: The repairs of its turn that it holds.
    """

    request: ChatRequest
    key: str
    sample: int
    endpoint: str
    parent: str
    messages: tuple[Json, ...]
    repairs: tuple[Json, ...] = ()

    @property
    def asked(self) -> Asked:
        """What a recording is compared with."""
        return Asked(
            endpoint=self.endpoint,
            body=self.request.body,
            messages=(*self.messages, *self.repairs),
            parent=self.parent,
            sample=self.sample,
        )

    def answered(self, reply: Reply) -> RecordedCall:
        """Return what is recorded of this call and its reply."""
        return recorded_call(
            reply,
            key=self.key,
            sample=self.sample,
            messages=len(self.messages),
            repairs=len(self.repairs),
        )

    def replayed(self, recording: Recording) -> Reply:
        """Return the reply that was recorded for this call."""
        return recorded_reply(recording.call, self.request.body, self.endpoint)
