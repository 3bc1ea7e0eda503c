from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator

import pytest

from deepshi_jupyter.cli.main import main
from tests.cli.conftest import Run

Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def served(start: Start) -> Iterator[tuple[subprocess.Popen[str], dict[str, str]]]:
    """A server in a process of its own, and the variables that it asks to paste."""
    process = start("serve", "--pace", "0")
    assert process.stdout is not None
    printed = ""
    while "Ctrl-C stops it." not in printed:
        line = process.stdout.readline()
        assert line, process.communicate()
        printed += line
    return process, dict(re.findall(r"^  (?:export|set) (\w+)=(\S+)$", printed, re.MULTILINE))


def test_what_it_says_to_paste_is_all_that_the_others_need(
    served: tuple[subprocess.Popen[str], dict[str, str]], run: Run
) -> None:
    _, pasted = served
    assert [*pasted] == ["DEEPSHI_BASE_URL", "DEEPSHI_MODEL"]
    asked = run("ask", "hello", **pasted)
    assert asked.code == 0, asked
    assert asked.out.strip()
    listed = run("models", **pasted)
    assert listed.code == 0, listed
    assert pasted["DEEPSHI_BASE_URL"] in listed.out
    checked = run("doctor", **pasted)
    assert checked.code == 0, checked
    assert checked.out.startswith("✓ versions")


def test_ctrl_c_stops_it_cleanly(
    served: tuple[subprocess.Popen[str], dict[str, str]],
) -> None:
    process, _ = served
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (0, "Stopped.\n", "")


def test_a_port_that_is_taken_is_an_error_in_two_lines(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert main(["serve", "--port", str(taken.getsockname()[1])]) == 1
    err = capsys.readouterr().err
    assert "cannot listen" in err
    assert len(err.splitlines()) == 2


def test_an_address_that_others_reach_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "--host", "0.0.0.0"]) == 1
    err = capsys.readouterr().err
    assert "other machines could reach" in err
    assert "`--allow-remote`" in err


@pytest.mark.parametrize("words", [["--port", "70000"], ["--pace", "-1"], ["--pace", "nan"]])
def test_a_value_that_is_not_taken_is_wrong_usage(words: list[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["serve", *words])
    assert stopped.value.code == 2
