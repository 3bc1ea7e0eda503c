"""A notebook file with many turns in it, as a kernel would have left it: 1 kB of words a turn."""

from __future__ import annotations

from pathlib import Path

from tests.notebook.study import Study

HALF = 512
"""Characters of a question, and of an answer."""

ASKING = "cell-that-asks"
"""The id of the last cell, which has no answer yet."""


def words(number: int) -> str:
    """Return `HALF` characters that are like those of no other number."""
    return f"{number} {'measured against what stands above ' * 16}"[:HALF]


def made_notebook(folder: Path, turns: int) -> Path:
    """Write a notebook of so many turns, and return its path.

    Args:
        folder: Where to.
        turns: How many; a cell that would ask next follows them.
    """
    study = Study()
    for number in range(turns):
        study.ask(words(number), answer=words(-number))
    study.code("%%deepshi\nAnd now?")["id"] = ASKING
    return study.save(folder / f"turns-{turns}.ipynb")
