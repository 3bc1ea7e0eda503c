"""Answers word by word against one of them, as a table that shows everywhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from deepshi_jupyter.core.printable import printable
from deepshi_jupyter.display.safe_markdown import literal
from deepshi_jupyter.notebook.difference import WordChange, word_changes

_PLAIN = {"same": ("", ""), "removed": ("[-", "-]"), "added": ("{+", "+}")}
_MARKED = {"same": ("", ""), "removed": ("<del>", "</del>"), "added": ("<ins>", "</ins>")}


class WordDiff:
    """How texts differ from a base, word by word.

    Args:
        base: The text that the others are compared with.
        others: Each with its label.

    Attributes:
        changes: For each label the pieces: ``same``, ``removed`` from the base, ``added`` to it.
    """

    def __init__(self, base: str, others: Sequence[tuple[str, str]]) -> None:
        self.base = base
        self.changes = {label: word_changes(base, text) for label, text in others}

    def __str__(self) -> str:
        lines = [f"base: {_one_line(printable(self.base))}"]
        lines += [f"{label}: {_plain(changes)}" for label, changes in self.changes.items()]
        return "\n".join(lines)

    def __repr__(self) -> str:
        return str(self)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        rows = [("base", literal(printable(self.base)))]
        rows += [(literal(label), _markdown(changes)) for label, changes in self.changes.items()]
        lines = [
            "|   | answer |",
            "| --- | --- |",
            *(f"| {name} | {cell} |" for name, cell in rows),
        ]
        return {"text/plain": str(self), "text/markdown": "\n".join(lines)}


def _plain(changes: Sequence[WordChange]) -> str:
    pieces = [_within(_one_line(printable(text)), *_PLAIN[how]) for how, text in changes]
    return "".join(pieces)


def _markdown(changes: Sequence[WordChange]) -> str:
    """Return pieces of text in neutral markdown; the tags are ours."""
    pieces = []
    for how, text in changes:
        flat = _one_line(printable(text))
        inner = _within(literal(flat), " " * (flat[:1] == " "), " " * (flat[1:][-1:] == " "))
        pieces.append(_within(inner, *_MARKED[how]))
    return "".join(pieces)


def _within(text: str, before: str, after: str) -> str:
    return f"{before}{text}{after}"


def _one_line(text: str) -> str:
    """Return text in one line; a line end shows as ``↵``."""
    return text.replace("\t", " ").replace("\n", "↵ ")
