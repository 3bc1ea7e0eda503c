"""The public names: listed once, all there, all explained."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import deepshi_jupyter

SOURCE = Path(deepshi_jupyter.__file__)
PUBLIC = deepshi_jupyter.__all__
EXPLAINED = [name for name in PUBLIC if name != "__version__"]


def for_type_checkers() -> dict[str, str]:
    """The names that the package imports for type checkers, and where from."""
    (block,) = [
        node
        for node in ast.parse(SOURCE.read_text(encoding="utf-8")).body
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    ]
    return {
        alias.name: str(node.module).removeprefix("deepshi_jupyter.")
        for node in block.body
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("deepshi_jupyter.")
        for alias in node.names
    }


def test_the_list_is_sorted_and_names_nothing_twice() -> None:
    assert sorted(set(PUBLIC)) == PUBLIC


def test_what_loads_late_is_what_type_checkers_see() -> None:
    assert for_type_checkers() == deepshi_jupyter._HOMES


def test_every_name_that_loads_late_is_listed_and_every_listed_name_is_there() -> None:
    here = {"__version__", "load_ipython_extension", "unload_ipython_extension"}
    assert {*deepshi_jupyter._HOMES} | here == set(PUBLIC)
    assert dir(deepshi_jupyter) == PUBLIC


@pytest.mark.parametrize("name", PUBLIC)
def test_each_name_resolves_to_what_bears_it(name: str) -> None:
    value = getattr(deepshi_jupyter, name)
    assert getattr(value, "__name__", name) == name
    assert getattr(deepshi_jupyter, name) is value


def test_a_star_import_brings_the_list() -> None:
    names: dict[str, Any] = {}
    exec("from deepshi_jupyter import *", names)
    assert set(PUBLIC) <= set(names)


def test_another_name_is_an_attribute_error_that_names_it() -> None:
    with pytest.raises(AttributeError, match="no attribute 'asc'"):
        _ = deepshi_jupyter.asc


def members(value: Any) -> Iterator[tuple[str, Any]]:
    """The public methods and properties that a class of ours defines or inherits."""
    for name, member in inspect.getmembers(value):
        home = getattr(getattr(member, "fget", member), "__module__", "") or ""
        if not name.startswith("_") and home.startswith("deepshi_jupyter"):
            yield name, member


@pytest.mark.parametrize("name", EXPLAINED)
def test_each_public_class_method_and_function_has_a_docstring(name: str) -> None:
    value = getattr(deepshi_jupyter, name)
    assert inspect.getdoc(value), name
    if inspect.isclass(value):
        assert "__doc__" in vars(value)
        assert [member for member, found in members(value) if not inspect.getdoc(found)] == []


@pytest.mark.parametrize("name", EXPLAINED)
def test_each_docstring_begins_with_one_plain_sentence(name: str) -> None:
    first = (inspect.getdoc(getattr(deepshi_jupyter, name)) or "").split("\n\n")[0]
    assert first.rstrip().endswith((".", ":", "::")) or "``" in first
