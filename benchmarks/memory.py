"""Memory of the kernel while a 5 MB answer streams, over the idle kernel."""

from __future__ import annotations

from benchmarks.server import BenchServer
from benchmarks.table import Row, median
from tests.kernel import FRONT_END, Kernel

MEGABYTES = 5

_SETUP = """
%load_ext deepshi_jupyter
import re
def _memory(name):
    status = open('/proc/self/status').read()
    return int(re.search(name + r':\\s+(\\d+)', status)[1]) / 1024
from deepshi_jupyter.display import live_blocks, once
_peaks = []
def _note(kind):
    end = kind.end
    def noting(self, *arguments):
        _peaks.append(_memory('VmHWM'))
        end(self, *arguments)
    kind.end = noting
_note(live_blocks.LiveBlocks); _note(once.Once)
"""
_IDLE = "open('/proc/self/clear_refs', 'w').write('5'); print(_memory('VmRSS'))"
_PEAKS = "print(_peaks[-1], _memory('VmHWM'))"
_WARM = "%%deepshi -m one\n**hi**"


def measure(repeats: int) -> list[Row]:
    rows = []
    for name, metadata in (("nbclient", {}), ("a page", FRONT_END)):
        figures = [one(metadata) for _ in range(repeats)]
        streaming, whole = (median([figure[i] for figure in figures]) for i in (0, 1))
        what = f"{MEGABYTES} MB answer as in {name}"
        rows.append(Row(f"{what}, while it streams", streaming, "MB", MEGABYTES, "≤ 3×"))
        rows.append(Row(f"{what}, with its final bundle", whole, "MB", MEGABYTES))
    return rows


def one(metadata: dict[str, str]) -> tuple[float, float]:
    with (
        BenchServer() as server,
        Kernel(DEEPSHI_BASE_URL=server.base_url, DEEPSHI_API_KEY="k") as kernel,
    ):
        kernel.run(_SETUP)
        kernel.run(_WARM, **metadata)
        kernel.run("%deepshi reset")
        idle = float(kernel.run(_IDLE).text.split()[-1])
        run = kernel.run(f"%%deepshi -m big-{MEGABYTES}\nhi", timeout=300, **metadata)
        assert run.error is None, run.error
        streaming, whole = (float(figure) for figure in kernel.run(_PEAKS).text.split())
        return streaming - idle, whole - idle
