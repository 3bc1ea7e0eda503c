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


def measure(repeats: int) -> list[Row]:
    figures = [one() for _ in range(max(1, repeats // 2))]
    cell, last, empty, replayed, live = (min(figure[i] for figure in figures) for i in range(5))
    return [
        Row(f"a cell of {CELLS}, replayed; against an empty cell", cell, "ms", empty),
        Row("the last of them, with 199 turns above; against empty", last, "ms", empty),
        Row("all of them; against a server that answers at once", replayed, "s", live, "≤ 1×"),
    ]


def one() -> tuple[float, float, float, float, float]:
    """Milliseconds of a replayed cell, of the last ones, of an empty cell; seconds in all."""
    with TemporaryDirectory() as name:
        notebook = Path(name) / "asked.ipynb"
        with BenchServer() as server:
            live = asked(server.base_url)
        save([run for _, run in live], notebook)
        replayed, empty = replayed_from(notebook, server.base_url)
    for (_, before), (_, again) in zip(live, replayed, strict=True):
        assert again.bundles == before.bundles[-1:]
    cells = [seconds for seconds, _ in replayed]
    figures = median(cells) * 1e3, median(cells[-9:]) * 1e3, median(empty) * 1e3
    return *figures, sum(cells), sum(seconds for seconds, _ in live)


def asked(base_url: str) -> list[tuple[float, Run]]:
    """Ask all, live; the notebook keeps the answers, and nothing is journaled."""
    with Kernel(DEEPSHI_BASE_URL=base_url, DEEPSHI_API_KEY="k", DEEPSHI_STORE="off") as kernel:
        kernel.run("%load_ext deepshi_jupyter")
        return [timed(kernel, source) for source in SOURCES]


def replayed_from(notebook: Path, base_url: str) -> tuple[list[tuple[float, Run]], list[float]]:
    """Replay all from a notebook, each followed by an empty cell; the server is gone by now."""
    with Kernel(
        DEEPSHI_BASE_URL=base_url,  # part of the keys of requests
        DEEPSHI_NOTEBOOK=str(notebook),
        DEEPSHI_MODE="replay",
        DEEPSHI_STORE="off",
    ) as kernel:
        kernel.run("%load_ext deepshi_jupyter")
        pairs = [(timed(kernel, source), timed(kernel, "pass")[0]) for source in SOURCES]
    return [replayed for replayed, _ in pairs], [empty for _, empty in pairs]


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
