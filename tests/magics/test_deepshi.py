from __future__ import annotations

import json
from typing import Any

import pytest

from deepshi_jupyter.core.reply import Reply
from deepshi_jupyter.errors import (
    AuthenticationError,
    InterpolationError,
    InvalidRequestError,
    OptionError,
    StreamCutError,
)
from tests.chunks import chunk
from tests.magics.conftest import Shell
from tests.wire_server import Played, WireServer


def sent(server: WireServer, place: int = -1) -> dict[str, Any]:
    asked = [request for request in server.received if request.method == "POST"]
    body: dict[str, Any] = json.loads(asked[place].body)
    return body


def asked(server: WireServer, place: int = -1) -> str:
    text: str = sent(server, place)["messages"][-1]["content"]
    return text


def test_a_cell_is_a_question(shell: Shell, server: WireServer) -> None:
    shell.run("%%deepshi\nWhat is\n a p-value?")
    assert asked(server) == "What is\n a p-value?"


def test_the_answer_is_printed_in_a_terminal(
    shell: Shell, server: WireServer, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.run("%%deepshi\nhello")
    out = capsys.readouterr().out
    assert out.startswith("**Hi**\n")
    assert "3 in / 2 out · $0.25000 · stop" in out


def test_the_reply_is_a_variable(shell: Shell, server: WireServer) -> None:
    shell.run("%%deepshi\nhello")
    assert isinstance(shell.names["_deepshi"], Reply)
    assert str(shell.names["_deepshi"]) == "**Hi**"
    shell.run("%%deepshi -o answer\nhello")
    assert shell.names["answer"].cost == 0.25


def test_options_become_parameters(shell: Shell, server: WireServer) -> None:
    shell.run(
        "%%deepshi -m other -t 0.2 --top-p 0.5 --seed 7 --max-tokens 9 --stop END"
        " --stop 'two words' --presence-penalty -1 -n 1 --param top_k=40 --param user=me"
        " --system 'Be brief.'\nhello"
    )
    body = sent(server)
    wanted = {"temperature": 0.2, "top_p": 0.5, "seed": 7, "max_tokens": 9, "n": 1, "top_k": 40}
    assert wanted.items() <= body.items()
    assert body["model"] == "other"
    assert body["stop"] == ["END", "two words"]
    assert body["presence_penalty"] == -1
    assert body["user"] == "me"
    assert body["messages"][0] == {"role": "system", "content": "Be brief."}


def test_what_is_not_set_is_not_sent(shell: Shell, server: WireServer) -> None:
    shell.run("%%deepshi\nhello")
    assert set(sent(server)) == {"model", "messages", "stream", "stream_options"}


def test_no_stream_asks_for_one_piece(shell: Shell, server: WireServer) -> None:
    shell.run("%%deepshi --no-stream\nhello")
    assert "stream" not in sent(server)


def test_a_follow_up_carries_the_turns_before_it(shell: Shell, server: WireServer) -> None:
    shell.run("%%deepshi\nfirst")
    shell.run("%%deepshi\nsecond")
    assert [m["content"] for m in sent(server)["messages"]] == ["first", "**Hi**", "second"]
    shell.run("%deepshi reset")
    shell.run("%%deepshi\nthird")
    assert [m["content"] for m in sent(server)["messages"]] == ["third"]


def test_the_system_prompt_stays_with_the_conversation(shell: Shell, server: WireServer) -> None:
    shell.run("%%deepshi --system 'Be brief.'\nfirst")
    shell.run("%%deepshi\nsecond")
    assert sent(server)["messages"][0]["content"] == "Be brief."


def test_values_are_inserted_into_the_cell_and_its_first_line(
    shell: Shell, server: WireServer
) -> None:
    shell.run("x, name = 3.14159, 'a model'")
    shell.run("%%deepshi -m {{name}}\nIs {{x:.2f}} above {{int(x)}}?")
    assert asked(server) == "Is 3.14 above 3?"
    assert sent(server)["model"] == "a model"


@pytest.mark.parametrize(
    "body",
    [
        "{'a': 1, 'b': {'c': 2}}",
        "print(f'{a} and {a!r:>5}')",
        "x^{2} + y_{i}",
        r"\frac{a}{b}",
        "function f<T extends { id: string }>(x: T): Record<string, T> { return { [x.id]: x } }",
        "a lone { here",
        "{}",
        '{"a": [1, {"b": {}}], "c": "$a {a}"}',
        ".box { color: red } a{b}",
        "{{}}",
        "{{{{}}}}",
        ">>> print(1)\n>>> 2\n1",
        "In [1]: 2\n...: 3",
        "line\n   \n\tindented\n\n",
        "100 % $a `a` \\n",
        "%deepshi is a magic\n!ls\n?what",
    ],
)
def test_a_body_is_sent_byte_for_byte(shell: Shell, server: WireServer, body: str) -> None:
    shell.run("a, b = 'A', 'B'")
    shell.run(f"%%deepshi\n{body}")
    assert asked(server).rstrip("\n") == body.rstrip("\n")


def test_raw_leaves_the_braces_alone(shell: Shell, server: WireServer) -> None:
    shell.run("%%deepshi --raw\n{{ unknown }}")
    assert asked(server) == "{{ unknown }}"


@pytest.mark.parametrize(
    ("cell", "error", "words"),
    [
        ("%%deepshi\n{{ unknwon }}", InterpolationError, "Did you mean unknown"),
        ("%%deepshi\n{{ 1/0 }}", InterpolationError, "ZeroDivisionError"),
        ("%%deepshi\n{{ not python at all }}", InterpolationError, "--raw"),
        ("%%deepshi --temprature 1\nhi", OptionError, "Did you mean --temperature"),
        ("%%deepshi -t warm\nhi", OptionError, "a number from 0 to 2"),
        ("%%deepshi -t 3\nhi", InvalidRequestError, "a number from 0 to 2"),
        ("%%deepshi -t\nhi", OptionError, "expected one argument"),
        ("%%deepshi What is it?\nhi", OptionError, "on the lines below"),
        ("%%deepshi --system 'open\nhi", OptionError, "Close the quotes"),
        ("%%deepshi -o 1st\nhi", OptionError, "no name for a variable"),
        ("%%deepshi --param top_k\nhi", OptionError, "NAME=JSON"),
        ("%%deepshi --top-logprobs 3\nhi", InvalidRequestError, "needs logprobs"),
        ("%%deepshi\n   \n", InvalidRequestError, "The prompt is empty"),
    ],
)
def test_bad_input_is_an_error_before_anything_is_sent(
    shell: Shell, server: WireServer, cell: str, error: type[Exception], words: str
) -> None:
    shell.run("unknown = 1")
    with pytest.raises(error) as caught:
        shell.run(cell)
    assert words in str(caught.value)
    assert server.received == []


def test_a_failing_call_fails_the_cell_and_keeps_no_turn(shell: Shell, server: WireServer) -> None:
    server.answers = [Played([b'{"error": {"message": "no"}}'], 401)]
    with pytest.raises(AuthenticationError):
        shell.run("%%deepshi\nhello")
    assert list(shell.session.state.timeline) == []


def test_an_answer_that_broke_off_is_shown_and_fails_the_cell(
    shell: Shell, server: WireServer, capsys: pytest.CaptureFixture[str]
) -> None:
    server.answers = [Played([chunk({"content": "Half an"})], end="dirty")]
    with pytest.raises(StreamCutError) as caught:
        shell.run("%%deepshi\nhello")
    assert caught.value.partial.text == "Half an"
    assert "Half an\n! The answer broke off here." in capsys.readouterr().out
    (turn,) = shell.session.state.timeline
    assert turn.record.is_partial
    assert turn.record.text == "Half an"


def test_a_dry_run_shows_the_request_and_sends_nothing(
    shell: Shell, server: WireServer, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.run("%%deepshi --dry-run -t 0.5\nhello")
    shown = json.loads(capsys.readouterr().out.partition("The question")[0])
    assert shown["temperature"] == 0.5
    assert shown["messages"] == [{"role": "user", "content": "hello"}]
    assert server.received == []


def test_both_temperature_and_top_p_are_remarked_on(
    shell: Shell, server: WireServer, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.run("%%deepshi -t 1 --top-p 0.5\nhello")
    assert "! temperature and top_p are both set" in capsys.readouterr().out


def test_the_help_lists_every_option(shell: Shell) -> None:
    manual = shell.ip.magics_manager.magics["cell"]["deepshi"].__doc__ or ""
    for option in ("--model", "--temperature", "--seed", "--stop", "--system", "--output"):
        assert option in manual


def test_the_extension_can_be_unloaded(shell: Shell) -> None:
    shell.run("%unload_ext deepshi_jupyter")
    assert "deepshi" not in shell.ip.magics_manager.magics["cell"]
    assert "deepshi" not in shell.ip.magics_manager.magics["line"]


def test_a_reply_as_a_value_shows_as_markdown_and_plain_text(
    shell: Shell, server: WireServer
) -> None:
    shell.run("%%deepshi\nhello")
    bundle, _ = shell.ip.display_formatter.format(shell.names["_deepshi"])
    assert bundle["text/plain"] == "**Hi**"
    assert bundle["text/markdown"].startswith("**Hi**\n")
