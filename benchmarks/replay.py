"""A notebook of 200 questions in a real kernel: asked once, then replayed without a server."""

from __future__ import annotations

import time
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.made_notebook import words
from benchmarks.server import BenchServer
from benchmarks.table import Row, median
from deepshi_jupyter.notebook.notebook_file import write_notebook
from tests.kernel import Kernel, Run

CELLS = 200
MODEL = "many-100"
SOURCES = tuple(f"%%deepshi -m {MODEL}\n{words(number)}" for number in range(CELLS))
NOBODY = "http://127.0.0.1:9/v1"
"""An address where nothing listens."""


def measure(repeats: int) -> list[Row]:
    figures = [one() for _ in range(max(1, repeats // 2))]
    cell, last, empty, replayed, live = (min(figure[i] for figure in figures) for i in range(5))
    return [
        Row(f"a cell of {CELLS}, replayed; against an empty cell", cell, "ms", empty),
        Row("the last of them, with 199 turns above it", last, "ms", empty),
        Row("all of them; against a server that answers at once", replayed, "s", live, "≤ 1×"),
    ]


def one() -> tuple[float, float, float, float, float]:
    """Milliseconds of a replayed cell, of the last ones, of an empty cell; seconds in all."""
    with TemporaryDirectory() as name, BenchServer() as server:
        notebook = Path(name) / "asked.ipynb"
        same = {"DEEPSHI_API_KEY": "k", "DEEPSHI_STORE": str(Path(name) / "store")}
        with Kernel(DEEPSHI_BASE_URL=server.base_url, **same) as kernel:
            kernel.run("%load_ext deepshi_jupyter")
            live = [timed(kernel, source) for source in SOURCES]
        save([run for _, run in live], notebook)
        same |= {"DEEPSHI_MODE": "replay", "DEEPSHI_NOTEBOOK": str(notebook)}
        # The endpoint is part of the key of a request; its name stands for it here.
        same |= {"DEEPSHI_BASE_URL": server.base_url, "DEEPSHI_STORE": "off"}
        with Kernel(**same) as kernel:
            kernel.run("%load_ext deepshi_jupyter")
            replayed, empty = [], []
            for source, (_, before) in zip(SOURCES, live, strict=True):
                replayed.append(timed(kernel, source))
                empty.append(timed(kernel, "pass")[0])
                assert replayed[-1][1].bundles == before.bundles[-1:]
    cells = [seconds for seconds, _ in replayed]
    total = sum(seconds for seconds, _ in live)
    return median(cells) * 1e3, median(cells[-9:]) * 1e3, median(empty) * 1e3, sum(cells), total


def timed(kernel: Kernel, source: str) -> tuple[float, Run]:
    """Run a cell as nbclient does, and return its seconds."""
    begin = time.monotonic()
    run = kernel.run(source)
    seconds = time.monotonic() - begin
    assert run.error is None, run.error
    return seconds, run


def save(runs: list[Run], path: Path) -> None:
    """Write what the cells gave into a notebook file."""
    cells = [
        {
            "cell_type": "code",
            "id": f"{number:08x}",
            "metadata": {},
            "execution_count": number + 1,
            "source": source,
            "outputs": [{"output_type": "display_data", "data": run.bundles[-1], "metadata": {}}],
        }
        for number, (source, run) in enumerate(zip(SOURCES, runs, strict=True))
    ]
    write_notebook({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, path)
