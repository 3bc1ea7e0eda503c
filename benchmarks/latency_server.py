"""A server that answers after 200 ms, in its own process: `python -m benchmarks.latency_server`.

It prints its port. The model's name says how it answers: ``fixed`` (after 200 ms), ``jitter``
(after 100 to 300 ms), ``quick`` (after 5 ms), ``quota`` (after 200 ms, 50 requests a second with
50 in reserve, else 429). An answer has 100 tokens; streamed, they come as 100 HTTP chunks in ten
writes over the second half of that time. ``GET /stats`` tells when requests were accepted and
refused.
"""

from __future__ import annotations

import asyncio
import json
import random
import subprocess
import sys
import time
import urllib.request
from typing import Any

from benchmarks.server import chunk, event

TOKENS = 100
WRITES = 10
QUOTA = 50.0
LATENCY = 0.2

_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
_USAGE = {"prompt_tokens": 5, "completion_tokens": TOKENS, "total_tokens": TOKENS + 5}
_PIECE = chunk(event("word ")) * (TOKENS // WRITES)
_LAST = b"".join(
    (
        chunk(event("", "stop")),
        chunk(
            b"data: " + json.dumps({"id": "c", "choices": [], "usage": _USAGE}).encode() + b"\n\n"
        ),
        chunk(b"data: [DONE]\n\n"),
        b"0\r\n\r\n",
    )
)


def whole(status: str, value: Any) -> bytes:
    body = json.dumps(value).encode()
    head = f"HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {len(body)}"
    return head.encode() + b"\r\n\r\n" + body


_MESSAGE = {"role": "assistant", "content": "word " * TOKENS}
_PLAIN = whole(
    "200 OK",
    {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [{"index": 0, "message": _MESSAGE, "finish_reason": "stop"}],
        "usage": _USAGE,
    },
)
_REFUSED = whole("429 Too Many Requests", {"error": {"message": "slow down", "type": "rate_limit"}})


class Quota:
    def __init__(self) -> None:
        self.accepted: list[float] = []
        self.refused: list[float] = []
        self._left, self._at = QUOTA, time.monotonic()

    def accepts(self) -> bool:
        now = time.monotonic()
        self._left = min(QUOTA, self._left + (now - self._at) * QUOTA)
        self._at = now
        accepted = self._left >= 1
        self._left -= accepted
        (self.accepted if accepted else self.refused).append(now)
        return accepted


class Service(asyncio.Protocol):
    quota = Quota()

    def connection_made(self, transport: Any) -> None:
        self.write = transport.write
        self._came = b""

    def data_received(self, data: bytes) -> None:
        self._came += data
        while (end := self._came.find(b"\r\n\r\n") + 4) > 3:
            head = self._came[:end].lower()
            at = head.find(b"content-length:")
            length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            if len(self._came) < end + length:
                return
            body, self._came = self._came[end : end + length], self._came[end + length :]
            self.answer(head, body)

    def answer(self, head: bytes, body: bytes) -> None:
        if head.startswith(b"get"):
            quota = self.quota
            stats = {"accepted": quota.accepted, "refused": quota.refused}
            found = head.startswith(b"get /stats")
            self.write(whole("200 OK", stats) if found else whole("404 Not Found", {}))
            return
        asked = json.loads(body)
        model, call_later = asked["model"], asyncio.get_running_loop().call_later
        if model == "quota" and not self.quota.accepts():
            self.write(_REFUSED)
            return
        latency = {"jitter": random.uniform(0.1, 0.3), "quick": 0.005}.get(model, LATENCY)
        if not asked.get("stream"):
            call_later(latency, self.write, _PLAIN)
            return
        for place in range(WRITES):
            data = (b"" if place else _HEAD) + _PIECE + (_LAST if place == WRITES - 1 else b"")
            call_later(latency / 2 * (1 + place / (WRITES - 1)), self.write, data)


async def serve() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Service, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


class LatencyServer:
    """The server as a child process; use as a context manager."""

    def __enter__(self) -> LatencyServer:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.latency_server"], stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        self.address = f"http://127.0.0.1:{int(self._process.stdout.readline())}"
        self.base_url = f"{self.address}/v1"
        return self

    def stats(self) -> dict[str, list[float]]:
        with urllib.request.urlopen(f"{self.address}/stats") as answer:
            stats: dict[str, list[float]] = json.load(answer)
        return stats

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()


if __name__ == "__main__":
    asyncio.run(serve())
