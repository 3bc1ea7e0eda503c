from __future__ import annotations

import argparse

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepshi_jupyter.magics.cursor_place import (
    Option,
    Place,
    open_expression,
    options_of,
    place_at,
    split_words,
)

OPTIONS = (
    Option(("-m", "--model")),
    Option(("--raw",), takes_value=False),
    Option(("--attach",)),
    Option(("--mode",), choices=("live", "replay")),
)


def place(text: str) -> Place | None:
    """The place of the cursor, which stands where the bar is."""
    before, _, after = text.partition("|")
    line = before.count("\n")
    return place_at(before + after, line, len(before.rpartition("\n")[2]), OPTIONS)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("%%deepshi |", Place("option")),
        ("%%deepshi -|\nWhy?", Place("option", "-")),
        ("%%deepshi --raw --mo|de x\nWhy?", Place("option", "--mo")),
        ("%%deepshi --raw |", Place("option")),
        ("%%deepshi -m |", Place("value", "", "--model")),
        ("%%deepshi -m a/b:c|", Place("value", "a/b:c", "--model")),
        ("%%deepshi --model=dee|", Place("value", "dee", "--model")),
        ("%%deepshi -m 'dee|", Place("value", "dee", "--model")),
        ("%%deepshi -m --|", Place("option", "--")),
        ("%%deepshi --mode |", Place("value", "", "--mode")),
        ("%%deepshi --attach fi|", Place("expression", "fi", "--attach")),
        ("%%deepshi --system {{na|", Place("expression", "na")),
        ("%%deepshi hello wor|", Place("prose", "wor")),
        ("\n\n  %%deepshi --r|", Place("option", "--r")),
        ("%%deepshi\nWhy {{x|", Place("expression", "x")),
        ("%%deepshi\nWhy {{x.\n  y|", Place("expression", "x.\n  y")),
        ("%%deepshi --raw\nWhy {{x|", Place("prose")),
        ("%%deepshi\nWhy {{x}}|", Place("prose")),
        ("%%deepshi\n%deepshi se|", Place("prose")),
        ("%deepshi |", Place("subcommand")),
        ("%deepshi mo|", Place("subcommand", "mo")),
        ("  %deepshi mo|", Place("subcommand", "mo")),
        ("table = %deepshi mo|", Place("subcommand", "mo")),
        ("import x\n%deepshi mo|\ny", Place("subcommand", "mo")),
        ("%%time\n%deepshi mo|", Place("subcommand", "mo")),
        ("%deepshi models --r|", Place("subcommand option", "--r", "models")),
        ("%deepshi set tem|", Place("setting", "tem")),
        ("%deepshi set seed=7 tem|", Place("setting", "tem")),
        ("%deepshi set model=dee|", Place("setting value", "dee", "model")),
    ],
)
def test_the_place_of_the_cursor_is_told(text: str, expected: Place) -> None:
    assert place(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "|",
        "imp|",
        "%|",
        "%%deep|",
        "%%deepshi|",
        "%deepshi|",
        "%%deepshi|\nWhy?",
        "%%dee|pshi -m x",
        "|\n%%deepshi -m x",
        "%%deepshift -|",
        "%%bash\nls |",
        "print('%deepshi |')",
        "%time x|",
    ],
)
def test_what_is_not_ours_is_left_to_others(text: str) -> None:
    assert place(text) is None


@pytest.mark.parametrize(
    ("text", "expression"),
    [
        ("", None),
        ("{x", None),
        ("{{", ""),
        ("a {{b", "b"),
        ("{{a}} {{b", "b"),
        ("{{a}} b", None),
        ("\\{{a", None),
        ("\\{{a {{b", "b"),
        ("{{a[{1: {2: 3", "a[{1: {2: 3"),
        ("\\frac{{a\n\nAnother paragraph", None),
        ("{{" + "a" * 5000, None),
    ],
)
def test_an_expression_is_open_until_its_braces_close(text: str, expression: str | None) -> None:
    assert open_expression(text) == expression


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("", [""]),
        ("a", ["a"]),
        ("a ", ["a", ""]),
        ("  a   b", ["a", "b"]),
        ("'a b' c", ["a b", "c"]),
        ("a 'b c", ["a", "b c"]),
        ('a "b\'c" d', ["a", "b'c", "d"]),
    ],
)
def test_an_unfinished_line_splits_into_words(written: str, words: list[str]) -> None:
    assert split_words(written) == words


def test_the_options_are_those_of_a_parser() -> None:
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("-n", "--samples", dest="n")
    parser.add_argument("--raw", action="store_true")
    parser.add_argument("--mode", choices=["live", "auto"])
    parser.add_argument("words", nargs="*")
    assert options_of(parser) == (
        Option(("-n", "--samples"), dest="n"),
        Option(("--raw",), takes_value=False, dest="raw"),
        Option(("--mode",), choices=("live", "auto"), dest="mode"),
    )


@given(st.text(alphabet="%deshi -m=\n{}\\'\"x.|"), st.data())
def test_no_cell_is_too_strange(tail: str, data: st.DataObject) -> None:
    text = f"%%deepshi {tail}"
    lines = text.split("\n")
    line = data.draw(st.integers(0, len(lines) - 1))
    column = data.draw(st.integers(0, len(lines[line])))
    found = place_at(text, line, column, OPTIONS)
    assert line == 0 or found is not None
