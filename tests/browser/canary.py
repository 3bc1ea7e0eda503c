"""A server on loopback that remembers who asked it for something."""

from __future__ import annotations

import queue
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Canary:
    """Answers every request with an empty page; use as a context manager."""

    def __init__(self) -> None:
        hits: queue.Queue[str] = queue.Queue()

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                hits.put(self.path)
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def do_POST(self) -> None:
                self.do_GET()

            def log_message(self, *_: object) -> None:
                """Stay silent."""

        self._hits = hits
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Canary:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def hits(self) -> list[str]:
        """Return the paths that were asked for so far."""
        return [*self._hits.queue]

    def wait_for_hit(self) -> str:
        """Wait until somebody asks."""
        return self._hits.get(timeout=30)
