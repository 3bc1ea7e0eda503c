"""The manual of the magics says what the magics say of themselves."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import pytest

from deepshi_jupyter.magics.commands import COMMANDS
from deepshi_jupyter.settings import SETTING_NAMES

DOCS = Path(__file__).parent.parent / "docs"


@pytest.fixture(scope="module")
def generator() -> dict[str, Any]:
    return runpy.run_path(str(DOCS / "make_magics_page.py"))


@pytest.fixture(scope="module")
def page() -> str:
    return (DOCS / "magics.md").read_text(encoding="utf-8")


def test_the_page_is_what_its_generator_makes(generator: dict[str, Any], page: str) -> None:
    if generator["page"]() != page:
        pytest.fail(f"docs/magics.md is out of date: run `{generator['COMMAND']}`", pytrace=False)


def test_every_option_has_an_example_that_uses_it(generator: dict[str, Any]) -> None:
    examples = {
        name: example
        for section in generator["SECTIONS"]
        for name, example in section.options.items()
    }
    options = generator["options"]()
    assert examples.keys() == options.keys()
    for name, option in options.items():
        words = [word for cell in examples[name].cells for word in cell.partition("\n")[0].split()]
        assert set(option.option_strings) & set(words), name


def test_an_option_without_an_example_is_named(generator: dict[str, Any]) -> None:
    known = generator["SECTIONS"]
    namespace = generator["page"].__globals__
    namespace["SECTIONS"] = known[1:]
    try:
        with pytest.raises(LookupError, match="Give model an example in SECTIONS"):
            generator["page"]()
    finally:
        namespace["SECTIONS"] = known


def test_every_subcommand_and_setting_is_on_the_page(page: str) -> None:
    assert [name for name in COMMANDS if f"### `%deepshi {name}`" not in page] == []
    assert [name for name in (*SETTING_NAMES, "errors") if f"| `{name}` |" not in page] == []
