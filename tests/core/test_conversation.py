"""The turns of a conversation; adding one gives a new conversation."""

from __future__ import annotations

from deepshi_jupyter.core.conversation import Conversation, Turn
from deepshi_jupyter.core.reply import Choice, Reply


def turn(text: str, cell: str | None = None) -> Turn:
    question = {"role": "user", "content": text}
    return Turn((question,), Reply(choices=(Choice(text=text.upper()),)), cell)


def said(conversation: Conversation) -> list[str]:
    return [message["content"] for message in conversation.messages()]


def conversation(*cells: str | None) -> Conversation:
    return Conversation("s", tuple(turn(f"q{i}", cell) for i, cell in enumerate(cells)))


def test_messages_are_the_system_prompt_then_questions_and_answers_in_order() -> None:
    talk = Conversation("Be brief.").with_turn(turn("a")).with_turn(turn("b"))
    assert talk.messages() == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": "A"},
        {"role": "user", "content": "b"},
        {"role": "assistant", "content": "B"},
    ]


def test_without_a_system_prompt_there_is_no_system_message() -> None:
    assert Conversation().messages() == []


def test_adding_a_turn_leaves_the_conversation_as_it_was() -> None:
    talk = Conversation()
    assert said(talk.with_turn(turn("a"))) == ["a", "A"]
    assert said(talk) == []


def test_a_cell_that_is_run_again_sees_what_stood_above_it_and_not_its_own_answer() -> None:
    talk = conversation("c0", "c1", "c2")
    assert said(talk.before("c1")) == ["s", "q0", "Q0"]
    assert said(talk.before("c0")) == ["s"]
    assert talk.before("new") == talk.before(None) == talk


def test_a_cell_that_is_run_again_replaces_its_turn_and_keeps_the_later_ones() -> None:
    talk = conversation("c0", "c1", "c2").with_turn(turn("again", "c1"))
    assert said(talk) == ["s", "q0", "Q0", "again", "AGAIN", "q2", "Q2"]


def test_turns_of_no_cell_are_never_replaced() -> None:
    talk = conversation(None, "c1", None).with_turn(turn("x", None))
    assert said(talk) == ["s", "q0", "Q0", "q1", "Q1", "q2", "Q2", "x", "X"]
