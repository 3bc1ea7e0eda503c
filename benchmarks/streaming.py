"""An answer of 200 tokens a second in a page: what it costs the kernel, and what it publishes."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

from benchmarks.server import BenchServer
from benchmarks.table import Row, median
from tests.kernel import FRONT_END, Kernel, Run

SECONDS = 60
TOKENS = 200 * SECONDS
TICKS = os.sysconf("SC_CLK_TCK")
DESIGN_CHARACTERS = 100_000


def measure(repeats: int) -> list[Row]:
    figures = [one() for _ in range(max(1, repeats // 3))]
    cpu, size, late, rate = (median([figure[i] for figure in figures]) for i in range(4))
    return [
        Row("kernel CPU over the idle kernel", cpu, "% of a core", bar="≤ 8 %"),
        Row("published for 100,000 characters", size, "MB", bar="≤ 3.5 MB"),
        Row("text on IOPub after the server's last write", late, "ms", bar="≤ 100 ms"),
        Row("messages a second on IOPub", rate, "", bar="the server's limit: 1,000"),
    ]


def one() -> tuple[float, float, float, float]:
    with (
        BenchServer() as server,
        Kernel(DEEPSHI_BASE_URL=server.base_url, DEEPSHI_API_KEY="k") as kernel,
    ):
        kernel.run("%load_ext deepshi_jupyter")
        kernel.run("%%deepshi -m one\n**hi**", **FRONT_END)
        kernel.run("%deepshi reset")
        idle = over(kernel, 3.0)
        before = cpu_seconds(kernel.pid)
        run = kernel.run(f"%%deepshi -m paced-{TOKENS}\nhi", timeout=SECONDS + 60, **FRONT_END)
        assert run.error is None, run.error
        used = cpu_seconds(kernel.pid) - before
    length = len(run.bundles[-1]["text/plain"])
    size = published(run) / length * DESIGN_CHARACTERS / 1e6
    return (used / SECONDS - idle) * 100, size, lateness(run), len(run.messages) / SECONDS


def over(kernel: Kernel, seconds: float) -> float:
    """CPU share of the idle kernel."""
    before = cpu_seconds(kernel.pid)
    time.sleep(seconds)
    return (cpu_seconds(kernel.pid) - before) / seconds


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def published(run: Run) -> int:
    return sum(len(json.dumps(message, default=str)) for message in run.messages)


def lateness(run: Run) -> float:
    """Milliseconds from the end of the stream, as the reply tells it, to the final bundle."""
    record = run.bundles[-1]["application/vnd.deepshi.turn+json"]
    started = time_of(record["started"]) + record["duration"]
    final = [m for m in run.messages if m["msg_type"] == "display_data"][-1]
    return (final["header"]["date"].timestamp() - started) * 1000


def time_of(stamp: str) -> float:
    from datetime import datetime

    return datetime.fromisoformat(stamp).timestamp()
