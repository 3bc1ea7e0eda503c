"""What the front end sends, as `labextension/lab/test` writes it down."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepshi_jupyter.core.canonical import text_sha256
from deepshi_jupyter.display.deltas import TARGET as STREAM
from deepshi_jupyter.errors import OptionError
from deepshi_jupyter.link import READY, TARGET
from deepshi_jupyter.link.messages import kind_of, read_message
from tests.core.json_values import ANY_JSON

PROTOCOL = Path(__file__).parents[1] / "frontend" / "protocol"
FILES = {file.stem: json.loads(file.read_bytes()) for file in PROTOCOL.glob("control-*.json")}


def examples(*where: str) -> list[Any]:
    """All messages of the front end that stand somewhere in the files."""
    found = []
    for name, file in sorted(FILES.items()):
        value = file
        for key in where:
            value = value.get(key, {})
        found += [pytest.param(m, id=f"{name}-{n}") for n, m in enumerate(value or [])]
    return found


def test_the_files_are_there() -> None:
    kinds = {file["kind"] for file in FILES.values() if file.get("front_end")}
    asked = {"hello", "order", "stop", "snapshot", "settings", "status", "versions", "pick"}
    assert kinds == asked


@pytest.mark.parametrize("message", examples("front_end"))
def test_each_message_of_the_front_end_is_read(message: dict[str, Any]) -> None:
    read = read_message(message)
    known = {name: value for name, value in message.items() if hasattr(read, name)}
    assert known.keys() >= message.keys() - {"kind", "newer"}


@pytest.mark.parametrize("message", examples("unreadable", "front_end"))
def test_what_must_be_refused_is_refused(message: Any) -> None:
    with pytest.raises(OptionError, match="cannot be read"):
        read_message(message)


@given(ANY_JSON)
def test_any_json_is_read_or_refused(value: Any) -> None:
    with contextlib.suppress(OptionError):
        read_message(value)
    assert isinstance(kind_of(value), str)


@given(st.sampled_from([p.values[0] for p in examples("front_end")]), st.data())
def test_a_message_with_another_value_in_it_is_read_or_refused(
    message: dict[str, Any], data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from(sorted(message)))
    with contextlib.suppress(OptionError):
        read_message({**message, name: data.draw(ANY_JSON)})


def test_both_sides_hash_a_source_alike() -> None:
    file = FILES["control-order"]
    hashes = [cell["sha256"] for cell in file["front_end"][1]["cells"]]
    assert hashes == [text_sha256(source) for source in file["sources"]]


def test_both_sides_name_the_same_targets() -> None:
    assert FILES["control-hello"]["target"] == TARGET
    assert FILES["control-ready"]["target"] == READY
    assert FILES["control-stream"]["target"] == STREAM
