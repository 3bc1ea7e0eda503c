"""One choice of an answer as it is given: tokens become deltas, within the request's limits."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from deepshi_jupyter.offline.sampler import Sampled
from deepshi_jupyter.offline.stops import StopFilter
from deepshi_jupyter.offline.tokens import tokenize


class Thought(NamedTuple):
    """A token of the thinking trace."""

    text: str


class Text(NamedTuple):
    """A token of the answer."""

    sampled: Sampled


class CallStart(NamedTuple):
    """A tool call begins."""

    place: int
    id: str
    name: str


class CallArguments(NamedTuple):
    """A token of a tool call's arguments."""

    place: int
    text: str


class Finish(NamedTuple):
    """The end, with its reason and the tokens that were spent."""

    reason: str
    completion_tokens: int
    reasoning_tokens: int


Delta = Thought | Text | CallStart | CallArguments | Finish


class Call(NamedTuple):
    """A tool call: its id, the function's name, the arguments as JSON text."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True)
class Script:
    """What a choice would say if nothing limited it.

    Args:
        content: The tokens of the answer.
        thoughts: The tokens of the thinking trace before it.
        calls: Tool calls; there is no answer then.
    """

    content: Iterable[Sampled] = ()
    thoughts: Iterable[Sampled] = ()
    calls: Sequence[Call] = ()


class _Budget:
    """Counts the tokens spent."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.spent = 0

    def spend(self) -> bool:
        """Spend a token if there is one left."""
        if self.spent >= self.limit:
            return False
        self.spent += 1
        return True


def perform(script: Script, limit: int, stops: Sequence[str]) -> Iterator[Delta]:
    """Give a choice, delta by delta, until it ends or its limit does.

    Args:
        script: What to say.
        limit: The greatest number of tokens, thoughts included (API contract, "Response").
        stops: Stop sequences of the answer; they do not act on thoughts and arguments.

    Yields:
        The deltas; the last is a `Finish`.
    """
    budget = _Budget(limit)
    for thought in script.thoughts:
        if not budget.spend():
            yield Finish("length", budget.spent, budget.spent)
            return
        yield Thought(thought.text)
    reasoning_tokens = budget.spent
    if script.calls:
        reason = yield from _give_calls(script.calls, budget)
    else:
        reason = yield from _give_text(script.content, budget, StopFilter(stops))
    yield Finish(reason, budget.spent, reasoning_tokens)


def _give_text(
    content: Iterable[Sampled], budget: _Budget, stops: StopFilter
) -> Generator[Delta, None, str]:
    """Give the text, and return why it ended."""
    reason = "stop"
    for sampled in content:
        if not budget.spend():
            reason = "length"
            break
        for shown in stops.feed(sampled):
            yield Text(shown)
        if stops.hit:
            return "stop"
    for shown in stops.flush():
        yield Text(shown)
    return reason


def _give_calls(calls: Sequence[Call], budget: _Budget) -> Generator[Delta, None, str]:
    """Give the calls one after another, and return why they ended."""
    for index, call in enumerate(calls):
        yield CallStart(index, call.id, call.name)
        for token in tokenize(call.arguments):
            if not budget.spend():
                return "length"
            yield CallArguments(index, token)
    return "tool_calls"
