"""Python imports this when it starts with this folder on PYTHONPATH: nothing leaves the process.

Refused are all connections and look-ups of names, and the embedded endpoint, which needs neither.
Each try is noted in the file that TRIED_TO_CONNECT names, as what is refused may be caught. The
kernel's own sockets are libzmq's, which do not go through Python.
"""

from __future__ import annotations

import os
import sys
from typing import Any

_OUT = (
    *("socket.connect", "socket.sendto", "socket.sendmsg"),
    *("socket.getaddrinfo", "socket.gethostbyname"),
)
_EMBEDDED = "deepshi_jupyter.offline.transport"


def _refuse_to_connect(event: str, arguments: tuple[Any, ...]) -> None:
    if event in _OUT:
        _refuse(event)


class _RefusingFinder:
    """Finds the embedded endpoint, and refuses to load it."""

    @staticmethod
    def find_spec(name: str, *_: object) -> None:
        if name == _EMBEDDED:
            _refuse(name)


def _refuse(what: str) -> None:
    with open(os.environ["TRIED_TO_CONNECT"], "a", encoding="utf-8") as file:
        file.write(f"{what}\n")
    raise PermissionError(f"{what} is refused here")


sys.addaudithook(_refuse_to_connect)
sys.meta_path.insert(0, _RefusingFinder)  # type: ignore[arg-type]  # a class that finds nothing
