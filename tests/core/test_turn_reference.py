"""The words by which a user names a turn."""

from __future__ import annotations

import pytest

from deepshi_jupyter.core.conversation import Turn
from deepshi_jupyter.core.turn_record import Fork, TurnRecord
from deepshi_jupyter.core.turn_reference import find_turn, fork_of
from deepshi_jupyter.errors import OptionError


def turn(
    name: str, number: int = 0, chat: str = "main", cell: str = "", execution: int = 0
) -> Turn:
    record = TurnRecord(v=2, id=name, chat=chat)
    return Turn(record=record, cell=cell, number=number, execution=execution)


TURNS = [
    turn("01AAAA", 1, cell="c0ffee01", execution=1),
    turn("01BBBB", 2, cell="c0ffee02", execution=2),
    turn("01BCCC", 5, "other", cell="beef0003", execution=5),
]


@pytest.mark.parametrize(
    ("name", "turn_id"),
    [
        ("2", "01BBBB"),
        ("[2]", "01BBBB"),
        (" 5 ", "01BCCC"),
        ("-1", "01BCCC"),
        ("-3", "01AAAA"),
        ("01BBBB", "01BBBB"),
        ("01BB", "01BBBB"),
        ("c0ffee02", "01BBBB"),
        ("beef", "01BCCC"),
    ],
)
def test_a_turn_is_named_by_number_place_or_the_start_of_an_id(name: str, turn_id: str) -> None:
    assert find_turn(name, TURNS).record.id == turn_id


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("3", "names no turn"),
        ("-4", "names no turn"),
        ("-0", "names no turn"),
        ("", "names no turn"),
        ("c0f", "names no turn"),  # too short to mean an id
        ("c0ff", "names 2 turns"),
        ("²", "names no turn"),
    ],
)
def test_what_names_none_or_several_says_so_and_what_there_is(name: str, problem: str) -> None:
    with pytest.raises(OptionError, match=problem) as caught:
        find_turn(name, TURNS)
    assert "1, 2, 5" in caught.value.todo


def test_of_a_loop_the_number_names_the_last_turn() -> None:
    loop = [turn("01AAAA", 3, execution=3), turn("01BBBB", 3, execution=3)]
    assert find_turn("3", loop).record.id == "01BBBB"


def test_the_number_of_the_running_kernel_goes_before_that_of_an_earlier_one() -> None:
    turns = [turn("01AAAA", 3, execution=3), turn("01RRRR", 3)]
    assert find_turn("3", turns).record.id == "01AAAA"


def test_an_id_of_digits_alone_is_an_id_and_no_number() -> None:
    turns = [turn("01AAAA", 1, cell="40123456"), turn("01BBBB", 2, cell="c0ffee02")]
    assert find_turn("40123456", turns).record.id == "01AAAA"


def test_without_turns_there_is_nothing_to_name() -> None:
    with pytest.raises(OptionError, match="no turn"):
        find_turn("-1", [])


@pytest.mark.parametrize(
    ("name", "fork"),
    [
        ("main@2", Fork("main", "01BBBB")),
        ("main@-1", Fork("main", "01BBBB")),
        ("other@5", Fork("other", "01BCCC")),
        ("5", Fork("other", "01BCCC")),
        ("main@c0ffee01", Fork("main", "01AAAA")),
    ],
)
def test_a_fork_names_chat_and_turn(name: str, fork: Fork) -> None:
    assert fork_of(name, TURNS) == fork


def test_a_chat_whose_name_holds_the_sign_can_be_forked() -> None:
    assert fork_of("a@b@1", [turn("01AAAA", 1, "a@b")]) == Fork("a@b", "01AAAA")


@pytest.mark.parametrize("name", ["main@5", "nowhere@1", "@1", "main@"])
def test_a_fork_from_what_is_not_there_is_an_error(name: str) -> None:
    with pytest.raises(OptionError):
        fork_of(name, TURNS)
