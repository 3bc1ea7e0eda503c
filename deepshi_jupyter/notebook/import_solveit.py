"""A Solveit dialog notebook → a notebook of ``%%deepshi`` cells.

Solveit (https://solve.it.com) saves a prompt and its reply as one markdown cell with the metadata
``solveit_ai: true``; between them stands a heading with a comment. Code and notes are plain cells;
``skipped`` marks what its model did not see. Read off the dialogs that Answer.AI has published
(https://github.com/AnswerDotAI/solveit_demos, such as "00 Welcome To Solveit.ipynb") and the
constant ``SOLVEIT_REPLY_SEP`` of https://github.com/AnswerDotAI/ipyai.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from deepshi_jupyter.core.chain import START
from deepshi_jupyter.core.turn_record import TurnRecord
from deepshi_jupyter.notebook.import_turns import (
    Exchange,
    Imported,
    load_cell,
    notebook_of,
    record_of,
    turn_cell,
    unsent_cell,
)
from deepshi_jupyter.notebook.notebook_file import source_of

Json = dict[str, Any]

_SEPARATOR = re.compile(
    r"\n*^#{1,6} *🤖 ?Reply ?🤖?<!-- SOLVEIT_SEPARATOR_[0-9A-Za-z]+ -->[ \t]*$\n*", re.MULTILINE
)
_REMARK = (
    "Solveit sends notes, code and outputs above a prompt as well; here the context is the prompts "
    "and replies alone. Which model answered is not in the file."
)


def is_solveit(notebook: Mapping[str, Any]) -> bool:
    """True if a notebook holds prompts of Solveit."""
    return any(_is_prompt(cell) for cell in notebook["cells"])


def import_solveit(notebook: Mapping[str, Any]) -> Imported:
    """Return a notebook in which the prompts of a dialog are ``%%deepshi`` cells.

    Args:
        notebook: The dialog, as JSON; its notes, code and outputs stay as they are.
    """
    cells = [load_cell()]
    tip, count = START, 0
    for place, cell in enumerate(notebook["cells"]):
        if not _is_prompt(cell):
            cells.append({"id": f"im-{place}", **cell})
            continue
        record = _record(source_of(cell), tip, place)
        cells.append(turn_cell([record]) if record.calls else unsent_cell(record))
        if record.calls:
            tip, count = record.tip, count + 1
    return Imported(notebook=notebook_of(cells), turns=count, remarks=(_REMARK,) if count else ())


def _is_prompt(cell: Any) -> bool:
    metadata = cell.get("metadata") if isinstance(cell, dict) else None
    return isinstance(metadata, dict) and metadata.get("solveit_ai") is True


def _record(source: str, parent: str, place: int) -> TurnRecord:
    found = _SEPARATOR.search(source)
    reply = source[found.end() :] if found else ""
    question = source[: found.start()] if found else source
    answer = {"role": "assistant", "content": reply} if reply.strip() else None
    exchange = Exchange(({"role": "user", "content": question},), answer)
    return record_of(exchange, parent=parent, seed=f"solveit {place}", remarks=(_REMARK,))
