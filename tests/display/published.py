"""What a presenter publishes, kept as a front end keeps it."""

from __future__ import annotations

from typing import Any

import pytest


class Page:
    """The outputs of one cell."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.outputs: list[dict[str, Any]] = []
        self.messages: list[dict[str, Any]] = []
        self._places: dict[str, int] = {}
        self._clear_next = False
        monkeypatch.setattr("IPython.display.publish_display_data", self._publish)
        monkeypatch.setattr("IPython.display.clear_output", self._clear)

    @property
    def markdown(self) -> list[str]:
        return [output["text/markdown"] for output in self.outputs]

    @property
    def size(self) -> int:
        """Characters of all that was published."""
        return sum(len(str(message)) for message in self.messages)

    def _publish(
        self,
        data: dict[str, Any],
        transient: dict[str, str] | None = None,
        update: bool = False,
        **_: Any,
    ) -> None:
        self.messages.append(data)
        if self._clear_next:
            self.outputs.clear()
            self._places.clear()
            self._clear_next = False
        name = (transient or {}).get("display_id", "")
        if update:
            self.outputs[self._places[name]] = data
            return
        self._places[name] = len(self.outputs)
        self.outputs.append(data)

    def _clear(self, wait: bool = False) -> None:
        assert wait, "clearing at once makes the page jump"
        self._clear_next = True
