"""Values for a notebook's parameters → the cell that sets them, as papermill puts it.

The cell stands below the one that is tagged ``parameters`` and is tagged ``injected-parameters``;
one that stands there already is replaced
(https://papermill.readthedocs.io/en/latest/usage-parameterize.html).
"""

from __future__ import annotations

import ast
import json
import keyword
from collections.abc import Iterable, Mapping
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from deepshi_jupyter.errors import OptionError

TAG = "parameters"
INJECTED = "injected-parameters"

_HAS_IDS = (4, 5)


def read_parameters(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Return the values of parameters; where a name is given twice, the last one counts.

    Args:
        pairs: Names and texts. A text is read as JSON, else as a Python literal, else it stands
            for itself.

    Raises:
        OptionError: A name is none that Python can assign to.
    """
    return {_checked(name): _value(text) for name, text in pairs}


def has_parameters_cell(notebook: NotebookNode) -> bool:
    """True if a cell is tagged as the one that gives the defaults, or was injected before."""
    return _tagged(notebook, TAG) is not None or _tagged(notebook, INJECTED) is not None


def inject(notebook: NotebookNode, values: Mapping[str, Any]) -> None:
    """Put the cell that sets parameters into a notebook, which is changed.

    Args:
        notebook: A notebook of nbformat 4.
        values: What `read_parameters` returns; none leaves the notebook as it is.
    """
    if not values:
        return
    lines = [f"{name} = {value!r}" for name, value in values.items()]
    cell = new_code_cell("\n".join(["# Parameters", *lines]), metadata={"tags": [INJECTED]})
    earlier, defaults = _tagged(notebook, INJECTED), _tagged(notebook, TAG)
    taken = {other.get("id") for other in notebook.cells}
    cell["id"] = next(name for name in _names() if name not in taken)
    if earlier is not None:
        cell["id"] = notebook.cells[earlier].get("id", cell["id"])
        notebook.cells[earlier] = cell
    else:
        notebook.cells.insert(0 if defaults is None else defaults + 1, cell)
    if (notebook.nbformat, notebook.nbformat_minor) < _HAS_IDS:
        del cell["id"]


def _names() -> Iterable[str]:
    """Yield ids for the cell: the same at each run, so that the same answers give the same file."""
    yield INJECTED
    number = 2
    while True:
        yield f"{INJECTED}-{number}"
        number += 1


def _tagged(notebook: NotebookNode, tag: str) -> int | None:
    for place, cell in enumerate(notebook.cells):
        if cell.cell_type == "code" and tag in cell.metadata.get("tags", ()):
            return place
    return None


def _checked(name: str) -> str:
    if not name.isidentifier() or keyword.iskeyword(name):
        raise OptionError(
            f"-p {name!r} is no name for a variable.", "Such as `-p temperature 0.2`."
        )
    return name


def _value(text: str) -> Any:
    for read in (json.loads, ast.literal_eval):
        try:
            value = read(text.strip())
            ast.literal_eval(repr(value))  # not so for NaN and the like, which the cell cannot name
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            continue
        return value
    return text
