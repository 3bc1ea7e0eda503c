"""The embedded endpoint, made worse: what a doctor has to recognise."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from deepshi_jupyter.offline import Endpoint
from deepshi_jupyter.offline.steps import Answer, Piece, Step

Alter = Callable[[Answer], Answer]


class AlteredEndpoint(Endpoint):
    """An endpoint some of whose answers are changed.

    Args:
        chat: What is done to an answer of a model, if anything.
        models: What is done to the catalogue, if anything.
        settings: Those of `Endpoint`.
    """

    def __init__(
        self, chat: Alter | None = None, models: Alter | None = None, **settings: Any
    ) -> None:
        super().__init__(**settings)
        self._alter = {"/v1/chat/completions": chat, "/v1/models": models}

    def answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        answer = super().answer(method, path, headers, body)
        alter = self._alter.get(path)
        return alter(answer) if alter else answer


def buffered(answer: Answer) -> Answer:
    """Keep everything to the end, as a proxy does that buffers."""

    def at_once() -> Iterator[Step]:
        pieces = [step for step in answer.steps if isinstance(step, Piece)]
        yield Piece(b"".join(p.data for p in pieces), sum(p.delay for p in pieces))

    return answer._replace(steps=at_once())


def without_usage(answer: Answer) -> Answer:
    """Leave out the chunks that report usage."""
    return answer._replace(steps=(step for step in answer.steps if not _has_usage(step)))


def without_cost(answer: Answer) -> Answer:
    """Leave the cost out of the usage, as other services of this family do."""

    def steps() -> Iterator[Step]:
        for step in answer.steps:
            if not _has_usage(step):
                yield step
            elif isinstance(step, Piece):
                event = json.loads(step.data.removeprefix(b"data: "))
                del event["usage"]["cost"]
                yield step._replace(data=b"data: %b\n\n" % json.dumps(event).encode())

    return answer._replace(steps=steps())


def missing(_: Answer) -> Answer:
    """Answer 404, as a service without this address does."""
    headers = {"content-type": "text/plain", "content-length": "0"}
    return Answer(404, headers, iter([Piece(b"")]))


def ids_only(answer: Answer) -> Answer:
    """List ids and nothing else, as plain OpenAI-compatible servers do."""
    data = b"".join(step.data for step in answer.steps if isinstance(step, Piece))
    models = [{"id": model["id"]} for model in json.loads(data)["data"]]
    body = json.dumps({"object": "list", "data": models}).encode()
    headers = {**answer.headers, "content-length": str(len(body))}
    return Answer(200, headers, iter([Piece(body)]))


def _has_usage(step: Step) -> bool:
    return isinstance(step, Piece) and b'"usage":{' in step.data.replace(b" ", b"")
