"""Recorded calls by the key of their request: what answers again, and what comes nearest."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from difflib import SequenceMatcher
from typing import Any

import msgspec

from deepshi_jupyter.core.chain import chain
from deepshi_jupyter.core.request_key import NOT_IN_THE_KEY
from deepshi_jupyter.core.turn_record import Json, RecordedCall, TurnRecord, text_of

_NOT_SERVED = ("content_filter",)
"""With these finish reasons an answer is kept and never given again."""


class Recording(msgspec.Struct, frozen=True):
    """One recorded call of a turn.

    Attributes:
        record: The turn.
        number: Which of its calls.
        origin: Where it was found, in words.
    """

    record: TurnRecord
    number: int
    origin: str = ""

    @property
    def call(self) -> RecordedCall:
        """The call."""
        return self.record.calls[self.number]

    @property
    def body(self) -> Json:
        """The request's body without its messages."""
        return {"model": self.record.model, **self.record.parameters}

    @property
    def may_answer(self) -> bool:
        """True if the call ended well: cut, filtered and edited answers are never given again."""
        reasons = [answer.get("finish_reason") for answer in self.call.answers]
        whole = self.call.status in ("complete", "unconfirmed") and bool(reasons)
        as_came = self.record.kind not in ("edited", "partial") or self.number + 1 < len(
            self.record.calls
        )
        return whole and as_came and not set(reasons) & set(_NOT_SERVED)


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A request that a recording is wanted for."""

    endpoint: str
    body: Json
    messages: tuple[Json, ...]
    parent: str
    sample: int = 0


class Difference(msgspec.Struct, frozen=True):
    """A field in which a request differs from a recorded one."""

    field: str
    recorded: str
    asked: str


class Recordings:
    """All recorded calls that are at hand; what was taken in first is found first."""

    def __init__(self) -> None:
        self._by_key: dict[str, Recording] = {}
        self._all: dict[tuple[str, int], Recording] = {}

    def __len__(self) -> int:
        return len(self._all)

    def __iter__(self) -> Iterator[Recording]:
        return iter(self._all.values())

    def add(self, record: TurnRecord, origin: str, *, first: bool = False) -> None:
        """Take in the calls of a turn.

        Args:
            record: The turn.
            origin: Where it was found, in words.
            first: Whether it comes before what is there under the same key.
        """
        for number, call in enumerate(record.calls):
            recording = Recording(record, number, origin)
            self._all.setdefault((record.id or record.tip, number), recording)
            if recording.may_answer and call.request_key:
                if first:
                    self._by_key[call.request_key] = recording
                else:
                    self._by_key.setdefault(call.request_key, recording)

    def find(self, key: str) -> Recording | None:
        """Return the recorded call that answers a request, or None."""
        return self._by_key.get(key)

    def cuts_for(self, message: Json) -> list[TurnRecord]:
        """Return the recorded turns that asked this and left out a part of their context."""
        return [
            recording.record
            for recording in self._all.values()
            if recording.record.cut is not None and recording.record.messages[:1] == (message,)
        ]

    def nearest(self, asked: Asked) -> tuple[Recording, list[Difference]] | None:
        """Return the recorded call that is most like a request, and how they differ."""
        found = [(differences(recording, asked), recording) for recording in self._all.values()]
        if not found:
            return None
        different, recording = min(
            found, key=lambda pair: (len(pair[0]), -_likeness(pair[1], asked))
        )
        return recording, different


def differences(recording: Recording, asked: Asked) -> list[Difference]:
    """Return the fields in which a request differs from a recorded one.

    Args:
        recording: The recorded call.
        asked: The request.
    """
    record, call = recording.record, recording.call
    own = (*record.messages[: call.messages], *record.repairs[: call.repairs])
    pairs: Iterable[tuple[str, Any, Any]] = [
        ("endpoint", record.endpoint, asked.endpoint),
        *_fields(recording.body, asked.body),
        ("question", _words(own), _words(asked.messages)),
        ("sample", call.sample, asked.sample),
    ]
    found = [Difference(name, _short(a), _short(b)) for name, a, b in pairs if a != b]
    if record.parent != asked.parent:
        found.append(Difference("context", "what stood above then", "what stands above now"))
    if not found and chain(own) != chain(asked.messages):
        found.append(Difference("question", "other parts", "other parts"))
    if not found and not recording.may_answer:
        found.append(Difference("answer", f"not whole ({call.status})", "a whole one is needed"))
    return found


def _fields(recorded: Mapping[str, Any], asked: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
    names = sorted({*recorded, *asked} - NOT_IN_THE_KEY - {"messages"})
    return [(name, recorded.get(name), asked.get(name)) for name in names]


def _words(messages: Iterable[Json]) -> str:
    return "\n\n".join(text_of(message) for message in messages)


def _likeness(recording: Recording, asked: Asked) -> float:
    ours, theirs = recording.record.question, _words(asked.messages[:1])
    return SequenceMatcher(None, ours[:500], theirs[:500], autojunk=False).quick_ratio()


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = "not set" if value is None else " ".join(text.split())
    return text if len(text) <= 60 else f"{text[:57]}…"
