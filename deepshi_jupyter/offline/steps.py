"""An answer of the endpoint as a sequence of steps, which a shell sends and waits for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple


class Piece(NamedTuple):
    """Bytes to send.

    Args:
        data: What to send; nothing may be sent for empty bytes.
        delay: Seconds to wait before.
    """

    data: bytes
    delay: float = 0.0


class Cut(NamedTuple):
    """Break the connection off, without the end that the protocol asks for."""


Step = Piece | Cut


class Answer(NamedTuple):
    """What the endpoint answers.

    Args:
        status: HTTP status.
        headers: HTTP headers, with names in lower case.
        steps: The body; whoever stops taking steps stops the generation.
    """

    status: int
    headers: Mapping[str, str]
    steps: Iterator[Step]


class Schedule:
    """Turns delays into times, so that a slow step does not slow down those after it.

    Args:
        now: The time at which the answer begins, in seconds of any clock that does not jump.
    """

    def __init__(self, now: float) -> None:
        self._due = now

    def wait(self, delay: float, now: float) -> float:
        """Tell how long to wait for a step.

        Args:
            delay: The delay of the step, in seconds.
            now: The time, by the same clock.

        Returns:
            Seconds, not negative.
        """
        self._due += delay
        return max(0.0, self._due - now)
