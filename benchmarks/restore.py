"""A notebook of many turns in a fresh process: restored as a kernel does, and `status` of it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.made_notebook import made_notebook
from benchmarks.table import Row

SIZES = (100, 1_000, 10_000)
OF_STATUS = 1_000

_RESTORE = """
import json, sys, time
import msgspec
from deepshi_jupyter.state import NotebookState
begin = time.perf_counter()
with open(sys.argv[1], 'rb') as file:
    msgspec.json.decode(file.read())
read = time.perf_counter() - begin
begin = time.perf_counter()
state = NotebookState({'JPY_SESSION_NAME': sys.argv[1], 'DEEPSHI_STORE': 'off'})
state.restore()
taken = time.perf_counter() - begin
assert len(state.timeline) == int(sys.argv[2]), state.note
print(json.dumps([taken, read]))
"""


def measure(repeats: int) -> list[Row]:
    with TemporaryDirectory() as name:
        notebooks = {turns: made_notebook(Path(name), turns) for turns in SIZES}
        rows = restored(notebooks, repeats)
        return rows + started(notebooks[OF_STATUS], repeats)


def restored(notebooks: dict[int, Path], repeats: int) -> list[Row]:
    """Time the restoring of each, all of it and a turn, against decoding the JSON of the file."""
    rows, a_turn = [], []
    for turns, notebook in notebooks.items():
        runs = [one(notebook, turns) for _ in range(repeats)]
        taken, read = (min(run[i] for run in runs) for i in (0, 1))
        bar = "≤ 1,000 ms" if turns == OF_STATUS else ""
        what = f"restored, {turns:,} turns; against decoding the file"
        rows.append(Row(what, taken * 1e3, "ms", read * 1e3, bar))
        a_turn.append(taken / turns * 1e6)
    rows += [
        Row(f"a turn of {turns:,}; against one of {SIZES[0]}", value, "µs", a_turn[0], "≤ 2×")
        for turns, value in list(zip(SIZES, a_turn, strict=True))[1:]
    ]
    return rows


def one(notebook: Path, turns: int) -> tuple[float, float]:
    """Seconds of restoring in a fresh process, its imports included, and of decoding alone."""
    arguments = [sys.executable, "-c", _RESTORE, str(notebook), str(turns)]
    taken, read = json.loads(subprocess.check_output(arguments))
    return taken, read


def started(notebook: Path, repeats: int) -> list[Row]:
    """Time `status` from its start to its end, against starts of Python and of ours."""
    ours = ("-m", "deepshi_jupyter")
    commands = {
        "python": ("-c", "pass"),
        "version": (*ours, "--version"),
        "status": (*ours, "status", str(notebook)),
    }
    figures: dict[str, list[float]] = {}
    for _ in range(repeats):
        for name, arguments in commands.items():
            figures.setdefault(name, []).append(milliseconds(arguments))
    python, version, status = (min(figures[name]) for name in commands)
    what = f"`status` of {OF_STATUS:,} turns, with its start; against `--version`"
    return [
        Row("`--version`; against `python -c pass`", version, "ms", python),
        Row(what, status, "ms", version, "≤ 1,000 ms"),
    ]


def milliseconds(arguments: tuple[str, ...]) -> float:
    begin = time.perf_counter()
    done = subprocess.run([sys.executable, *arguments], capture_output=True)
    taken = time.perf_counter() - begin
    assert done.returncode in (0, 1), done.stderr  # 1: the last cell has no answer
    return taken * 1e3
