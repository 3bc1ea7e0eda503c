"""The turns of one panel as a tree, and the path through it that stands.

Asking a question again, or another one in its place, begins a branch beside the old one; nothing is
lost. The path is what the notebook sees.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from deepshi_jupyter.core.conversation import Turn

_ROOT = ""


class Branches:
    """A tree of turns with one path from its root."""

    def __init__(self) -> None:
        self._turns: dict[str, Turn] = {}
        self._above: dict[str, str] = {}
        self._below: dict[str, list[str]] = {_ROOT: []}
        self._next: dict[str, str] = {}

    def __contains__(self, turn: str) -> bool:
        return turn in self._turns

    def __getitem__(self, turn: str) -> Turn:
        return self._turns[turn]

    @property
    def path(self) -> list[Turn]:
        """The turns that stand, oldest first."""
        return [self._turns[name] for name in self._names()]

    def beside(self, turn: str) -> list[str]:
        """Return the ids of the branches at a turn, itself included, oldest first."""
        return [*self._below[self._above[turn]]]

    def follow(self, turns: Iterable[Turn]) -> None:
        """Let these turns be the path; those that are new become branches where they stand."""
        above = _ROOT
        for turn in turns:
            name = turn.record.id
            if self._above.get(name) != above:
                self._put(name, above)
            self._turns[name] = turn
            self._next[above] = name
            above = name
        self._next.pop(above, None)

    def choose(self, turn: str) -> None:
        """Let the path go through a turn, and on as it last went from there."""
        while turn != _ROOT:
            self._next[self._above[turn]] = turn
            turn = self._above[turn]

    def cut(self, turn: str) -> None:
        """Let the path end before a turn."""
        self._next.pop(self._above[turn], None)

    def in_execution(self, number: int, source: str) -> None:
        """Let all turns belong to a new execution of their cell."""
        for name, turn in self._turns.items():
            self._turns[name] = msgspec.structs.replace(
                turn, execution=number, number=number, source=source
            )

    def _names(self) -> Iterator[str]:
        name = self._next.get(_ROOT)
        while name is not None:
            yield name
            name = self._next.get(name)

    def _put(self, name: str, above: str) -> None:
        """Hang a turn below another one, wherever it hung before."""
        if name in self._above:
            before = self._above[name]
            self._below[before].remove(name)
            if self._next.get(before) == name:
                del self._next[before]
        self._above[name] = above
        self._below.setdefault(above, []).append(name)
        self._below.setdefault(name, [])
