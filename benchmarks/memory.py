"""Memory of the kernel while a 5 MB answer streams, over the idle kernel."""

from __future__ import annotations

from benchmarks.server import BenchServer
from benchmarks.table import Row, median
from tests.kernel import FRONT_END, Kernel

MEGABYTES = 5
_PEAK = """
import re
def _peak():
    status = open('/proc/self/status').read()
    return [int(re.search(name + r':\\s+(\\d+)', status)[1]) / 1024 for name in ('VmHWM', 'VmRSS')]
"""
_RESET = "open('/proc/self/clear_refs', 'w').write('5'); print(*_peak())"


def measure(repeats: int) -> list[Row]:
    rows = []
    for name, metadata in (("once, as in nbclient", {}), ("in blocks, as in a page", FRONT_END)):
        figures = [one(metadata) for _ in range(repeats)]
        rows.append(Row(f"{MEGABYTES} MB answer, {name}", median(figures), "MB", MEGABYTES, "≤ 3×"))
    return rows


def one(metadata: dict[str, str]) -> float:
    with BenchServer() as server, Kernel(DEEPSHI_BASE_URL=server.base_url) as kernel:
        kernel.run(f"{_PEAK}\n%load_ext deepshi_jupyter")
        kernel.run("%%deepshi -m one\nhi", **metadata)
        kernel.run("%deepshi reset")
        idle = float(kernel.run(_RESET).text.split()[1])
        run = kernel.run(f"%%deepshi -m big-{MEGABYTES}\nhi", timeout=300, **metadata)
        assert run.error is None, run.error
        return float(kernel.run("print(*_peak())").text.split()[0]) - idle
