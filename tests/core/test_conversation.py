"""The context of a question: which turns above it are sent, and which system prompt."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from deepshi_jupyter.core import chain as chain_module
from deepshi_jupyter.core import conversation, turn_record
from deepshi_jupyter.core.chain import START, chain
from deepshi_jupyter.core.conversation import (
    Above,
    Context,
    Marks,
    Turn,
    Wanted,
    chain_of,
    cut_as_recorded,
    fitted,
)
from deepshi_jupyter.core.turn_record import Cut, Fork, RecordedCall, TurnRecord

HERE = Wanted()


def turn(name: str, chat: str = "main", *, cell: str = "", **fields: Any) -> Turn:
    """Return a turn that asked its own name, and was answered in capitals."""
    call = RecordedCall(answers=({"message": {"role": "assistant", "content": name.upper()}},))
    question = {"role": "user", "content": name}
    known = {"v": 2, "id": name, "chat": chat, "messages": (question,), "calls": (call,)}
    return Turn(record=TurnRecord(**{**known, **fields}), cell=cell)


def with_system(name: str, system: str, chat: str = "main", **fields: Any) -> Turn:
    return turn(name, chat, system=system, system_from="cell", **fields)


def above(*turns: Turn, skip: str = "", ignored: str = "") -> Above:
    found = Above(Marks(skipped=frozenset(skip.split())), frozenset(ignored.split()))
    for one in turns:
        found.add(one)
    return found


def asked(context: Context) -> str:
    """Return the names of the turns that are sent."""
    return " ".join(one.record.id for one in context.turns)


def left(context: Context) -> dict[str, str]:
    return {one.turn.record.id: one.why for one in context.left}


def seen(*turns: Turn, wanted: Wanted = HERE, **marks: str) -> str:
    return asked(above(*turns, **marks).context(wanted))


def fork(source: str, chat: str = "main", into: str = "main") -> Wanted:
    return Wanted(chat=into, fork=Fork(chat, source))


# What is sent


def test_messages_are_the_system_prompt_then_questions_and_answers_in_order() -> None:
    context = above(turn("a"), turn("b")).context(HERE, "Be brief.")
    assert context.messages() == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": "A"},
        {"role": "user", "content": "b"},
        {"role": "assistant", "content": "B"},
    ]


def test_with_nothing_above_nothing_is_sent() -> None:
    context = above().context(HERE)
    assert (context.messages(), context.parent, context.left) == ([], START, ())


def test_each_chat_sees_its_own_turns() -> None:
    turns = (turn("a"), turn("b", "side"), turn("c"))
    assert seen(*turns) == "a c"
    assert seen(*turns, wanted=Wanted("side")) == "b"
    assert seen(*turns, wanted=Wanted("new")) == ""


def test_a_turn_is_sent_as_it_was_sent_and_hashed_as_it_was_recorded() -> None:
    secret = ({"role": "user", "content": "the key"}, {"role": "assistant", "content": "A"})
    one = msgspec.structs.replace(turn("a"), sent=secret)
    context = above(one).context(HERE)
    assert context.messages() == list(secret)
    assert context.parent == chain(one.record.own_messages)


def test_a_new_start_sees_nothing_above_it_and_later_turns_see_only_from_there() -> None:
    turns = (turn("a"), turn("b"))
    assert seen(*turns, wanted=Wanted(start="new")) == ""
    later = above(*turns, turn("c", start="new"), turn("d")).context(HERE)
    assert asked(later) == "c d"
    assert left(later) == {"a": "above --new", "b": "above --new"}


def test_a_new_start_of_one_chat_leaves_the_others_alone() -> None:
    turns = (turn("a"), turn("b", "side", start="new"), turn("c"))
    assert seen(*turns) == "a c"


def test_a_question_asked_once_sees_nothing_and_is_not_seen() -> None:
    turns = (turn("a"), turn("b", start="once"), turn("c"))
    assert seen(*turns, wanted=Wanted(start="once")) == ""
    context = above(*turns).context(HERE)
    assert asked(context) == "a c"
    assert left(context) == {"b": "asked with --once"}


def test_an_answer_that_broke_off_is_not_sent() -> None:
    context = above(turn("a"), turn("b", kind="partial"), turn("c", calls=())).context(HERE)
    assert asked(context) == "a"
    assert left(context) == {"b": "broke off", "c": "broke off"}


@pytest.mark.parametrize("name", ["b", "cell-2"])
def test_a_turn_is_skipped_by_its_id_or_its_cell(name: str) -> None:
    turns = (turn("a", cell="cell-1"), turn("b", cell="cell-2"), turn("c"))
    context = above(*turns, skip=name).context(HERE)
    assert asked(context) == "a c"
    assert left(context) == {"b": "skipped"}


def test_turns_of_no_id_and_no_cell_are_not_skipped_together() -> None:
    assert not Marks(skipped=frozenset({"x"})).skips(turn("", id=""))
    assert turn("", id="").names == set()


# Forks


def test_a_fork_goes_on_from_a_turn_of_another_chat() -> None:
    turns = (turn("a"), turn("b"), turn("c"))
    assert seen(*turns, wanted=fork("b", into="side")) == "a b"


def test_what_follows_a_fork_sees_what_it_saw() -> None:
    turns = (turn("a"), turn("b"), turn("c", "side", fork=Fork("main", "a")), turn("d", "side"))
    assert seen(*turns, wanted=Wanted("side")) == "a c d"
    assert seen(*turns) == "a b"


def test_a_fork_may_go_on_from_a_fork() -> None:
    first = turn("c", "side", fork=Fork("main", "a"))
    second = turn("d", "third", fork=Fork("side", "c"))
    turns = (turn("a"), turn("b"), first, turn("x", "side"), second)
    assert seen(*turns, wanted=Wanted("third")) == "a c d"
    assert seen(*turns, wanted=fork("a", "side", into="fourth")) == "a"


def test_a_fork_may_go_on_from_an_earlier_turn_of_its_own_chat() -> None:
    turns = (turn("a"), turn("b"), turn("c", fork=Fork("main", "a")))
    context = above(*turns).context(HERE)
    assert asked(context) == "a c"
    assert left(context) == {"b": "above --new"}


def test_a_fork_may_go_on_from_a_turn_above_a_new_start() -> None:
    turns = (turn("a"), turn("b"), turn("c", start="new"))
    assert above(*turns).has(Fork("main", "b"))
    assert seen(*turns, wanted=fork("b", into="side")) == "a b"


def test_a_fork_from_a_turn_that_is_gone_sees_nothing() -> None:
    there = above(turn("a"), turn("b", kind="partial"), turn("c", start="once"))
    for name in ("gone", "b", "c"):
        assert not there.has(Fork("main", name))
        assert asked(there.context(fork(name))) == ""
    assert not there.has(Fork("side", "a"))


def test_a_fork_can_name_the_cell_and_means_the_last_turn_of_it() -> None:
    turns = (turn("a", cell="loop"), turn("b", cell="loop"), turn("c"))
    assert seen(*turns, wanted=fork("loop")) == "a b"


def test_a_fork_has_the_system_prompt_that_its_turn_had() -> None:
    there = above(with_system("a", "A"), with_system("b", "B"))
    context = there.context(fork("a", into="side"))
    assert (context.system, context.system_from) == ("A", "above")
    assert there.context(HERE).system == "B"


# System prompts


def test_a_system_prompt_holds_from_its_cell_on_in_its_chat() -> None:
    there = above(turn("a"), with_system("b", "B"), turn("c"))
    assert _system(there.context(HERE, "set")) == ("B", "above")
    assert _system(there.context(Wanted("side"), "set")) == ("set", "setting")


def test_a_cells_own_system_prompt_comes_first() -> None:
    there = above(with_system("b", "B"))
    assert _system(there.context(Wanted(system="own"), "set")) == ("own", "cell")
    assert _system(there.context(Wanted(system=""), "set")) == ("", "cell")


def test_where_nobody_gives_a_system_prompt_there_is_none() -> None:
    assert _system(above(turn("a")).context(HERE)) == ("", "")


def test_a_system_prompt_given_once_does_not_hold_below() -> None:
    there = above(with_system("a", "A", start="once"))
    assert _system(there.context(HERE, "set")) == ("set", "setting")


def test_a_new_start_keeps_the_system_prompt_of_the_chat() -> None:
    there = above(with_system("a", "A"), turn("b", start="new"))
    assert _system(there.context(HERE)) == ("A", "above")
    assert _system(there.context(Wanted(start="new"))) == ("A", "above")
    assert _system(there.context(Wanted(start="once"), "set")) == ("set", "setting")


def test_a_system_prompt_that_was_set_later_overrules_the_one_above() -> None:
    there = above(with_system("a", "A"), ignored="a")
    assert _system(there.context(HERE, "set")) == ("set", "setting")
    assert _system(there.context(HERE, "")) == ("", "setting")
    there.add(with_system("b", "B"))
    assert _system(there.context(HERE, "set")) == ("B", "above")


def test_the_system_prompt_is_part_of_the_chain() -> None:
    there = above(turn("a"))
    tips = {there.context(HERE, text).parent for text in ("", "A", "B")}
    assert len(tips) == 3


def _system(context: Context) -> tuple[str, str]:
    return context.system, context.system_from


# Long contexts


def sized(*names: str, pins: str = "", room: int | None) -> Context:
    """Leave out what does not fit; a turn takes as many tokens as its name has letters."""
    context = above(*map(turn, names)).context(HERE, "System")
    pinned = Marks(pinned=frozenset(pins.split()))
    return fitted(context, room, lambda one: len(one.record.id), pinned)


def test_a_context_that_fits_is_left_as_it_is() -> None:
    for room in (6, 100, None):
        context = sized("aa", "bb", "cc", room=room)
        assert (asked(context), context.cut) == ("aa bb cc", None)


def test_the_oldest_turns_are_left_out_of_a_context_that_is_too_long() -> None:
    context = sized("aa", "bb", "cc", room=4)
    assert asked(context) == "bb cc"
    assert left(context) == {"aa": "context full"}
    assert context.cut == Cut("bb", 1)
    assert context.parent == chain_of("System", context.turns) != sized("aa", room=9).parent


def test_pinned_turns_are_kept_however_old() -> None:
    context = sized("aa", "bb", "cc", "dd", pins="aa", room=5)
    assert asked(context) == "aa dd"
    assert context.cut == Cut("dd", 2, ("aa",))


def test_where_nothing_fits_only_pinned_turns_are_sent() -> None:
    assert sized("aa", "bb", room=0).cut == Cut("", 2)
    context = sized("aa", "bb", pins="bb", room=0)
    assert (asked(context), context.cut) == ("bb", Cut("bb", 1))


def test_a_cut_whose_first_turn_is_gone_leaves_nothing_out() -> None:
    there = above(turn("a"), turn("b"))
    context = there.context(HERE)
    for kept in ((), ("a",), ("gone",)):
        cut = Cut("gone", 1, kept)
        assert cut_as_recorded(context, cut) == context
        assert there.parent(HERE, cut=cut) == context.parent


@given(
    st.lists(st.integers(1, 5), max_size=12),
    st.sets(st.integers(0, 11)),
    st.integers(0, 40),
)
def test_what_was_left_out_can_be_left_out_again_from_the_record(
    sizes: list[int], pinned: set[int], room: int
) -> None:
    there = above(*(turn(f"t{place}") for place in range(len(sizes))))
    context = there.context(HERE, "System")
    marks = Marks(pinned=frozenset(f"t{place}" for place in pinned))
    shorter = fitted(context, room, lambda one: sizes[int(one.record.id[1:])], marks)
    if shorter.cut is None:
        assert shorter is context
        return
    again = cut_as_recorded(context, shorter.cut)
    assert again == shorter
    assert there.parent(HERE, "System", shorter.cut) == shorter.parent
    assert shorter.parent == chain(shorter.messages())
    assert shorter.cut.left_out == len(context.turns) - len(shorter.turns)
    assert all(one in shorter.turns for one in context.turns if marks.pins(one))


# Chains


_CHATS = st.sampled_from(["main", "side"])
_STEP = st.fixed_dictionaries(
    {"chat": _CHATS},
    optional={
        "start": st.sampled_from(["new", "once"]),
        "kind": st.just("partial"),
        "fork": st.builds(Fork, _CHATS, st.integers(0, 9).map(lambda n: f"t{n}")),
        "system": st.sampled_from(["S", "T"]),
    },
)


@given(st.lists(_STEP, max_size=10), st.sets(st.integers(0, 9)))
def test_chains_taken_link_by_link_are_those_of_all_messages(
    steps: list[dict[str, Any]], skipped: set[int]
) -> None:
    there = Above(Marks(skipped=frozenset(f"t{n}" for n in skipped)))
    for number, step in enumerate(steps):
        source = {"system_from": "cell"} if "system" in step else {}
        there.add(turn(f"t{number}", **step, **source))
        for wanted in (
            Wanted("main"),
            Wanted("side"),
            Wanted("main", "new"),
            Wanted("side", system="own"),
            Wanted("new", fork=Fork("main", "t1")),
        ):
            context = there.context(wanted, "set")
            assert context.parent == there.parent(wanted, "set")
            assert context.parent == chain_of(context.system, context.turns)
            assert context.parent == chain(context.messages())
            visible = [one.turn.record.id for one in context.left] + asked(context).split()
            assert len(visible) == len(set(visible))


@pytest.mark.parametrize("count", [100, 1000])
def test_each_turn_is_hashed_once_however_many_stand_below(
    count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = {"link": 0, "digest": 0}

    def link(parent: str, digest: str) -> str:
        counted["link"] += 1
        return chain_module.link(parent, digest)

    def digest(message: dict[str, Any]) -> str:
        counted["digest"] += 1
        return chain_module.message_digest(message)

    monkeypatch.setattr(turn_record, "link", link)
    monkeypatch.setattr(conversation, "link", link)
    monkeypatch.setattr(turn_record, "message_digest", digest)
    monkeypatch.setattr(conversation, "message_digest", digest)
    there = Above()
    for number in range(count):
        there.parent(HERE, "System")
        there.add(turn(f"t{number}"))
    there.context(HERE, "System")
    assert counted == {"link": 2 * count + 1, "digest": 2 * count + 1}


@given(st.text(max_size=300))
@example("1 " * 40)
@example("\n" * 9)
def test_the_quick_count_of_a_turn_is_never_below_the_estimate(question: str) -> None:
    asked = turn(question or "?")
    assert asked.most_tokens >= asked.tokens


def test_a_turn_with_parts_or_tools_is_estimated_as_it_is() -> None:
    parts = ({"role": "user", "content": [{"type": "text", "text": "Look."}]},)
    asked = turn("Look", messages=parts)
    assert asked.most_tokens == asked.tokens
