"""What the stream of an answer is made of."""

from __future__ import annotations

from typing import get_args

import msgspec
import pytest

from deepshi_jupyter.core.events import (
    Event,
    Finish,
    ImageDelta,
    ReasoningDelta,
    RefusalDelta,
    Retrying,
    TextDelta,
    ToolCallDelta,
    UsageReport,
)
from deepshi_jupyter.core.usage import Usage

EVENTS: list[Event] = [
    TextDelta("a"),
    ReasoningDelta("a", choice=1),
    RefusalDelta("a"),
    ToolCallDelta(0, "id", "f", "{}"),
    ImageDelta({"type": "image_url"}),
    Finish("stop"),
    UsageReport(Usage(prompt_tokens=1)),
    Retrying(1, 0.5, "busy"),
]


def test_there_is_an_example_of_every_event() -> None:
    assert {type(event) for event in EVENTS} == set(get_args(Event))


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_an_event_survives_json_and_is_still_told_from_the_others(event: Event) -> None:
    assert msgspec.json.decode(msgspec.json.encode(event), type=Event) == event


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_an_event_does_not_change(event: Event) -> None:
    field = event.__struct_fields__[0]
    with pytest.raises(AttributeError):
        setattr(event, field, None)


def test_equal_content_is_equal_and_kinds_are_told_apart() -> None:
    same: list[Event] = [TextDelta("a")]
    assert same == [TextDelta("a")]
    assert same != [ReasoningDelta("a")]
