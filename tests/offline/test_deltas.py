from __future__ import annotations

import pytest

from deepshi_jupyter.offline.deltas import (
    Call,
    CallArguments,
    CallStart,
    Delta,
    Finish,
    Script,
    Text,
    Thought,
    perform,
)
from deepshi_jupyter.offline.sampler import forced

SCRIPT = Script(list(forced("one two three")), list(forced("let me think")))


def _texts(given: list[Delta]) -> list[str]:
    return [delta.sampled.text for delta in given if isinstance(delta, Text)]


def test_thoughts_come_before_the_answer_and_count() -> None:
    given = list(perform(SCRIPT, 100, ()))
    assert given[:3] == [Thought("let"), Thought(" me"), Thought(" think")]
    assert _texts(given) == ["one", " two", " three"]
    assert given[-1] == Finish("stop", 6, 3)


@pytest.mark.parametrize(
    ("limit", "texts", "finish"),
    [
        (2, [], Finish("length", 2, 2)),
        (3, [], Finish("length", 3, 3)),
        (4, ["one"], Finish("length", 4, 3)),
        (6, ["one", " two", " three"], Finish("stop", 6, 3)),
    ],
)
def test_the_limit_counts_thoughts_first(limit: int, texts: list[str], finish: Finish) -> None:
    given = list(perform(SCRIPT, limit, ()))
    assert _texts(given) == texts
    assert given[-1] == finish


def test_a_stop_ends_the_answer_but_not_the_thoughts() -> None:
    given = list(perform(SCRIPT, 100, ("t",)))
    assert sum(isinstance(delta, Thought) for delta in given) == 3
    assert _texts(given) == ["one", " "]
    assert given[-1] == Finish("stop", 5, 3)


def test_what_is_held_back_is_shown_when_the_limit_comes() -> None:
    given = list(perform(Script(list(forced("so E more"))), 2, ("END",)))
    assert _texts(given) == ["so", " E"]


CALLS = Script(calls=[Call("c1", "add", '{"a": 1}'), Call("c2", "now", "{}")])


def test_calls_are_given_one_after_another_in_pieces() -> None:
    given = list(perform(CALLS, 100, ()))
    assert [delta.name for delta in given if isinstance(delta, CallStart)] == ["add", "now"]
    first = [d.text for d in given if isinstance(d, CallArguments) and d.place == 0]
    assert "".join(first) == '{"a": 1}'
    assert len(first) > 1
    assert given[-1] == Finish("tool_calls", len(given) - 3, 0)


def test_calls_are_cut_by_the_limit() -> None:
    given = list(perform(CALLS, 3, ()))
    assert given[-1] == Finish("length", 3, 0)


def test_an_empty_answer_is_complete() -> None:
    assert list(perform(Script(), 1, ())) == [Finish("stop", 0, 0)]
