"""What the kernel sends is what `labextension/test/protocol.test.ts` reads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from deepshi_jupyter.core.events import Event
from deepshi_jupyter.core.reply import Choice, Reply
from deepshi_jupyter.display.answer import Answer
from deepshi_jupyter.display.deltas import TARGET, VERSION, Deltas
from deepshi_jupyter.tools.result import ToolResult

PROTOCOL = sorted((Path(__file__).parent / "protocol").glob("*.json"))
FILES = [file for file in PROTOCOL if "calls" in json.loads(file.read_bytes())]
"""The answers over a stream; the other files are about other messages (``protocol/README.md``)."""

SOURCE = Path(__file__).parents[2] / "labextension" / "src" / "protocol.ts"


class Comm:
    """Remembers what was sent."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []

    def send(self, data: dict[str, Any]) -> None:
        self.sent.append(data)

    def close(self) -> None:
        """Nothing more may be sent."""


@pytest.fixture
def comm(monkeypatch: pytest.MonkeyPatch) -> Comm:
    comm = Comm()
    monkeypatch.setattr("comm.create_comm", lambda **_: comm)
    monkeypatch.setattr("IPython.display.publish_display_data", lambda *_, **__: None)
    return comm


def act(deltas: Deltas, call: dict[str, Any]) -> None:
    """Do what a file says was done: its key is the method, its value the argument."""
    ((method, argument),) = call.items()
    if method == "show":
        deltas.show(msgspec.convert(argument, list[Event]))
    elif method == "card":
        deltas.card(msgspec.convert(argument, ToolResult))
    elif method == "end":
        choice = Choice(text=argument.pop("text"), finish_reason=argument.pop("finish_reason"))
        deltas.end(Answer(reply=Reply(choices=(choice,), **argument)))
    else:
        deltas.abandon()


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_kernel_sends_what_the_file_says(file: Path, comm: Comm) -> None:
    exchange = json.loads(file.read_text(encoding="utf-8"))
    deltas = Deltas()
    for call in exchange["calls"]:
        act(deltas, call)
    assert comm.sent == exchange["messages"]


def test_both_sides_name_the_same_target_and_version() -> None:
    source = SOURCE.read_text(encoding="utf-8")
    assert f"export const TARGET = '{TARGET}';" in source
    assert f"export const VERSION = {VERSION};" in source
