"""One prompt under several settings: what is sent, what comes back, what is kept."""

from __future__ import annotations

import json
import sys
from typing import Any, Literal

import pytest

from deepshi_jupyter.compare_function import compare
from deepshi_jupyter.comparison.comparison import Comparison
from deepshi_jupyter.core.conversation import Turn
from deepshi_jupyter.errors import (
    AuthenticationError,
    InputError,
    InvalidRequestError,
    OptionError,
    ReplayMissError,
    ServerError,
    UnknownModelError,
)
from deepshi_jupyter.session import current_session
from tests.chat_server import ChatServer, says
from tests.chunks import chunk
from tests.magics.conftest import Shell
from tests.wire_server import Played, Received

REFUSED = Played([b'{"error": {"message": "no such thing"}}'], 400)
CALL = "import deepshi_jupyter as d\nc = d.compare('hello', temperature=[0, 1], samples=2)"


def in_cell(shell: Shell, source: str, name: str = "cell") -> Comparison:
    """Run source as that of a cell that has an id; what it asked before is replaced."""
    request = {"metadata": {"cellId": name}, "content": {"code": source}}
    shell.ip.get_parent = lambda: request
    shell.run(source)
    found = shell.names["c"]
    assert isinstance(found, Comparison)
    return found


def turns(shell: Shell) -> list[Turn]:
    return list(shell.session.state.timeline)


class Choosy(ChatServer):
    """Answers by what the body says, where `by` has something for it."""

    by: Any = None

    def next_answer(self, request: Received) -> Played:
        body = json.loads(request.body) if request.method == "POST" else None
        planned = self.by(body) if self.by is not None and body is not None else None
        return planned or super().next_answer(request)


@pytest.fixture
def choosy(monkeypatch: pytest.MonkeyPatch) -> Any:
    with Choosy() as played:
        monkeypatch.setenv("DEEPSHI_BASE_URL", played.base_url)
        monkeypatch.setattr(current_session().settings, "max_retries", 0)
        yield played


# What is sent


def test_every_setting_is_asked_so_many_times(server: ChatServer) -> None:
    found = compare("hello", temperature=[0, 1], model=["deepshi-3.0", "deepshi-2.0"], samples=3)
    sent = sorted((b["temperature"], b["model"]) for b in server.bodies)
    assert sent == sorted(
        (t, m) for t in (0, 1) for m in ("deepshi-3.0", "deepshi-2.0") for _ in range(3)
    )
    assert list(found.settings[0]) == ["model", "temperature"]
    assert (len(found), found.is_whole) == (12, True)


def test_prompt_and_system_can_be_varied_and_none_is_not_sent(server: ChatServer) -> None:
    compare(["a", "b"], system=["Be brief.", None], temperature=[None, 1], samples=1)
    assert sorted(server.questions) == sorted(["a", "b"] * 4)
    roles = [tuple(m["role"] for m in body["messages"]) for body in server.bodies]
    assert roles.count(("system", "user")) == 4
    assert sum("temperature" in body for body in server.bodies) == 4


def test_the_defaults_of_the_session_hold_but_for_n(server: ChatServer) -> None:
    current_session().settings.parameters = {"seed": 3, "n": 4, "temperature": 0.5}
    compare("hello", temperature=[None, 1], samples=1)
    (one, other) = sorted(server.bodies, key=lambda body: "temperature" in body)
    assert "temperature" not in one
    assert other["temperature"] == 1
    assert all(body["seed"] == 3 and "n" not in body for body in server.bodies)


@pytest.mark.parametrize(
    ("how", "error"),
    [
        ({"temperature": [0, 5]}, InvalidRequestError),
        ({"temprature": [0, 1]}, InvalidRequestError),
        ({"n": [1, 2]}, InvalidRequestError),
        ({"temperature": []}, InvalidRequestError),
        ({"samples": 0}, InvalidRequestError),
        ({"samples": 1.5}, InvalidRequestError),
        ({"prompt": ["hello", " "]}, InvalidRequestError),
        ({"prompt": ["hello", 1]}, InvalidRequestError),
        ({"model": ["deepshi-3.0", "deepshi-9"]}, UnknownModelError),
        ({"limit": "much"}, OptionError),
    ],
)
def test_what_cannot_be_sent_is_an_error_before_anything_is(
    server: ChatServer, how: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        compare(**{"prompt": "hello", **how})
    assert server.bodies == []


def test_at_most_eight_calls_run_at_once(choosy: Choosy) -> None:
    found = compare("hello", seed=range(30), samples=1)
    assert len(found.records) == 30
    assert choosy.connections <= 8 + 1  # and one for the catalogue


# What is kept


def test_a_comparison_sees_what_stands_above_and_is_not_seen_below(
    shell: Shell, server: ChatServer
) -> None:
    shell.run("%%deepshi\none")
    shell.run(CALL)
    assert server.context == ["one", "Answer 1 to one", "hello"]
    shell.run("%%deepshi\ntwo")
    assert server.context == ["one", "Answer 1 to one", "two"]
    asked = [turn.record for turn in turns(shell) if turn.record.question == "hello"]
    assert [record.start for record in asked] == ["aside"] * 4
    assert sorted(record.place for record in asked) == [0, 1, 2, 3]


def test_once_asks_without_what_stands_above(shell: Shell, server: ChatServer) -> None:
    shell.run("%%deepshi\none")
    shell.run(CALL.replace("samples", "once=True, samples"))
    assert server.context == ["hello"]
    assert turns(shell)[-1].record.start == "once"


def test_samples_are_numbered_before_they_are_sent(shell: Shell, server: ChatServer) -> None:
    shell.run(CALL)
    samples = [
        (record.parameters["temperature"], record.call.sample)
        for record in shell.names["c"].records
    ]
    assert samples == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert len({record.call.request_key for record in shell.names["c"].records}) == 4


def test_all_calls_are_in_the_journal_and_in_what_was_spent(
    shell: Shell, server: ChatServer
) -> None:
    shell.run(CALL)
    path = shell.session.state.journal.path
    assert path is not None
    events = [json.loads(line) for line in path.read_text().splitlines()]
    kinds = [event["event"] for event in events]
    assert (kinds.count("begin"), kinds.count("end"), kinds.count("turn")) == (4, 4, 4)
    assert (shell.session.spent.calls, shell.session.spent.cost) == (4, 1.0)


def test_in_the_mode_auto_only_what_is_missing_is_asked(shell: Shell, server: ChatServer) -> None:
    before = list(in_cell(shell, CALL).frame["text"])
    frame = in_cell(shell, CALL.replace("samples=2", "samples=3, mode='auto'")).frame
    assert len(server.bodies) == 6
    assert list(frame["replayed"]) == [True, True, False] * 2
    assert list(frame[frame["replayed"]]["text"]) == before
    assert shell.session.spent.replayed == 4


def test_the_same_again_below_is_more_samples(shell: Shell, server: ChatServer) -> None:
    in_cell(shell, CALL)
    below = in_cell(shell, CALL.replace("samples=2", "samples=2, mode='auto'"), "below")
    assert [record.call.sample for record in below.records] == [2, 3, 2, 3]
    assert len(server.bodies) == 8


def test_in_the_mode_replay_nothing_is_asked(shell: Shell, server: ChatServer) -> None:
    first = in_cell(shell, CALL)
    count = len(server.received)
    shell.session.settings.mode = "replay"
    again = in_cell(shell, CALL)
    assert len(server.received) == count
    assert [r.as_json() for r in again.records] == [r.as_json() for r in first.records]
    assert again.bundle() == first.bundle()


def test_what_is_not_recorded_is_an_error_in_the_mode_replay(
    shell: Shell, server: ChatServer
) -> None:
    in_cell(shell, CALL)
    with pytest.raises(ReplayMissError, match="2 of 6 answers are not recorded"):
        in_cell(shell, CALL.replace("samples=2", "samples=3, mode='replay'"))


def test_in_the_mode_refresh_all_is_asked_again(shell: Shell, server: ChatServer) -> None:
    in_cell(shell, CALL)
    again = in_cell(shell, CALL.replace("samples=2", "samples=2, mode='refresh'"))
    assert len(server.bodies) == 8
    assert [record.call.sample for record in again.records] == [0, 1, 0, 1]


# Failures


def test_one_failed_setting_does_not_cost_the_others(choosy: Choosy) -> None:
    choosy.by = lambda body: REFUSED if body["temperature"] == 1 else None
    found = compare("hello", temperature=[0, 1, 2], samples=2)
    assert list(found.frame["error"] == "") == [True, True, False, False, True, True]
    assert "BadRequestError" in found.frame["error"][2]
    assert list(found.agreement["failed"]) == [0, 2, 0]
    assert "failed: BadRequestError" in str(found)
    assert not found.is_whole


def test_an_answer_that_broke_off_is_a_failed_row_with_its_text(
    shell: Shell, choosy: Choosy
) -> None:
    cut = Played([chunk({"content": "Half an"})], end="dirty")
    choosy.by = lambda body: cut if body["temperature"] == 1 else None
    found = in_cell(shell, CALL.replace("samples=2", "samples=1"))
    assert list(found.frame["text"]) == ["Answer 1 to hello", "Half an"]
    assert list(found.frame["error"]) == ["", "the answer broke off"]
    assert [record.kind for record in found.records] == ["live", "partial"]
    again = in_cell(shell, CALL.replace("samples=2", "samples=1, mode='auto'"))
    assert list(again.frame["replayed"]) == [True, False]


def test_a_replay_shows_what_failed_as_it_was_recorded(shell: Shell, choosy: Choosy) -> None:
    cut = Played([chunk({"content": "Half an"})], end="dirty")
    choosy.by = lambda body: cut if body["temperature"] == 1 else None
    first = in_cell(shell, CALL)
    shell.session.settings.mode = "replay"
    again = in_cell(shell, CALL)
    assert [r.as_json() for r in again.records] == [r.as_json() for r in first.records]
    assert again.bundle() == first.bundle()


def test_where_nothing_at_all_comes_the_first_error_is_raised(choosy: Choosy) -> None:
    choosy.by = lambda _: Played([b'{"error": {"message": "oh"}}'], 500)
    with pytest.raises(ServerError, match="oh"):
        compare("hello", temperature=[0, 1], samples=2)
    assert len(choosy.bodies) == 4


def test_a_refused_key_ends_it_before_more_is_sent(choosy: Choosy) -> None:
    choosy.by = lambda _: Played([b'{"error": {"message": "unknown key"}}'], 401)
    with pytest.raises(AuthenticationError):
        compare("hello", seed=range(40), samples=1)
    assert len(choosy.bodies) <= 8


def test_a_busy_service_is_asked_again(choosy: Choosy) -> None:
    current_session().settings.max_retries = 2
    busy = Played([b'{"error": {"message": "slow down"}}'], 429, {"retry-after": "0"})
    asked: list[int] = []

    def by(body: dict[str, Any]) -> Played | None:
        asked.append(body["seed"])
        return busy if asked.count(body["seed"]) == 1 else None

    choosy.by = by
    found = compare("hello", seed=[1, 2, 3], samples=1)
    assert found.is_whole
    assert len(choosy.bodies) == 6


# The form of the answers


def test_answers_of_a_schema_are_parsed_and_others_are_failed_rows(choosy: Choosy) -> None:
    by_temperature = {
        0: says('{"value": "yes"}'),
        1: says("I think so."),
        2: says('{"value":"no"}'),
    }
    choosy.by = lambda body: by_temperature[body["temperature"]]
    found = compare("hello?", temperature=[0, 1, 2], samples=2, schema=Literal["yes", "no"])
    assert list(found.frame["parsed"].fillna("")) == ["yes", "yes", "", "", "no", "no"]
    assert "not of the form" in found.frame["error"][2]
    assert list(found.frame["text"][2:4]) == ["I think so."] * 2


def test_any_json_can_be_asked_for(choosy: Choosy) -> None:
    choosy.by = lambda body: says('{"a": 1}' if body["temperature"] == 0 else "no")
    found = compare("hello?", temperature=[0, 1], samples=1, json=True)
    assert found.frame["parsed"][0] == {"a": 1}
    assert "not JSON" in found.frame["error"][1]


# Before anything is sent


def test_a_limit_asks_first_where_somebody_can_answer(
    server: ChatServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    answers = ["n", "y"]
    monkeypatch.setattr("builtins.input", lambda text: asked.append(text) or answers.pop(0))
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    with pytest.raises(InputError, match="did not confirm"):
        compare("hello", temperature=[0, 1], samples=2, limit="3 calls")
    assert server.bodies == []
    assert asked[0].startswith("4 calls, ≈ ")
    assert "up to 400 out: ≈ $" in asked[0]
    compare("hello", temperature=[0, 1], samples=2, limit="3 calls")
    assert len(server.bodies) == 4


def test_where_nobody_can_answer_a_passed_limit_is_an_error(server: ChatServer) -> None:
    with pytest.raises(InputError, match="nobody can be asked"):
        compare("hello", temperature=[0, 1], samples=2, limit=0.000001)
    assert server.bodies == []
    compare("hello", temperature=[0, 1], samples=2, limit=0.000001, confirm=False)
    assert len(server.bodies) == 4


def test_the_setting_limits_and_what_is_recorded_does_not_count(
    shell: Shell, server: ChatServer
) -> None:
    call = CALL.replace("temperature=[0, 1], samples=2", "seed=[1, 2], mode='auto', samples=1")
    in_cell(shell, call)
    shell.run("%deepshi set confirm_above='2 calls'")
    in_cell(shell, call.replace("[1, 2]", "[1, 2, 3, 4]"))
    with pytest.raises(InputError, match="8 calls, 4 recorded, ≈ "):
        in_cell(shell, call.replace("[1, 2]", "range(1, 9)"))
    with pytest.raises(OptionError):
        shell.run("%deepshi set confirm_above=much")


# In a cell


def test_a_cell_varies_and_its_answers_are_in_its_variable(
    shell: Shell, server: ChatServer
) -> None:
    shell.run("%%deepshi --vary temperature=0,1 --vary model=deepshi-3.0 --samples 2 -o c\nhello")
    found = shell.names["c"]
    assert isinstance(found, Comparison)
    assert [body["temperature"] for body in server.bodies].count(0) == 2
    assert all("n" not in body for body in server.bodies)
    assert found.records[0].options == (
        *("--n", "2", "--vary", "temperature=0,1", "--vary", "model=deepshi-3.0"),
    )


def test_a_cell_fills_in_values_and_asks_once_by_default(shell: Shell, server: ChatServer) -> None:
    shell.names["who"] = "you"
    shell.run("%%deepshi --vary seed=1,2\nhello {{who}}")
    assert server.questions == ["hello you", "hello you"]
    assert shell.names["_deepshi"].records[0].prompt is not None


@pytest.mark.parametrize(
    "options",
    [
        "--vary prompt=a,b",
        "--vary seed",
        "--vary sed=1,2",
        "--vary seed=1,2 --vary seed=3",
        "--vary seed=1,2 --new",
        "--vary seed=1,2 --json --repair 1",
    ],
)
def test_what_a_comparison_does_not_do_is_an_error(
    shell: Shell, server: ChatServer, options: str
) -> None:
    with pytest.raises(InputError):
        shell.run(f"%%deepshi {options}\nhello")
    assert server.bodies == []


def test_yes_passes_the_limit(shell: Shell, server: ChatServer) -> None:
    shell.run("%deepshi set confirm_above='1 call'")
    with pytest.raises(InputError, match="--yes"):
        shell.run("%%deepshi --vary seed=1,2\nhello")
    shell.run("%%deepshi --vary seed=1,2 --yes\nhello")
    assert len(server.bodies) == 2


# Where it is used


def test_use_makes_a_setting_the_default_and_shows_its_line(
    shell: Shell, server: ChatServer
) -> None:
    shell.run(CALL.replace("[0, 1]", "[None, 1], model=['deepshi-3.0', 'deepshi-2.0']"))
    used = shell.names["c"].use(3)
    assert used.line == "%%deepshi --model deepshi-2.0 --temperature 1"
    assert "is the default" in str(used)
    shell.run("%%deepshi\nnow")
    assert (server.bodies[-1]["model"], server.bodies[-1]["temperature"]) == ("deepshi-2.0", 1)
    shell.names["c"].use(0)
    shell.run("%%deepshi\nnow")
    assert server.bodies[-1]["model"] == "deepshi-3.0"
    assert "temperature" not in server.bodies[-1]


def test_a_parameter_that_a_model_ignores_is_said(server: ChatServer) -> None:
    found = compare("hello", model=["deepshi-2.0", "deepshi-3.0"], temperature=0.5, samples=1)
    assert "deepshi-2.0 ignores temperature" in str(found)


def test_the_key_is_in_nothing_that_is_kept(
    choosy: Choosy, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = "sk-bf-canary-77aa"
    monkeypatch.setenv("DEEPSHI_API_KEY", key)
    echo = Played([f'{{"error": {{"message": "bad {key}"}}}}'.encode()], 400)
    choosy.by = lambda body: echo if body["temperature"] == 1 else says(f"Your key is {key}.")
    shell.run(CALL)
    found = shell.names["c"]
    kept = [r.as_json() for r in found.records]
    seen = (
        found,
        found.bundle(),
        found.frame.to_csv(),
        found.agreement.to_csv(),
        kept,
        vars(found),
    )
    assert key not in repr(seen)
    path = shell.session.state.journal.path
    assert path is not None
    assert key not in path.read_text()
    assert all(request.headers["authorization"] == f"Bearer {key}" for request in choosy.received)
