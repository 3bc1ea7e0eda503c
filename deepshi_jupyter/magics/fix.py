"""``%deepshi fix``: ask about the cell that failed last, and offer a corrected one below it."""

from __future__ import annotations

import linecache
import sys
import traceback
from typing import Any

import msgspec

from deepshi_jupyter.core.reply import Reply
from deepshi_jupyter.core.template import verbatim
from deepshi_jupyter.display.form import fenced
from deepshi_jupyter.errors import DeepshiError, InputError
from deepshi_jupyter.question import Question

LONGEST_TRACEBACK = 6_000
"""Characters of the traceback that are sent; its end says most, so the beginning is left out."""

_PYTHON = ("", "py", "python", "python3")

_PROMPT = """A cell of my notebook failed. Explain in a few sentences why, and give the whole \
corrected cell in one Python code block.

The cell:

{source}

The traceback:

{trace}"""


class FailedCell(msgspec.Struct, frozen=True):
    """The cell that failed last: its source, and the traceback as text."""

    source: str
    trace: str


def failed_cell() -> FailedCell:
    """Return the cell that failed last in this interpreter.

    Raises:
        InputError: None has failed, or the last failure was none of the cell's own code.
    """
    error = getattr(sys, "last_value", None)
    if error is None:
        raise InputError("No cell has failed yet.", "Run `%deepshi fix` after a cell that fails.")
    if isinstance(error, DeepshiError):
        raise InputError(
            f"The last failure is one of deepshi itself: {error.what}", error.todo or "Mend that."
        )
    return FailedCell(_source_of(error), _trace_of(error))


def question_about(cell: FailedCell, model: str = "") -> Question:
    """Return the question that is asked about a failed cell.

    Args:
        cell: The cell.
        model: The model, or an empty text for the session's.
    """
    prompt = _PROMPT.format(source=fenced(cell.source, "python"), trace=fenced(cell.trace))
    return Question(prompt=verbatim(prompt), model=model)


def corrected_cell(reply: Reply) -> str | None:
    """Return the last block of Python code in a reply, or None if there is none."""
    blocks = [
        block for block in reply.code if block.language.lower() in ("", "py", "python", "python3")
    ]
    return str(blocks[-1]) if blocks else None


def offer(shell: Any, reply: Reply) -> str:
    """Put the corrected cell below the one that runs, never in place of the user's.

    Args:
        shell: The IPython shell.
        reply: The answer.

    Returns:
        A sentence that says what was done.
    """
    source = corrected_cell(reply)
    if source is None:
        return "The answer holds no Python code block, so there is no corrected cell."
    shell.set_next_input(f"# Proposed by {reply.model}; read it before you run it.\n{source}")
    return "The corrected cell is below; nothing was run."


def _source_of(error: BaseException) -> str:
    """Return the source of the cell that an error came from; IPython keeps it as it does files."""
    names = [frame.filename for frame in traceback.extract_tb(error.__traceback__)]
    if isinstance(error, SyntaxError) and error.filename:
        names.append(error.filename)
    for name in names:
        if "ipython-input" in name or "ipykernel" in name:
            lines = linecache.getlines(name)
            if lines and not name.endswith("ipykernel/ipkernel.py"):
                return "".join(lines).rstrip("\n")
    raise InputError(
        "The source of the failed cell is not known here.",
        "Paste it into a %%deepshi cell with your question.",
    )


def _trace_of(error: BaseException) -> str:
    """Return the traceback from the cell on; what IPython does before it says nothing."""
    lines = traceback.format_exception(error)
    first = next(
        (i for i, line in enumerate(lines) if "ipython-input" in line or "ipykernel_" in line), 0
    )
    text = "".join([lines[0], *lines[first:]] if first else lines)
    if len(text) <= LONGEST_TRACEBACK:
        return text.rstrip("\n")
    left_out = len(text) - LONGEST_TRACEBACK
    return f"[… {left_out:,} characters left out]\n{text[-LONGEST_TRACEBACK:]}".rstrip("\n")
