from __future__ import annotations

import ast
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbformat import NotebookNode, validate
from nbformat.v4 import new_code_cell, new_notebook

from deepshi_jupyter.cli.parameter_cell import has_parameters_cell, inject, read_parameters
from deepshi_jupyter.errors import OptionError


def notebook(*cells: tuple[str, str]) -> NotebookNode:
    """Return a notebook of these sources, each with a tag or none."""
    made = [new_code_cell(source, metadata={"tags": [tag]} if tag else {}) for source, tag in cells]
    return new_notebook(cells=made)


def sources(notebook: NotebookNode) -> list[str]:
    validate(notebook)
    return [cell.source for cell in notebook.cells]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("20", 20),
        ("0.2", 0.2),
        ("true", True),
        ("True", True),
        ("null", None),
        ("None", None),
        ('{"a": [1, 2]}', {"a": [1, 2]}),
        ("(1, 'b')", (1, "b")),
        ('"7"', "7"),
        ("deepshi-3.0", "deepshi-3.0"),
        ("os.environ", "os.environ"),
        ("1e400", "1e400"),
        ("NaN", "NaN"),
        ("...", "..."),
        ("", ""),
        ("'half", "'half"),
    ],
)
def test_a_value_is_json_or_a_literal_or_a_text(text: str, value: Any) -> None:
    assert read_parameters([("x", text)]) == {"x": value}


@given(st.text())
def test_whatever_is_given_can_be_written_into_a_cell(text: str) -> None:
    (value,) = read_parameters([("x", text)]).values()
    assert ast.literal_eval(repr(value)) == value


@pytest.mark.parametrize("name", ["1x", "a-b", "class", ""])
def test_a_name_is_one_that_python_can_assign_to(name: str) -> None:
    with pytest.raises(OptionError, match="no name for a variable"):
        read_parameters([(name, "1")])


def test_the_cell_stands_below_the_one_that_gives_the_defaults() -> None:
    made = notebook(("import os", ""), ("a = 1", "parameters"), ("print(a)", ""))
    inject(made, {"a": 2, "b": "x"})
    assert sources(made) == ["import os", "a = 1", "# Parameters\na = 2\nb = 'x'", "print(a)"]
    assert made.cells[2].metadata.tags == ["injected-parameters"]
    assert made.cells[2].id == "injected-parameters"


def test_a_second_run_replaces_it() -> None:
    made = notebook(("a = 1", "parameters"), ("print(a)", ""))
    inject(made, {"a": 2})
    identity = made.cells[1].id
    inject(made, {"a": 3})
    assert sources(made) == ["a = 1", "# Parameters\na = 3", "print(a)"]
    assert made.cells[1].id == identity


def test_without_defaults_it_stands_at_the_top() -> None:
    made = notebook(("print(a)", ""))
    assert not has_parameters_cell(made)
    inject(made, {"a": 2})
    assert sources(made) == ["# Parameters\na = 2", "print(a)"]
    assert has_parameters_cell(made)


def test_no_values_change_nothing() -> None:
    made = notebook(("a = 1", "parameters"))
    inject(made, {})
    assert sources(made) == ["a = 1"]


def test_an_id_that_is_taken_is_not_given_twice() -> None:
    made = notebook(("a", ""))
    made.cells[0].id = "injected-parameters"
    inject(made, {"a": 2})
    assert made.cells[0].id == "injected-parameters-2"


def test_older_notebooks_have_no_ids() -> None:
    made = notebook(("a", ""))
    made.nbformat_minor = 4
    del made.cells[0]["id"]
    inject(made, {"a": 2})
    assert sources(made) == ["# Parameters\na = 2", "a"]
    assert "id" not in made.cells[0]
