"""Where answers come from: the service, what is recorded, or both; what is never given again."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from deepshi_jupyter.core.chain import chain
from deepshi_jupyter.core.place import Place
from deepshi_jupyter.core.reply import Reply
from deepshi_jupyter.core.request_key import key_of_chain
from deepshi_jupyter.core.template import verbatim
from deepshi_jupyter.core.turn_record import TurnRecord
from deepshi_jupyter.errors import (
    CallError,
    ConfigurationError,
    OptionError,
    RecordError,
    ReplayMissError,
)
from deepshi_jupyter.notebook.recording_file import read_recording
from deepshi_jupyter.question import Question
from deepshi_jupyter.schema.answer import answer_schema
from deepshi_jupyter.session import Session
from deepshi_jupyter.settings import Settings
from tests.chat_server import ChatServer, says
from tests.chunks import chunk
from tests.notebook.study import Study, answer_output
from tests.wire_server import Played

CITY = {
    "title": "City",
    "type": "object",
    "properties": {"name": {"type": "string"}},
    "required": ["name"],
}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ChatServer]:
    with ChatServer() as played:
        monkeypatch.setenv("DEEPSHI_BASE_URL", played.base_url)
        yield played


class Notebook:
    """A kernel that runs cells from top to bottom."""

    def __init__(self, **settings: Any) -> None:
        self.session = Session(Settings(**settings))
        self.execution = 0

    def ask(self, text: str, **fields: Any) -> Reply:
        self.execution += 1
        place = Place("", self.execution)
        return self.session.ask(Question(prompt=verbatim(text), place=place, **fields))

    @property
    def records(self) -> list[TurnRecord]:
        return [turn.record for turn in self.session.state.timeline]

    @property
    def shown(self) -> list[dict[str, Any]]:
        """The outputs that its cells leave."""
        return [answer_output(record) for record in self.records]


Make = Callable[..., Notebook]


@pytest.fixture
def kernel() -> Iterator[Make]:
    made: list[Notebook] = []

    def make(**settings: Any) -> Notebook:
        made.append(Notebook(**settings))
        return made[-1]

    yield make
    for one in made:
        one.session.close()


def questions(server: ChatServer) -> int:
    return len(server.questions)


# live, auto, replay, refresh


def test_live_asks_although_it_is_recorded(kernel: Make, server: ChatServer) -> None:
    kernel().ask("one")
    assert kernel().ask("one").text == "Answer 2 to one"
    assert questions(server) == 2


def test_replay_gives_what_is_recorded_and_asks_nobody(kernel: Make, server: ChatServer) -> None:
    live = kernel()
    live.ask("one", parameters={"seed": 7})
    live.ask("two")
    asked = len(server.received)
    again = kernel(mode="replay")
    assert again.ask("one", parameters={"seed": 7}).text == "Answer 1 to one"
    assert again.ask("two").text == "Answer 1 to two"
    assert len(server.received) == asked  # nor the catalogue
    assert again.shown == live.shown
    assert again.session.spent.replayed == 2
    assert again.session.spent.calls == 0


def test_replay_needs_no_key(
    kernel: Make, server: ChatServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEEPSHI_API_KEY", "sk-bf-canary-9912")
    kernel(endpoint_name="lab").ask("one")
    monkeypatch.delenv("DEEPSHI_API_KEY")
    monkeypatch.delenv("DEEPSHI_BASE_URL")  # Deepshi itself, which asks nobody without a key
    assert kernel(mode="replay", endpoint_name="lab").ask("one").text == "Answer 1 to one"
    with pytest.raises(ConfigurationError, match="No API key"):
        kernel(endpoint_name="lab").ask("one")


def test_auto_asks_what_is_not_recorded(kernel: Make, server: ChatServer) -> None:
    kernel().ask("one")
    again = kernel(mode="auto")
    assert again.ask("one").text == "Answer 1 to one"
    assert again.ask("two").text == "Answer 1 to two"
    assert server.questions == ["one", "two"]
    assert server.context == ["one", "Answer 1 to one", "two"]


def test_auto_after_an_edit_asks_what_changed_and_what_stands_below(
    kernel: Make, server: ChatServer
) -> None:
    first = kernel()
    for text in ("one", "two", "three"):
        first.ask(text)
    first.ask("aside", start="once")
    again = kernel(mode="auto")
    for text in ("one", "two, edited", "three"):
        again.ask(text)
    again.ask("aside", start="once")
    assert server.questions[4:] == ["two, edited", "three"]


def test_auto_after_an_edit_whose_answer_is_the_same_asks_nothing_below_with_once(
    kernel: Make, server: ChatServer
) -> None:
    first = kernel()
    for text in ("one", "two", "three"):
        first.ask(text, start="once")
    again = kernel(mode="auto")
    for text in ("one", "two, edited", "three"):
        again.ask(text, start="once")
    assert server.questions[3:] == ["two, edited"]


def test_refresh_asks_again_and_keeps_the_earlier_answer(kernel: Make, server: ChatServer) -> None:
    kernel().ask("one")
    fresh = kernel(mode="refresh")
    assert fresh.ask("one").text == "Answer 2 to one"
    assert questions(server) == 2
    texts = [one.record.text for one in fresh.session.state.recordings()]
    assert sorted(texts) == ["Answer 1 to one", "Answer 2 to one"]


def test_after_a_refresh_the_newest_answer_is_given(kernel: Make, server: ChatServer) -> None:
    kernel().ask("one")
    kernel(mode="refresh").ask("one")
    assert kernel(mode="replay").ask("one").text == "Answer 2 to one"


def test_the_mode_comes_from_the_question_the_setting_or_the_environment(
    kernel: Make, server: ChatServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEEPSHI_MODE", "auto")
    for _ in range(2):
        assert kernel().ask("one").text == "Answer 1 to one"
    assert kernel(mode="live").ask("one").text == "Answer 2 to one"
    assert kernel(mode="live").ask("one", mode="replay").text == "Answer 2 to one"
    assert kernel().ask("one", mode="refresh").text == "Answer 3 to one"


@pytest.mark.parametrize("said", [{}, {"mode": "live"}, {"mode": "refresh"}])
def test_a_run_in_replay_asks_nobody_whatever_its_cells_say(
    kernel: Make, server: ChatServer, monkeypatch: pytest.MonkeyPatch, said: dict[str, str]
) -> None:
    monkeypatch.setenv("DEEPSHI_MODE", "replay")
    with pytest.raises(ReplayMissError):
        kernel(**said).ask("one", **said)
    assert server.received == []


def test_a_mode_that_does_not_exist_is_an_error(
    kernel: Make, server: ChatServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEEPSHI_MODE", "offline")
    with pytest.raises(OptionError, match="DEEPSHI_MODE is 'offline'"):
        kernel().ask("one")
    assert server.received == []


# What belongs to a request


def test_repeats_of_one_request_have_their_own_answers(kernel: Make, server: ChatServer) -> None:
    live = kernel()
    texts = [live.ask("one", start="once").text for _ in range(3)]
    assert texts == [f"Answer {n} to one" for n in (1, 2, 3)]
    again = kernel(mode="replay")
    assert [again.ask("one", start="once").text for _ in range(3)] == texts
    with pytest.raises(ReplayMissError, match="sample"):
        again.ask("one", start="once")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"model": "deepshi-2.0"}, "model (recorded: deepshi-3.0; now: deepshi-2.0)"),
        ({"parameters": {"temperature": 0.7}}, "temperature (recorded: 0.2; now: 0.7)"),
        ({"extra": {"top_k": 4}}, "top_k (recorded: not set; now: 4)"),
        ({"system": "Be brief."}, "context"),
    ],
)
def test_a_miss_names_the_nearest_and_what_differs(
    kernel: Make, server: ChatServer, change: dict[str, Any], field: str
) -> None:
    known: dict[str, Any] = {"parameters": {"temperature": 0.2}}
    live = kernel()
    live.ask("one", **known)
    live.ask("something else entirely", start="once")
    with pytest.raises(ReplayMissError) as caught:
        kernel(mode="replay").ask("one", **{**known, **change})
    assert live.records[0].id in caught.value.what
    assert field in caught.value.what
    assert "something else" not in caught.value.what
    assert "--mode auto" in caught.value.todo


def test_a_miss_of_another_question_shows_both(kernel: Make, server: ChatServer) -> None:
    kernel().ask("Rain in Bern?")
    with pytest.raises(ReplayMissError, match=r"recorded: Rain in Bern\?; now: Rain in Basel\?"):
        kernel(mode="replay").ask("Rain in Basel?")


def test_with_nothing_recorded_a_miss_says_how_to_record(kernel: Make, server: ChatServer) -> None:
    with pytest.raises(ReplayMissError, match="Nothing is recorded") as caught:
        kernel(mode="replay").ask("one")
    assert "--recording" in caught.value.todo
    assert server.received == []


def test_what_cannot_change_the_answer_makes_no_difference(
    kernel: Make, server: ChatServer
) -> None:
    kernel().ask("one", parameters={"temperature": 0})
    again = kernel(mode="replay").ask(
        "one", parameters={"temperature": 0.0}, stream=False, extra={"metadata": {"run": "2"}}
    )
    assert again.text == "Answer 1 to one"


def test_another_endpoint_is_another_request_unless_it_has_the_same_name(
    kernel: Make, server: ChatServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    kernel().ask("one")
    kernel(endpoint_name="lab").ask("two")
    monkeypatch.setenv("DEEPSHI_BASE_URL", "http://127.0.0.1:9/v1")  # nobody listens there
    with pytest.raises(ReplayMissError, match="endpoint"):
        kernel(mode="replay").ask("one")
    assert kernel(mode="replay", endpoint_name="lab").ask("two").text == "Answer 1 to two"


# What is never given again


@pytest.mark.parametrize(
    "answered",
    [
        Played([chunk({"content": "Half an"})], end="dirty"),
        Played([b'{"error": {"message": "no"}}'], 403),
    ],
)
def test_what_failed_is_not_given_again(kernel: Make, server: ChatServer, answered: Played) -> None:
    server.plan("one", answered, says("whole"))
    with pytest.raises(CallError):
        kernel(max_retries=0).ask("one")
    with pytest.raises(ReplayMissError):
        kernel(mode="replay").ask("one")
    assert kernel(mode="auto").ask("one").text == "whole"


def test_a_miss_of_a_cut_answer_says_that_it_was_cut(kernel: Make, server: ChatServer) -> None:
    server.plan("one", Played([chunk({"content": "Half an"})], end="dirty"))
    with pytest.raises(CallError):
        kernel(max_retries=0).ask("one")
    with pytest.raises(ReplayMissError, match=r"answer \(recorded: not whole \(truncated\)"):
        kernel(mode="replay").ask("one")


def test_what_a_filter_cut_is_not_given_again(kernel: Make, server: ChatServer) -> None:
    server.plan("one", says("I", finish="content_filter"), says("whole"))
    kernel().ask("one")
    assert kernel(mode="auto").ask("one").text == "whole"


def test_an_answer_that_reached_its_length_is_given_again(kernel: Make, server: ChatServer) -> None:
    server.plan("one", says("The beginning", finish="length"))
    live = kernel()
    live.ask("one", parameters={"max_tokens": 2})
    again = kernel(mode="replay")
    assert again.ask("one", parameters={"max_tokens": 2}).finish_reason == "length"
    assert again.shown == live.shown


def test_an_answer_that_was_edited_by_hand_is_not_given_for_the_models(
    kernel: Make, server: ChatServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = kernel(store="off")
    live.ask("one")
    edited = msgspec.structs.replace(live.records[0], kind="edited")
    give_notebook(monkeypatch, tmp_path, edited)
    with pytest.raises(ReplayMissError):
        kernel(mode="replay", store="off").ask("one")


# Where it is recorded


def give_notebook(patch: pytest.MonkeyPatch, folder: Path, *records: TurnRecord) -> Path:
    """Write a notebook with these records, as the one whose answers may be given again."""
    study = Study()
    for record in records:
        study.code(f"%%deepshi\n{record.question}", [answer_output(record)])
    path = study.save(folder / "executed.ipynb")
    patch.setenv("DEEPSHI_NOTEBOOK", str(path))
    return path


def test_the_notebook_alone_is_enough(
    kernel: Make, server: ChatServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = kernel(store="off")
    for text in ("one", "two"):
        live.ask(text)
    give_notebook(monkeypatch, tmp_path, *live.records)
    again = kernel(mode="replay", store="off")
    for text in ("one", "two"):
        again.ask(text)
    assert again.records == live.records


def test_a_recording_file_alone_is_enough(kernel: Make, server: ChatServer, tmp_path: Path) -> None:
    file = str(tmp_path / "turns.jsonl")
    live = kernel(store="off", record=file)
    for text in ("one", "two"):
        live.ask(text)
    again = kernel(mode="replay", store="off", recording=file)
    for text in ("one", "two"):
        again.ask(text)
    assert again.records == live.records == read_recording(Path(file))


def test_a_question_may_name_its_own_files(
    kernel: Make, server: ChatServer, tmp_path: Path
) -> None:
    file = str(tmp_path / "turns.jsonl")
    kernel(store="off").ask("one", record=file)
    again = kernel(mode="replay", store="off")
    with pytest.raises(ReplayMissError):
        again.ask("one")
    assert again.ask("one", recording=file).text == "Answer 1 to one"


def test_the_environment_may_name_the_files(
    kernel: Make, server: ChatServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEEPSHI_RECORD", str(tmp_path / "turns.jsonl"))
    kernel(store="off").ask("one")
    monkeypatch.delenv("DEEPSHI_RECORD")
    monkeypatch.setenv("DEEPSHI_RECORDING", str(tmp_path / "turns.jsonl"))
    assert kernel(mode="replay", store="off").ask("one").text == "Answer 1 to one"


def test_a_recording_that_is_not_there_is_an_error_before_anything_is_sent(
    kernel: Make, server: ChatServer, tmp_path: Path
) -> None:
    with pytest.raises(RecordError, match="cannot be read"):
        kernel(mode="auto", recording=str(tmp_path / "none.jsonl")).ask("one")
    assert server.received == []


def test_what_this_kernel_has_asked_is_recorded_for_itself(
    kernel: Make, server: ChatServer
) -> None:
    one = kernel(store="off")
    one.ask("one", start="once")
    with pytest.raises(ReplayMissError):
        one.ask("two", start="once", mode="replay")
    one.session.reset()
    assert one.ask("one", start="once", mode="auto").text == "Answer 2 to one"
    one.session.reset()
    assert one.ask("one", start="once", mode="auto").text == "Answer 2 to one"


def test_a_replayed_turn_is_recorded_as_it_was(
    kernel: Make, server: ChatServer, tmp_path: Path
) -> None:
    kernel(record=str(tmp_path / "a.jsonl")).ask("one")
    kernel(record=str(tmp_path / "b.jsonl"), mode="replay").ask("one")
    assert (tmp_path / "a.jsonl").read_bytes() == (tmp_path / "b.jsonl").read_bytes()


# Turns of several calls


def test_a_repaired_answer_is_given_again_with_what_led_to_it(
    kernel: Make, server: ChatServer
) -> None:
    schema = answer_schema(CITY)
    server.plan("Describe Bern.", says("not JSON"))
    live = kernel()
    with pytest.raises(CallError):  # what the correction says is answered otherwise
        live.ask("Describe Bern.", schema=schema, repairs=1)
    correction = server.questions[-1]
    server.plan(correction, says('{"name": "Bern"}'))
    live = kernel()
    assert live.ask("Describe Bern.", schema=schema, repairs=1).parsed == {"name": "Bern"}
    asked = len(server.received)
    again = kernel(mode="replay")
    assert again.ask("Describe Bern.", schema=schema, repairs=1).parsed == {"name": "Bern"}
    assert len(server.received) == asked
    assert again.shown == live.shown


def test_a_schema_that_was_asked_for_in_words_is_found_without_the_catalogue(
    kernel: Make, server: ChatServer
) -> None:
    """A replay asks nobody what the model can do; it takes what was recorded."""
    server.models = [{"id": "deepshi-3.0", "supported_features": []}]
    server.plan("Describe Bern.", says("{}"))
    schema = answer_schema(CITY)
    live = kernel()
    live.session.connection.models()
    words = live.session.prepare(Question(prompt=verbatim("Describe Bern."), schema=schema))
    question = words.body["messages"][-1]["content"]
    assert "response_format" not in words.body
    server.plan(question, says('{"name": "Bern"}'))
    live.ask("Describe Bern.", schema=schema)
    asked = len(server.received)
    again = kernel(mode="replay")
    assert again.ask("Describe Bern.", schema=schema).parsed == {"name": "Bern"}
    assert len(server.received) == asked
    assert again.shown == live.shown


def test_a_shortened_context_is_shortened_as_it_was(kernel: Make, server: ChatServer) -> None:
    server.models = [{"id": "deepshi-3.0", "context_length": 400, "max_output_length": 50}]
    names = [f"{name} {'word ' * 50}" for name in ("one", "two", "three", "four")]
    live = kernel()
    live.session.connection.models()
    for name in (*names, "last"):
        live.ask(name)
    cut = live.records[-1].cut
    assert cut is not None
    asked = len(server.received)
    again = kernel(mode="replay")
    for name in (*names, "last"):
        again.ask(name)
    assert len(server.received) == asked
    assert again.shown == live.shown


# The record is the request


def test_every_key_can_be_made_again_from_the_record_and_the_context(
    kernel: Make, server: ChatServer
) -> None:
    live = kernel()
    live.ask("one", system="Be brief.", parameters={"seed": 7, "temperature": 0.0})
    live.ask("two", extra={"top_k": 4})
    for record, body in zip(live.records, server.bodies, strict=True):
        assert record.parent == chain(body["messages"][: -len(record.messages)])
        tip = chain(record.messages, record.parent)
        fields = {"model": record.model, **record.parameters}
        key = key_of_chain(record.endpoint, tip, fields, record.call.sample)
        assert key == record.call.request_key


def test_a_record_is_the_same_bytes_each_time_that_it_is_written(
    kernel: Make, server: ChatServer
) -> None:
    live = kernel()
    live.ask("one")
    (record,) = live.records
    assert json.dumps(record.as_json()) == json.dumps(record.as_json())
