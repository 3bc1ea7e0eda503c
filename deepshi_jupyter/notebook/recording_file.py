"""Recorded turns in a file of their own: JSON Lines, one turn record a line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from deepshi_jupyter.core.turn_record import TurnRecord, read_record
from deepshi_jupyter.errors import ConfigurationError, RecordError


def read_recording(path: Path) -> list[TurnRecord]:
    """Read a recording file; where a turn was written again, the last line counts.

    Args:
        path: A file that `append_recording` wrote.

    Raises:
        RecordError: It is not there, or a line is no turn record.
    """
    records: dict[str, TurnRecord] = {}
    for number, line in _lines(path):
        try:
            record = read_record(msgspec.json.decode(line))
        except (msgspec.DecodeError, RecordError) as error:
            raise RecordError(
                f"Line {number} of {path} is no turn record: {error}.",
                "Take the line out, or record again with `--record`.",
            ) from None
        records[record.id or f"line {number}"] = record
    return list(records.values())


def append_recording(path: Path, record: dict[str, Any]) -> None:
    """Append a turn record to a recording file, which is made if it is not there.

    Args:
        path: The file.
        record: The record, as JSON.

    Raises:
        ConfigurationError: The file cannot be written.
    """
    line = msgspec.json.encode(record, order="sorted") + b"\n"
    try:
        with path.open("ab") as file:
            file.write(line)
    except OSError as error:
        raise ConfigurationError(
            f"The recording {path} cannot be written: {error.strerror}.",
            "Name another file; the answer itself is in the notebook.",
        ) from None


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield number, line
    except OSError as error:
        raise RecordError(
            f"The recording {path} cannot be read: {error.strerror}.",
            "Make one with `deepshi-jupyter run NB --record FILE`.",
        ) from None
