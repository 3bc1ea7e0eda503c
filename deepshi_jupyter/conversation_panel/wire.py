"""The link to the page: every message goes through here, without keys and in order."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from deepshi_jupyter.conversation_panel.page_messages import VERSION
from deepshi_jupyter.core.redaction import Redactor
from deepshi_jupyter.core.turn_record import Json

Send = Callable[[Json], None]


class Wire:
    """Sends messages to all pages that show one panel.

    Args:
        redactor: Returns what takes keys out of a message.
    """

    def __init__(self, redactor: Callable[[], Redactor]) -> None:
        self._redactor = redactor
        self._lock = threading.Lock()
        self._send: Send | None = None

    def connect(self, send: Send | None) -> None:
        """Send by this from now on; None sends nothing more."""
        with self._lock:
            self._send = send

    def tell(self, kind: str, **fields: Any) -> None:
        """Send a message, from any thread."""
        message, _ = self._redactor().answered({"v": VERSION, "kind": kind, **fields})
        with self._lock:
            if self._send is not None:
                self._send(message)
