"""CPU time for an event of a stream: ours over httpx, against httpx with the least that works."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.util import find_spec

import httpx
import msgspec

from benchmarks.server import BenchServer, event
from benchmarks.table import Row, median
from deepshi_jupyter import Client
from deepshi_jupyter.core.exchange import Exchange
from deepshi_jupyter.core.sse import EventStreamDecoder
from deepshi_jupyter.core.wire import decode_plain

EVENTS = 100_000


class _Delta(msgspec.Struct):
    content: str | None = None


class _Choice(msgspec.Struct):
    delta: _Delta


class _Chunk(msgspec.Struct):
    choices: list[_Choice]


_decode = msgspec.json.Decoder(_Chunk).decode


def body() -> dict[str, object]:
    messages = [{"role": "user", "content": "hi"}]
    return {"model": f"many-{EVENTS}", "messages": messages, "stream": True}


def bare(base_url: str) -> None:
    """httpx.iter_raw, split, msgspec."""
    texts, rest = [], b""
    with (
        httpx.Client(timeout=60) as client,
        client.stream("POST", base_url + "/chat/completions", json=body()) as response,
    ):
        for piece in response.iter_raw():
            *blocks, rest = (rest + piece).split(b"\n\n")
            for block in blocks:
                if block.startswith(b"data: {"):
                    text = _decode(block[6:]).choices[0].delta.content
                    if text:
                        texts.append(text)
    assert len("".join(texts)) == EVENTS * 4


def ours(base_url: str) -> None:
    with Client(base_url, "k") as client:
        stream = client.stream("hi", model=f"many-{EVENTS}")
        for _ in stream:
            pass
        assert len(stream.reply.text) == EVENTS * 4


def official(base_url: str) -> None:
    import openai

    with openai.OpenAI(base_url=base_url, api_key="k") as client:
        stream = client.chat.completions.create(
            model=f"many-{EVENTS}", messages=[{"role": "user", "content": "hi"}], stream=True
        )
        text = "".join(c.choices[0].delta.content or "" for c in stream if c.choices)
    assert len(text) == EVENTS * 4


def decoder_alone(data: bytes) -> None:
    feed = EventStreamDecoder().feed
    for _ in range(EVENTS):
        for server_event in feed(data):
            decode_plain(server_event.data)


def exchange_alone(data: bytes) -> None:
    exchange = Exchange()
    exchange.head(200, {}, datetime.now(UTC))
    for _ in range(EVENTS):
        exchange.feed(data)


def cpu(work: Callable[[], None]) -> float:
    begin = time.process_time()
    work()
    return (time.process_time() - begin) / EVENTS * 1e6


def measure(repeats: int) -> list[Row]:
    data = event("word")
    figures: dict[str, list[float]] = {}
    with BenchServer() as server:
        works: dict[str, Callable[[], None]] = {
            "bare": lambda: bare(server.base_url),
            "ours": lambda: ours(server.base_url),
            "exchange": lambda: exchange_alone(data),
            "decoder": lambda: decoder_alone(data),
        }
        if find_spec("openai"):
            works["openai"] = lambda: official(server.base_url)
        for _ in range(repeats):
            for name, work in works.items():
                figures.setdefault(name, []).append(cpu(work))
    base = median(figures["bare"])
    rows = [
        Row("Client.stream, an event", median(figures["ours"]), "µs", base, "≤ 1.4×"),
        Row("of which ours, without httpx", median(figures["exchange"]), "µs", base),
        Row(
            "decoder alone (event stream and JSON)", median(figures["decoder"]), "µs", bar="< 3 µs"
        ),
    ]
    if "openai" in figures:
        rows.append(Row("openai SDK", median(figures["openai"]), "µs", base))
    return rows
