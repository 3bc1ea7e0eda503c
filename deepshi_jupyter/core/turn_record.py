"""The record of one turn as a value: what a notebook keeps of a question and its answer.

``docs/turn-record.md`` describes every field; ``turn.schema.json`` beside the reader says the same
to programs. This is version 2. Records of version 1 are read as well (`read_record`).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property, reduce
from typing import Any, Literal

import msgspec

from deepshi_jupyter.core.canonical import canonical, sha256
from deepshi_jupyter.core.chain import link, message_digest
from deepshi_jupyter.core.chat import MAIN_CHAT, Start
from deepshi_jupyter.core.reply import Status
from deepshi_jupyter.errors import InvalidRequestError, RecordError

MIME_TYPE = "application/vnd.deepshi.turn+json"
VERSION = 2

Kind = Literal["live", "partial", "imported", "edited"]
"""How the answer came about; ``edited``: by the hand of a human."""

SystemSource = Literal["", "cell", "above", "setting"]
"""Who gave the system prompt of a turn."""

OrderSource = Literal["frontend", "disk", "execution"]
"""Who said which cells stand above: the front end, the file, or the order of execution."""

Json = dict[str, Any]


class RecordedCall(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One call of a turn; a turn with tools or repairs takes several.

    Attributes:
        request_key: The key of the request (`deepshi_jupyter.core.request_key`).
        sample: Which repeat of the same request it was, from 0.
        messages: With how many of the turn's messages it was sent.
        repairs: With how many of the turn's repairs.
        answers: For each answer ``message``, ``finish_reason``, ``reasoning`` …
        status: Whether the answer is whole (`deepshi_jupyter.core.reply.Status`).
        served: The model that the service says answered.
        usage: The service's usage object, as it came.
        cost_usd: USD that the service says it drew, or None; never an estimate.
        response_id: The service's id of the answer.
        request_id: The service's id of the request.
        system_fingerprint: The service's mark of the backend's configuration.
        created: When the service made the answer, in seconds since 1970.
        started: UTC time of the first try, ISO 8601.
        time_to_first_token: Seconds from then to the first text, reasoning or tool call.
        duration: Seconds from then to the end.
        failed_attempts: The tries before the last.
        notices: What was said of the answer.
    """

    request_key: str = ""
    sample: int = 0
    messages: int = 1
    repairs: int = 0
    answers: tuple[Json, ...] = ()
    status: Status = "complete"
    served: str = ""
    usage: Json | None = None
    cost_usd: float | None = None
    response_id: str = ""
    request_id: str | None = None
    system_fingerprint: str | None = None
    created: int | None = None
    started: str = ""
    time_to_first_token: float | None = None
    duration: float | None = None
    failed_attempts: tuple[Json, ...] = ()
    notices: tuple[str, ...] = ()

    @property
    def message(self) -> Json | None:
        """The first answer's message, as it is sent back; None if nothing came."""
        return self.answers[0]["message"] if self.answers else None


class Fork(msgspec.Struct, frozen=True):
    """Where a conversation was forked from: the turn that it goes on from, and its chat."""

    chat: str
    turn: str


class Cut(msgspec.Struct, frozen=True, omit_defaults=True):
    """What was left out of a context that was too long.

    Attributes:
        first: The id of the oldest turn that was sent, pinned ones apart; empty if none was.
        left_out: How many older turns were not sent.
        kept: The ids of pinned turns that were sent though they are older.
    """

    first: str
    left_out: int
    kept: tuple[str, ...] = ()


class TurnRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, dict=True):
    """One turn: what was asked, what came, and all that is known of how.

    Attributes:
        v: The version of this form.
        id: The turn's id, a ULID; empty in records of version 1.
        kind: How the answer came about.
        chat: The conversation.
        start: Where its context begins.
        fork: The turn that its context goes on from, or None.
        parent: The chain of the messages that were sent before the turn's own.
        tip: The chain after the turn's messages and its answer.
        system: The system prompt that was sent, or an empty text.
        system_from: Who gave it: this cell, a turn above, or the setting.
        cut: What was not sent because the context was too long, or None.
        messages: What the turn added before its answer: the question, and rounds of tools.
        repairs: Wrong answers and corrections that were sent and not kept.
        calls: The calls in order; the last one gave the answer.
        tools: What came of the tools, for their cards.
        prompt: The question as written with the values that were inserted, or None.
        options: The options of the cell's first line that take part in the request.
        source_sha256: The hash of the cell's text below its first line.
        cell: The cell's id where the front end told one.
        place: Which question of its cell it was, from 0; a loop asks several.
        order: Who said which turns stood above.
        endpoint: The base URL that was asked, or the name that the user gave it.
        model: The model asked.
        parameters: All other fields of the request body.
        form: How the text is shown.
        remarks: What was said of the question.
        price: USD per million tokens as the catalogue said, where the cost was not reported.
        redacted: How many secrets were taken out of this record.
        edited_from: The tip that it had before a human edited the answer.
        made_by: The versions of the software.
    """

    v: int
    id: str = ""
    kind: Kind = "live"
    chat: str = MAIN_CHAT
    start: Start = ""
    fork: Fork | None = None
    parent: str = ""
    tip: str = ""
    system: str = ""
    system_from: SystemSource = ""
    cut: Cut | None = None
    messages: tuple[Json, ...] = ()
    repairs: tuple[Json, ...] = ()
    calls: tuple[RecordedCall, ...] = ()
    tools: tuple[Json, ...] = ()
    prompt: Json | None = None
    options: tuple[str, ...] = ()
    source_sha256: str = ""
    cell: str = ""
    place: int = 0
    order: OrderSource = "execution"
    endpoint: str = ""
    model: str = ""
    parameters: Json = {}
    form: str = "markdown"
    remarks: tuple[str, ...] = ()
    price: Json | None = None
    redacted: int = 0
    edited_from: str = ""
    made_by: Json = {}

    @property
    def call(self) -> RecordedCall:
        """The call that gave the answer."""
        return self.calls[-1] if self.calls else RecordedCall()

    @property
    def answer(self) -> Json | None:
        """The answer's message as it is sent back, or None if nothing came."""
        return self.call.message

    @property
    def text(self) -> str:
        """The answer's text."""
        content = (self.answer or {}).get("content")
        return content if isinstance(content, str) else ""

    @property
    def question(self) -> str:
        """The text of the turn's first message."""
        return text_of(self.messages[0]) if self.messages else ""

    @property
    def is_partial(self) -> bool:
        """True if the answer broke off, was stopped, or never came."""
        return self.kind == "partial" or self.answer is None

    @cached_property
    def own_messages(self) -> tuple[Json, ...]:
        """What the turn adds to a conversation: its messages and its answer."""
        return (*self.messages, self.answer) if self.answer else self.messages

    @cached_property
    def digests(self) -> tuple[str, ...]:
        """The hash of each of its own messages."""
        return tuple(map(message_digest, self.own_messages))

    def chained(self, parent: str) -> str:
        """Return the chain after this turn, if it stood below `parent`."""
        return reduce(link, self.digests, parent)

    def as_json(self) -> Json:
        """Return the record as it is written, with the hash of itself as ``sha256``."""
        fields = {name: getattr(self, name) for name in _ALWAYS} | _plain(self)
        fields["calls"] = [{"status": call.status, **_plain(call)} for call in self.calls]
        return {**fields, "sha256": record_sha256(fields)}


_ALWAYS = ("v", "id", "kind", "chat", "parent", "tip", "messages", "order", "model", "endpoint")
"""What a reader may rely on in every record, beside ``calls`` and ``sha256``."""


def _plain(value: msgspec.Struct) -> Json:
    """Return a value as JSON has it: objects, lists, texts, numbers."""
    plain: Json = msgspec.json.decode(msgspec.json.encode(value))
    return plain


def record_sha256(fields: Mapping[str, Any]) -> str:
    """Return the hash of a record's fields, all but ``sha256`` itself."""
    return sha256(canonical({name: fields[name] for name in fields if name != "sha256"}))


def text_of(message: Mapping[str, Any]) -> str:
    """Return the text of a message; of content parts, the texts among them."""
    content = message.get("content")
    if isinstance(content, list):
        texts = (part.get("text") for part in content if isinstance(part, dict))
        return "\n\n".join(text for text in texts if isinstance(text, str))
    return content if isinstance(content, str) else ""


def read_record(value: Any) -> TurnRecord:
    """Read a record of this version or an older one.

    Args:
        value: What stands under `MIME_TYPE`; fields that are not known are passed over.

    Raises:
        RecordError: It is of a newer version, or not of the form that its version has.
    """
    version = _version_of(value)
    try:
        record = msgspec.convert(_from_version_1(value) if version == 1 else value, TurnRecord)
        _check_answers(record)
        _ = record.digests  # what cannot be hashed is found here, and not by who reads it
    except (ValueError, InvalidRequestError, RecursionError) as error:
        what = error.what if isinstance(error, InvalidRequestError) else f"{error}."
        raise RecordError(
            f"A turn record is not of the form of version {version}: {what}",
            "docs/turn-record.md says what it must be; ask again, or restore from the journal.",
        ) from None
    return record


def _version_of(value: Any) -> int:
    version = value.get("v") if isinstance(value, dict) else None
    if isinstance(version, bool) or not isinstance(version, int) or version < 1:
        raise RecordError(
            "A turn record has no version.",
            "docs/turn-record.md says what it must be; ask again, or restore from the journal.",
        )
    if version > VERSION:
        raise RecordError(
            f"A turn record has the version {version!r:.20}, expected 1 or {VERSION}.",
            "A newer deepshi_jupyter wrote it: update this one, `pip install -U deepshi_jupyter`.",
        )
    return version


def _check_answers(record: TurnRecord) -> None:
    for call in record.calls:
        for answer in call.answers:
            if not isinstance(answer.get("message"), dict):
                raise ValueError("an answer has no message - at `$.calls[...].answers[...]`")


def _from_version_1(old: Json) -> Json:
    """Bring a record of version 1 into the form of version 2; what it did not know stays empty."""
    model, messages = old.get("model"), old.get("messages")
    if not isinstance(model, dict) or not isinstance(messages, list):
        raise ValueError("its model is no object, or its messages are no array")
    call = {name: old[name] for name in _CALL_FIELDS_OF_1 if name in old}
    call |= {"served": model.get("served") or "", "messages": len(messages)}
    kept = {name: old[name] for name in _TURN_FIELDS_OF_1 if name in old}
    return {**kept, "v": VERSION, "model": model.get("asked") or "", "calls": [call]}


_CALL_FIELDS_OF_1 = (
    *("answers", "status", "usage", "cost_usd", "response_id", "request_id", "system_fingerprint"),
    *("created", "started", "time_to_first_token", "duration", "failed_attempts", "notices"),
)
_TURN_FIELDS_OF_1 = (
    *("kind", "messages", "prompt", "source_sha256", "endpoint", "parameters", "made_by"),
)
