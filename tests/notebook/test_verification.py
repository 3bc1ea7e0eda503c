"""What a notebook's records can be checked for."""

from __future__ import annotations

import base64
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepshi_jupyter.core.canonical import sha256
from deepshi_jupyter.core.mark import MIME_TYPE as MARK
from deepshi_jupyter.core.mark import Mark
from deepshi_jupyter.core.turn_record import MIME_TYPE as RECORD
from deepshi_jupyter.core.turn_record import Cut, RecordedCall, TurnRecord, record_sha256
from deepshi_jupyter.notebook.verification import Verdict, verify
from tests.notebook.study import Study, answer_output, hashed, output

Json = dict[str, Any]


def judged(study: Study) -> list[str]:
    return [verdict.judgement for verdict in verify(study.notebook)]


def checks(study: Study, index: int = -1) -> list[tuple[str, str]]:
    return [(found.level, found.check) for found in verify(study.notebook)[index].findings]


def raw(study: Study, index: int = -1) -> Json:
    """The record in the last output of a cell, as it stands in the file."""
    value: Json = study.cells[index]["outputs"][-1]["data"][RECORD]
    return value


def rewrite(study: Study, index: int = -1, **fields: Any) -> None:
    """Change a record and its own hash with it, as somebody would who knows how."""
    value = raw(study, index)
    value.update(fields)
    value["sha256"] = record_sha256(value)


def test_what_a_kernel_left_is_vouched_for() -> None:
    study = Study("Be brief.")
    study.ask("One?")
    study.ask("Two?", "-t 0.2 --seed 7")
    study.ask("Apart?", "--once")
    study.loop(["a?", "b?"])
    study.ask("Other?", "--chat other --system 'Be long.'")
    study.ask("Anew?", "--new")
    study.ask("Fork?", "--from other@cell-5 --chat fork")
    assert judged(study) == ["vouched"] * 8


def test_a_context_without_a_skipped_turn_is_vouched_for() -> None:
    study = Study()
    first = study.ask("One?")
    second = study.ask("Two?")
    study.mark("skip", first)
    third = study.ask("Three?")
    assert third.parent == second.chained("")
    assert judged(study)[-1] == "vouched"


def test_a_context_that_was_cut_is_vouched_for() -> None:
    study = Study()
    study.ask("One?")
    second = study.ask("Two?")
    study.ask("Three?", parent=second.chained(""), cut=Cut(first=second.id, left_out=1))
    assert judged(study) == ["vouched"] * 3
    rewrite(study, cut=None)
    assert checks(study) == [("unvouched", "context")]


def test_a_notebook_without_turns_has_nothing_to_vouch_for() -> None:
    study = Study()
    study.markdown("# Nothing")
    study.code("print(1)", [output({"text/plain": "1"})])
    assert verify(study.notebook) == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("model", "another-model"),
        ("endpoint", "https://elsewhere.example/v1"),
        ("parameters", {"temperature": 2}),
        ("chat", "other"),
        ("messages", [{"role": "user", "content": "Else?"}]),
        ("unknown_field", 1),
    ],
)
def test_a_changed_field_is_seen(field: str, value: Any) -> None:
    study = Study()
    study.ask("One?")
    raw(study)[field] = value
    assert ("wrong", "sha256") in checks(study)


def test_a_record_without_its_hash_is_wrong() -> None:
    study = Study()
    study.ask("One?")
    del raw(study)["sha256"]
    assert checks(study) == [("wrong", "sha256")]


@given(st.data())
def test_any_byte_of_an_answer_counts(data: st.DataObject) -> None:
    study = Study()
    study.ask("One?", answer="It is three, or four.")
    message = raw(study)["calls"][0]["answers"][0]["message"]
    text = message["content"]
    place = data.draw(st.integers(0, len(text) - 1))
    character = data.draw(
        st.characters(exclude_categories=["Cs"]).filter(lambda c: c != text[place])
    )
    message["content"] = text[:place] + character + text[place + 1 :]
    found = checks(study)
    assert ("wrong", "sha256") in found
    assert ("wrong", "tip") in found


@pytest.mark.parametrize(
    ("fields", "check"),
    [
        ({"model": "another"}, "request-key"),
        ({"parameters": {"seed": 8}}, "request-key"),
        ({"endpoint": "https://elsewhere.example/v1"}, "request-key"),
        ({"messages": [{"role": "user", "content": "Else?"}]}, "tip"),
        ({"system": "Lie."}, "system"),
        ({"parent": "m1:0"}, "tip"),
        ({"tip": ""}, "tip"),
    ],
)
def test_a_record_that_was_hashed_again_contradicts_itself(fields: Json, check: str) -> None:
    study = Study()
    study.ask("One?", "--seed 7")
    rewrite(study, **fields)
    found = checks(study)
    assert ("wrong", "sha256") not in found
    assert ("wrong", check) in found


def test_another_system_prompt_than_that_of_the_chain_above_is_wrong() -> None:
    study = Study("Be brief.")
    study.ask("One?")
    study.ask("Two?")
    rewrite(study, system="Be long.")
    assert ("wrong", "system") in checks(study)


def test_a_turn_that_began_anew_has_no_chain_above_it() -> None:
    study = Study()
    first = study.ask("One?")
    study.ask("Two?", "--once")
    rewrite(study, parent=first.tip)
    assert ("wrong", "system") in checks(study)


def test_each_call_of_a_turn_has_its_key() -> None:
    study = Study()
    call = {"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    asking = {"role": "assistant", "content": "", "tool_calls": [call]}
    wrong = {"role": "assistant", "content": "no JSON"}
    record = study.ask("One?")
    turn = msgspec.structs.replace(
        record,
        messages=(*record.messages, asking, {"role": "tool", "tool_call_id": "1", "content": "3"}),
        repairs=(wrong, {"role": "user", "content": "JSON, please."}),
        calls=(
            RecordedCall(messages=1, answers=({"message": asking},)),
            RecordedCall(messages=3, answers=({"message": wrong},)),
            RecordedCall(messages=3, repairs=2, answers=record.call.answers, sample=2),
        ),
    )
    study.cells[0]["outputs"] = [answer_output(hashed(turn))]
    assert judged(study) == ["vouched"]
    rewrite(study, repairs=[wrong, {"role": "user", "content": "YAML, please."}])
    [found] = verify(study.notebook)[0].findings
    assert found.text == "call 3 of 3 is not the request that its key stands for"


def test_an_answer_that_reads_otherwise_is_wrong() -> None:
    study = Study()
    study.ask("One?")
    study.ask("Two?")
    study.cells[0]["outputs"][0]["data"]["text/plain"] = "No."
    assert checks(study, 0) == [("wrong", "shown")]
    assert judged(study) == ["wrong", "vouched"], "its own context still stands in the record"


def test_of_several_answers_each_must_be_shown() -> None:
    study = Study()
    answers = tuple({"message": {"role": "assistant", "content": text}} for text in ("A.", "B."))
    study.ask("One?", answers=answers)
    data = study.cells[0]["outputs"][0]["data"]
    data["text/plain"] = ["[1]\n", "A.\n", "\n[2]\nB."]
    assert judged(study) == ["vouched"]
    data["text/plain"] = "[1]\nA.\n\n[2]\nC."
    assert checks(study) == [("wrong", "shown")]


def test_what_could_show_another_answer_is_not_vouched_for() -> None:
    study = Study()
    study.ask("One?")
    data = study.cells[0]["outputs"][0]["data"]
    data["text/html"] = "No."
    assert checks(study) == [("unvouched", "shown")]
    del data["text/html"], data["text/plain"]
    assert checks(study) == [("unvouched", "shown")]


def test_the_formatted_answer_is_compared_when_somebody_can_make_it() -> None:
    study = Study()
    study.ask("One?")
    assert judged(study) == ["vouched"]

    def formatted(record: TurnRecord) -> list[str]:
        return [record.text]

    assert verify(study.notebook, formatted)[0].judgement == "vouched"
    study.cells[0]["outputs"][0]["data"]["text/markdown"] = ["N", "o."]
    [found] = verify(study.notebook, formatted)[0].findings
    assert (found.level, found.check) == ("unvouched", "formatted")


def test_a_context_that_is_gone_cannot_be_vouched_for() -> None:
    study = Study()
    study.ask("One?")
    study.ask("Two?")
    del study.cells[0]
    assert checks(study) == [("unvouched", "context")]


def test_a_context_that_stands_elsewhere_in_the_file_is_found() -> None:
    study = Study()
    study.ask("One?")
    study.ask("Two?")
    study.cells.reverse()
    assert study.states() == ["context-changed", "context-changed"]
    assert judged(study) == ["vouched", "vouched"]


def test_a_rerun_question_leaves_those_below_without_their_context() -> None:
    study = Study()
    study.ask("One?")
    study.ask("Two?")
    study.rerun(0, "No.")
    assert judged(study) == ["vouched", "unvouched"]


def test_a_cell_that_asks_something_else_now_cannot_be_vouched_for() -> None:
    study = Study()
    study.ask("One?", "--seed 7")
    study.edit(0, "Two?", "--seed 8")
    assert checks(study) == [("unvouched", "source"), ("unvouched", "options")]


def test_a_fork_whose_origin_is_missing_cannot_be_vouched_for() -> None:
    study = Study()
    study.ask("One?")
    study.ask("Two?", "--chat b --from main@cell-1")
    del study.cells[0]
    assert checks(study) == [("unvouched", "fork"), ("unvouched", "context")]


def test_a_copied_cell_cannot_be_vouched_for() -> None:
    study = Study()
    study.ask("One?")
    study.cells.append(json.loads(json.dumps(study.cells[0])))
    assert judged(study) == ["vouched", "unvouched"]
    assert checks(study) == [("unvouched", "copy")]


def test_two_answers_under_one_id_are_wrong() -> None:
    study = Study()
    study.ask("One?")
    study.cells.append(json.loads(json.dumps(study.cells[0])))
    rewrite(study, remarks=["another"])
    assert ("wrong", "copy") in checks(study)


def test_of_two_answers_in_a_cell_the_last_counts() -> None:
    study = Study()
    study.ask("One?")
    earlier = study.cells[0]["outputs"][0]
    study.rerun(0, "No.")
    study.cells[0]["outputs"].insert(0, earlier)
    assert checks(study, 0) == [("unvouched", "place")]
    assert checks(study, 1) == []


def test_a_picked_version_counts_and_is_checked() -> None:
    study = Study()
    version = study.ask("One?", answer="A.")
    now = study.rerun(0, "B.")
    study.pick(now, version)
    study.ask("Two?")
    assert [verdict.turn for verdict in verify(study.notebook)][:2] == [now.id, version.id]
    assert judged(study) == ["unvouched", "vouched", "vouched"]
    assert checks(study, 0) == [("unvouched", "place")]


@pytest.mark.parametrize(
    ("fields", "check"),
    [
        ({"kind": "partial"}, "partial"),
        ({"kind": "imported"}, "author"),
        ({"kind": "edited", "edited_from": "m1:0"}, "author"),
        ({"redacted": 2}, "redacted"),
    ],
)
def test_what_no_hash_can_show_is_not_vouched_for(fields: Json, check: str) -> None:
    study = Study()
    study.ask("One?", **fields)
    assert checks(study) == [("unvouched", check)]


def test_hashes_of_what_was_sent_before_secrets_were_taken_out_are_not_wrong() -> None:
    study = Study()
    study.ask("One?", redacted=1)
    rewrite(study, messages=[{"role": "user", "content": "‹redacted›"}])
    assert {level for level, _ in checks(study)} == {"unvouched"}


def test_images_of_an_answer_must_be_in_the_cell() -> None:
    study = Study()
    image = b"\x89PNG"
    part = {"type": "image", "media_type": "image/png", "sha256": sha256(image)}
    message = {"role": "assistant", "content": "See."}
    study.ask("Draw.", answer="See.", answers=({"message": message, "images": [part]},))
    assert checks(study) == [("unvouched", "images")]
    study.cells[0]["outputs"].append(output({"image/png": base64.b64encode(image).decode()}))
    assert judged(study) == ["vouched"]


def test_a_record_of_version_1_cannot_be_vouched_for() -> None:
    study = Study()
    message = {"role": "assistant", "content": "Yes."}
    record = {
        "v": 1,
        "kind": "live",
        "messages": [{"role": "user", "content": "One?"}],
        "answers": [{"message": message}],
        "status": "complete",
        "endpoint": "e",
        "model": {"asked": "m", "served": "m"},
        "parameters": {},
    }
    study.code("%%deepshi\nOne?", [output({"text/plain": "Yes.", RECORD: record})])
    assert checks(study) == [("unvouched", "version")]
    study.cells[0]["outputs"][0]["data"]["text/plain"] = "No."
    assert checks(study) == [("wrong", "shown"), ("unvouched", "version")]


@pytest.mark.parametrize("value", [None, 7, "text", {}, {"v": 2, "messages": 3}, {"v": 1}])
def test_what_is_no_record_is_wrong(value: Any) -> None:
    study = Study()
    study.ask("One?")
    study.cells[0]["outputs"][0]["data"][RECORD] = value
    expected = ("unvouched", "form") if value is None else ("wrong", "form")
    assert checks(study) == [expected]


def test_a_record_of_a_newer_version_cannot_be_vouched_for() -> None:
    study = Study()
    study.ask("One?")
    raw(study)["v"] = 99
    assert checks(study) == [("unvouched", "version")]


def test_an_answer_without_a_record_cannot_be_vouched_for() -> None:
    study = Study()
    study.code("%%deepshi\nOne?", [output({"text/plain": "Yes."})])
    study.code("%%deepshi\nNot sent")
    [verdict] = verify(study.notebook)
    assert (verdict.cell, verdict.judgement) == ("cell-1", "unvouched")


def test_records_beside_a_broken_one_are_still_checked() -> None:
    study = Study()
    study.loop(["a?", "b?", "c?"])
    turns = study.cells[0]["outputs"][0]["data"][RECORD]["turns"]
    turns[1] = {"v": 2}
    assert judged(study)[0] == "vouched"
    assert judged(study)[1] == "wrong"


def test_what_is_wrong_comes_first() -> None:
    verdict = Verdict(index=0)
    assert verdict.judgement == "vouched"
    study = Study()
    study.ask("One?")
    study.edit(0, "Two?")
    raw(study)["model"] = "another"
    assert [level for level, _ in checks(study)] == ["wrong", "wrong", "unvouched"]


def test_several_marks_in_one_output_are_each_checked() -> None:
    study = Study()
    records = [study.ask(question, answer="A.") for question in ("One?", "Two?")]
    for cell in study.cells:
        cell["outputs"] = []
    marks = [Mark(v=1, mark="restore", turn=r.id, cell=r.cell, record=r.as_json()) for r in records]
    several = {"v": 1, "marks": [mark.as_json() for mark in marks]}
    study.code("%deepshi restore", [output({"text/plain": "2 turns", MARK: several})])
    assert [verdict.turn for verdict in verify(study.notebook)] == [r.id for r in records]
    assert judged(study) == ["vouched", "vouched"]
    several["marks"][0]["record"]["sha256"] = "0" * 64
    assert judged(study) == ["wrong", "vouched"]
