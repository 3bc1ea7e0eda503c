from __future__ import annotations

from deepshi_jupyter.cli.cell_failure import error_lines, head, unstyled


def test_an_error_of_this_package_keeps_its_two_lines() -> None:
    traceback = ["AuthenticationError: The service refused.", "→ Set the key."]
    assert error_lines({"traceback": traceback, "ename": "AuthenticationError"}) == (*traceback,)


def test_another_error_is_its_name_and_the_first_line_of_its_message() -> None:
    error = {
        "traceback": ["\x1b[31m----\x1b[39m", "Traceback", "  line 1", "ZeroDivisionError: no"],
        "ename": "ZeroDivisionError",
        "evalue": "division by zero\nmore",
    }
    assert error_lines(error) == ("ZeroDivisionError: division by zero",)


def test_an_error_with_nothing_in_it_still_has_a_line() -> None:
    assert error_lines({}) == ("Error",)
    assert error_lines({"ename": "KeyboardInterrupt", "evalue": ""}) == ("KeyboardInterrupt",)


def test_what_a_kernel_wrote_cannot_drive_the_terminal() -> None:
    assert unstyled("\x1b[1;31mred\x1b[0m\x1b]0;title\x07") == "red]0;title"


def test_a_long_cell_is_cut() -> None:
    assert head("a\nb\nc\n", 3) == ["a", "b", "c"]
    assert head("a\nb\nc\nd", 3) == ["a", "b", "…"]
