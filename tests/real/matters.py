"""What is asked of each server, what is known of its answer, and what it cannot do and why.

One table for all checks: `able` gives the servers that a check runs against, and a test holds that
every other one has its reason here. Nothing is left out silently.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.real.servers import ANY_BASE_URL, ANY_CANNOT, ANY_REASONER, NAMES


@dataclass(frozen=True)
class Question:
    """What is asked, and what is known of the answer.

    Attributes:
        prompt: What the user says.
        text: The whole answer, or None where nobody can know it.
        model: The model asked, or None for that of the server.
        parameters: Of the request.
        reasoning: The whole thinking trace, or None where nobody can know it.
        calls: Name and arguments of each tool call; arguments None where nobody can know them.
        finish: The finish reason.
        path: The path of the API, where it is not that of the server's base URL.
    """

    prompt: str
    text: str | None = None
    model: str | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    reasoning: str | None = None
    calls: tuple[tuple[str, Mapping[str, Any] | None], ...] = ()
    finish: str = "stop"
    path: str | None = None


@dataclass(frozen=True)
class Cannot:
    """Why a server has no part in a matter."""

    reason: str


def _tool(name: str, description: str, **properties: str) -> dict[str, Any]:
    parameters = {
        "type": "object",
        "properties": {key: {"type": kind} for key, kind in properties.items()},
        "required": list(properties),
    }
    function = {"name": name, "description": description, "parameters": parameters}
    return {"type": "function", "function": function}


TOOLS = [
    _tool("get_weather", "The weather in a city.", city="string", days="integer"),
    _tool("get_time", "The time in a time zone.", tz="string"),
]

_HELLO = "Hello, this is a scripted tiny model."
_GRUEZI = "Grüezi 😀 fin"
_ECHO = "offline-echo"
_FIXED = Cannot("its answers are fixed: it reads no sampling parameter")
_NOT_FAILING = Cannot("it cannot be made to fail so")
_UNKNOWN = Cannot("an unknown server cannot be asked to fail so; the fault proxy does")
_ENGLISH = "Name three colours of the rainbow."

MATTERS: dict[str, dict[str, Question | Cannot]] = {
    "text": {
        "offline": Question(_HELLO, _HELLO, _ECHO),
        "aimock": Question("go:plain", _HELLO),
        "mlx": Question("go:plain", _HELLO),
        "any": Question(_ENGLISH),
    },
    "characters of several bytes": {
        "offline": Question(_GRUEZI, _GRUEZI, _ECHO),
        "aimock": Question("go:utf8", _GRUEZI),
        "mlx": Question("go:utf8", _GRUEZI),
        "any": Cannot("nobody knows what an unknown model answers"),
    },
    "cost": {
        "offline": Question(_ENGLISH),
        "aimock": Question("go:cost", "costly", path="/api/v1"),
        "mlx": Cannot("it runs on your own machine and reports no cost"),
        "any": Cannot("the contract lets a server of this family leave the cost out"),
    },
    "reasoning": {
        "offline": Question("Explain the tides.", parameters={"seed": 1}),
        "aimock": Question("go:think", "The answer: 42", reasoning="Let me think about it."),
        "mlx": Question("go:think", "The answer: 42", reasoning="\nLet me think about it.\n\n"),
        "any": Question("Explain the tides in two sentences."),
    },
    "one tool call": {
        "offline": Question(
            "How is the weather in Zurich?",
            "",
            "offline-tools",
            {"tools": TOOLS, "seed": 1},
            calls=(("get_weather", None),),
            finish="tool_calls",
        ),
        "aimock": Question(
            "go:tool",
            "",
            parameters={"tools": TOOLS},
            calls=(("get_weather", {"city": "Zurich", "days": 3}),),
            finish="tool_calls",
        ),
        "mlx": Question(
            "go:tool",
            "",
            parameters={"tools": TOOLS},
            calls=(("get_weather", {"city": "Zurich", "days": 3}),),
            finish="tool_calls",
        ),
        "any": Question(
            "How is the weather in Zurich for the next 3 days? Use the tool.",
            parameters={"tools": TOOLS},
            calls=(("get_weather", None),),
            finish="tool_calls",
        ),
    },
    "two tool calls": {
        "offline": Question(
            "Tell the weather and the time in Zurich.",
            "",
            "offline-tools",
            {"tools": TOOLS, "seed": 1},
            calls=(("get_weather", None), ("get_time", None)),
            finish="tool_calls",
        ),
        "aimock": Question(
            "go:tools2",
            "",
            parameters={"tools": TOOLS},
            calls=(("get_time", {"tz": "UTC"}), ("get_weather", {"city": "Rome", "days": 1})),
            finish="tool_calls",
        ),
        "mlx": Question(
            "go:tools2",
            "\n",
            parameters={"tools": TOOLS},
            calls=(("get_time", {"tz": "UTC"}), ("get_weather", {"city": "Rome", "days": 1})),
            finish="tool_calls",
        ),
        "any": Cannot("whether a model calls two tools at once is its own decision"),
    },
    "JSON": {
        "offline": Question(
            'Give an object with "city" and "n".',
            model="offline-chat",
            parameters={"response_format": {"type": "json_object"}, "seed": 1},
        ),
        "aimock": Question(
            "go:json",
            '{"city":"Bern","n":7}',
            parameters={"response_format": {"type": "json_object"}},
        ),
        "mlx": Question(
            "go:json",
            '{"city":"Bern","n":7}',
            parameters={"response_format": {"type": "json_object"}},
        ),
        "any": Question(
            'Give a JSON object with the keys "city" and "n" about Bern.',
            parameters={"response_format": {"type": "json_object"}},
        ),
    },
    "stop": {
        "offline": Question("one two STOP three", "one two", _ECHO, {"stop": " STOP"}),
        "aimock": _FIXED,
        "mlx": Question("go:long", "w000 w001 w002", parameters={"stop": [" w005", " w003"]}),
        "any": Cannot("nobody knows where an unknown model's answer would stop"),
    },
    "max_tokens": {
        "offline": Question("one two three", "one two", _ECHO, {"max_tokens": 2}, finish="length"),
        "aimock": Question("go:long", "w000 w001 w002", finish="length"),
        "mlx": Question(
            "go:long", "w000 w001 w002 w003 w004", parameters={"max_tokens": 5}, finish="length"
        ),
        "any": Question(
            "Count from one to a hundred in words.", parameters={"max_tokens": 4}, finish="length"
        ),
    },
    "seed": {
        "offline": Question("Explain the tides.", parameters={"max_tokens": 20}, finish="length"),
        "aimock": _FIXED,
        "mlx": Question(
            "go:random", parameters={"temperature": 1.0, "max_tokens": 8}, finish="length"
        ),
        "any": Cannot("a seed is best effort by the contract"),
    },
    "stopping": {
        "offline": Question("go on", model="offline-flood-999999"),
        "aimock": Question("go:slow"),
        "mlx": Question("go:long"),
        "any": Question("Count from one to a hundred in words."),
    },
    "slow first token": {
        "offline": Cannot("it answers at once; its silent model is for the next matter"),
        "aimock": Question("go:slow", "slow answer"),
        "mlx": Cannot("the model has one layer: it is never slow"),
        "any": _UNKNOWN,
    },
    "silence": {
        "offline": Question("hello", model="offline-silent"),
        "aimock": Question("go:slow"),
        "mlx": _NOT_FAILING,
        "any": _UNKNOWN,
    },
    "429 once": {
        "offline": Question("hello", model="offline-error-429-once"),
        "aimock": Question("go:429", "ok after retry"),
        "mlx": Cannot("it has no limits"),
        "any": _UNKNOWN,
    },
    "429 always": {
        "offline": Question("hello", model="offline-error-429"),
        "aimock": Question("go:429 always"),
        "mlx": Cannot("it has no limits"),
        "any": _UNKNOWN,
    },
    "503 first": {
        "offline": Question("hello", model="offline-error-503-once"),
        "aimock": Question("go:503", "ok after two 503"),
        "mlx": _NOT_FAILING,
        "any": _UNKNOWN,
    },
    "503 always": {
        "offline": Question("hello", model="offline-error-503"),
        "aimock": Question("go:503 always"),
        "mlx": _NOT_FAILING,
        "any": _UNKNOWN,
    },
    "401": {
        "offline": Question("hello", model="offline-error-401"),
        "aimock": Question("go:401"),
        "mlx": Cannot("it knows no keys"),
        "any": _UNKNOWN,
    },
    "another key": {
        "offline": Cannot("it takes any key; `require_key` is tested with the endpoint itself"),
        "aimock": Question("go:plain"),
        "mlx": Cannot("it knows no keys"),
        "any": Cannot("an unknown server may count wrong keys against their sender"),
    },
    "unknown model": {
        "offline": Question("hello", model="no-such-model"),
        "aimock": Cannot("it answers as any model"),
        "mlx": Question("hello", model="no-such-model"),
        "any": Question("hello", model="no-such-model"),
    },
    "another address": {
        "offline": Question("hello", path="/nothing/here"),
        "aimock": Cannot("it answers at every address that ends in /chat/completions"),
        "mlx": Question("hello", path="/nothing/here"),
        "any": Question("hello", path="/nothing/here"),
    },
    "refused parameter": {
        "offline": Question("hello", parameters={"tools": [{"type": "nonsense"}]}),
        "aimock": _FIXED,
        "mlx": Question("hello", parameters={"extra": {"repetition_penalty": "much"}}),
        "any": Cannot("the contract lets a server ignore what it does not know"),
    },
    "content filter": {
        "offline": _NOT_FAILING,
        "aimock": Question("go:filter", "I can", finish="content_filter"),
        "mlx": Cannot("it has no content filter"),
        "any": _UNKNOWN,
    },
    "broken off": {
        "offline": Question("hello", model="offline-error-cut"),
        "aimock": Question(
            "go:cut", "This will be cut short after three chunks, this text is never seen"
        ),
        "mlx": _NOT_FAILING,
        "any": _UNKNOWN,
    },
    "disconnected": {
        "offline": Cannot("its answers break off after some tokens: see `broken off`"),
        "aimock": Question(
            "go:drop", "This one is disconnected after a while while it is still streaming"
        ),
        "mlx": _NOT_FAILING,
        "any": _UNKNOWN,
    },
    "no answer": {
        "offline": Cannot("it closes no connection without an answer"),
        "aimock": Question("go:disc"),
        "mlx": _NOT_FAILING,
        "any": _UNKNOWN,
    },
    "malformed": {
        "offline": _NOT_FAILING,
        "aimock": Question("go:malformed"),
        "mlx": _NOT_FAILING,
        "any": _UNKNOWN,
    },
    "error in mid-stream": {
        "offline": Question("hello", model="offline-error-midstream"),
        "aimock": _NOT_FAILING,
        "mlx": _NOT_FAILING,
        "any": _UNKNOWN,
    },
}
"""Matter → server → what is asked of it, or why not."""


def question_of(matter: str, server: str) -> Question | Cannot:
    """Return what is asked of a server in a matter, or why nothing is."""
    if server == "any" and matter.replace(" ", "-") in ANY_CANNOT:
        return Cannot("DEEPSHI_TEST_CANNOT says so")
    if server == "any" and matter == "reasoning" and ANY_BASE_URL and not ANY_REASONER:
        return Cannot("DEEPSHI_TEST_REASONER names no model that reasons")
    return MATTERS[matter][server]


def able(*matters: str, among: Sequence[str] = NAMES) -> pytest.MarkDecorator:
    """Parametrise a test by the servers that have a part in a matter, or in each of several."""
    cases = [
        pytest.param(name, asked, id=f"{name}-{matter}" if len(matters) > 1 else name)
        for matter in matters
        for name in among
        if isinstance(asked := question_of(matter, name), Question)
    ]
    return pytest.mark.parametrize(("server", "question"), cases, indirect=["server"])
