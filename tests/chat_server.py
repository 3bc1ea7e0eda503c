"""A server that answers each question with an answer of its own, and tells what it was asked."""

from __future__ import annotations

import json
import threading
from typing import Any

from tests.chunks import DONE, answer, usage_chunk
from tests.wire_server import Played, Received, WireServer

Json = dict[str, Any]


class ChatServer(WireServer):
    """Answers ``Answer 1 to QUESTION``, and with a higher number when it is asked the same again.

    Attributes:
        models: The entries of its catalogue.
        planned: Other answers: by question, the one for each time that it is asked.
    """

    def __init__(self, *models: Json) -> None:
        super().__init__()
        self.models = list(models) or [{"id": "deepshi-3.0"}]
        self.planned: dict[str, list[Played]] = {}
        self._asked: dict[str, int] = {}
        self._turn = threading.Lock()

    def next_answer(self, request: Received) -> Played:
        if request.method == "GET":
            body = json.dumps({"object": "list", "data": self.models}).encode()
            return Played([body], headers={"content-type": "application/json"})
        question = text_of(json.loads(request.body)["messages"][-1])
        with self._turn:
            number = self._asked[question] = self._asked.get(question, 0) + 1
        planned = self.planned.get(question, [])
        if planned:
            return planned[min(number, len(planned)) - 1]
        return says(f"Answer {number} to {question}")

    @property
    def bodies(self) -> list[Json]:
        """The bodies of the questions, in order."""
        return [json.loads(r.body) for r in self.received if r.method == "POST"]

    @property
    def questions(self) -> list[str]:
        """The last message of each question, in order."""
        return [text_of(body["messages"][-1]) for body in self.bodies]

    @property
    def context(self) -> list[str]:
        """What the last question was sent with: the texts of its messages, in order."""
        return [text_of(message) for message in self.bodies[-1]["messages"]]

    def plan(self, question: str, *played: Played) -> None:
        """Plan what a question is answered with; the last one repeats."""
        self.planned[question] = list(played)


def says(*texts: str, finish: str = "stop") -> Played:
    """Return a whole answer in these pieces."""
    pieces = answer(*texts, done=False)
    if finish != "stop":
        pieces[-1] = pieces[-1].replace(b'"stop"', f'"{finish}"'.encode())
    return Played([*pieces, usage_chunk(3, 2, cost=0.25), DONE])


def text_of(message: Json) -> str:
    content = message.get("content")
    if isinstance(content, list):
        return " ".join(part["text"] for part in content if "text" in part)
    return str(content)
