"""One turn as it is written, and as it is read whatever stands there."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepshi_jupyter.core.canonical import canonical
from deepshi_jupyter.core.chain import chain
from deepshi_jupyter.core.turn_record import (
    Cut,
    Fork,
    RecordedCall,
    TurnRecord,
    read_record,
    record_sha256,
    text_of,
)
from deepshi_jupyter.errors import RecordError
from tests.core.json_values import ANY_JSON

USER = {"role": "user", "content": "How tall?"}
ANSWER = {"role": "assistant", "content": "172 cm"}
V1 = Path(__file__).parent.parent / "notebook" / "records" / "v1.json"


def record(**fields: Any) -> TurnRecord:
    call = RecordedCall(answers=({"message": ANSWER, "finish_reason": "stop"},), served="m-1")
    known = {"v": 2, "id": "01A", "model": "m", "messages": (USER,), "calls": (call,)}
    return TurnRecord(**{**known, **fields})


def full() -> TurnRecord:
    """Return a record in which no field has its empty value."""
    call = RecordedCall(
        request_key="r1:0",
        sample=1,
        messages=3,
        repairs=2,
        answers=({"message": ANSWER, "finish_reason": "stop", "reasoning": "So."},),
        status="unconfirmed",
        served="m-1",
        usage={"prompt_tokens": 3, "cost": {"total_cost": 1.48e-05}, "big": 10**20},
        cost_usd=1.48e-05,
        response_id="i",
        request_id="r",
        system_fingerprint="f",
        created=1795408524,
        started="2026-11-23T04:35:24.927+00:00",
        time_to_first_token=0.053,
        duration=0.056,
        failed_attempts=({"status": 429, "error": "Too many.", "wait": 1.0},),
        notices=("Mind this.",),
    )
    return TurnRecord(
        v=2,
        id="01A",
        kind="edited",
        chat="side",
        start="new",
        fork=Fork("main", "01B"),
        parent="m1:a",
        tip="m1:b",
        system="Be brief.",
        system_from="cell",
        cut=Cut("01C", 2, ("01D",)),
        messages=(USER, {"role": "tool", "tool_call_id": "c", "content": "1"}),
        repairs=(ANSWER, USER),
        calls=(RecordedCall(), call),
        tools=({"name": "f"},),
        prompt={"template": "{{n}}", "inserted": [{"expression": "n", "text": "6"}]},
        options=("--temperature", "0"),
        source_sha256="ab",
        cell="cell-1",
        place=1,
        order="disk",
        endpoint="https://api.example/v1",
        model="m",
        parameters={"temperature": 0},
        form="code",
        remarks=("Note.",),
        price={"prompt": 1e-6, "completion": 2e-6},
        redacted=1,
        edited_from="m1:c",
        made_by={"deepshi_jupyter": "0.1.0"},
    )


@pytest.mark.parametrize("value", [record(), full(), TurnRecord(v=2)])
def test_a_record_is_read_back_as_it_was_written(value: TurnRecord) -> None:
    written = json.loads(json.dumps(value.as_json()))
    assert read_record(written) == value
    assert read_record(written).as_json() == value.as_json()


def test_a_full_record_leaves_no_field_out() -> None:
    written = full().as_json()
    assert written.keys() == {*TurnRecord.__struct_fields__, "sha256"}
    assert written["calls"][-1].keys() == set(RecordedCall.__struct_fields__)


def test_a_bare_record_has_what_a_reader_may_rely_on_and_no_more() -> None:
    always = "v id kind chat parent tip messages order model endpoint calls sha256"
    written = TurnRecord(v=2, calls=(RecordedCall(),)).as_json()
    assert written.keys() == set(always.split())
    assert written["calls"] == [{"status": "complete"}]


def test_the_same_record_has_the_same_bytes() -> None:
    assert json.dumps(full().as_json()) == json.dumps(full().as_json())


def test_its_hash_is_that_of_all_other_fields() -> None:
    written = full().as_json()
    assert written["sha256"] == record_sha256(written)
    saved = json.loads(json.dumps(written, sort_keys=True, indent=1))
    assert record_sha256(saved) == written["sha256"]


@given(st.sampled_from(sorted(full().as_json().keys() - {"sha256"})), ANY_JSON)
def test_any_change_of_a_field_shows_in_the_hash(name: str, value: Any) -> None:
    written = full().as_json()
    changed = {**written, name: value}
    same = canonical(value) == canonical(written[name])
    assert (record_sha256(changed) == written["sha256"]) == same


def test_the_chain_goes_through_the_messages_and_the_answer() -> None:
    assert record().chained("m1:x") == chain([USER, ANSWER], "m1:x")
    assert record(calls=()).chained("m1:x") == chain([USER], "m1:x")
    assert full().chained("") == chain([*full().messages, ANSWER])


def test_the_answer_is_the_first_of_the_last_call() -> None:
    two = RecordedCall(answers=({"message": ANSWER}, {"message": USER}))
    value = record(calls=(RecordedCall(answers=({"message": USER},)), two))
    assert (value.answer, value.text, value.question) == (ANSWER, "172 cm", "How tall?")


def test_without_an_answer_a_turn_is_partial() -> None:
    assert record(calls=()).is_partial
    assert record(calls=(RecordedCall(),)).is_partial
    assert record(kind="partial").is_partial
    assert not record().is_partial


def test_the_text_of_a_message_is_that_of_its_parts() -> None:
    image = {"type": "image", "sha256": "0"}
    parts = [{"type": "text", "text": "a"}, image, {"type": "text", "text": "b"}, "c"]
    assert text_of({"content": parts}) == "a\n\nb"
    assert text_of({"content": "a"}) == "a"
    assert text_of({}) == text_of({"content": None}) == ""


def test_fields_that_are_not_known_are_passed_over() -> None:
    written = record().as_json()
    later = {**written, "new": 1, "calls": [{**written["calls"][0], "newer": 2}]}
    assert read_record(later) == record()


def test_a_record_of_version_1_is_read() -> None:
    old = json.loads(V1.read_text(encoding="utf-8"))
    value = read_record(old)
    assert (value.v, value.kind, value.chat, value.model) == (2, "live", "main", "offline-chat")
    assert value.question == "The mean of 6 heights is 172.0 cm. Is that tall?"
    assert value.text == old["answers"][0]["message"]["content"]
    assert (value.prompt, value.parameters) == (old["prompt"], old["parameters"])
    assert value.source_sha256 == old["source_sha256"]
    assert value.call.served == "offline-chat"
    for name in RecordedCall.__struct_fields__:
        if name in old and name not in ("messages", "answers", "failed_attempts", "notices"):
            assert getattr(value.call, name) == old[name]


def test_what_version_1_did_not_know_stays_empty() -> None:
    value = read_record(json.loads(V1.read_text(encoding="utf-8")))
    assert (value.id, value.parent, value.tip, value.call.request_key) == ("", "", "", "")
    assert (value.options, value.system, value.order) == ((), "", "execution")


def test_a_record_of_version_1_is_written_as_version_2() -> None:
    value = read_record(json.loads(V1.read_text(encoding="utf-8")))
    assert read_record(value.as_json()) == value
    assert value.as_json()["v"] == 2


def test_a_partial_answer_of_version_1_stays_partial() -> None:
    old = json.loads(V1.read_text(encoding="utf-8"))
    value = read_record({**old, "kind": "partial", "status": "interrupted"})
    assert value.is_partial
    assert value.call.status == "interrupted"


def test_a_newer_record_is_refused_with_what_to_do() -> None:
    with pytest.raises(RecordError, match="version 3, expected 1 or 2") as caught:
        read_record({**record().as_json(), "v": 3})
    assert "pip install -U deepshi_jupyter" in caught.value.todo


@pytest.mark.parametrize("value", [None, 5, [], "x", {}, {"v": "2"}, {"v": True}, {"v": 0}])
def test_what_is_no_record_is_refused(value: Any) -> None:
    with pytest.raises(RecordError, match="no version"):
        read_record(value)


@pytest.mark.parametrize(
    "changes",
    [
        {"calls": [{"answers": [{}]}]},
        {"calls": [{"answers": [{"message": "text"}]}]},
        {"calls": [{"answers": [5]}]},
        {"calls": 5},
        {"messages": ["text"]},
        {"kind": "guessed"},
        {"kind": "\ud800"},
        {"fork": {"chat": "main"}},
        {"parameters": []},
    ],
)
def test_a_record_of_another_form_is_refused_and_it_says_where(changes: Any) -> None:
    with pytest.raises(RecordError, match=r"not of the form of version 2: .*") as caught:
        read_record({**record().as_json(), **changes})
    assert "docs/turn-record.md" in caught.value.todo


_BOTH = sorted({*TurnRecord.__struct_fields__, *RecordedCall.__struct_fields__})
_FIELDS = st.dictionaries(st.sampled_from(_BOTH), ANY_JSON, max_size=5)


@given(ANY_JSON | st.builds(lambda v, fields: {**fields, "v": v}, st.sampled_from([1, 2]), _FIELDS))
def test_whatever_stands_there_a_record_is_read_or_refused(value: Any) -> None:
    check(value)


@given(_FIELDS, _FIELDS, st.sampled_from([1, 2]))
def test_whatever_was_changed_in_a_record_it_is_read_or_refused(
    turn: dict[str, Any], call: dict[str, Any], version: int
) -> None:
    good = full().as_json() if version == 2 else json.loads(V1.read_text(encoding="utf-8"))
    calls = [{**full().as_json()["calls"][-1], **call}]
    check({**good, "calls": calls, **turn, "v": version})


def check(value: Any) -> None:
    """Read a value; what is read can be hashed, so that no reader fails later."""
    with suppress(RecordError):
        found = read_record(value)
        assert found.chained("").startswith("m1:") or not found.own_messages
        assert isinstance(found.text, str)
        assert isinstance(found.question, str)


def test_a_message_that_is_too_deep_to_hash_is_refused() -> None:
    deep: Any = []
    for _ in range(5000):
        deep = [deep]
    with pytest.raises(RecordError):
        read_record({**record().as_json(), "messages": [{"role": "user", "content": deep}]})


def test_records_are_values() -> None:
    assert record() == record()
    with pytest.raises(AttributeError):
        record().chat = "other"  # type: ignore[misc]  # that it cannot is what is tested
    assert msgspec.structs.replace(record(), chat="x") != record()
