"""What goes with a question: images, forms of the answer, tools; over the embedded endpoint."""

from __future__ import annotations

import json
from typing import Any

import pytest

from deepshi_jupyter.errors import InputError, InvalidAnswerError, OptionError
from deepshi_jupyter.tools import default_toolbox
from tests.chunks import DONE, answer, chunk
from tests.magics.conftest import Shell
from tests.magics.test_deepshi import sent
from tests.wire_server import Played, WireServer


@pytest.fixture
def offline(shell: Shell) -> Shell:
    shell.run("%deepshi set base_url=offline")
    return shell


@pytest.fixture(autouse=True)
def _no_tools_of_other_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(default_toolbox, "_tools", {})
    monkeypatch.setattr(default_toolbox, "_allowed", {})


CITY = """
from dataclasses import dataclass
@dataclass
class City:
    name: str
    people: int
"""

RAIN = """
import deepshi_jupyter
@deepshi_jupyter.tool(approve="{approve}")
def rainfall(city: str) -> float:
    '''Return the rainfall of a city.

    Args:
        city: Its name.
    '''
    if city == "Atlantis":
        raise LookupError("no such city")
    return 12.5
"""


def test_a_schema_gives_a_typed_value(offline: Shell) -> None:
    offline.run(CITY)
    offline.run("%%deepshi --schema City --seed 1\nDescribe Bern.")
    parsed = offline.names["_deepshi"].parsed
    assert type(parsed) is offline.names["City"]
    assert isinstance(parsed.people, int)


def test_json_gives_a_plain_value(offline: Shell) -> None:
    offline.run("%%deepshi --json --seed 1\nDescribe Bern.")
    reply = offline.names["_deepshi"]
    assert reply.parsed == json.loads(reply.text)


def test_a_model_without_schemas_is_told_the_form_in_words(shell: Shell) -> None:
    shell.run("%deepshi set base_url=offline model=offline-echo")
    shell.run(CITY)
    with pytest.raises(InvalidAnswerError) as caught:
        shell.run("%%deepshi --schema City\nDescribe Bern.")
    asked = caught.value.partial.request
    assert "response_format" not in asked
    assert "JSON schema" in asked["messages"][-1]["content"]


def test_an_answer_of_another_form_is_shown_kept_and_says_where_it_breaks(
    shell: Shell, server: WireServer, capsys: pytest.CaptureFixture[str]
) -> None:
    server.answers = [Played(answer('{"name": "Bern", "people": "many"}'))]
    shell.run(CITY)
    with pytest.raises(InvalidAnswerError, match=r"\$\.people") as caught:
        shell.run("%%deepshi --schema City\nDescribe Bern.")
    assert caught.value.partial.text == '{"name": "Bern", "people": "many"}'
    assert '"many"' in capsys.readouterr().out
    (turn,) = shell.session.state.timeline
    assert turn.record.is_partial


def test_a_repair_asks_again_with_what_was_wrong(shell: Shell, server: WireServer) -> None:
    server.answers = [
        Played([b'{"data": []}']),
        Played(answer("not JSON")),
        Played(answer('{"name": "Bern", "people": 134000}')),
    ]
    shell.run(CITY)
    shell.run("%%deepshi --schema City --repair 1\nDescribe Bern.")
    assert shell.names["_deepshi"].parsed.people == 134000
    messages = sent(server)["messages"]
    assert messages[-2] == {"role": "assistant", "content": "not JSON"}
    assert "Answer again" in messages[-1]["content"]
    (turn,) = shell.session.state.timeline
    assert turn.record.question == "Describe Bern."
    assert len(turn.record.messages) == 1
    assert [message["role"] for message in turn.record.repairs] == ["assistant", "user"]
    assert "2 calls, 1 of them repairs" in turn.record.remarks[-1]


def test_repair_without_a_form_is_an_error(offline: Shell) -> None:
    with pytest.raises(OptionError, match="needs --json or --schema"):
        offline.run("%%deepshi --repair 1\nhello")


def test_a_tool_that_may_always_run_is_run_and_its_result_goes_back(
    offline: Shell, capsys: pytest.CaptureFixture[str]
) -> None:
    offline.run(RAIN.format(approve="always"))
    offline.run("%%deepshi -m offline-tools --tools rainfall --seed 1\nHow much rain fell in Bern?")
    out = capsys.readouterr().out
    assert 'rainfall({"city": "Bern"})' in out.replace('{"city":"Bern"}', '{"city": "Bern"}')
    assert "12.5" in offline.names["_deepshi"].text
    (turn,) = offline.session.state.timeline
    assert [message["role"] for message in turn.record.messages] == ["user", "assistant", "tool"]
    assert "This turn took 2 calls" in out


def test_a_tool_that_fails_is_a_result_and_not_the_end(offline: Shell) -> None:
    offline.run(RAIN.format(approve="always"))
    offline.run("%%deepshi -m offline-tools --tools rainfall --seed 1\nRain in Atlantis?")
    (turn,) = offline.session.state.timeline
    assert turn.record.messages[-1]["content"] == "error: LookupError: no such city"


def test_where_nobody_can_be_asked_a_tool_that_asks_is_an_error_before_anything_is_sent(
    offline: Shell,
) -> None:
    offline.run(RAIN.format(approve="ask"))
    with pytest.raises(InputError, match="only run after asking you") as caught:
        offline.run("%%deepshi -m offline-tools --tools rainfall\nRain in Bern?")
    assert 'approve="always"' in caught.value.todo
    assert offline.session.spent.calls == 0


@pytest.mark.parametrize(
    ("said", "result"), [("n", "refused"), ("y", "12.5"), ("a", "12.5"), ("", "refused")]
)
def test_a_tool_that_asks_runs_when_the_user_says_so(
    offline: Shell, monkeypatch: pytest.MonkeyPatch, said: str, result: str
) -> None:
    questions: list[str] = []

    def answer_of_the_user(question: str) -> str:
        questions.append(question)
        return said

    monkeypatch.setattr("deepshi_jupyter.magics.approval.can_ask", lambda _: True)
    monkeypatch.setattr("builtins.input", answer_of_the_user)
    offline.run(RAIN.format(approve="ask"))
    for _ in range(2):
        offline.run("%deepshi reset")
        offline.run("%%deepshi -m offline-tools --tools rainfall --seed 1\nRain in Bern?")
        (turn,) = offline.session.state.timeline
        assert result in turn.record.messages[-1]["content"]
    assert len(questions) == (1 if said == "a" else 2)
    assert "Run rainfall(" in questions[0]


def test_tool_calls_of_a_broken_stream_are_never_run(shell: Shell, server: WireServer) -> None:
    call = {"index": 0, "id": "a", "function": {"name": "rainfall", "arguments": '{"city":"x"}'}}
    server.answers = [Played([chunk({"tool_calls": [call]})], end="dirty")]
    shell.run(RAIN.format(approve="always").replace("return 12.5", "raise SystemError"))
    with pytest.raises(Exception, match="broke off"):
        shell.run("%%deepshi --tools rainfall\nRain?")


def test_rounds_of_tools_are_bounded(shell: Shell, server: WireServer) -> None:
    call = {"index": 0, "id": "a", "function": {"name": "rainfall", "arguments": '{"city":"x"}'}}
    again = [chunk({"tool_calls": [call]}), chunk({}, "tool_calls"), DONE]
    server.answers = [Played(again)]
    shell.run(RAIN.format(approve="always"))
    with pytest.raises(Exception, match="8 are allowed"):
        shell.run("%%deepshi --tools rainfall\nRain?")


def test_a_figure_goes_with_the_question(offline: Shell) -> None:
    offline.run("import matplotlib; matplotlib.use('agg'); import matplotlib.pyplot as plt")
    offline.run("figure, axes = plt.subplots(figsize=(2, 1), dpi=100)")
    offline.run("%%deepshi -m offline-vision --attach figure\nWhat is in it?")
    assert "200" in offline.names["_deepshi"].text
    (turn,) = offline.session.state.timeline
    assert [part["type"] for part in turn.messages[0]["content"]] == ["text", "image_url"]


def test_an_image_file_goes_with_the_question_by_its_name(offline: Shell, tmp_path: Any) -> None:
    from PIL import Image

    Image.new("RGB", (2000, 1000)).save(tmp_path / "wide picture.png")
    offline.run(f"%%deepshi -m offline-vision --attach '{tmp_path}/wide picture.png'\nWhat?")
    reply = offline.names["_deepshi"]
    assert "1568" in reply.text


def test_a_model_that_takes_no_images_is_told_before_anything_is_sent(offline: Shell) -> None:
    offline.names["png"] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\x02\0\0\0"
    with pytest.raises(InputError, match="takes no images"):
        offline.run("%%deepshi --attach png\nWhat is in it?")
    assert offline.session.spent.calls == 0


def test_what_cannot_be_attached_says_why(offline: Shell) -> None:
    with pytest.raises(OptionError, match="NameError"):
        offline.run("%%deepshi --attach nothing\nWhat?")


def test_a_shortened_value_is_said_under_the_answer(
    offline: Shell, capsys: pytest.CaptureFixture[str]
) -> None:
    offline.run("long = 'x' * 30_000")
    offline.run("%%deepshi --seed 1\n{{long}}")
    out = capsys.readouterr().out
    assert "! {{long}}: " in out
    assert "1 value inserted" in out


def test_a_dry_run_says_what_it_would_take(
    offline: Shell, capsys: pytest.CaptureFixture[str]
) -> None:
    offline.run("%deepshi models")
    offline.run("%%deepshi --dry-run --max-tokens 100\nhello")
    out = capsys.readouterr().out
    assert "The question was not sent. ≈ " in out
    assert "up to 100 out: ≈ $" in out


def test_samples_are_shown_together_and_all_on_the_reply(
    offline: Shell, capsys: pytest.CaptureFixture[str]
) -> None:
    offline.run("%%deepshi -n 3 --seed 1 --max-tokens 9\nhello")
    assert len(offline.names["_deepshi"].texts) == 3
    assert "answer 3 of 3" in capsys.readouterr().out


def test_everything_a_cell_can_ask_python_can_ask(offline: Shell) -> None:
    offline.run(CITY + RAIN.format(approve="always"))
    offline.run("from deepshi_jupyter import ask")
    city = offline.run("ask('Describe Bern.', schema=City, seed=1).parsed")
    assert type(city) is offline.names["City"]
    assert offline.run("ask('Describe Bern.', json=True, seed=1).parsed")
    told = "ask('Rain in Bern?', model='offline-tools', tools=[rainfall], seed=1).text"
    assert "12.5" in offline.run(told)
    offline.run("%deepshi reset")
    offline.names["png"] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\2\0\0\0\1\x08\x02\0\0\0" + bytes(
        40
    )
    assert "2" in offline.run("ask('What?', model='offline-vision', attach=png).text")


def test_json_of_a_model_without_json_mode_is_asked_for_in_words(shell: Shell) -> None:
    shell.run("%deepshi set base_url=offline model=offline-echo")
    with pytest.raises(InvalidAnswerError, match="not JSON") as caught:
        shell.run("%%deepshi --json\nDescribe Bern.")
    assert "Answer with JSON" in caught.value.partial.request["messages"][-1]["content"]


def test_a_prompt_that_holds_the_key_is_refused_before_anything_is_sent(
    shell: Shell, server: WireServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEEPSHI_API_KEY", "sk-bf-canary-77aa")
    shell.run("import os")
    with pytest.raises(InputError, match="holds your API key") as caught:
        shell.run("%%deepshi\nWhat is in {{dict(os.environ)}}?")
    assert "canary" not in str(caught.value)
    assert server.received == []


def test_a_system_prompt_that_is_set_later_holds_from_there_on(
    shell: Shell, server: WireServer
) -> None:
    shell.run("%%deepshi --system 'Be brief.'\none")
    shell.run("%deepshi set system='Be long.'")
    shell.run("%%deepshi\ntwo")
    assert sent(server)["messages"][0]["content"] == "Be long."


def test_reloading_the_extension_keeps_what_was_set(shell: Shell) -> None:
    shell.run("%deepshi set max_retries=5")
    shell.run("%reload_ext deepshi_jupyter")
    shell.run("%deepshi")
    assert shell.session.settings.max_retries == 5


def test_images_of_earlier_turns_are_not_sent_to_a_model_that_takes_none(offline: Shell) -> None:
    header = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\2\0\0\0\1\x08\x02\0\0\0"
    offline.names["png"] = header + bytes(40)
    offline.run("%%deepshi -m offline-vision --attach png\nWhat is in it?")
    with pytest.raises(InputError, match="takes no images") as caught:
        offline.run("%%deepshi -m offline-chat\nAnd now?")
    assert "%deepshi reset" in caught.value.todo
