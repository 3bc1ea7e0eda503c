"""A reply and what is recorded of it are two forms of one thing."""

from __future__ import annotations

import json
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from deepshi_jupyter.core.recorded_reply import recorded_call, recorded_reply
from deepshi_jupyter.core.reply import Attempt, Choice, Reply, ToolCall
from deepshi_jupyter.core.turn_record import RecordedCall, TurnRecord, read_record
from deepshi_jupyter.core.usage import Usage, read_usage

REQUEST = {"model": "m", "temperature": 0.5}
ENDPOINT = "http://127.0.0.1/v1"


def _fields(values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(NAMES, values, max_size=3)


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
NAMES = st.text("abc_", min_size=1, max_size=6)
SECONDS = st.integers(0, 10**7).map(lambda milliseconds: milliseconds / 1000)
LEAVES = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXT
JSON = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=2) | _fields(inner), max_leaves=4
)


OBJECTS = _fields(LEAVES)
NONEMPTY_OBJECTS = st.lists(OBJECTS.filter(bool), max_size=2).map(tuple)

EXTRA = OBJECTS.map(lambda extra: {f"x_{name}": value for name, value in extra.items()})
TOOL_CALLS = st.builds(ToolCall, st.none() | NAMES, NAMES, TEXT, EXTRA)
SIGNED = st.builds(lambda text: {"type": "reasoning.text", "signature": f"s{text}"}, TEXT)
CHOICES = st.builds(
    Choice,
    text=TEXT,
    reasoning=TEXT,
    refusal=TEXT,
    finish_reason=st.none() | st.sampled_from(["stop", "length", "tool_calls", "content_filter"]),
    tool_calls=st.lists(TOOL_CALLS, max_size=2).map(tuple),
    reasoning_details=st.lists(SIGNED, max_size=2).map(tuple),
    images=NONEMPTY_OBJECTS,
    logprobs=NONEMPTY_OBJECTS,
)
USAGES = st.none() | st.builds(
    lambda prompt, cost, other: read_usage({"prompt_tokens": prompt, "cost": cost, "other": other}),
    st.none() | st.integers(0, 10**6),
    st.none() | st.floats(0, 100) | st.fixed_dictionaries({"total_cost": st.floats(0, 9)}),
    JSON,
)
FAILED = st.builds(
    lambda status, error, wait: Attempt(0, status, error, wait, 0.0),
    st.none() | st.integers(400, 599),
    st.none() | TEXT,
    SECONDS,
)


@st.composite
def replies(draw: st.DrawFn) -> Reply:
    """Return a reply as a client gives it: times in milliseconds, choices and attempts counted."""
    choices = draw(st.lists(CHOICES, max_size=3))
    failed = draw(st.lists(FAILED, max_size=2))
    duration = draw(SECONDS)
    attempts = [*failed, Attempt(0, 200, None, 0.0, duration)]
    return Reply(
        choices=tuple(msgspec.structs.replace(c, index=i) for i, c in enumerate(choices)),
        status=draw(st.sampled_from(["complete", "unconfirmed", "truncated", "interrupted"])),
        model=draw(TEXT),
        id=draw(TEXT),
        created=draw(st.none() | st.integers(0, 2**40)),
        system_fingerprint=draw(st.none() | TEXT),
        usage=draw(USAGES),
        request=REQUEST,
        endpoint=ENDPOINT,
        attempts=tuple(msgspec.structs.replace(a, number=n) for n, a in enumerate(attempts, 1)),
        request_id=draw(st.none() | TEXT),
        started=draw(TEXT),
        time_to_first_token=draw(st.none() | SECONDS),
        duration=duration,
        notices=tuple(draw(st.lists(TEXT, max_size=2))),
    )


def again(call: RecordedCall) -> RecordedCall:
    """Return what is recorded of the reply that a recorded call gives."""
    return recorded_call(
        recorded_reply(call, REQUEST, ENDPOINT),
        key=call.request_key,
        sample=call.sample,
        messages=call.messages,
        repairs=call.repairs,
    )


@given(replies(), TEXT, st.integers(0, 9), st.integers(1, 9), st.integers(0, 9))
def test_a_recorded_call_gives_the_reply_that_records_as_that_call(
    reply: Reply, key: str, sample: int, messages: int, repairs: int
) -> None:
    call = recorded_call(reply, key=key, sample=sample, messages=messages, repairs=repairs)
    assert again(call) == call


@given(replies())
def test_a_reply_that_was_recorded_is_the_same_to_its_reader(reply: Reply) -> None:
    back = recorded_reply(recorded_call(reply), REQUEST, ENDPOINT)
    for one, other in zip(reply.choices, back.choices, strict=True):
        kept = (
            "text",
            "reasoning",
            "refusal",
            "finish_reason",
            "tool_calls",
            "images",
            "logprobs",
            "message",
        )
        for name in kept:
            assert getattr(one, name) == getattr(other, name), name
    same = ("status", "model", "id", "created", "system_fingerprint", "usage", "cost", "request_id")
    for name in (*same, "started", "time_to_first_token", "duration", "notices", "request"):
        assert getattr(reply, name) == getattr(back, name), name
    for tried, told in zip(reply.attempts[:-1], back.attempts[:-1], strict=True):
        assert (tried.status, tried.error, tried.wait) == (told.status, told.error, told.wait)


@given(replies())
def test_nothing_is_lost_on_the_way_through_a_file(reply: Reply) -> None:
    record = TurnRecord(v=2, id="T", calls=(recorded_call(reply),), messages=({"role": "user"},))
    read = read_record(json.loads(json.dumps(record.as_json())))
    assert recorded_reply(read.call, REQUEST, ENDPOINT) == recorded_reply(
        record.call, REQUEST, ENDPOINT
    )


def test_a_refusal_without_a_text_is_kept() -> None:
    reply = Reply(choices=(Choice(refusal="I must not."),))
    assert recorded_reply(recorded_call(reply), {}, "").refusal == "I must not."


def test_a_refusal_beside_a_text_is_kept_and_stays_out_of_the_message() -> None:
    call = recorded_call(Reply(choices=(Choice(text="In part.", refusal="Not that."),)))
    assert recorded_reply(call, {}, "").refusal == "Not that."
    assert call.message == {"role": "assistant", "content": "In part."}


def test_reasoning_is_kept_and_stays_out_of_the_message() -> None:
    call = recorded_call(Reply(choices=(Choice(text="42", reasoning="Let me think."),)))
    assert recorded_reply(call, {}, "").reasoning == "Let me think."
    assert call.message == {"role": "assistant", "content": "42"}


def test_a_reply_of_which_nothing_came_has_no_answer() -> None:
    call = recorded_call(Reply(status="interrupted"))
    assert call.answers == ()
    assert call.message is None
    assert recorded_reply(call, {}, "").text == ""


def test_a_cost_that_stands_beside_the_usage_is_told() -> None:
    call = RecordedCall(usage={"prompt_tokens": 3}, cost_usd=0.25)
    assert recorded_reply(call, {}, "").cost == 0.25


def test_tokens_are_read_from_the_usage_as_it_came() -> None:
    usage = Usage(prompt_tokens=3, cost=0.5, raw={"prompt_tokens": 3, "cost": 0.5})
    assert recorded_reply(recorded_call(Reply(usage=usage)), {}, "").usage == usage
