"""What the pages on conversations and replay say is what the code says."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import get_args

import pytest

from deepshi_jupyter.cli.main import main
from deepshi_jupyter.core.recordings import Asked, Recordings
from deepshi_jupyter.core.request_key import NOT_IN_THE_KEY
from deepshi_jupyter.core.staleness import State
from deepshi_jupyter.core.turn_record import OrderSource, RecordedCall, TurnRecord
from deepshi_jupyter.magics.commands import COMMANDS
from deepshi_jupyter.preparation import WINDOW
from deepshi_jupyter.replay import replay_miss
from deepshi_jupyter.settings import MODES, SETTING_NAMES

ROOT = Path(__file__).parent.parent
CONVERSATIONS = (ROOT / "docs" / "conversations.md").read_text(encoding="utf-8")
REPLAY = (ROOT / "docs" / "replay.md").read_text(encoding="utf-8")
BOTH = {"conversations.md": CONVERSATIONS, "replay.md": REPLAY}


def first_column(page: str, head: str) -> list[str]:
    """Return what stands first in the rows of the table with a head."""
    rows = page.partition(f"| {head} |")[2].partition("\n\n")[0].splitlines()[2:]
    return [row.split("|")[1].strip() for row in rows]


def quoted(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


def test_the_table_of_states_has_each_state() -> None:
    assert sorted(quoted(" ".join(first_column(CONVERSATIONS, "state")))) == sorted(get_args(State))


def test_the_table_of_orders_has_each_source_of_order() -> None:
    assert quoted(" ".join(first_column(CONVERSATIONS, "`order`"))) == list(get_args(OrderSource))


def test_the_table_of_modes_has_each_mode() -> None:
    assert [quoted(mode)[0] for mode in first_column(REPLAY, "mode")] == list(MODES)


def test_all_that_is_not_in_the_key_is_named() -> None:
    table = REPLAY.partition("| in the key |")[2].partition("\n\n")[0]
    assert set(quoted(table)) >= NOT_IN_THE_KEY


def test_what_differs_in_a_miss_is_what_the_table_names() -> None:
    named = " ".join(quoted(" ".join(first_column(REPLAY, "what differs"))))
    source = (ROOT / "deepshi_jupyter" / "core" / "recordings.py").read_text(encoding="utf-8")
    fields = re.findall(r'(?:Difference\(|^ +\()"(\w+)"', source, re.MULTILINE)
    assert set(named.split()) == {*fields, "model"}


def test_the_share_of_the_window_is_that_of_the_code() -> None:
    assert f"{WINDOW:.0%}".replace("%", " %") in CONVERSATIONS


@pytest.mark.parametrize("page", BOTH)
def test_commands_and_settings_that_a_page_names_are_there(page: str) -> None:
    assert set(re.findall(r"(?<!%)%deepshi\s+([a-z-]+)", BOTH[page])) <= set(COMMANDS)
    named = re.findall(r"%deepshi\s+set\s+(\w+)=", BOTH[page])
    assert set(named) <= set(SETTING_NAMES)


@pytest.mark.parametrize("page", BOTH)
def test_the_commands_of_a_shell_that_a_page_shows_are_read(
    page: str, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = re.findall(r"^```bash\n(.*?)^```", BOTH[page], re.MULTILINE | re.DOTALL)
    commands = re.findall(r"deepshi-jupyter ([^\n&]+)", "\n".join(shown))
    assert commands
    for command in commands:
        name, *words = shlex.split(command)
        with pytest.raises(SystemExit) as ended:
            main([name, *words, "--help"])
        assert ended.value.code == 0
        options = [word for word in words if word.startswith("-")]
        said = capsys.readouterr().out
        assert [option for option in options if option not in said] == []


def test_the_miss_that_the_page_shows_is_what_a_miss_says() -> None:
    messages = ({"role": "user", "content": "Name a lake."},)
    record = TurnRecord(
        v=2,
        id="01KAQ2M9SFE3V8T6D0C4XN5R7W",
        endpoint="http://a/v1",
        model="m",
        parameters={"temperature": 0.2},
        messages=messages,
        calls=(RecordedCall(request_key="r1:a"),),
    )
    recordings = Recordings()
    recordings.add(record, "the notebook")
    body = {"model": "m", "temperature": 0.7}
    asked = Asked(endpoint="http://a/v1", body=body, messages=messages, parent="")
    miss = replay_miss(recordings, asked)
    (shown,) = re.findall(r"^```text\n(ReplayMissError.*?)^```", REPLAY, re.MULTILINE | re.DOTALL)
    assert shown.split() == f"ReplayMissError: {miss.what} → {miss.todo}".split()
