"""The options of a cell in one form, and what it asks."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepshi_jupyter.core.cell_source import AskingCell, options_of, read_asking_cell

_WORDS = """
    -m -t -n -o -t0.2 --model --temp=1.0 --chat --system --new --json --dry-run --stop
    --no-stream m x 0 0.0 1e999 NaN -Infinity [[[ '' "a --x --n=2 --param a=1
"""
WORDS = st.sampled_from(_WORDS.split())
LINES = st.lists(WORDS | st.text(max_size=6), max_size=8).map(" ".join)


def asking(source: str) -> AskingCell:
    cell = read_asking_cell(source)
    assert cell is not None
    return cell


@pytest.mark.parametrize(
    "line",
    [
        "-m big -t 0.5 --max-tokens 10",
        "-mbig -t0.5 --max-tokens=10",
        "--model big --temperature=0.50 --max-tokens 10",
        "--max-tokens 10.0 -t 5e-1 -m 'big'",
        "  --max-tok 10 -t=0.5 --model=big  ",
    ],
)
def test_options_have_one_form_however_they_were_typed(line: str) -> None:
    expected = ("--max-tokens", "10", "--model", "big", "--temperature", "0.5")
    assert options_of(line) == expected


@pytest.mark.parametrize(
    "line",
    ["-o x", "--output x", "--as json", "--no-stream", "--mode replay", "--record f --recording g"],
)
def test_what_takes_no_part_in_the_request_is_left_out(line: str) -> None:
    assert options_of(f"-t 1 {line} --new") == options_of("-t 1 --new") != options_of("-t 1")


def test_repeated_options_keep_their_order() -> None:
    assert options_of("--stop b --seed 1 --stop a") == ("--seed", "1", "--stop", "b", "--stop", "a")


def test_both_names_of_the_number_of_answers_are_one() -> None:
    assert options_of("-n 3") == options_of("--samples 3") == ("--n", "3")


def test_values_stay_as_written_unless_they_are_numbers() -> None:
    assert options_of("--system 'Be  brief.' --param top_k=40 --chat {{name}}") == (
        *("--chat", "{{name}}", "--param", "top_k=40", "--system", "Be  brief."),
    )


@pytest.mark.parametrize("value", ["true", "NaN", "Infinity", "1e999", "[1]", "null", "007", "१"])
def test_what_is_no_number_of_json_is_a_text(value: str) -> None:
    assert options_of(f"--seed {value}") == ("--seed", value)


def test_a_line_with_an_open_quote_stands_for_itself() -> None:
    assert options_of("--system 'oops") == ("--system 'oops",)


@given(LINES)
def test_any_line_has_a_form(line: str) -> None:
    form = options_of(line)
    assert all(isinstance(word, str) for word in form)
    assert options_of(line) == form
    AskingCell("", "", form).value("--chat")


def test_a_cell_asks_what_stands_below_its_first_line() -> None:
    cell = asking("%%deepshi -t 1 -o x\nHow\n  are you?\n")
    assert (cell.line, cell.body) == ("-t 1 -o x", "How\n  are you?\n")
    assert cell.options == ("--temperature", "1")
    assert cell.source_sha256 == hashlib.sha256(b"How\n  are you?\n").hexdigest()


def test_empty_lines_above_the_magic_are_passed_over() -> None:
    assert asking("\n\n%%deepshi\nq").body == "q"


@pytest.mark.parametrize(
    "source",
    ["", "x = 1", "# %%deepshi\nq", "%deepshi context", "%%deepshi_other\nq", "print()\n%%deepshi"],
)
def test_other_cells_ask_nothing(source: str) -> None:
    assert read_asking_cell(source) is None


@pytest.mark.parametrize("line", ["--map df", "-t 1 --map=df -o out", "-o out --map 'df[:2]'"])
def test_no_turn_comes_of_a_cell_that_asks_about_rows(line: str) -> None:
    assert read_asking_cell(f"%%deepshi {line}\n{{{{text}}}}") is None


def test_a_dry_run_asks_nothing() -> None:
    assert read_asking_cell("%%deepshi -t 1 --dry-run\nq") is None


def test_the_value_of_an_option_is_its_last() -> None:
    cell = asking("%%deepshi --chat a --new --chat=b\nq")
    assert cell.value("--chat") == "b"
    assert cell.value("--from") is None


def test_a_value_that_looks_like_an_option_is_a_value() -> None:
    cell = asking("%%deepshi --system --chat\nq")
    assert cell.value("--chat") is None
    assert cell.value("--system") == "--chat"
