"""An error as two lines for a terminal: what happened, what to do next."""

from __future__ import annotations

from typing import TextIO

from deepshi_jupyter.core.printable import printable
from deepshi_jupyter.errors import DeepshiError, MissingKeyError

_NO_KEY = (
    "Set it (`export DEEPSHI_API_KEY=…`); to try without a key, give `--base-url offline` or run "
    "`deepshi-jupyter demo`."
)

_IN_A_TERMINAL = (
    ("`%deepshi models`", "`deepshi-jupyter models`"),
    ("`%deepshi` shows it", "`deepshi-jupyter doctor` shows it"),
    (" before Jupyter starts, or `%deepshi login`", ""),
    ("Run the cell again", "Ask again"),
    ("say allow_remote=True", "give `--allow-remote`"),
)
"""What an error advises in a notebook, and what is meant in a terminal."""


def complaint(error: DeepshiError) -> list[str]:
    """Return the lines that a terminal shows of an error.

    Args:
        error: What went wrong; a service's words in it are made safe to print.

    Returns:
        One line that says what happened, and one that says what to do, if there is something.
    """
    lines = [f"{type(error).__name__}: {error.what}"]
    if todo := advice(error):
        lines.append(f"→ {todo}")
    return [" ".join(printable(line).split()) for line in lines]


def advice(error: DeepshiError) -> str:
    """Return what to do about an error, in a terminal's words."""
    if isinstance(error, MissingKeyError):
        return _NO_KEY
    todo = error.todo
    for here, there in _IN_A_TERMINAL:
        todo = todo.replace(here, there)
    return todo


def complain(error: DeepshiError, out: TextIO) -> None:
    """Print the two lines of an error."""
    print("\n".join(complaint(error)), file=out, flush=True)
