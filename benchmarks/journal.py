"""What the journal costs: each request, and each second of a stream, over no journal at all."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.first_token import first_text
from benchmarks.made_notebook import words
from benchmarks.server import BenchServer
from benchmarks.table import Row, median
from deepshi_jupyter.core.redaction import Redactor
from deepshi_jupyter.notebook.journal import Journal
from deepshi_jupyter.notebook.store import find_store
from tests.kernel import FRONT_END, Kernel
from tests.notebook.study import Study

SECONDS = 20
RATE = 200
CELL = "%%deepshi -m one\nhi"
STREAM = f"%%deepshi -m paced-{RATE * SECONDS}\nhi"
USED = "import time; print(time.process_time())"
KEYS = ("no-key-0123456789",)


def measure(repeats: int) -> list[Row]:
    with TemporaryDirectory() as name, BenchServer() as server:
        store = Path(name) / "store"
        with asking(server, str(store)) as on, asking(server, "off") as off:
            with_it, without = latencies(on, off, repeats * 10)
            used, unused = streams(on, off, max(1, repeats // 2))
        assert list(store.glob("journal/*.jsonl"))
        begun, synced, written = requests(Path(name), repeats * 20)
        own = min(own_cpu(Path(name)) for _ in range(repeats))
    return [
        Row("cell to the request's arrival; against no journal", with_it, "ms", without),
        Row("of which the journal; against append and fsync", begun, "ms", synced, "≤ 2×"),
        Row("append and fsync, on this disk; against append", synced, "ms", written),
        Row(f"CPU of a second of {RATE} events; against no journal", used, "ms", unused),
        Row("of which the journal; against all without it", own, "ms", unused, "≤ 0.05×"),
    ]


def asking(server: BenchServer, store: str) -> Kernel:
    """Return a kernel that asks the server and keeps its journal there."""
    return Kernel(DEEPSHI_BASE_URL=server.base_url, DEEPSHI_API_KEY="k", DEEPSHI_STORE=store)


def latencies(on: Kernel, off: Kernel, asked: int) -> tuple[float, float]:
    """Milliseconds from sending a cell to its request's arrival, in turn; medians."""
    figures: tuple[list[float], list[float]] = ([], [])
    for kernel in (on, off):
        kernel.run("%load_ext deepshi_jupyter")
    for _ in range(asked + 3):
        for kernel, into in zip((on, off), figures, strict=True):
            kernel.run("%deepshi reset")
            begin = time.monotonic()
            into.append((first_text(kernel, CELL)[1] - begin) * 1e3)
    return median(figures[0][3:]), median(figures[1][3:])


def streams(on: Kernel, off: Kernel, asked: int) -> tuple[float, float]:
    """Milliseconds of CPU for a second of a stream, in turn; the least."""
    figures: tuple[list[float], list[float]] = ([], [])
    for _ in range(asked):
        for kernel, into in zip((on, off), figures, strict=True):
            kernel.run("%deepshi reset")
            before = float(kernel.run(USED).text)
            run = kernel.run(STREAM, timeout=SECONDS + 60, **FRONT_END)
            assert run.error is None, run.error
            into.append((float(kernel.run(USED).text) - before) / SECONDS * 1e3)
    return min(figures[0]), min(figures[1])


def requests(folder: Path, asked: int) -> tuple[float, float, float]:
    """Milliseconds of journaling a request, and of appending as much with and without fsync."""
    journal = a_journal(folder, map(float, count(1_700_000_000)))
    event = {"turn": "t", "record": Study().ask(words(1), answer=None).as_json()}
    journal.begin("first", event)
    path = journal.path
    assert path is not None
    line = path.read_bytes().splitlines(keepends=True)[-1]
    figures: tuple[list[float], ...] = ([], [], [])
    with (folder / "lines").open("ab", buffering=0) as file:
        for number in range(asked):
            begin = time.perf_counter()
            journal.begin(f"{number}", event)
            journaled = time.perf_counter()
            file.write(line)
            os.fsync(file.fileno())
            synced = time.perf_counter()
            file.write(line)
            times = (begin, journaled, synced, time.perf_counter())
            for into, start, end in zip(figures, times, times[1:], strict=False):
                into.append((end - start) * 1e3)
    journal.close()
    begun, synced, written = map(median, figures)
    return begun, synced, written


def own_cpu(folder: Path) -> float:
    """Milliseconds of CPU that the journal takes of a second of a stream."""
    tenths = (1_700_000_000 + number / 10 for number in count())
    now = [next(tenths)]
    journal = a_journal(folder, (now[0] for _ in count()))
    pieces = [{"choice": 0, "field": "text", "text": "wor "}] * (RATE // 10)
    journal.begin("call", {"turn": "t"})
    begin = time.process_time()
    for _ in range(SECONDS * 10):
        now[0] = next(tenths)
        journal.due()
        journal.progress("call", pieces)
    used = time.process_time() - begin
    journal.close()
    return used / SECONDS * 1e3


def a_journal(folder: Path, clock: Iterator[float]) -> Journal:
    """Return a journal that takes a key out of what it writes."""
    return Journal(
        find_store(folder / "notebook.ipynb", {}),
        environment={},
        clock=lambda: next(clock),
        redact=lambda value: Redactor(KEYS).event(value),
    )
