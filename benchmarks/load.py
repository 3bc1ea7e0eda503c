"""`%load_ext` in a fresh kernel: CPU time and memory over the bare kernel."""

from __future__ import annotations

import json
from importlib.util import find_spec

from benchmarks.table import Row, median
from tests.kernel import Kernel

_MEASURE = """
import time, json, gc
def _rss():
    gc.collect()
    with open('/proc/self/smaps_rollup') as f:
        return sum(int(l.split()[1]) for l in f if l.startswith('Private_')) / 1024
_a, _t = _rss(), time.process_time()
get_ipython().run_cell({code!r}).raise_error()
_d = time.process_time() - _t
print(json.dumps([_d * 1000, _rss() - _a]))
"""

CANDIDATES = {
    "%load_ext deepshi_jupyter": (
        "deepshi_jupyter",
        "%load_ext deepshi_jupyter",
        "≤ 40 ms, ≤ 4 MB",
    ),
    "%load_ext jupyter_ai_magics": ("jupyter_ai_magics", "%load_ext jupyter_ai_magics", ""),
    "%load_ext jupyter_ai_magic_commands": (
        "jupyter_ai_magic_commands",
        "%load_ext jupyter_ai_magic_commands",
        "",
    ),
    "from bia_bob import bob": ("bia_bob", "from bia_bob import bob", ""),
}


def measure(repeats: int) -> list[Row]:
    rows = []
    for name, (package, code, bar) in CANDIDATES.items():
        if find_spec(package) is None:
            continue
        pairs = [one(code) for _ in range(repeats)]
        rows.append(Row(f"{name}: CPU", median([p[0] for p in pairs]), "ms", bar=bar))
        rows.append(Row(f"{name}: memory", median([p[1] for p in pairs]), "MB", bar=bar))
    return rows


def one(code: str) -> tuple[float, float]:
    with Kernel() as kernel:
        run = kernel.run(_MEASURE.format(code=code))
        assert run.error is None, run.error
        cpu, memory = json.loads(run.text.strip().splitlines()[-1])
        return cpu, memory
