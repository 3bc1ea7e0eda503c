"""A notebook file → what it holds of turns; read as plain JSON, so that a large one reads quickly.

Files are read leniently: what is not of nbformat's shape is passed over, never changed.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from deepshi_jupyter.core.canonical import text_sha256
from deepshi_jupyter.core.cell_source import read_asking_cell
from deepshi_jupyter.core.mark import MIME_TYPE as MARK
from deepshi_jupyter.core.mark import Mark, read_marks
from deepshi_jupyter.core.staleness import CellView
from deepshi_jupyter.core.turn_record import MIME_TYPE as RECORD
from deepshi_jupyter.core.turn_record import TurnRecord, read_record
from deepshi_jupyter.errors import RecordError

Json = dict[str, Any]


class Trouble(msgspec.Struct, frozen=True):
    """Something in a notebook that cannot be read: where it stands and what is wrong."""

    cell: int
    error: RecordError


def read_notebook(path: Path) -> Json:
    """Read a notebook file.

    Args:
        path: An ``.ipynb`` file of nbformat 4.

    Raises:
        RecordError: It is not there, not JSON, or no notebook.
    """
    try:
        notebook = _decoded(path.read_bytes())
    except OSError as error:
        raise RecordError(f"{path} cannot be read: {error.strerror}.", "Check the name.") from None
    except ValueError as error:
        raise RecordError(
            f"{path} is no notebook: {error}.",
            "If it holds marks of a merge, see `deepshi-jupyter merge --help`.",
        ) from None
    if not isinstance(notebook, dict) or not isinstance(notebook.get("cells"), list):
        raise RecordError(f"{path} is no notebook of format 4.", "Open and save it in Jupyter.")
    return notebook


def _decoded(data: bytes) -> Any:
    """Read JSON, also with NaN and lone surrogates in it, as outputs of notebooks can hold."""
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return json.loads(data)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def write_notebook(notebook: Json, path: Path) -> None:
    """Write a notebook as Jupyter does; the file is whole at every moment.

    Args:
        notebook: A notebook of nbformat 4.
        path: Where to; an existing file is replaced.
    """
    from deepshi_jupyter.notebook.notebook_text import notebook_text

    text = notebook_text(notebook)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        mode = path.stat().st_mode & 0o777 if path.exists() else 0o644
        os.chmod(name, mode)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def source_of(cell: Mapping[str, Any]) -> str:
    """Return the source of a cell as one text."""
    return _joined(cell.get("source", ""))


def records_in(data: Mapping[str, Any]) -> list[Any]:
    """Return what stands under `MIME_TYPE` in a bundle: one record, or those of a whole cell."""
    value = data.get(RECORD)
    if value is None:
        return []
    turns = value.get("turns") if isinstance(value, dict) else None
    return list(turns) if isinstance(turns, list) else [value]


def cell_views(notebook: Mapping[str, Any]) -> tuple[list[CellView], list[Trouble]]:
    """Return the code cells of a notebook as staleness needs them, and what could not be read."""
    views, troubles = [], []
    for index, cell in enumerate(notebook["cells"]):
        if isinstance(cell, dict) and cell.get("cell_type") == "code":
            view, found = _view(index, cell)
            views.append(view)
            troubles += found
    return views, troubles


def _view(index: int, cell: Json) -> tuple[CellView, list[Trouble]]:
    source = source_of(cell)
    records: list[TurnRecord] = []
    shown: list[str | None] = []
    marks: list[Mark] = []
    troubles: list[Trouble] = []
    for data in bundles(cell):
        for value in records_in(data):
            try:
                records.append(read_record(value))
                shown.append(_shown(data, records[-1]))
            except RecordError as error:
                troubles.append(Trouble(index, error))
        try:
            marks += read_marks(data[MARK]) if MARK in data else []
        except RecordError as error:
            troubles.append(Trouble(index, error))
    view = CellView(
        index=index,
        id=str(cell.get("id") or ""),
        number=cell.get("execution_count"),
        source_sha256=text_sha256(source),
        asking=read_asking_cell(source),
        records=tuple(records),
        shown=tuple(shown),
        marks=tuple(marks),
    )
    return view, troubles


def bundles(cell: Mapping[str, Any]) -> Iterator[Json]:
    """Return the MIME bundles of a cell's outputs, in order; what has none is passed over."""
    outputs = cell.get("outputs")
    for output in outputs if isinstance(outputs, list) else []:
        data = output.get("data") if isinstance(output, dict) else None
        if isinstance(data, dict):
            yield data


def _shown(data: Json, record: TurnRecord) -> str | None:
    """Return the answer as the output shows it, where it is the text of one answer."""
    if "turns" in data[RECORD] or len(record.call.answers) != 1 or "text/plain" not in data:
        return None
    return _joined(data["text/plain"])


def _joined(text: Any) -> str:
    """Return a text that nbformat may keep as a list of lines."""
    return "".join(map(str, text)) if isinstance(text, list) else str(text)
