"""Chunks of a stream, or one whole answer → the choices of a reply."""

from __future__ import annotations

from typing import Any

from deepshi_jupyter.core.events import (
    Event,
    Finish,
    ImageDelta,
    ReasoningDelta,
    RefusalDelta,
    TextDelta,
    UsageReport,
)
from deepshi_jupyter.core.reply import Choice
from deepshi_jupyter.core.text import TextBuilder
from deepshi_jupyter.core.tool_call_builder import ToolCallBuilder
from deepshi_jupyter.core.usage import Usage, read_usage
from deepshi_jupyter.core.wire import PlainChunk, as_dict, as_dicts, as_name, as_text, storable

_METADATA = ("id", "model", "created", "system_fingerprint")


class _ChoiceBuilder:
    """One choice as far as it came."""

    def __init__(self, index: int) -> None:
        self.index = index
        self.text = TextBuilder()
        self.reasoning = TextBuilder()
        self.refusal = TextBuilder()
        self.tool_calls = ToolCallBuilder(index)
        self.details: list[dict[str, Any]] = []
        self.images: list[dict[str, Any]] = []
        self.logprobs: list[dict[str, Any]] = []
        self.finish_reason: str | None = None
        self.had_delta = False

    def add_delta(self, delta: dict[str, Any]) -> list[Event]:
        events: list[Event] = []
        self.details += [storable(part) for part in as_dicts(delta.get("reasoning_details"))]
        if reasoning := self.reasoning.add(_reasoning(delta)):
            events.append(ReasoningDelta(reasoning, self.index))
        if text := self.text.add(as_text(delta.get("content"))):
            events.append(TextDelta(text, self.index))
        if refusal := self.refusal.add(as_text(delta.get("refusal"))):
            events.append(RefusalDelta(refusal, self.index))
        for image in as_dicts(delta.get("images")):
            self.images.append(storable(image))
            events.append(ImageDelta(self.images[-1], self.index))
        events.extend(self.tool_calls.add(piece) for piece in as_dicts(delta.get("tool_calls")))
        if isinstance(legacy := delta.get("function_call"), dict):
            events.append(self.tool_calls.add({"function": legacy}))
        return events

    def flush(self) -> list[Event]:
        """Show what was held back waiting for the other half of a character."""
        events: list[Event] = []
        if reasoning := self.reasoning.flush():
            events.append(ReasoningDelta(reasoning, self.index))
        if text := self.text.flush():
            events.append(TextDelta(text, self.index))
        if refusal := self.refusal.flush():
            events.append(RefusalDelta(refusal, self.index))
        return events

    def build(self) -> Choice:
        return Choice(
            index=self.index,
            text=str(self.text),
            reasoning=str(self.reasoning),
            refusal=str(self.refusal),
            finish_reason=self.finish_reason,
            tool_calls=self.tool_calls.build(),
            reasoning_details=tuple(self.details),
            images=tuple(self.images),
            logprobs=tuple(self.logprobs),
        )


def _reasoning(delta: dict[str, Any]) -> str:
    """Return the thinking in whichever of its three spellings it came, once."""
    text = as_text(delta.get("reasoning")) or as_text(delta.get("reasoning_content"))
    return text or as_text(delta.get("reasoning_details"))


def _message_as_delta(message: dict[str, Any]) -> dict[str, Any]:
    """Number the calls of a whole message, which come without an index."""
    calls = as_dicts(message.get("tool_calls"))
    return {**message, "tool_calls": [{**call, "index": i} for i, call in enumerate(calls)]}


class Accumulator:
    """Gathers an answer from its chunks and says what each of them brought."""

    def __init__(self) -> None:
        self.id = ""
        self.model = ""
        self.created: int | None = None
        self.system_fingerprint: str | None = None
        self.usage: Usage | None = None
        self._choices: dict[int, _ChoiceBuilder] = {}

    def add_plain(self, chunk: PlainChunk, events: list[Event]) -> None:
        """Take a chunk with one piece of text or reasoning (the common case, kept short).

        Args:
            chunk: The chunk.
            events: Where the event that it brought is put.
        """
        if not self.model or not self.id or chunk.system_fingerprint:
            self._note(chunk.id, chunk.model, chunk.created, chunk.system_fingerprint)
        part = chunk.choices[0]
        choice = self._choices.get(part.index) or self._open(part.index)
        choice.had_delta = True
        delta = part.delta
        reasoning = delta.reasoning or delta.reasoning_content
        if reasoning and (reasoning := choice.reasoning.add(reasoning)):
            events.append(ReasoningDelta(reasoning, part.index))
        if delta.content and (text := choice.text.add(delta.content)):
            events.append(TextDelta(text, part.index))

    def add(self, chunk: dict[str, Any]) -> list[Event]:
        """Take a chunk of any form, or a whole ``chat.completion``.

        Args:
            chunk: The decoded JSON object; unknown fields are passed over, missing ones stay
                unknown.

        Returns:
            The events that it brought, in order.
        """
        self._note(*(chunk.get(name) for name in _METADATA))
        events: list[Event] = []
        for part in as_dicts(chunk.get("choices")):
            events += self._add_choice(part)
        if isinstance(usage := chunk.get("usage"), dict):
            self.usage = read_usage(storable(usage))
            events.append(UsageReport(self.usage))
        return events

    def flush(self) -> list[Event]:
        """End the answer and return what was held back."""
        return [event for choice in self._choices.values() for event in choice.flush()]

    def choices(self) -> tuple[Choice, ...]:
        """Return the choices as far as they came, by index."""
        return tuple(self._choices[index].build() for index in sorted(self._choices))

    @property
    def finished(self) -> bool:
        """True when every choice that began has a finish reason."""
        return bool(self._choices) and all(c.finish_reason for c in self._choices.values())

    def _add_choice(self, part: dict[str, Any]) -> list[Event]:
        index = part["index"] if isinstance(part.get("index"), int) else 0
        choice = self._choices.get(index) or self._open(index)
        events: list[Event] = []
        if isinstance(delta := part.get("delta"), dict):
            choice.had_delta = True
            events += choice.add_delta(delta)
        elif not choice.had_delta:  # some servers stream one whole message, or both; use one
            events += choice.add_delta(_message_as_delta(as_dict(part.get("message"))))
        for entry in as_dicts(as_dict(part.get("logprobs")).get("content")):
            choice.logprobs.append(storable(entry))
        if reason := as_name(part.get("finish_reason")):
            choice.finish_reason = reason
            events += [*choice.flush(), Finish(reason, index)]
        return events

    def _open(self, index: int) -> _ChoiceBuilder:
        choice = self._choices[index] = _ChoiceBuilder(index)
        return choice

    def _note(self, id_: Any, model: Any, created: Any, fingerprint: Any) -> None:
        """Keep the first value of each that says something."""
        self.id = self.id or as_name(id_) or ""
        self.model = self.model or as_name(model) or ""
        self.created = self.created or (created if isinstance(created, int) else None)
        self.system_fingerprint = self.system_fingerprint or as_name(fingerprint)
