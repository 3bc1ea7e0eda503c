from __future__ import annotations

import string

from hypothesis import given
from hypothesis import strategies as st

from deepshi_jupyter.conversation_panel.branches import Branches
from deepshi_jupyter.core.conversation import Turn
from deepshi_jupyter.core.turn_record import TurnRecord


def turns(names: str) -> list[Turn]:
    return [Turn(record=TurnRecord(v=2, id=name)) for name in names]


def names_of(branches: Branches) -> str:
    return "".join(turn.record.id for turn in branches.path)


def made(*paths: str) -> Branches:
    branches = Branches()
    for path in paths:
        branches.follow(turns(path))
    return branches


def test_the_path_is_what_was_followed_last() -> None:
    assert names_of(made("abc", "ad")) == "ad"


def test_what_stands_at_one_place_are_branches_oldest_first() -> None:
    branches = made("abc", "ad", "aef")
    assert branches.beside("e") == ["b", "d", "e"]
    assert branches.beside("a") == ["a"]


def test_a_branch_that_is_chosen_brings_back_what_followed_it() -> None:
    branches = made("abc", "ad")
    branches.choose("b")
    assert names_of(branches) == "abc"
    branches.choose("d")
    assert names_of(branches) == "ad"


def test_a_choice_far_down_chooses_all_above_it() -> None:
    branches = made("abc", "xyz")
    branches.choose("c")
    assert names_of(branches) == "abc"


def test_a_shorter_path_ends_where_it_ends() -> None:
    branches = made("abc", "a")
    assert names_of(branches) == "a"
    assert "c" in branches


def test_a_turn_that_now_stands_after_another_one_moves_there() -> None:
    branches = made("abc", "abd", "axc")  # b was exchanged for x by `%deepshi pick`
    assert names_of(branches) == "axc"
    branches.choose("b")
    assert names_of(branches) == "abd"
    assert branches.beside("d") == ["d"]


def test_a_new_execution_changes_the_turns_and_not_the_tree() -> None:
    branches = made("abc", "ad")
    branches.in_execution(7, "panel()")
    assert {turn.execution for turn in branches.path} == {7}
    assert branches["c"].number == 7
    assert branches.beside("d") == ["b", "d"]


PATHS = st.lists(st.lists(st.sampled_from(string.ascii_lowercase[:6]), unique=True), max_size=8)


@given(PATHS)
def test_each_path_stands_as_it_was_followed_and_the_tree_stays_one(paths: list[list[str]]) -> None:
    branches = Branches()
    known: set[str] = set()
    for path in paths:
        branches.follow(turns("".join(path)))
        known |= set(path)
        assert names_of(branches) == "".join(path)
        for name in known:
            assert name in branches.beside(name)
            branches.choose(name)
            assert name in names_of(branches)
        branches.follow(turns("".join(path)))
