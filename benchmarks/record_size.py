"""How a notebook grows with its turns, and what a record takes beside question and answer."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec

from benchmarks.own_session import own_session
from benchmarks.table import Row
from deepshi_jupyter.core.cell_source import options_of
from deepshi_jupyter.core.place import Place
from deepshi_jupyter.core.template import verbatim
from deepshi_jupyter.core.turn_record import MIME_TYPE, read_record
from deepshi_jupyter.display.bundle import answer_bundle
from deepshi_jupyter.notebook.notebook_file import write_notebook
from deepshi_jupyter.question import Question
from deepshi_jupyter.recorded_turn import answer_of
from deepshi_jupyter.session import Session

SIZES = (100, 200, 400)
TURN = 1_000
"""Characters of a question and the answer before it, so that a turn has as many on average."""

OFFLINE = {"DEEPSHI_BASE_URL": "offline", "DEEPSHI_STORE": "off"}
"""The embedded endpoint, as it reports usage, cost, fingerprint and ids; most report less."""


def measure(repeats: int) -> list[Row]:
    """Ask once and look at what is left, which is the same at each repeat."""
    del repeats
    cells = asked(max(SIZES))
    with TemporaryDirectory() as name:
        sizes = {turns: file_size(cells[:turns], Path(name)) for turns in SIZES}
        bare = file_size([*map(without_record, cells[: SIZES[1]])], Path(name))
    first = sizes[SIZES[0]] / SIZES[0] / 1e3
    rows = [
        Row(f"a turn of 1 kB in a file of {turns}", size / turns / 1e3, "kB", first, "≤ 1.1×")
        for turns, size in sizes.items()
    ]
    records = [cell["outputs"][0]["data"][MIME_TYPE] for cell in cells[: SIZES[1]]]
    as_json = max(beside(record) for record in records) / 1e3
    in_file = (sizes[SIZES[1]] - bare) / SIZES[1] / 1e3 - TURN / 1e3
    return [
        *rows,
        Row(f"the file of {SIZES[1]}; against what was said", sizes[SIZES[1]] / 1e3, "kB", 200),
        Row("largest record but for question and answer, as JSON", as_json, "kB", bar="≤ 3 kB"),
        Row("a record as the file has it, a field a line", in_file, "kB", bar="≤ 3 kB"),
    ]


def beside(record: dict[str, Any]) -> int:
    """Return how long a record is, as JSON, without what was said."""
    said = read_record(record)
    return len(msgspec.json.encode(record)) - len(said.question) - len(said.text)


def without_record(cell: dict[str, Any]) -> dict[str, Any]:
    output = cell["outputs"][0]
    data = {name: value for name, value in output["data"].items() if name != MIME_TYPE}
    return {**cell, "outputs": [{**output, "data": data}]}


def asked(turns: int) -> list[dict[str, Any]]:
    """Return the cells of a notebook that has asked so often, in one conversation."""
    with own_session(**OFFLINE) as session:
        return [cell(session, number) for number in range(1, turns + 1)]


def cell(session: Session, number: int) -> dict[str, Any]:
    before = session.last_record.text if session.last_record else ""
    text = f"{number} {'measured against what stands above ' * 30}"[: TURN - len(before)]
    name = f"{number:08x}"
    place = Place(cell=name, execution=number)
    given = {"temperature": 0.2, "seed": number, "max_tokens": 150}
    options = options_of(f"-t 0.2 --seed {number} --max-tokens 150")
    question = Question(prompt=verbatim(text), parameters=given, options=options, place=place)
    session.ask(question)
    record = session.last_record
    assert record is not None
    data = answer_bundle(answer_of(record))
    return {
        "cell_type": "code",
        "id": name,
        "metadata": {},
        "execution_count": number,
        "source": f"%%deepshi -t 0.2 --seed {number} --max-tokens 150\n{text}",
        "outputs": [{"output_type": "display_data", "data": data, "metadata": {}}],
    }


def file_size(cells: list[dict[str, Any]], folder: Path) -> int:
    """Return the bytes of a notebook file as Jupyter writes it."""
    path = folder / "notebook.ipynb"
    write_notebook({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, path)
    return path.stat().st_size
