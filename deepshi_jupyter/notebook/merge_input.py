"""The bytes of a notebook file → the notebook, checked as far as a merge needs it."""

from __future__ import annotations

import json
from typing import Any, Literal

import msgspec

from deepshi_jupyter.errors import RecordError

Json = dict[str, Any]


class _Output(msgspec.Struct):
    output_type: str
    data: Json = {}
    text: str | list[str] = ""


class _Cell(msgspec.Struct):
    cell_type: str
    id: str = ""
    source: str | list[str] = ""
    metadata: Json = {}
    attachments: dict[str, Json] = {}
    outputs: list[_Output] = []


class _Notebook(msgspec.Struct):
    nbformat: Literal[4]
    cells: list[_Cell]
    nbformat_minor: int = 5
    metadata: Json = {}


def read_version(data: bytes, name: str) -> Json:
    """Return the notebook that a file holds.

    It is read with Python's own decoder, as Jupyter writes NaN where a result has it.

    Args:
        data: The whole file.
        name: What to call it in an error.

    Raises:
        RecordError: It is not JSON, or not a notebook of nbformat 4.
    """
    try:
        notebook: Json = json.loads(data.decode("utf-8-sig"))
        msgspec.convert(notebook, _Notebook)
    except (ValueError, RecursionError) as error:
        raise RecordError(
            f"{name} is no notebook of format 4: {error}.",
            "Mend it, or open it in JupyterLab and save it; then merge again.",
        ) from None
    return notebook
