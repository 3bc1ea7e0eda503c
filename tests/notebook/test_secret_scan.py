"""Where keys stand in files: described in words, and never repeated."""

from __future__ import annotations

import json
import os
import random
import string
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deepshi_jupyter.errors import RecordError
from deepshi_jupyter.notebook.secret_scan import Place, scan_file, scan_notebook, scan_store

Json = dict[str, Any]
KEY = "sk-bf-" + "".join(random.Random(4).choices(string.ascii_letters + string.digits, k=40))
SHOWN = f"sk-bf-…{KEY[-4:]}"
KIND = "Deepshi key"
RECORD = "application/vnd.deepshi.turn+json"
WIDGETS = "application/vnd.jupyter.widget-state+json"


def notebook(*cells: Json, **metadata: Any) -> Json:
    return {"cells": list(cells), "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def code(source: Any = "", *outputs: Json, **fields: Any) -> Json:
    cell = {"cell_type": "code", "source": source, "outputs": list(outputs), "metadata": {}}
    return {**cell, **fields}


def stream(text: Any) -> Json:
    return {"output_type": "stream", "name": "stdout", "text": text}


def shown(**data: Any) -> Json:
    return {"output_type": "display_data", "data": data, "metadata": {}}


EMPTY = code("x = 1\n")

PLACES: list[tuple[Json, str]] = [
    (notebook(code(f"key = '{KEY}'")), "cell 1, source, line 1"),
    (notebook(EMPTY, code(["import os\n", "\n", f"k = '{KEY}'\n"])), "cell 2, source, line 3"),
    (notebook(code(f"a\nb {KEY}\nc")), "cell 1, source, line 2"),
    (notebook(code(["k = '" + KEY[:17], KEY[17:] + "'\n"])), "cell 1, source, line 1"),
    (notebook(EMPTY, code("", stream(KEY))), "cell 2, output 1, text"),
    (notebook(code("", stream(["a\n", f"{KEY}\n"]))), "cell 1, output 1, text, line 2"),
    (
        notebook(code("", stream("a"), shown(**{"text/plain": KEY}))),
        "cell 1, output 2, text/plain",
    ),
    (
        notebook(code("", shown(**{"text/html": ["<b>\n", f"{KEY}</b>"]}))),
        "cell 1, output 1, text/html, line 2",
    ),
    (
        notebook(code("", shown(**{RECORD: {"messages": [{"content": f"with {KEY}"}]}}))),
        f"cell 1, output 1, {RECORD}, messages[0].content",
    ),
    (
        notebook(code("", {"output_type": "error", "traceback": ["a\nb", f"\x1b[31m{KEY}"]})),
        "cell 1, output 1, traceback, line 3",
    ),
    (notebook(code("", metadata={"x": {"y": KEY}})), "cell 1, metadata.x.y"),
    (notebook(code("", metadata={"tags": ["a", KEY]})), "cell 1, metadata.tags, line 2"),
    (
        notebook({"cell_type": "markdown", "attachments": {"a.txt": {"text/plain": KEY}}}),
        "cell 1, attachments, a.txt.text/plain",
    ),
    (
        notebook(papermill={"parameters": {"key": KEY}}),
        "notebook metadata, papermill.parameters.key",
    ),
    (
        notebook(widgets={WIDGETS: {"state": {"f00": {"state": {"value": KEY}}}}}),
        "widget state, f00.state.value",
    ),
    ({"worksheets": [{"cells": [{"input": KEY}]}]}, "worksheets[0].cells[0].input"),
    ({"cells": {"no": KEY}, "metadata": KEY}, "cells.no"),
]


@pytest.mark.parametrize(("nb", "where"), PLACES, ids=[where for _, where in PLACES])
def test_a_key_is_found_wherever_a_notebook_can_hold_it(nb: Json, where: str) -> None:
    first = scan_notebook(nb)[0]
    assert first == Place(where, KIND, SHOWN)


@pytest.mark.parametrize("where", [where for _, where in PLACES])
@pytest.mark.parametrize("known", [True, False])
def test_a_key_is_not_repeated(where: str, known: bool) -> None:
    nb = next(nb for nb, place in PLACES if place == where)
    assert KEY not in repr(scan_notebook(nb, [KEY] if known else []))


def test_a_key_that_is_the_name_of_a_field_is_not_repeated() -> None:
    places = scan_notebook(notebook(code("", metadata={KEY: {"a": KEY}})))
    assert [place.where.partition("‹")[0] for place in places] == ["cell 1, metadata."] * 2
    assert KEY not in repr(places)


def test_a_known_key_is_found_without_a_shape() -> None:
    place = Place("cell 1, source, line 1", "known key", "…")
    assert scan_notebook(notebook(code("p = 'open sesame'")), ["open sesame"]) == [place]


def test_two_keys_in_one_line_are_two_places() -> None:
    other = KEY[:-4] + "Zz9z"
    assert [place.shown for place in scan_notebook(notebook(code(f"{KEY} {other}")))] == [
        SHOWN,
        "sk-bf-…Zz9z",
    ]


def test_a_notebook_without_keys_has_none() -> None:
    image = shown(**{"image/png": "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk"})
    nb = notebook(EMPTY, code("%%deepshi\nWhat is a task-based design?", image), kernelspec={})
    assert scan_notebook(nb) == []


def write(folder: Path, name: str, text: str | bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_a_notebook_file_is_read_as_a_notebook(tmp_path: Path) -> None:
    path = write(tmp_path, "a.ipynb", json.dumps(notebook(EMPTY, code(f"'{KEY}'"))))
    assert scan_file(path) == [Place("cell 2, source, line 1", KIND, SHOWN, str(path))]


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[:-3],
        lambda text: f"<<<<<<< ours\n{text}",
        lambda text: f"[{text}]",
        lambda text: "[" * 100_000 + text,
        lambda text: text.replace('"x"', "'x'"),
    ],
)
def test_a_broken_notebook_is_searched_as_text(
    tmp_path: Path, damage: Callable[[str], str]
) -> None:
    text = json.dumps(notebook(code(["x\n", f"{KEY}\n"], metadata={"x": 1})), indent=1)
    assert f'\n     "{KEY}\\n"\n' in text or KEY in text
    (place,) = scan_file(write(tmp_path, "a.ipynb", damage(text)))
    assert place.where.startswith("line ")
    assert (place.kind, place.shown) == (KIND, SHOWN)


def test_a_known_key_is_found_in_a_broken_notebook_as_json_escapes_it(tmp_path: Path) -> None:
    text = json.dumps(notebook(code('p = "öpen "sesame"')))[:-1]
    assert len(scan_file(write(tmp_path, "a.ipynb", text), ['öpen "sesame'])) == 1


def test_a_line_of_a_recording_is_named_with_the_field(tmp_path: Path) -> None:
    lines = [
        {"event": "start"},
        {"event": "request", "body": {"messages": [{"content": f"a\nb {KEY}"}]}},
        {"names": ["one", "two"], "note": "nothing"},
    ]
    text = "\n".join([*map(json.dumps, lines), f'{{"cut": "{KEY}', f'"{KEY}"', ""])
    path = write(tmp_path, "a.jsonl", text)
    wheres = ["line 2, body.messages[0].content, line 2", "line 4", "line 5"]
    assert [place.where for place in scan_file(path)] == wheres


@pytest.mark.parametrize("name", ["a.py", "a.md", "a.json", "a", "a.csv"])
def test_any_other_file_is_text(tmp_path: Path, name: str) -> None:
    path = write(tmp_path, name, f"one\r\ntwo = {KEY}\r\n")
    assert scan_file(path) == [Place("line 2", KIND, SHOWN, str(path))]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "latin-1"])
def test_a_text_in_another_encoding_is_read(tmp_path: Path, encoding: str) -> None:
    mark = "\ufeff" if encoding == "utf-16-le" else ""
    path = write(tmp_path, "a.py", f"{mark}é = '{KEY}'".encode(encoding))
    assert [place.where for place in scan_file(path)] == ["line 1"]


def test_bytes_that_are_no_text_are_searched(tmp_path: Path) -> None:
    path = write(tmp_path, "a.bin", b"\x00\xff\xfe" + KEY.encode() + b"\x00\x80")
    assert [place.shown for place in scan_file(path)] == [SHOWN]


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match=r"cannot be read"):
        scan_file(tmp_path / "missing.ipynb")


def test_every_file_of_a_store_is_searched(tmp_path: Path) -> None:
    store = tmp_path / ".deepshi"
    write(store, "journal/1.jsonl", json.dumps({"text": KEY}))
    write(store, "objects/0a", KEY)
    write(store, ".gitignore", "*\n")
    os.symlink(tmp_path / "nowhere", store / "dangling")
    found = [
        (Path(place.file).relative_to(store).as_posix(), place.where) for place in scan_store(store)
    ]
    assert found == [("journal/1.jsonl", "line 1, text"), ("objects/0a", "line 1")]


def test_a_store_that_is_not_there_holds_nothing(tmp_path: Path) -> None:
    assert scan_store(tmp_path / ".deepshi") == []
