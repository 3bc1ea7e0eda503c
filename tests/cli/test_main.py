from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from deepshi_jupyter.cli.main import SUBCOMMANDS, main
from deepshi_jupyter.version import __version__

NAMES = [module.__name__.rpartition(".")[2].rstrip("_") for module in SUBCOMMANDS]


def test_a_bare_call_prints_help_and_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    out = capsys.readouterr().out
    assert out.startswith("usage: deepshi-jupyter")
    assert all(f"    {name} " in out for name in NAMES)


def test_the_subcommands_are_those_that_are_promised() -> None:
    assert [
        *("demo", "serve", "doctor", "models", "ask", "run", "status", "verify", "log", "cost"),
        *("diff", "drift", "export", "import", "restore", "merge", "scan"),
    ] == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_each_help_has_examples_and_exit_codes(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main([name, "--help"])
    out = capsys.readouterr().out
    assert stopped.value.code == 0
    assert f"deepshi-jupyter {name} " in out
    for section in ("examples:", "exit codes:", "  0     ", "  1     ", "  2     "):
        assert section in out


@pytest.mark.parametrize("words", [["asks"], ["serve", "--prot", "1"], ["ask"], ["--nope"]])
def test_wrong_usage_exits_2(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(words)
    assert stopped.value.code == 2
    assert "usage: deepshi-jupyter" in capsys.readouterr().err


def test_the_version_is_the_packages(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--version"])
    assert capsys.readouterr().out == f"deepshi-jupyter {__version__}\n"


def test_help_loads_nothing_heavy(repository: Path) -> None:
    code = (
        "import sys\n"
        "from deepshi_jupyter.cli.main import build_parser\n"
        "build_parser().format_help()\n"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", code], cwd=repository, capture_output=True, text=True, check=True
    ).stdout.split()
    heavy = {"httpx", "IPython", "jupyter_client", "nbclient", "nbformat", "tornado", "zmq"}
    assert "deepshi_jupyter" in loaded
    assert not heavy & set(loaded)
