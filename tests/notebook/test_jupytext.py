"""Notebooks with questions go through jupytext and come back (``docs/jupytext.md``)."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jupytext
import nbformat
import pytest
from jupytext.cli import jupytext as jupytext_command

from deepshi_jupyter.core.turn_record import MIME_TYPE

BODIES = {
    "braces": "Compare {x} with {{df.describe()}} and {{{}}}.",
    "latex": "Prove $\\sum_{i=1}^{n} x_i = \\frac{n}{2}$ and \\begin{align}a &= b\\end{align}",
    "unicode": "Was heißt „Größe“? 日本語 🧪",
    "blank lines": "\n\nFirst.\n\n\n\nLast.",
    "cell marks": "# %%\nx\n# %% [markdown]\n# + \n#\n# a comment\n##",
    "markdown": "# Title\n\n- item\n\n```python\nprint('''x''')\n```\n<!-- #region -->\n+++\n---",
    "long fence": "````\n```\ninner\n```\n````",
    "magics": "%%time\n%deepshi models\n!ls\n?help",
    "code": "if x:\n\treturn 'don't'\n    y  ",
    "one line": "Why?",
}
LINES = [
    "%%deepshi",
    "%%deepshi -m offline-chat -t 0.2 --seed 7",
    '%%deepshi --system "Be \\"brief\\"." --stop \'a b\' -o answer',
    '%%deepshi --param \'response_format={"type": "json_object"}\'',
]
FORMATS = ["py:percent", "md"]


def documented_options() -> Any:
    page = Path(__file__).parents[2] / "docs" / "jupytext.md"
    (block,) = re.findall(r"```json\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    return json.loads(block)["jupytext"]


def study(*sources: str, options: Any = None) -> Any:
    kernel = {"name": "python3", "language": "python", "display_name": "Python 3"}
    settings = documented_options() if options is None else options
    cells = [nbformat.v4.new_markdown_cell("# A study")]
    for source in sources:
        cells += [nbformat.v4.new_code_cell(source), nbformat.v4.new_code_cell("x = 1")]
    metadata = {"kernelspec": kernel, "jupytext": settings}
    return nbformat.v4.new_notebook(cells=cells, metadata=metadata)


def cells_of(notebook: Any) -> list[tuple[str, str]]:
    return [(cell.cell_type, cell.source) for cell in notebook.cells]


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_question_comes_back_as_it_was(form: str, line: str, body: str) -> None:
    notebook = study(f"{line}\n{body}", "%deepshi models")
    text = jupytext.writes(notebook, fmt=form)
    assert cells_of(jupytext.reads(text, fmt=form)) == cells_of(notebook)


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_myst_file_needs_no_option(body: str) -> None:
    notebook = study(f"{LINES[1]}\n{body}", options={})
    text = jupytext.writes(notebook, fmt="md:myst")
    assert cells_of(jupytext.reads(text, fmt="md:myst")) == cells_of(notebook)


def test_the_script_is_python_and_asks_nothing() -> None:
    notebook = study(*(f"{line}\n{body}" for line in LINES for body in BODIES.values()))
    text = jupytext.writes(notebook, fmt="py:percent")
    names: dict[str, Any] = {}
    exec(compile(text, "study.py", "exec"), names)
    assert names["x"] == 1


def test_without_the_option_the_script_is_not_python() -> None:
    text = jupytext.writes(study("%%deepshi\nWhy is it so?", options={}), fmt="py:percent")
    with pytest.raises(SyntaxError):
        compile(text, "study.py", "exec")


def test_an_update_from_text_keeps_records_and_ids(tmp_path: Path) -> None:
    notebook = study("%%deepshi\nWhy?", "%%deepshi\nHow?")
    for number in (1, 3):
        bundle = {"text/plain": "So.", MIME_TYPE: {"v": 2, "id": f"r{number}"}}
        notebook.cells[number].outputs = [nbformat.v4.new_output("display_data", bundle)]
    path, script = tmp_path / "study.ipynb", tmp_path / "study.py"
    text = jupytext.writes(notebook, fmt="py:percent")
    nbformat.write(notebook, path)
    script.write_text(text.replace("# How?", "# How then?"), encoding="utf-8")
    jupytext_command(["--quiet", "--update", "--to", "ipynb", str(script)])
    updated = nbformat.read(path, as_version=4)
    assert [cell.source for cell in updated.cells][3] == "%%deepshi\nHow then?"
    outputs = [output for cell in updated.cells for output in cell.get("outputs", [])]
    assert [output.data[MIME_TYPE]["id"] for output in outputs] == ["r1", "r3"]
    assert [cell.id for cell in updated.cells] == [cell.id for cell in notebook.cells]
