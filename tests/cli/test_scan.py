from __future__ import annotations

import argparse
import json
import random
import re
import string
from pathlib import Path
from typing import Any

import pytest

from deepshi_jupyter.cli import scan
from deepshi_jupyter.errors import OptionError

Capture = pytest.CaptureFixture[str]
KEY = "sk-bf-" + "".join(random.Random(4).choices(string.ascii_letters + string.digits, k=40))
SHOWN = f"Deepshi key sk-bf-…{KEY[-4:]}"


def run(*words: str) -> int:
    parser = argparse.ArgumentParser()
    scan.declare(parser.add_subparsers())
    options = parser.parse_args(["scan", *words])
    return int(options.run(options))


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, in which commands run, with no store above it."""
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.delenv("DEEPSHI_STORE")
    return here


def write(path: Path, source: str = "x = 1") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    cell = {"cell_type": "code", "source": source, "outputs": [], "metadata": {}}
    path.write_text(json.dumps({"cells": [cell], "metadata": {}}), encoding="utf-8")


def journal(folder: Path, text: str = KEY) -> None:
    path = folder / ".deepshi" / "journal" / "1.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"text": text}) + "\n", encoding="utf-8")


def test_no_key_is_success(folder: Path, capsys: Capture) -> None:
    write(folder / "a.ipynb")
    assert run() == 0
    assert capsys.readouterr().out == "No key was found in 1 file.\n"


def test_a_key_is_named_with_its_place_and_what_to_do(folder: Path, capsys: Capture) -> None:
    write(folder / "a.ipynb", f"x = 1\nkey = '{KEY}'")
    write(folder / "b.ipynb")
    assert run() == 1
    out = capsys.readouterr().out
    assert KEY not in out
    first, empty, count, todo = out.splitlines()
    assert first == f"a.ipynb: cell 1, source, line 2: {SHOWN}"
    assert empty == ""
    assert count == "1 place with a key, in 1 of 2 files."
    assert todo.startswith("→ Revoke each key")


def files_of(capsys: Capture) -> list[str]:
    return [
        line.partition(":")[0] for line in capsys.readouterr().out.splitlines() if KEY[-4:] in line
    ]


def test_a_folder_is_its_notebooks_and_its_store(folder: Path, capsys: Capture) -> None:
    places = ["a.ipynb", ".ipynb_checkpoints/a-checkpoint.ipynb", "sub/b.ipynb"]
    for name in [*places, ".venv/lib/c.ipynb", "node_modules/d.ipynb"]:
        write(folder / name, KEY)
    (folder / "notes.txt").write_text(KEY, encoding="utf-8")
    journal(folder)
    assert run(".") == 1
    assert sorted(files_of(capsys)) == sorted([*places, ".deepshi/journal/1.jsonl"])


def test_a_notebook_brings_the_nearest_store(folder: Path, capsys: Capture) -> None:
    write(folder / "sub" / "a.ipynb")
    write(folder / "other.ipynb", KEY)
    journal(folder)
    assert run("sub/a.ipynb") == 1
    assert files_of(capsys) == [".deepshi/journal/1.jsonl"]
    assert run("--no-store", "sub/a.ipynb") == 0


def test_a_store_that_the_environment_names_is_searched(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    journal(tmp_path / "elsewhere")
    monkeypatch.setenv("DEEPSHI_STORE", str(tmp_path / "elsewhere" / ".deepshi"))
    journal(folder)
    write(folder / "a.ipynb")
    assert run("a.ipynb") == 1
    elsewhere = str(tmp_path / "elsewhere" / ".deepshi/journal/1.jsonl")
    assert files_of(capsys) == [elsewhere, ".deepshi/journal/1.jsonl"]


def test_a_file_that_is_named_twice_is_searched_once(folder: Path, capsys: Capture) -> None:
    write(folder / "a.ipynb", KEY)
    journal(folder)
    assert run("a.ipynb", ".", str(folder / "a.ipynb"), ".deepshi") == 1
    assert files_of(capsys) == ["a.ipynb", ".deepshi/journal/1.jsonl"]


def test_any_file_can_be_named(folder: Path, capsys: Capture) -> None:
    journal(folder)
    (folder / "notes.txt").write_text(f"a\n{KEY}", encoding="utf-8")
    assert run("--no-store", "notes.txt", ".deepshi/journal/1.jsonl") == 1
    assert files_of(capsys) == ["notes.txt", ".deepshi/journal/1.jsonl"]


def test_the_keys_of_the_environment_are_looked_for(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setenv("LAB_PASSWORD", "open sesame, please")
    write(folder / "a.ipynb", "p = 'open sesame, please'")
    assert run() == 1
    out = capsys.readouterr().out
    assert "cell 1, source, line 1: known key …ease" in out
    assert "sesame" not in out
    assert run("--no-env") == 0


def test_json_is_for_a_program(folder: Path, capsys: Capture) -> None:
    write(folder / "a.ipynb", KEY)
    assert run("--json") == 1
    out = capsys.readouterr().out
    assert KEY not in out
    record: dict[str, Any] = json.loads(out)
    place = {"where": "cell 1, source, line 1", "kind": "Deepshi key", "file": "a.ipynb"}
    assert record == {
        "found": [{**place, "shown": f"sk-bf-…{KEY[-4:]}"}],
        "files": 1,
        "unread": 0,
    }
    write(folder / "a.ipynb")
    assert run("--json") == 0
    assert json.loads(capsys.readouterr().out) == {"found": [], "files": 1, "unread": 0}


def test_a_file_whose_name_is_a_key_does_not_show_it(folder: Path, capsys: Capture) -> None:
    write(folder / f"{KEY}.ipynb", KEY)
    assert run() == 1
    assert run("--json") == 1
    assert KEY not in capsys.readouterr().out


def test_a_name_cannot_drive_the_terminal(folder: Path, capsys: Capture) -> None:
    write(folder / "a\x1b]0;b.ipynb", KEY)
    assert run() == 1
    assert "\x1b" not in capsys.readouterr().out


def test_a_path_that_does_not_exist_is_wrong_usage(folder: Path) -> None:
    with pytest.raises(OptionError, match=r"There is no missing\.ipynb"):
        run("missing.ipynb")


def test_a_file_that_cannot_be_read_is_said_and_the_others_are_searched(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    write(folder / "a.ipynb")
    write(folder / "b.ipynb", KEY)
    read_bytes = Path.read_bytes

    def refused(path: Path) -> bytes:
        if path.name == "a.ipynb":
            raise PermissionError(13, "Permission denied")
        return read_bytes(path)

    monkeypatch.setattr(Path, "read_bytes", refused)
    assert run() == 1
    out, err = capsys.readouterr()
    assert out.startswith(f"b.ipynb: cell 1, source, line 1: {SHOWN}")
    assert err.splitlines()[0] == "RecordError: a.ipynb cannot be read: Permission denied."


def test_the_hook_runs_this_command_on_what_may_hold_keys(repository: Path) -> None:
    text = (repository / ".pre-commit-hooks.yaml").read_text(encoding="utf-8")
    hook = dict(re.findall(r"^[- ] (\w+): (.+)$", text, re.MULTILINE))
    assert hook["id"] == "deepshi-scan"
    program, *words = hook["entry"].split()
    assert program == "deepshi-jupyter"
    assert words == ["scan", "--no-store"]
    names = ["a.ipynb", "sub/a.ipynb", ".deepshi/journal/1.jsonl", "sub/.deepshi/objects/0a"]
    assert all(re.search(hook["files"], name) for name in names)
    assert not any(re.search(hook["files"], name) for name in ["a.py", "a.ipynb.py", "x.deepshi/a"])
