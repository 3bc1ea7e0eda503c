"""What is felt while typing and running a cell: completion, and values inserted into a prompt."""

from __future__ import annotations

import time

from benchmarks.server import BenchServer
from benchmarks.table import Row, median
from tests.kernel import Kernel

VALUES = "x = 3\n"
WITH = "%%deepshi --dry-run\n" + " ".join("{{x}}" for _ in range(20))
WITHOUT = "%%deepshi --dry-run\n" + " ".join("3" for _ in range(20))


def measure(repeats: int) -> list[Row]:
    with (
        BenchServer() as server,
        Kernel(DEEPSHI_BASE_URL=server.base_url, DEEPSHI_API_KEY="k") as kernel,
    ):
        kernel.run(f"%load_ext deepshi_jupyter\n%deepshi set model=m\n{VALUES}")
        option = [completion(kernel, "%%deepshi --temp") for _ in range(repeats * 5 + 2)][2:]
        filled, plain = [], []
        for _ in range(repeats * 5 + 2):
            filled.append(seconds(kernel, WITH))
            plain.append(seconds(kernel, WITHOUT))
    overhead = median(filled[2:]) - median(plain[2:])
    return [
        Row(
            "completion of an option, warm, with its round trip",
            median(option),
            "ms",
            bar="< 30 ms",
        ),
        Row("20 inserted values, over the same cell without", overhead, "ms", bar="< 5 ms"),
    ]


def completion(kernel: Kernel, line: str) -> float:
    begin = time.monotonic()
    kernel.client.complete(line, len(line), reply=True, timeout=30)
    return (time.monotonic() - begin) * 1000


def seconds(kernel: Kernel, cell: str) -> float:
    begin = time.monotonic()
    run = kernel.run(cell)
    assert run.error is None, run.error
    return (time.monotonic() - begin) * 1000
