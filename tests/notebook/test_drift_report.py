from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepshi_jupyter.core.turn_record import RecordedCall, TurnRecord
from deepshi_jupyter.notebook.drift_report import (
    drift_sum,
    said,
    similarity,
    turn_drift,
    used_in_all,
)


def call(text: str | None, finish: str = "stop", **fields: Any) -> RecordedCall:
    answers = ({"message": {"role": "assistant", "content": text}, "finish_reason": finish},)
    return RecordedCall(answers=answers, **fields)


def record(text: str, **fields: Any) -> TurnRecord:
    return TurnRecord(v=2, id="01", model="m", calls=(call(text, **fields),))


def test_the_same_answers_are_identical() -> None:
    drift = turn_drift(record("Yes."), [call("Yes."), call("Yes.")])
    assert (drift.answers, drift.identical, drift.different) == (2, 2, 1)
    assert drift.similarity == (1.0, 1.0)
    assert (drift.length, drift.lengths) == (4, (4, 4))


def test_other_answers_are_told_with_their_number_and_likeness() -> None:
    drift = turn_drift(record("a b c d"), [call("a b c d"), call("a b c e"), call("x")])
    assert (drift.answers, drift.identical, drift.different) == (3, 1, 3)
    assert drift.similarity == (1.0, pytest.approx(12 / 14), 0.0)
    total = drift_sum([drift])
    assert total.identical_share == pytest.approx(1 / 3)
    assert total.mean_similarity == pytest.approx((1 + 12 / 14) / 3)


def test_a_changed_model_fingerprint_and_finish_reason_are_told() -> None:
    then = record("x", served="m-1", system_fingerprint="fp_1")
    drift = turn_drift(then, [call("x", "length", served="m-2", system_fingerprint="fp_2")])
    assert (drift.model_changed, drift.fingerprint_changed, drift.finish_changed) == (True,) * 3
    total = drift_sum(
        [drift, turn_drift(then, [call("x", served="m-1", system_fingerprint="fp_1")])]
    )
    assert (total.model_changed, total.fingerprint_changed, total.finish_changed) == (1, 1, 1)
    assert total.fingerprint_unknown == 0


def test_what_the_service_does_not_tell_is_no_change() -> None:
    drift = turn_drift(record("x", served="m-1", system_fingerprint="fp_1"), [call("x")])
    assert not drift.model_changed
    assert not drift.fingerprint_changed
    assert drift_sum([drift]).fingerprint_unknown == 1
    assert not turn_drift(record("x"), [call("x", system_fingerprint="fp_1")]).fingerprint_changed


def test_what_the_calls_used_is_added_up() -> None:
    usage = {"prompt_tokens": 10, "completion_tokens": 3}
    one = turn_drift(record("x"), [call("x", usage=usage, cost_usd=0.1), call("x", cost_usd=0.2)])
    other = turn_drift(record("x"), [call("x")])
    used = used_in_all([one, other])
    assert (used.calls, used.tokens_in, used.tokens_out, used.usd) == (3, 10, 3, 0.3)
    assert (used.calls_without_cost, used.calls_without_usage) == (1, 2)


def test_a_turn_of_which_nothing_came_has_no_share() -> None:
    drift = turn_drift(record("x"), [], "The service refused.")
    total = drift_sum([drift])
    assert (total.answers, total.identical_share, total.mean_similarity) == (0, None, None)
    assert (total.failed, drift.used.calls) == (1, 0)


def test_tool_calls_and_refusals_are_part_of_what_is_said() -> None:
    tool = {"id": "1", "type": "function", "function": {"name": "f", "arguments": '{"x": 1}'}}
    asking = {"role": "assistant", "content": None, "tool_calls": [tool]}
    refusing = {"role": "assistant", "content": "", "refusal": "No."}
    assert said(RecordedCall(answers=({"message": asking},))) == 'f({"x": 1})'
    assert said(RecordedCall(answers=({"message": refusing},))) == "No."
    assert said(RecordedCall()) == ""


@given(st.text(), st.text())
def test_similarity_is_one_for_equal_texts_alone(one: str, other: str) -> None:
    value = similarity(one, other)
    assert 0 <= value <= 1
    assert (value == 1) == (one == other)
