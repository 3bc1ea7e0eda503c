"""The first token: cold (load and first answer) and warm (server's write → message on IOPub)."""

from __future__ import annotations

import time

from benchmarks.server import BenchServer
from benchmarks.table import Row, median
from tests.kernel import FRONT_END, Kernel, Run

BARE = """
import httpx, json, os
with httpx.Client(timeout=60) as _c, _c.stream(
    "POST", os.environ["DEEPSHI_BASE_URL"] + "/chat/completions",
    json={{"model": "{model}", "messages": [{{"role": "user", "content": "hi"}}], "stream": True}},
) as _r:
    for _l in _r.iter_lines():
        if _l.startswith("data: {{"):
            _d = json.loads(_l[6:])["choices"][0]["delta"].get("content")
            if _d:
                print(_d, end="", flush=True)
"""
BARE_WARM = BARE.replace("with httpx.Client(timeout=60) as _c, _c.stream(", "with _client.stream(")
OURS_COLD = "%load_ext deepshi_jupyter\nget_ipython().run_cell_magic('deepshi', '-m one', 'hi')"
OURS_WARM = "%%deepshi -m {model}\nhi"


def measure(repeats: int) -> list[Row]:
    with BenchServer() as server:
        bare = [cold(server, BARE.format(model="one")) for _ in range(repeats)]
        ours = [cold(server, OURS_COLD) for _ in range(repeats)]
        ours_warm, bare_warm = warm(server, repeats)
    return [
        Row("load + first one-token answer, cold", median(ours), "ms", median(bare), "≤ 1.3×"),
        Row("first token, warm", median(ours_warm), "ms", median(bare_warm), "≤ 1.5×"),
    ]


def cold(server: BenchServer, code: str) -> float:
    """Milliseconds from sending the cell to the first text on IOPub, in a fresh kernel."""
    with Kernel(DEEPSHI_BASE_URL=server.base_url, DEEPSHI_API_KEY="k") as kernel:
        kernel.run("1")
        begin = time.monotonic()
        return (first_text(kernel, code)[0] - begin) * 1000


def warm(server: BenchServer, repeats: int) -> tuple[list[float], list[float]]:
    """Milliseconds from the server's write to the first text on IOPub, in turn in one kernel."""
    ours, bare = [], []
    with Kernel(DEEPSHI_BASE_URL=server.base_url, DEEPSHI_API_KEY="k") as kernel:
        kernel.run("%load_ext deepshi_jupyter\nimport httpx\n_client = httpx.Client(timeout=60)")
        for place in range(repeats * 5 + 3):
            kernel.run("%deepshi reset")
            for code, into in ((OURS_WARM, ours), (BARE_WARM, bare)):
                arrived, stamp = first_text(kernel, code.format(model="stamped-1"))
                if place >= 3:
                    into.append((arrived - stamp) * 1000)
    return ours, bare


def first_text(kernel: Kernel, code: str) -> tuple[float, float]:
    """Return when the first text arrived, and the time that stands in it."""
    identity = kernel.send(code, **FRONT_END)
    run = Run()
    while True:
        message = kernel.next_message(identity, time.monotonic() + 30, run)
        arrived = time.monotonic()
        content = message["content"]
        text = content.get("text") or content.get("data", {}).get("text/markdown", "")
        if message["msg_type"] in ("stream", "display_data", "update_display_data") and text:
            kernel.finish(identity)
            return arrived, float(text.split()[0])
        assert message["msg_type"] != "error", content
