from __future__ import annotations

import sys

import pytest

from deepshi_jupyter.core.reply import Choice, Reply
from deepshi_jupyter.errors import InputError, OptionError
from deepshi_jupyter.magics.fix import corrected_cell
from tests.chunks import answer
from tests.kernel import Kernel
from tests.magics.conftest import Shell
from tests.wire_server import Played, WireServer

FIXED = "It divides by zero.\n\n```python\nx = 1\nprint(x / 2)\n```\n"


@pytest.fixture(autouse=True)
def _no_earlier_failure() -> None:
    for name in ("last_value", "last_type", "last_traceback"):
        if hasattr(sys, name):
            delattr(sys, name)


def fail(shell: Shell, cell: str) -> None:
    assert not shell.ip.run_cell(cell, store_history=True).success


def question(shell: Shell, capsys: pytest.CaptureFixture[str]) -> str:
    capsys.readouterr()
    shell.run("%deepshi fix --dry-run")
    return capsys.readouterr().out.replace("\\n", "\n").replace('\\"', '"')


def test_the_failed_cell_and_its_traceback_are_sent(
    shell: Shell, server: WireServer, capsys: pytest.CaptureFixture[str]
) -> None:
    fail(shell, "x = 1\nprint(x / 0)")
    sent = question(shell, capsys)
    assert "```python\nx = 1\nprint(x / 0)\n```" in sent
    assert "ZeroDivisionError: division by zero" in sent
    assert "interactiveshell.py" not in sent
    assert server.received == []


def test_a_syntax_error_has_its_source_as_well(
    shell: Shell, server: WireServer, capsys: pytest.CaptureFixture[str]
) -> None:
    fail(shell, "for x in [1]\n    print(x)")
    sent = question(shell, capsys)
    assert "for x in [1]\n    print(x)" in sent
    assert "SyntaxError" in sent


def test_the_corrected_cell_is_offered_below_and_not_run(
    shell: Shell, server: WireServer, capsys: pytest.CaptureFixture[str]
) -> None:
    offered: list[str] = []
    shell.ip.set_next_input = lambda text, replace=False: offered.append(text)
    server.answers = [Played(answer(FIXED))]
    fail(shell, "x = 1\nprint(x / 0)")
    shell.run("%deepshi fix")
    (cell,) = offered
    assert cell.endswith("x = 1\nprint(x / 2)")
    assert cell.startswith("# Proposed by m; read it")
    assert "nothing was run" in capsys.readouterr().out


def test_without_a_failure_there_is_nothing_to_fix(shell: Shell) -> None:
    with pytest.raises(InputError, match="No cell has failed"):
        shell.run("%deepshi fix")


def test_an_error_of_deepshi_says_itself_what_to_do(shell: Shell) -> None:
    fail(shell, "%deepshi set temperature=9")
    with pytest.raises(InputError, match="one of deepshi itself: temperature is 9"):
        shell.run("%deepshi fix")


def test_a_wrong_word_says_what_is_right(shell: Shell) -> None:
    with pytest.raises(OptionError, match="--dry-run and -m MODEL"):
        shell.run("%deepshi fix now")


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        (FIXED, "x = 1\nprint(x / 2)"),
        ("```\na\n```\n```py\nb\n```\n```bash\nls\n```", "b"),
        ("no code", None),
        ("```bash\nls\n```", None),
    ],
)
def test_the_last_python_block_is_the_corrected_cell(text: str, cell: str | None) -> None:
    assert corrected_cell(Reply(choices=(Choice(text=text),))) == cell


def test_a_front_end_gets_the_cell_as_its_next_input() -> None:
    with (
        WireServer(Played(answer(FIXED))) as server,
        Kernel(DEEPSHI_BASE_URL=server.base_url) as kernel,
    ):
        kernel.run("%load_ext deepshi_jupyter")
        kernel.run("x = 1\nprint(x / 0)")
        run = kernel.run("%deepshi fix")
        (payload,) = run.reply["payload"]
    assert payload["source"] == "set_next_input"
    assert payload["replace"] is False
    assert "print(x / 2)" in payload["text"]
