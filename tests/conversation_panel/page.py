"""The page of a panel, without a browser: says messages, and remembers what it was told."""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Callable
from typing import Any

from deepshi_jupyter.conversation_panel.panel import Panel

Json = dict[str, Any]
PATIENCE = 20


class Page:
    """What a reader sees of a panel.

    Args:
        panel: The panel.
    """

    def __init__(self, panel: Panel) -> None:
        self.panel = panel
        self.told: list[Json] = []
        self.shown: dict[str, Json] = {}
        self.order: list[str] = []
        self.before_ended: list[list[str]] = []
        self._news = threading.Condition()
        self._names = itertools.count(1)
        panel.connect(self._take)

    def _take(self, message: Json) -> None:
        message = json.loads(json.dumps(message))  # as the wire has it
        with self._news:
            self.told.append(message)
            if message["kind"] == "turns":
                self.order = message["order"]
                self.shown |= {turn["id"]: turn for turn in message["turns"]}
            if message["kind"] == "ended":
                self.before_ended.append(self.order)
            self._news.notify_all()

    def say(self, kind: str, **fields: Any) -> None:
        self.panel.receive({"v": 1, "kind": kind, **fields})

    def wait(self, kind: str, is_right: Callable[[Json], bool] = lambda _: True) -> Json:
        """Wait for a message, and return the last one of its kind that is right."""

        def found() -> Json | None:
            right = (m for m in reversed(self.told) if m["kind"] == kind and is_right(m))
            return next(right, None)

        with self._news:
            assert self._news.wait_for(lambda: found() is not None, PATIENCE), self.told
            return found() or {}

    def begin(self, text: str, **fields: Any) -> str:
        """Ask without waiting for the answer; return the id of the question."""
        name = f"ask-{next(self._names)}"
        self.say("ask", ask=name, text=text, **fields)
        return name

    def ended(self, ask: str) -> Json:
        """Wait for the end of a question."""
        return self.wait("ended", lambda message: message["ask"] == ask)

    def ask(self, text: str, **fields: Any) -> str:
        """Ask, wait for the whole answer, and return the id of its turn."""
        ended = self.ended(self.begin(text, **fields))
        assert ended["error"] is None, ended
        return str(ended["turn"])

    def regenerate(self, turn: str) -> str:
        name = f"ask-{next(self._names)}"
        self.say("regenerate", ask=name, turn=turn)
        ended = self.ended(name)
        assert ended["error"] is None, ended
        return str(ended["turn"])

    def until(self, is_right: Callable[[], bool]) -> None:
        """Wait until what is shown is right."""
        with self._news:
            assert self._news.wait_for(is_right, PATIENCE), (self.order, self.shown)

    @property
    def turns(self) -> list[Json]:
        return [self.shown[name] for name in self.order]

    @property
    def questions(self) -> list[str]:
        return [turn["question"] for turn in self.turns]

    def of(self, kind: str, ask: str = "") -> list[Json]:
        return [m for m in self.told if m["kind"] == kind and ask in ("", m.get("ask"))]
