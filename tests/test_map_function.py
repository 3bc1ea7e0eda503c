"""One prompt over a table, against a server on loopback."""

from __future__ import annotations

import _thread
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, Literal

import pandas as pd
import pytest

from deepshi_jupyter import errors
from deepshi_jupyter.core.budget import Budget
from deepshi_jupyter.map_function import map as map_with_a_bar
from deepshi_jupyter.session import current_session
from deepshi_jupyter.sweep.preflight import Preflight
from deepshi_jupyter.sweep.result import MapResult
from tests.chat_server import ChatServer, says
from tests.chunks import chunk
from tests.wire_server import Played

KEY = "sk-bf-0123456789abcdef"

ask_all = partial(map_with_a_bar, progress=False)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ChatServer]:
    with ChatServer() as chat:
        assert isinstance(chat, ChatServer)
        monkeypatch.setenv("DEEPSHI_BASE_URL", chat.base_url)
        monkeypatch.setenv("DEEPSHI_API_KEY", KEY)
        yield chat


def refusal(status: int, message: str = "no", **headers: str) -> Played:
    body = json.dumps({"error": {"message": message, "type": "t", "code": None}}).encode()
    return Played([body], status, {"content-type": "application/json", **headers})


def states(result: MapResult) -> list[str]:
    return [row.state for row in result]


# What is asked


def test_each_row_of_a_frame_is_asked_and_its_answer_has_its_index(server: ChatServer) -> None:
    frame = pd.DataFrame({"text": ["good", "bad"]}, index=["x", "y"])
    answers = ask_all(frame, "Classify: {{text}}").frame
    assert list(answers.index) == ["x", "y"]
    assert list(answers["answer"]) == [
        "Answer 1 to Classify: good",
        "Answer 1 to Classify: bad",
    ]
    assert set(answers["state"]) == {"ok"}


def test_a_frame_of_answers_tells_what_each_row_took(server: ChatServer) -> None:
    row = ask_all(["a"], "{{item}}").frame.iloc[0]
    assert (row["prompt_tokens"], row["completion_tokens"], row["cost"]) == (3, 2, 0.25)
    assert (row["finish_reason"], row["model"], row["tries"]) == ("stop", "m", 1)
    assert row["request_key"].startswith("r1:")


@pytest.mark.parametrize(
    ("rows", "prompt"),
    [
        (pd.Series(["a", "b"]), "{{item}}"),
        (["a", "b"], "{{item}}"),
        (iter(["a", "b"]), "{{item}}"),
        ([{"x y": "a"}, {"x y": "b"}], '{{row["x y"]}}'),
        (pd.DataFrame({"x y": ["a", "b"], "n": [1, 2]}), '{{row["x y"]}}'),
    ],
)
def test_rows_may_be_a_series_a_list_mappings_or_read_only_once(
    server: ChatServer, rows: Any, prompt: str
) -> None:
    ask_all(rows, prompt, concurrency=1)
    assert server.questions == ["a", "b"]


def test_two_columns_of_one_name_do_not_shift_the_others(server: ChatServer) -> None:
    frame = pd.DataFrame([[1, 2, 3]], columns=["a", "a", "b"])
    ask_all(frame, "{{b}}")
    assert server.questions == ["3"]


def test_the_rows_are_asked_without_the_conversation_but_with_the_system_prompt(
    server: ChatServer,
) -> None:
    session = current_session()
    session.set("system", "Be brief.")
    ask_all(["a"], "{{item}}", temperature=0.5, model="m")
    body = server.bodies[-1]
    assert server.context == ["Be brief.", "a"]
    assert (body["model"], body["temperature"], "stream" in body) == ("m", 0.5, False)


def test_a_row_without_the_name_is_an_error_before_anything_is_sent(server: ChatServer) -> None:
    with pytest.raises(errors.InterpolationError, match=r"Row 1: .*'text'"):
        ask_all([{"text": "a"}, {"txt": "b"}], "{{text}}")
    assert server.bodies == []


@pytest.mark.parametrize("rows", ["text", b"bytes", {"a": 1}, 7])
def test_what_is_no_table_is_refused(server: ChatServer, rows: Any) -> None:
    with pytest.raises(errors.InputError, match="expected a table or a list"):
        ask_all(rows, "{{item}}")


@pytest.mark.parametrize(
    "given", [{"concurrency": 0}, {"concurrency": "many"}, {"samples": 0}, {"samples": True}]
)
def test_counts_below_one_are_refused(server: ChatServer, given: dict[str, Any]) -> None:
    with pytest.raises(errors.InvalidRequestError, match=f"{next(iter(given))} is"):
        ask_all(["a"], "{{item}}", **given)


def test_a_row_with_the_key_in_it_is_refused_before_anything_is_sent(server: ChatServer) -> None:
    with pytest.raises(errors.InvalidRequestError, match="Row 1 holds your API key"):
        ask_all(["a", f"my key is {KEY}"], "{{item}}")
    assert server.bodies == []


def test_a_value_that_is_shortened_is_said(server: ChatServer) -> None:
    with pytest.warns(errors.DeepshiWarning, match="In 1 rows a value is too long"):
        ask_all(["a" * 30_000, "b"], "{{item}}")


# The same again


def test_rows_that_are_the_same_are_asked_once(server: ChatServer) -> None:
    result = ask_all(["a", "b", "a", "a"], "{{item}}", concurrency=1)
    assert server.questions == ["a", "b"]
    assert states(result) == ["ok", "ok", "cached", "cached"]
    assert result.answers == ["Answer 1 to a", "Answer 1 to b", "Answer 1 to a", "Answer 1 to a"]
    assert result.cost == 0.5


def test_each_sample_is_asked_also_of_rows_that_are_the_same(server: ChatServer) -> None:
    frame = ask_all(pd.Series(["a", "a"], index=[7, 8]), "{{item}}", samples=2, concurrency=1).frame
    assert server.questions == ["a"] * 4
    assert list(frame.index) == [7, 7, 8, 8]
    assert list(frame["sample"]) == [0, 1, 0, 1]
    assert frame["request_key"].is_unique


def test_the_same_call_again_asks_nothing(server: ChatServer) -> None:
    first = ask_all(["a", "b"], "{{item}}")
    second = ask_all(["a", "b"], "{{item}}")
    assert len(server.bodies) == 2
    assert states(second) == ["cached", "cached"]
    assert second.answers == first.answers
    assert second.cost == 0.0


def test_an_inserted_row_costs_only_itself(server: ChatServer) -> None:
    ask_all(["a", "b"], "{{item}}")
    result = ask_all(["new", "a", "b"], "{{item}}")
    assert server.questions[2:] == ["new"]
    assert states(result) == ["ok", "cached", "cached"]


def test_another_parameter_is_another_question(server: ChatServer) -> None:
    ask_all(["a"], "{{item}}", temperature=0)
    assert states(ask_all(["a"], "{{item}}", temperature=1)) == ["ok"]


def test_refresh_asks_all_rows_again(server: ChatServer) -> None:
    ask_all(["a"], "{{item}}")
    assert ask_all(["a"], "{{item}}", mode="refresh").answers == ["Answer 2 to a"]


def test_replay_asks_nobody_and_says_what_is_missing(
    server: ChatServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask_all(["a"], "{{item}}")
    monkeypatch.setenv("DEEPSHI_MODE", "replay")
    assert states(ask_all(["a"], "{{item}}")) == ["cached"]
    with pytest.raises(errors.ReplayMissError, match="1 of 2 questions are not recorded"):
        ask_all(["a", "b"], "{{item}}")
    assert len(server.bodies) == 1


def test_a_question_that_a_cell_asked_without_context_is_not_asked_again(
    server: ChatServer,
) -> None:
    from deepshi_jupyter.ask_function import ask

    ask("a", once=True, stream=False)
    assert states(ask_all(["a"], "{{item}}")) == ["cached"]


def test_with_the_store_off_nothing_is_written_and_everything_asked(
    server: ChatServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEEPSHI_STORE", "off")
    ask_all(["a"], "{{item}}")
    assert ask_all(["a"], "{{item}}").answers == ["Answer 2 to a"]


def written() -> str:
    folder = Path(os.environ["DEEPSHI_STORE"])
    return "\n".join(path.read_text() for path in folder.rglob("*") if path.is_file())


def test_the_key_is_in_no_file_even_if_the_model_says_it(server: ChatServer) -> None:
    server.plan("a", says(f"the key is {KEY}"))
    assert KEY in ask_all(["a"], "{{item}}").answers[0]
    assert "the key is" in written()
    assert KEY not in written()


def test_rows_are_counted_in_the_sums_of_the_session(server: ChatServer) -> None:
    ask_all(["a", "b"], "{{item}}")
    ask_all(["a", "b", "c"], "{{item}}")
    spent = current_session().spent
    assert (spent.calls, spent.replayed, spent.cost) == (3, 2, 0.75)
    assert (spent.prompt_tokens, spent.completion_tokens) == (9, 6)


# The form of answers


Label = Literal["good", "bad"]


def test_answers_have_the_form_that_is_asked_for(server: ChatServer) -> None:
    server.plan("a", says('{"value": "good"}'))
    result = ask_all(["a"], "{{item}}", schema=Label)
    assert result.answers == ["good"]
    assert server.bodies[0]["response_format"]["type"] == "json_schema"


def test_where_the_model_knows_no_schemas_the_form_is_asked_for_in_words() -> None:
    entry = {"id": "deepshi-3.0", "supported_features": [], "supported_sampling_parameters": []}
    with ChatServer(entry) as chat, pytest.MonkeyPatch.context() as patch:
        assert isinstance(chat, ChatServer)
        patch.setenv("DEEPSHI_BASE_URL", chat.base_url)
        ask_all(["a", "b"], "{{item}}", schema=Label, repair=0, concurrency=1)
        assert "response_format" not in chat.bodies[0]
        assert [q.split("\n")[0] for q in chat.questions] == ["a", "b"]
        assert all("JSON schema" in question for question in chat.questions)


def test_an_answer_in_the_midst_of_words_is_mended_here_and_flagged(server: ChatServer) -> None:
    server.plan("a", says('Sure: {"value": "good",} — done'))
    row = ask_all(["a"], "{{item}}", schema=Label)[0]
    assert (row.state, row.value, row.mended, row.repairs) == ("ok", "good", True, 0)


def test_a_model_is_told_what_is_wrong_and_asked_again(server: ChatServer) -> None:
    server.plan("a", says("ugly"))
    row = ask_all(["a"], "{{item}}", schema=Label, repair=1)[0]
    assert (row.state, row.repairs, row.tries) == ("invalid", 1, 2)
    assert row.cost == 0.5
    assert server.context[0:2] == ["a", "ugly"]
    assert "not of the form" in server.context[2]


def test_a_repaired_answer_is_found_under_the_key_of_its_row(server: ChatServer) -> None:
    server.plan("a", says("ugly"))
    original = server.next_answer

    def mending(request: Any) -> Played:
        if request.method == "POST" and len(json.loads(request.body)["messages"]) > 1:
            return says('{"value": "bad"}')
        return original(request)

    server.next_answer = mending  # type: ignore[method-assign]
    assert ask_all(["a"], "{{item}}", schema=Label).answers == ["bad"]
    assert states(ask_all(["a"], "{{item}}", schema=Label)) == ["cached"]


def test_an_invalid_row_keeps_its_text_and_is_asked_again_by_the_same_call(
    server: ChatServer,
) -> None:
    server.plan("a", says("ugly"), says('{"value": "good"}'))
    first = ask_all(["a"], "{{item}}", schema=Label, repair=0)
    assert (first[0].state, first[0].text, first.answers) == ("invalid", "ugly", [None])
    assert ask_all(["a"], "{{item}}", schema=Label, repair=0).answers == ["good"]


def test_json_of_any_form_is_read(server: ChatServer) -> None:
    server.plan("a", says("```json\n[1, 2]\n```"))
    assert ask_all(["a"], "{{item}}", json=True).answers == [[1, 2]]


# What goes wrong


def test_a_row_that_fails_is_a_row_and_the_others_are_answered(server: ChatServer) -> None:
    server.plan("a", refusal(400, "too long"))
    result = ask_all(["a", "b"], "{{item}}")
    assert states(result) == ["error", "ok"]
    assert "too long" in result[0].error
    assert result.failed == [0]


def test_failed_rows_are_asked_again_and_the_others_stay(server: ChatServer) -> None:
    server.plan("a", refusal(400), says("now"))
    result = ask_all(["a", "b", "a"], "{{item}}")
    assert result.retry_failed() is result
    assert result.answers == ["now", "Answer 1 to b", "now"]
    assert server.questions.count("b") == 1


def test_a_filtered_answer_is_refused_and_never_given_again(server: ChatServer) -> None:
    server.plan("a", says("…", finish="content_filter"))
    assert states(ask_all(["a"], "{{item}}")) == ["refused"]
    assert states(ask_all(["a"], "{{item}}")) == ["refused"]
    assert len(server.bodies) == 2


def test_a_model_that_refuses_is_a_refused_row(server: ChatServer) -> None:
    server.plan("a", Played([chunk({"refusal": "I will not."}), chunk({}, "stop")]))
    row = ask_all(["a"], "{{item}}")[0]
    assert (row.state, row.text) == ("refused", "I will not.")


def test_an_answer_that_breaks_off_is_an_error_with_what_came(server: ChatServer) -> None:
    server.plan("a", Played([chunk({"content": "Half"})], end="dirty"))
    row = ask_all(["a"], "{{item}}", stream=True)[0]
    assert (row.state, row.text) == ("error", "Half")
    assert "broke off" in row.error


def test_tokens_that_are_used_up_by_thinking_are_said(server: ChatServer) -> None:
    server.plan("a", says(finish="length"))
    assert "raise max_tokens" in ask_all(["a"], "{{item}}")[0].error


def test_a_429_is_tried_again_after_the_time_that_is_asked_for(server: ChatServer) -> None:
    server.plan("a", refusal(429, **{"retry-after": "0.05"}), says("now"))
    row = ask_all(["a"], "{{item}}")[0]
    assert (row.state, row.text, row.tries) == ("ok", "now", 2)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, errors.AuthenticationError),
        (402, errors.InsufficientCreditsError),
        (403, errors.PermissionDeniedError),
    ],
)
def test_a_refused_key_ends_the_run_and_what_came_is_kept(
    server: ChatServer, status: int, kind: type[errors.CallError]
) -> None:
    server.plan("5", refusal(status, "nope"))
    with pytest.raises(kind) as raised:
        ask_all(range(50), "{{item}}", concurrency=1)
    partial = raised.value.partial
    assert states(partial) == ["ok"] * 5 + ["error"] + ["skipped"] * 44
    assert "nope" in partial[49].error
    assert len(server.bodies) == 6


def test_after_a_refused_key_a_new_run_asks_again(server: ChatServer) -> None:
    server.plan("a", refusal(401), says("now"))
    with pytest.raises(errors.AuthenticationError):
        ask_all(["a"], "{{item}}")
    assert ask_all(["a"], "{{item}}").answers == ["now"]


def test_a_run_whose_pilot_all_fails_ends_with_it(server: ChatServer) -> None:
    for number in range(300):
        server.plan(str(number), says("ugly"))
    with pytest.raises(errors.CallError, match="None of the first 20 rows") as raised:
        ask_all(range(300), "{{item}}", schema=Label, repair=0, concurrency=4)
    assert len(server.bodies) < 30
    assert raised.value.partial.states["skipped"] > 270


def test_without_a_key_nothing_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEEPSHI_BASE_URL", "https://api.deepshi.ai/v1")
    with pytest.raises(errors.MissingKeyError):
        ask_all(["a"], "{{item}}")


def test_no_server_is_an_error_of_the_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    with ChatServer() as chat:
        address = chat.base_url
    monkeypatch.setenv("DEEPSHI_BASE_URL", address)
    monkeypatch.setattr("deepshi_jupyter.map_function.LEAST_RETRIES", 0)
    current_session().set("max_retries", "0")
    row = ask_all(["a"], "{{item}}")[0]
    assert row.state == "error"
    assert "ConnectionFailedError" in row.error


# Limits


def test_rows_beyond_the_budget_are_left_out_with_a_warning(server: ChatServer) -> None:
    with pytest.warns(errors.DeepshiWarning, match=r"3 of 5 rows .* \$0\.6 is used up"):
        result = ask_all(range(5), "{{item}}", budget=Budget(usd=0.6), concurrency=2)
    assert result.states == {"skipped": 3, "ok": 2}
    assert result.cost <= 0.6


def test_one_budget_serves_several_runs(server: ChatServer) -> None:
    budget = Budget(calls=3)
    ask_all(["a", "b"], "{{item}}", budget=budget)
    with pytest.warns(errors.DeepshiWarning, match="budget of 3 calls"):
        assert ask_all(["c", "d"], "{{item}}", budget=budget).states["skipped"] == 1


def test_a_budget_that_was_too_small_is_resumed_with_another(server: ChatServer) -> None:
    with pytest.warns(errors.DeepshiWarning, match="budget"):
        ask_all(range(4), "{{item}}", budget=Budget(calls=2))
    result = ask_all(range(4), "{{item}}", budget=Budget(calls=2))
    assert result.states == {"cached": 2, "ok": 2}


def test_after_the_pilot_the_user_decides(server: ChatServer) -> None:
    told: list[Preflight] = []

    def confirm(preflight: Preflight) -> bool:
        told.append(preflight)
        return False

    result = ask_all(range(50), "{{item}}", confirm=confirm)
    assert result.states == {"skipped": 30, "ok": 20}
    assert told[0].sentence == "20 of 50 rows asked; all of them: ≈ 250 tokens, ≈ $12–12"
    assert len(ask_all(range(50), "{{item}}", confirm=lambda _: True).failed) == 0


def test_an_interrupt_leaves_a_valid_partial_result(server: ChatServer) -> None:
    original = server.next_answer

    def interrupting(request: Any) -> Played:
        if request.method == "POST" and len(server.bodies) == 10:
            _thread.interrupt_main()
        return original(request)

    server.next_answer = interrupting  # type: ignore[method-assign]
    with pytest.raises(errors.CallInterruptedError, match="of 5,000 rows") as raised:
        ask_all(range(5000), "{{item}}", concurrency=2)
    partial = raised.value.partial
    done = partial.states["ok"]
    assert partial.states == {"skipped": 5000 - done, "ok": done}
    assert len(partial.frame) == 5000
    again = ask_all(range(done), "{{item}}")
    assert again.states["cached"] >= done - 2


# A kernel that is killed

KILLED = """
import sys
from deepshi_jupyter.map_function import map
map(range(400), "{{item}}", concurrency=4, progress=False)
"""


def test_after_kill_9_the_same_call_asks_only_what_is_missing(
    server: ChatServer, repository: Path
) -> None:
    enough = threading.Event()
    original = server.next_answer

    def watching(request: Any) -> Played:
        if len(server.received) > 100:
            enough.set()
        return original(request)

    server.next_answer = watching  # type: ignore[method-assign]
    process = subprocess.Popen([sys.executable, "-c", KILLED], cwd=repository)
    try:
        assert enough.wait(60)
    finally:
        process.kill()
        process.wait()
    asked_before = len(server.bodies)
    result = ask_all(range(400), "{{item}}", concurrency=4)
    assert result.failed == []
    asked_after = len(server.bodies) - asked_before
    assert result.states["ok"] == asked_after
    assert asked_before + asked_after <= 400 + 4  # those that were under way are asked again
    assert result.states["cached"] >= 90


def test_a_line_that_a_crash_has_torn_is_passed_over(server: ChatServer) -> None:
    ask_all(["a", "b"], "{{item}}", concurrency=1)
    (path,) = (Path(os.environ["DEEPSHI_STORE"]) / "rows").glob("*.jsonl")
    path.write_bytes(path.read_bytes()[:-20])
    assert states(ask_all(["a", "b"], "{{item}}")) == ["cached", "ok"]


# Executors


@pytest.fixture(params=["threads", "processes"])
def executor(request: pytest.FixtureRequest) -> Iterator[Executor]:
    if request.param == "threads":
        chosen: Executor = ThreadPoolExecutor(3)
    else:
        from multiprocessing import get_context

        chosen = ProcessPoolExecutor(2, mp_context=get_context("spawn"))
    with chosen:
        yield chosen


def test_an_executor_asks_rows_in_chunks(server: ChatServer, executor: Executor) -> None:
    result = ask_all(range(250), "{{item}}", executor=executor, schema=None)
    assert result.states == {"ok": 250}
    assert result.answers[249] == "Answer 1 to 249"
    assert len(server.bodies) == 250
    assert ask_all(range(250), "{{item}}").states == {"cached": 250}


def test_a_form_goes_to_the_workers_of_an_executor(server: ChatServer, executor: Executor) -> None:
    server.plan("a", says('{"value": "good"}'))
    assert ask_all(["a"], "{{item}}", schema=Label, executor=executor).answers == ["good"]


def test_the_driver_of_an_executor_holds_the_budget(server: ChatServer) -> None:
    with (
        ThreadPoolExecutor(2) as executor,
        pytest.warns(errors.DeepshiWarning, match="130 calls is used up"),
    ):
        result = ask_all(range(400), "{{item}}", executor=executor, budget=Budget(calls=130))
    assert result.states == {"skipped": 270, "ok": 130}


def test_a_refused_key_ends_the_chunks_of_an_executor(server: ChatServer) -> None:
    for number in range(1000):
        server.plan(str(number), refusal(401))
    with ThreadPoolExecutor(2) as executor, pytest.raises(errors.AuthenticationError) as raised:
        ask_all(range(1000), "{{item}}", executor=executor)
    assert raised.value.partial.states["skipped"] > 300


# The rest


def test_the_embedded_endpoint_answers_rows_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEEPSHI_BASE_URL", "offline")
    result = ask_all(["a", "b"], "Say {{item}}", max_tokens=5)
    assert set(states(result)) <= {"ok"}


def test_a_bar_tells_what_was_done(server: ChatServer, capsys: pytest.CaptureFixture[str]) -> None:
    ask_all(range(5), "{{item}}")
    map_with_a_bar(range(30), "{{item}}")
    shown = capsys.readouterr()
    assert "30/30" in shown.err
    assert "replayed=5" in shown.err
    assert "20 of 25 rows asked" in shown.out


def test_a_result_shows_its_states_and_cost(server: ChatServer) -> None:
    assert repr(ask_all(["a", "a"], "{{item}}")) == "MapResult(2 rows: 1 ok, 1 cached; $0.25)"


def test_a_table_without_rows_is_refused(server: ChatServer) -> None:
    with pytest.raises(errors.InvalidRequestError, match="no rows"):
        ask_all([], "{{item}}")
