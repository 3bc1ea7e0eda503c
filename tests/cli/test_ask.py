from __future__ import annotations

import io
import json
import os
import signal
import subprocess
from collections.abc import Callable, Iterator

import pytest

from deepshi_jupyter.cli.main import main
from deepshi_jupyter.offline import OfflineServer
from tests.chunks import DONE, answer, usage_chunk
from tests.cli.conftest import CANARY, Run
from tests.wire_server import Played, WireServer

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[OfflineServer]:
    with OfflineServer() as offline:
        monkeypatch.setenv("DEEPSHI_BASE_URL", offline.base_url)
        monkeypatch.setenv("DEEPSHI_MODEL", "offline-echo")
        yield offline


def bodies(server: OfflineServer) -> list[dict[str, object]]:
    return [json.loads(r.body) for r in server.requests if r.method == "POST"]


def give(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data)))


def test_the_words_are_the_question_and_stdout_is_the_answer_alone(
    server: OfflineServer, capsys: Capture
) -> None:
    assert main(["ask", "What", "is", "{{a}}", "p-value?"]) == 0
    out, err = capsys.readouterr()
    assert out == "What is {{a}} p-value?\n"
    assert err.startswith("offline-echo (embedded endpoint, not a language model)")


def test_a_dash_is_standard_input(
    server: OfflineServer, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    give(monkeypatch, "Größe\n\n  7\n".encode())
    assert main(["ask", "-"]) == 0
    assert capsys.readouterr().out == "Größe\n\n  7\n"


def test_words_and_standard_input_go_together(
    server: OfflineServer, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    give(monkeypatch, b"the text\n")
    assert main(["ask", "Summarise", "this:", "-"]) == 0
    assert capsys.readouterr().out == "Summarise this:\n\nthe text\n"


@pytest.mark.parametrize(("data", "says"), [(b"\xff\xfe", "not text in UTF-8"), (b"\n", "empty")])
def test_a_question_that_is_none_is_not_sent(
    server: OfflineServer,
    capsys: Capture,
    monkeypatch: pytest.MonkeyPatch,
    data: bytes,
    says: str,
) -> None:
    give(monkeypatch, data)
    assert main(["ask", "-"]) == 1
    err = capsys.readouterr().err
    assert says in err
    assert len(err.splitlines()) == 2
    assert bodies(server) == []


def test_options_become_parameters_of_the_request(server: OfflineServer, capsys: Capture) -> None:
    words = "ask -m offline-chat -t 0.2 --seed 7 --max-tokens 5 --system Brief. --param top_k=4 hi"
    assert main(words.split()) == 0
    (body,) = bodies(server)
    wanted = {"model": "offline-chat", "temperature": 0.2, "seed": 7, "max_tokens": 5, "top_k": 4}
    assert wanted.items() <= body.items()
    assert body["messages"] == [
        {"role": "system", "content": "Brief."},
        {"role": "user", "content": "hi"},
    ]
    assert "! Cut at max_tokens." in capsys.readouterr().err


def test_no_stream_asks_for_one_piece(server: OfflineServer, capsys: Capture) -> None:
    assert main(["ask", "--no-stream", "hi"]) == 0
    assert capsys.readouterr().out == "hi\n"
    assert not bodies(server)[0].get("stream")


def test_all_answers_are_printed(server: OfflineServer, capsys: Capture) -> None:
    assert main(["ask", "-n", "2", "hi"]) == 0
    assert capsys.readouterr().out == "hi\n\nhi\n"


def test_json_is_the_whole_reply(server: OfflineServer, capsys: Capture) -> None:
    assert main(["ask", "--json", "hi"]) == 0
    out, err = capsys.readouterr()
    record = json.loads(out)
    assert record["text"] == "hi"
    assert record["status"] == "complete"
    assert record["usage"]["completion_tokens"] > 0
    assert record["request"]["messages"][0]["content"] == "hi"
    assert err == ""


def test_reasoning_is_no_part_of_a_piped_answer(server: OfflineServer, capsys: Capture) -> None:
    assert main(["ask", "--json", "-m", "offline-reasoner", "--seed", "1", "hi"]) == 0
    reasoning = json.loads(capsys.readouterr().out)["choices"][0]["reasoning"]
    assert main(["ask", "-m", "offline-reasoner", "--seed", "1", "hi"]) == 0
    out, err = capsys.readouterr()
    assert reasoning
    assert reasoning not in out + err


def test_an_error_is_two_lines_on_stderr(server: OfflineServer, capsys: Capture) -> None:
    assert main(["ask", "-m", "offline-chatt", "hi"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    what, todo = err.splitlines()
    assert what.startswith("BadRequestError: ")
    assert todo.startswith("→ Did you mean offline-chat")
    assert "`deepshi-jupyter models`" in todo


def test_a_parameter_out_of_its_range_is_wrong_usage(
    server: OfflineServer, capsys: Capture
) -> None:
    assert main(["ask", "-t", "9", "hi"]) == 2
    assert "temperature is 9, expected a number from 0 to 2." in capsys.readouterr().err
    assert bodies(server) == []


def test_a_broken_answer_is_kept_and_fails(server: OfflineServer, capsys: Capture) -> None:
    assert main(["ask", "-m", "offline-error-cut", "hi"]) == 1
    out, err = capsys.readouterr()
    assert out.strip()
    assert "StreamCutError: The answer broke off" in err
    assert main(["ask", "--json", "-m", "offline-error-cut", "hi"]) == 1
    assert json.loads(capsys.readouterr().out)["status"] == "truncated"


def test_an_answer_cannot_drive_the_terminal(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    pieces = [*answer("a\x1b]0;x\x07b\r\n", "c", done=False), usage_chunk(1, 1), DONE]
    with WireServer(Played(pieces)) as played:
        monkeypatch.setenv("DEEPSHI_BASE_URL", played.base_url)
        assert main(["ask", "hi"]) == 0
    assert capsys.readouterr().out == "a]0;xb\nc\n"


def test_without_a_key_nothing_is_sent_and_a_way_is_offered(capsys: Capture) -> None:
    assert main(["ask", "hi"]) == 1
    what, todo = capsys.readouterr().err.splitlines()
    assert what.startswith("MissingKeyError: ")
    assert "--base-url offline" in todo


def test_the_embedded_endpoint_needs_no_socket(capsys: Capture) -> None:
    assert main(["ask", "--base-url", "offline", "-m", "offline-echo", "hi"]) == 0
    assert capsys.readouterr().out == "hi\n"


def test_a_plain_http_address_for_a_key_is_warned_about_in_one_line(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEEPSHI_API_KEY", CANARY)
    monkeypatch.setattr("socket.getaddrinfo", _nobody)
    words = ["ask", "--base-url", "http://example.invalid/v1", "--param", "x=1", "hi"]
    assert main(words) == 1
    err = capsys.readouterr().err
    assert err.startswith("! The key goes to example.invalid over plain http")
    assert CANARY not in err


def _nobody(*_: object, **__: object) -> None:
    raise OSError("no such host")


def test_ctrl_c_keeps_what_came_and_exits_130(
    start: Callable[..., subprocess.Popen[str]],
) -> None:
    process = start("ask", "--base-url", "offline", "-m", "offline-stall", "hello")
    assert process.stdout is not None
    first = os.read(process.stdout.fileno(), 1)
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert (first.decode() + out).strip()
    assert "You stopped this answer." in err
    assert "Traceback" not in err


def test_a_reader_that_goes_away_is_no_failure_to_complain_about(
    start: Callable[..., subprocess.Popen[str]],
) -> None:
    process = start("ask", "--base-url", "offline", "-m", "offline-flood-30000", "hello")
    assert process.stdout is not None
    assert process.stderr is not None
    os.read(process.stdout.fileno(), 10)
    process.stdout.close()
    assert process.wait(60) == 141
    assert "Traceback" not in process.stderr.read()


def test_a_key_shows_nowhere_even_when_it_is_refused(run: Run) -> None:
    with OfflineServer(require_key="sk-bf-another") as server:
        ran = run("ask", "hi", DEEPSHI_BASE_URL=server.base_url, PYTHONWARNINGS="error")
    assert ran.code == 1
    assert ran.err.startswith("AuthenticationError: ")
