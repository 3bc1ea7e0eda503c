"""Which recorded call answers a request, and which comes nearest when none does."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from deepshi_jupyter.core.recordings import Asked, Recording, Recordings, differences
from deepshi_jupyter.core.turn_record import Cut, RecordedCall, TurnRecord

ENDPOINT = "http://127.0.0.1/v1"


def user(text: str) -> dict[str, Any]:
    return {"role": "user", "content": text}


def call(key: str = "r1:a", text: str = "Hi", **fields: Any) -> RecordedCall:
    answer = {"message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    return RecordedCall(**{"request_key": key, "answers": (answer,), **fields})


def record(*calls: RecordedCall, question: str = "hello", **fields: Any) -> TurnRecord:
    known: dict[str, Any] = {
        "v": 2,
        "id": "T1",
        "model": "m",
        "endpoint": ENDPOINT,
        "messages": (user(question),),
        "calls": calls or (call(),),
    }
    return TurnRecord(**{**known, **fields})


def recordings(*records: TurnRecord) -> Recordings:
    found = Recordings()
    for one in records:
        found.add(one, "the notebook")
    return found


def asked(question: str = "hello", **fields: Any) -> Asked:
    known: dict[str, Any] = {
        "endpoint": ENDPOINT,
        "body": {"model": "m"},
        "messages": (user(question),),
        "parent": "",
    }
    return Asked(**{**known, **fields})


def fields_of(found: tuple[Recording, list[Any]] | None) -> list[str]:
    assert found is not None
    return [difference.field for difference in found[1]]


# What answers


def test_a_call_is_found_by_its_key_and_says_where() -> None:
    found = recordings(record()).find("r1:a")
    assert found is not None
    assert found.call.answers[0]["message"]["content"] == "Hi"
    assert found.origin == "the notebook"
    assert recordings(record()).find("r1:b") is None


def test_each_call_of_a_turn_is_found_by_its_own_key() -> None:
    found = recordings(record(call("r1:a"), call("r1:b", "12.5"))).find("r1:b")
    assert found is not None
    assert found.number == 1


@pytest.mark.parametrize("status", ["truncated", "interrupted"])
def test_an_answer_that_broke_off_is_kept_and_never_given_again(status: Any) -> None:
    kept = recordings(record(call(status=status), kind="partial"))
    assert kept.find("r1:a") is None
    assert len(kept) == 1


@pytest.mark.parametrize("kind", ["partial", "edited"])
def test_the_last_answer_of_such_a_turn_is_not_given_again(kind: Any) -> None:
    kept = recordings(record(call("r1:a"), call("r1:b"), kind=kind))
    assert kept.find("r1:b") is None
    assert kept.find("r1:a") is not None  # it came whole, before the turn broke off


def test_an_imported_answer_may_answer() -> None:
    assert recordings(record(kind="imported")).find("r1:a") is not None


def test_an_answer_that_a_filter_cut_is_not_given_again() -> None:
    filtered = {"message": user("…"), "finish_reason": "content_filter"}
    assert recordings(record(call(answers=(filtered,)))).find("r1:a") is None


def test_an_answer_that_reached_its_length_is_given_again() -> None:
    """It is what ``max_tokens`` asked for."""
    long = {"message": user("…"), "finish_reason": "length"}
    assert recordings(record(call(answers=(long,)))).find("r1:a") is not None


def test_a_call_without_an_answer_or_a_key_is_not_given_again() -> None:
    assert recordings(record(call(answers=()))).find("r1:a") is None
    assert recordings(record(call(key=""))).find("") is None


def test_of_two_under_one_key_the_first_is_found_unless_a_later_one_is_to_come_first() -> None:
    found = recordings(record(id="T1"), record(call(text="Other"), id="T2"))
    first = found.find("r1:a")
    assert first is not None
    assert first.record.id == "T1"
    found.add(record(call(text="Third"), id="T3"), "this kernel", first=True)
    latest = found.find("r1:a")
    assert latest is not None
    assert latest.record.id == "T3"
    assert len(found) == 3


def test_a_turn_that_is_found_in_two_places_counts_once() -> None:
    found = recordings(record())
    found.add(record(), "the journal")
    assert [one.origin for one in found] == ["the notebook"]


def test_turns_that_asked_this_and_left_something_out_are_found() -> None:
    cut = record(cut=Cut("T0", 1), id="T2")
    found = recordings(record(), cut, record(cut=Cut("T0", 1), question="else", id="T3"))
    assert found.cuts_for(user("hello")) == [cut]


# What comes nearest


def test_with_nothing_recorded_nothing_is_near() -> None:
    assert Recordings().nearest(asked()) is None


def test_the_nearest_differs_in_the_fewest_fields() -> None:
    far = record(id="T1", question="something else", parameters={"seed": 1})
    near = record(id="T2", question="hello there")
    found = recordings(far, near).nearest(asked())
    assert found is not None
    assert found[0].record.id == "T2"
    assert fields_of(found) == ["question"]


def test_of_equally_many_the_nearest_has_the_likest_question() -> None:
    found = recordings(record(id="T1", question="Rain in Bern?"), record(id="T2", question="Hi"))
    nearest = found.nearest(asked("Rain in Basel?"))
    assert nearest is not None
    assert nearest[0].record.id == "T1"


@pytest.mark.parametrize(
    ("now", "field", "recorded", "value"),
    [
        ({"endpoint": "http://else/v1"}, "endpoint", ENDPOINT, "http://else/v1"),
        ({"body": {"model": "n"}}, "model", "m", "n"),
        ({"body": {"model": "m", "seed": 7}}, "seed", "not set", "7"),
        ({"body": {"model": "m", "top_k": 4}}, "top_k", "not set", "4"),
        ({"messages": (user("bye"),)}, "question", "hello", "bye"),
        ({"sample": 2}, "sample", "0", "2"),
        ({"parent": "m1:x"}, "context", "what stood above then", "what stands above now"),
    ],
)
def test_a_field_that_differs_is_named_with_both_values(
    now: dict[str, Any], field: str, recorded: str, value: str
) -> None:
    (difference,) = differences(Recording(record(), 0), asked(**now))
    assert (difference.field, difference.recorded, difference.asked) == (field, recorded, value)


@pytest.mark.parametrize("name", ["stream", "stream_options", "user", "metadata"])
def test_what_is_not_in_the_key_is_no_difference(name: str) -> None:
    assert differences(Recording(record(), 0), asked(body={"model": "m", name: "x"})) == []


def test_an_answer_that_may_not_be_given_again_is_itself_the_difference() -> None:
    partial = record(call(status="truncated"), kind="partial")
    assert fields_of(recordings(partial).nearest(asked())) == ["answer"]


def test_another_image_beside_the_same_words_is_a_difference() -> None:
    def with_image(digest: str) -> dict[str, Any]:
        parts = [{"type": "text", "text": "What?"}, {"type": "image", "sha256": digest}]
        return {"role": "user", "content": parts}

    then = msgspec.structs.replace(record(), messages=(with_image("a"),))
    assert fields_of(recordings(then).nearest(asked(messages=(with_image("b"),)))) == ["question"]


def test_only_what_the_call_itself_sent_is_compared() -> None:
    """The second call of a turn with tools sent more messages than its first."""
    two = (user("hello"), {"role": "tool", "content": "12.5"})
    turn = record(call("r1:a", messages=1), call("r1:b", messages=2), messages=two)
    assert differences(Recording(turn, 0), asked()) == []
    assert differences(Recording(turn, 1), asked(messages=two)) == []


def test_long_values_are_shortened() -> None:
    (difference,) = differences(Recording(record(question="x" * 500), 0), asked())
    assert len(difference.recorded) == 58
