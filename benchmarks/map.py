"""One prompt over 2,000 rows, 64 at once, against a server that answers after 200 ms.

Side by side: `deepshi_jupyter.map` with its keys, files and progress; bare aiohttp that only reads
the bytes; `openai.AsyncOpenAI` with a semaphore. The ideal is the latency times the rounds.
"""

from __future__ import annotations

import asyncio
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from typing import Any

from benchmarks.latency_server import LATENCY, QUOTA, LatencyServer
from benchmarks.own_session import own_session
from benchmarks.table import Row, median

ROWS = 2000
AT_ONCE = 64
IDEAL = LATENCY * math.ceil(ROWS / AT_ONCE)
QUOTA_ROWS = 2000
SETTLED = 10.0
"""Seconds until a run at a quota counts as steady."""

Figures = tuple[float, float]
"""Seconds, and CPU milliseconds a call."""

One = Callable[[str, bool], Awaitable[None]]


def measure(repeats: int) -> list[Row]:
    rows: list[Row] = []
    with LatencyServer() as server, tempfile.TemporaryDirectory() as folder:
        for kind in ("fixed", "jitter"):
            for stream in (False, True):
                rows += compared(server, folder, kind, stream, max(1, repeats // 3))
        rows += quota(server, folder)
        rows += memory(server, folder)
    return rows


def compared(
    server: LatencyServer, folder: str, kind: str, stream: bool, repeats: int
) -> list[Row]:
    sides: dict[str, Callable[[], Figures]] = {
        "map": lambda: ours(server, folder, kind, stream),
        "bare aiohttp": lambda: asyncio.run(timed(BareAiohttp(server.base_url), kind, stream)),
        "AsyncOpenAI": lambda: asyncio.run(timed(OpenAi(server.base_url), kind, stream)),
    }
    runs: dict[str, list[Figures]] = {name: [] for name in sides}
    for _ in range(repeats):
        for name, side in sides.items():
            runs[name].append(side())
    how = f"{kind} latency, {'100 chunks' if stream else 'whole'}"
    rows = []
    for name, figures in runs.items():
        wall, cpu = (median([figure[i] for figure in figures]) for i in range(2))
        bars = ("≤ 1.1×", "≤ 0.7 ms") if name == "map" else ("", "")
        rows.append(Row(f"{name}, {how}: wall", wall, "s", IDEAL, bars[0]))
        rows.append(Row(f"{name}, {how}: CPU a call", cpu, "ms", bar=bars[1]))
    return rows


def ours(server: LatencyServer, folder: str, kind: str, stream: bool) -> Figures:
    from deepshi_jupyter.map_function import map as ask_all

    with own_session(DEEPSHI_BASE_URL=server.base_url, DEEPSHI_STORE=f"{folder}/{time.time_ns()}"):
        options: dict[str, Any] = {"model": kind, "stream": stream, "progress": False}
        ask_all(range(AT_ONCE), "warm {{item}}", concurrency=AT_ONCE, **options)
        wall, cpu = time.perf_counter(), time.process_time()
        result = ask_all(range(ROWS), "Row {{item}}", concurrency=AT_ONCE, **options)
        seconds, used = time.perf_counter() - wall, time.process_time() - cpu
    assert result.states == {"ok": ROWS}, result
    return seconds, used / ROWS * 1000


async def timed(side: AbstractAsyncContextManager[One], kind: str, stream: bool) -> Figures:
    async with side as one:
        await at_once(AT_ONCE, lambda: one(kind, stream))
        wall, cpu = time.perf_counter(), time.process_time()
        await at_once(ROWS, lambda: one(kind, stream))
        return time.perf_counter() - wall, (time.process_time() - cpu) / ROWS * 1000


async def at_once(count: int, one: Callable[[], Awaitable[None]]) -> None:
    semaphore = asyncio.Semaphore(AT_ONCE)

    async def limited() -> None:
        async with semaphore:
            await one()

    await asyncio.gather(*(limited() for _ in range(count)))


class BareAiohttp:
    """Sends and reads, and does nothing with what comes: the least that aiohttp costs."""

    def __init__(self, base_url: str) -> None:
        self._url = f"{base_url}/chat/completions"

    async def __aenter__(self) -> One:
        import aiohttp

        self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        return self._one

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def _one(self, kind: str, stream: bool) -> None:
        message = {"role": "user", "content": "Row"}
        body = json.dumps({"model": kind, "messages": [message], "stream": stream}).encode()
        async with self._session.post(self._url, data=body) as answer:
            async for _ in answer.content.iter_any():
                pass


class OpenAi:
    """The SDK that most people would use."""

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url

    async def __aenter__(self) -> One:
        import openai

        self._client = openai.AsyncOpenAI(base_url=self._base_url, api_key="k")
        return self._one

    async def __aexit__(self, *_: object) -> None:
        await self._client.close()

    async def _one(self, kind: str, stream: bool) -> None:
        create: Callable[..., Coroutine[Any, Any, Any]] = self._client.chat.completions.create
        messages = [{"role": "user", "content": "Row"}]
        answer = await create(model=kind, messages=messages, stream=stream)
        if stream:
            async for _ in answer:
                pass


def quota(server: LatencyServer, folder: str) -> list[Row]:
    from deepshi_jupyter.map_function import map as ask_all

    with own_session(DEEPSHI_BASE_URL=server.base_url, DEEPSHI_STORE=f"{folder}/quota"):
        ask_all(range(QUOTA_ROWS), "Row {{item}}", model="quota", progress=False)
    stats = server.stats()
    begin, end = stats["accepted"][0] + SETTLED, stats["accepted"][-1] - 1
    good = sum(begin <= at < end for at in stats["accepted"])
    bad = sum(begin <= at < end for at in stats["refused"])
    used = good / (QUOTA * (end - begin)) * 100
    return [
        Row("quota of 50 a second: used", used, "%", bar="≥ 90 %"),
        Row("quota of 50 a second: answered 429", bad / (good + bad) * 100, "%", bar="< 2 %"),
    ]


def memory(server: LatencyServer, folder: str) -> list[Row]:
    """Measure what a row takes: the growth from 2,000 to 20,000 rows, each in a new process."""
    small, large = (peak(server, f"{folder}/rows{rows}", rows) for rows in (2000, 20_000))
    a_row = (large - small) / 18_000 * 1024
    return [Row("memory a row, answer of 500 characters included", a_row, "bytes")]


_PEAK = """
import re, sys
from deepshi_jupyter.map_function import map
result = map(range(int(sys.argv[1])), "Row {{item}}", model="quick", progress=False)
assert result.states == {"ok": len(result)}, result
print(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1])
"""


def peak(server: LatencyServer, store: str, rows: int) -> int:
    """Return the most kilobytes that a process holds which asks so many rows."""
    environment = {"DEEPSHI_BASE_URL": server.base_url, "DEEPSHI_STORE": store}
    done = subprocess.run(
        [sys.executable, "-c", _PEAK, str(rows)],
        env={**os.environ, **environment, "DEEPSHI_API_KEY": "k"},
        capture_output=True,
        text=True,
        check=True,
    )
    return int(done.stdout)
