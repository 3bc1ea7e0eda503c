from __future__ import annotations

import json

import pytest

from deepshi_jupyter.offline import catalogue
from deepshi_jupyter.offline.endpoint import Endpoint
from deepshi_jupyter.offline.faults import FLOOD_WORD, SILENCE_SECONDS, Fault, fault_of
from deepshi_jupyter.offline.refusal import KINDS
from deepshi_jupyter.offline.steps import Cut, Piece
from tests.offline.asking import answer_to, ask, data_of, deltas, events, refused

DOCUMENTED = {400, 401, 402, 403, 404, 429, 500, 503}


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("status", sorted(KINDS))
def test_every_status_is_answered_with_the_documented_body(status: int, streamed: bool) -> None:
    answer = answer_to(model=f"offline-error-{status}", stream=streamed)
    error = json.loads(data_of(answer))["error"]
    assert answer.status == status
    assert set(error) == {"message", "type", "code", "param"}
    assert answer.headers["content-type"] == "application/json"
    assert ("retry-after" in answer.headers) == (status in (429, 503))


def test_every_documented_status_is_there() -> None:
    assert set(KINDS) >= DOCUMENTED


def test_being_out_of_credits_has_the_documented_code() -> None:
    assert refused(model="offline-error-402")[1]["code"] == "insufficient_quota"


def test_the_waiting_time_can_be_chosen() -> None:
    endpoint = Endpoint(retry_after=0.25)
    assert answer_to(endpoint, model="offline-error-429").headers["retry-after"] == "0.25"
    assert answer_to(model="offline-error-503").headers["retry-after"] == "1"


def test_a_first_try_fails_and_the_next_succeeds_each_time_anew() -> None:
    endpoint = Endpoint()
    statuses = [answer_to(endpoint, model="offline-error-429-once").status for _ in range(4)]
    assert statuses == [429, 200, 429, 200]


def test_first_tries_are_counted_by_request() -> None:
    endpoint = Endpoint()
    statuses = [
        answer_to(endpoint, model="offline-error-503-once", seed=seed).status
        for seed in (1, 2, 1, 2)
    ]
    assert statuses == [503, 503, 200, 200]


def test_the_second_try_answers_as_the_chat_model_does() -> None:
    endpoint = Endpoint()
    answer_to(endpoint, model="offline-error-429-once", seed=1)
    given = ask(endpoint, model="offline-error-429-once", seed=1)
    assert given["model"] == "offline-error-429-once"
    assert given["choices"] == ask(seed=1)["choices"]


def test_an_error_comes_in_the_middle_of_the_stream() -> None:
    *chunks, error, done = events(model="offline-error-midstream", seed=1, max_tokens=2)
    assert done == "[DONE]"
    assert error["error"]["type"] == "server_error"
    assert sum("content" in chunk["choices"][0]["delta"] for chunk in chunks) == 9
    assert all(chunk["choices"][0]["finish_reason"] is None for chunk in chunks)


def test_the_same_is_a_plain_error_when_not_streamed() -> None:
    assert refused(model="offline-error-midstream")[0] == 500


def test_a_stream_is_cut_off_in_the_middle() -> None:
    *pieces, last = answer_to(model="offline-error-cut", stream=True, seed=1).steps
    assert last == Cut()
    assert len(pieces) == 9
    assert not any(isinstance(piece, Piece) and b"[DONE]" in piece.data for piece in pieces)


def test_a_whole_answer_is_cut_off_in_the_middle() -> None:
    answer = answer_to(model="offline-error-cut", seed=1)
    piece, cut = answer.steps
    assert isinstance(piece, Piece)
    assert cut == Cut()
    assert len(piece.data) == int(answer.headers["content-length"]) // 2


@pytest.mark.parametrize("streamed", [False, True])
def test_the_silent_model_waits_and_gives_up(streamed: bool) -> None:
    steps = list(answer_to(model="offline-silent", stream=streamed).steps)
    assert steps == [Piece(b"", SILENCE_SECONDS), Cut()]


def test_the_stalling_model_falls_silent_in_the_middle() -> None:
    *pieces, silence, cut = answer_to(model="offline-stall", stream=True).steps
    assert len(pieces) == 9
    assert (silence, cut) == (Piece(b"", SILENCE_SECONDS), Cut())


def test_a_flood_has_as_many_tokens_as_its_name_says() -> None:
    given = ask(model="offline-flood-20000")
    assert given["choices"][0]["message"]["content"] == FLOOD_WORD * 20000
    assert given["usage"]["completion_tokens"] == 20000
    pieces = [delta for delta in deltas(model="offline-flood-500") if delta.get("content")]
    assert len(pieces) == 500


def test_a_flood_can_be_limited() -> None:
    given = ask(model="offline-flood-500", max_tokens=3)
    assert given["choices"][0]["finish_reason"] == "length"
    assert given["usage"]["completion_tokens"] == 3


def test_these_models_are_in_no_catalogue() -> None:
    assert not any(fault_of(model_id) for model_id in catalogue.MODELS)
    assert all(fault_of(model_id) for model_id in catalogue.FAILING)


@pytest.mark.parametrize("model_id", ["offline-error-299", "offline-flood-", "offline-error-", ""])
def test_other_names_are_no_fault(model_id: str) -> None:
    assert fault_of(model_id) is None


def test_a_fault_is_read_from_the_name() -> None:
    assert fault_of("offline-error-500-once") == Fault("once", 500)
    assert fault_of("offline-flood-7") == Fault("flood", 7)
