"""A bare server for measurements, in a process of its own: `python -m benchmarks.server`.

It prints its port and plays streams by the model's name: ``one`` (a single token that is the
monotonic time of its writing), ``stamped-N`` (N such tokens, 20 ms apart), ``many-N`` (N tokens as
fast as it can, one HTTP chunk each), ``big-M`` (M megabytes in 16-character tokens), ``paced-N``
(N tokens of 4 characters, 200 a second, with some emphasis and a paragraph's end now and then),
``closed-N`` (the same with a last word that a page can be watched for).
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
_END = b"data: [DONE]\n\n"


def event(text: str, finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": finish}
    fields = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    return b"data: " + json.dumps({**fields, "choices": [choice]}).encode() + b"\n\n"


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def pieces(model: str) -> Iterator[bytes]:
    name, _, count = model.partition("-")
    if name == "many":
        token = chunk(event("word"))
        for _ in range(int(count) // 50):
            yield token * 50
    elif name == "big":
        token = chunk(event("sixteen letters "))
        for _ in range(int(count) * 1024 * 1024 // 16 // 64):
            yield token * 64
    elif name == "paced":
        yield from paced(int(count))
    elif name == "closed":
        yield from paced(int(count))
        yield chunk(event("the-very-end"))
    elif name == "stamped":
        for _ in range(int(count)):
            time.sleep(0.02)
            yield chunk(event(f"{time.monotonic()!r} "))
    else:
        yield chunk(event(f"{time.monotonic()!r} "))


def paced(count: int) -> Iterator[bytes]:
    begin = time.monotonic()
    for i in range(count):
        time.sleep(max(0.0, begin + i / 200 - time.monotonic()))
        text = "\n\n" if i % 60 == 59 else "*b* " if i % 10 == 9 else "wor "
        yield chunk(event(text))


def serve(connection: socket.socket) -> None:
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with connection, connection.makefile("rb") as stream:
        while line := stream.readline():
            length = 0
            while (header := stream.readline().strip()) != b"":
                if header.lower().startswith(b"content-length:"):
                    length = int(header.split(b":")[1])
            body = stream.read(length)
            if line.startswith(b"GET"):
                connection.sendall(b"HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\n\r\n{}")
                continue
            connection.sendall(_HEAD)
            for data in pieces(json.loads(body)["model"]):
                connection.sendall(data)
            connection.sendall(chunk(event("", "stop")) + chunk(_END) + b"0\r\n\r\n")


def main() -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=serve, args=(connection,), daemon=True).start()


class BenchServer:
    """The server as a child process; use as a context manager."""

    def __enter__(self) -> BenchServer:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.server"], stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        self.base_url = f"http://127.0.0.1:{int(self._process.stdout.readline())}/v1"
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()


if __name__ == "__main__":
    main()
