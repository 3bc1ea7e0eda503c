"""Models that go wrong on purpose, and one for measurements.

============================  =================================================================
``offline-error-NNN``         answers with that status: 400 401 402 403 404 408 409 429 500 502
                              503 504; 429 and 503 with ``Retry-After``
``offline-error-NNN-once``    fails so at the first try, answers at the next try of an equal body,
                              and then begins anew
``offline-error-midstream``   reports an error in the middle of the stream (500 if not streamed)
``offline-error-cut``         breaks the connection off in the middle, without ``[DONE]``
``offline-silent``            never sends the first byte; gives up after `SILENCE_SECONDS`
``offline-stall``             falls silent in the middle, for as long
``offline-flood-N``           answers with N equal tokens, as fast as it can: for measurements
============================  =================================================================

Those that answer at all do so as ``offline-chat``. Those that break off ignore ``stop``,
``max_tokens``, ``n`` and ``response_format``, so that they always break off.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterator
from itertools import islice, repeat
from threading import Lock
from typing import Final, NamedTuple

from deepshi_jupyter.offline.deltas import Script
from deepshi_jupyter.offline.refusal import KINDS, Refusal
from deepshi_jupyter.offline.sampler import Sampled
from deepshi_jupyter.offline.steps import Cut, Piece, Step
from deepshi_jupyter.offline.wire import DONE, event

SILENCE_SECONDS: Final = 600.0
"""How long a silent model keeps the connection open."""

TOKENS_BEFORE: Final = 8
"""How many tokens come before an answer goes wrong."""

FLOOD_WORD: Final = " flood"
"""The one word of ``offline-flood-N``."""

_MOST_REMEMBERED: Final = 1024
_STATUS: Final = re.compile(r"offline-error-(\d{3})(-once)?", re.ASCII)
_FLOOD: Final = re.compile(r"offline-flood-(\d{1,6})", re.ASCII)
_BROKEN: Final = {
    "offline-error-midstream": "midstream",
    "offline-error-cut": "cut",
    "offline-silent": "silent",
    "offline-stall": "stall",
}


class Fault(NamedTuple):
    """What goes wrong.

    Args:
        kind: ``status``, ``once``, ``midstream``, ``cut``, ``silent``, ``stall`` or ``flood``.
        number: The status, or the tokens of a flood.
    """

    kind: str
    number: int = 0


def fault_of(model_id: str) -> Fault | None:
    """Tell what a model does wrong.

    Args:
        model_id: As the request names it.

    Returns:
        The fault, or None for any other model.
    """
    if model_id in _BROKEN:
        return Fault(_BROKEN[model_id])
    if flood := _FLOOD.fullmatch(model_id):
        return Fault("flood", int(flood[1]))
    status = _STATUS.fullmatch(model_id)
    if status and int(status[1]) in KINDS:
        return Fault("once" if status[2] else "status", int(status[1]))
    return None


class FirstTries:
    """Remembers which bodies have failed once already."""

    def __init__(self) -> None:
        self._failed: OrderedDict[bytes, None] = OrderedDict()
        self._lock = Lock()

    def is_first(self, body: bytes) -> bool:
        """Tell whether a try is the first of its pair, and remember it.

        Args:
            body: The request as it came.

        Returns:
            True for the first, third, fifth… try.
        """
        with self._lock:
            if body in self._failed:
                del self._failed[body]
                return False
            self._failed[body] = None
            if len(self._failed) > _MOST_REMEMBERED:
                self._failed.popitem(last=False)
            return True


def flood(tokens: int) -> Script:
    """Give the script of ``offline-flood-N``."""
    return Script(repeat(Sampled(FLOOD_WORD, 0.0, ((FLOOD_WORD, 0.0),)), tokens))


def break_stream(kind: str, steps: Iterator[Step]) -> Iterator[Step]:
    """Let a stream go wrong after some tokens.

    Args:
        kind: Of `Fault`.
        steps: The stream as it should be: one chunk that opens it, then tokens.

    Yields:
        Its beginning, and what goes wrong.
    """
    if kind == "silent":
        yield from _silence()
        return
    yield from islice(steps, 1 + TOKENS_BEFORE)
    if kind == "midstream":
        message = "The service failed in the middle of the answer."
        yield Piece(event(Refusal(500, message).body()))
        yield Piece(DONE)
    elif kind == "stall":
        yield from _silence()
    else:
        yield Cut()


def break_whole(kind: str, steps: Iterator[Step]) -> Iterator[Step]:
    """Let an answer that is not streamed go wrong.

    Args:
        kind: Of `Fault`.
        steps: The answer as it should be, in one piece.

    Yields:
        Half of it, or silence.
    """
    if kind in ("silent", "stall"):
        yield from _silence()
        return
    for step in steps:
        if isinstance(step, Piece):
            yield step._replace(data=step.data[: len(step.data) // 2])
    yield Cut()


def _silence() -> Iterator[Step]:
    yield Piece(b"", SILENCE_SECONDS)
    yield Cut()
