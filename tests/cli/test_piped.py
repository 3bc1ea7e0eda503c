from __future__ import annotations

import io

import pytest

from deepshi_jupyter.cli.piped import Piped
from deepshi_jupyter.core.events import Event, ReasoningDelta, Retrying, TextDelta
from deepshi_jupyter.core.reply import Choice, Reply
from deepshi_jupyter.display.answer import Answer


def piped(*events: Event, reply: Reply | None = None) -> tuple[str, str]:
    """Return what goes to the reader, and what goes aside."""
    out, aside = io.StringIO(), io.StringIO()
    presenter = Piped(out, aside)
    for event in events:
        presenter.show([event])
    if reply is None:
        presenter.abandon()
    else:
        presenter.end(Answer(reply=reply, price=None))
    return out.getvalue(), aside.getvalue()


def reply(*texts: str, **fields: object) -> Reply:
    choices = tuple(Choice(i, text, finish_reason="stop") for i, text in enumerate(texts))
    return Reply(choices=choices, model="m", **fields)  # type: ignore[arg-type]


def test_the_answer_goes_to_its_reader_and_the_footer_aside() -> None:
    out, aside = piped(TextDelta("a"), TextDelta("b"), reply=reply("ab"))
    assert (out, aside) == ("ab\n", "m · 0.0 s · stop\n")


def test_reasoning_goes_nowhere_and_a_retry_aside() -> None:
    out, aside = piped(ReasoningDelta("hm"), Retrying(1, 0.5, "Busy."), reply=reply("a"))
    assert out == "a\n"
    assert aside.startswith("Busy. Trying again in 0.5 s.\n")


@pytest.mark.parametrize("shown", [[], [TextDelta("stop")], [TextDelta("stopped h")]])
def test_what_came_and_was_not_shown_yet_is_shown_at_the_end(shown: list[Event]) -> None:
    out, aside = piped(*shown, reply=reply("stopped here", status="interrupted"))
    assert out == "stopped here\n"
    assert aside.startswith("! You stopped this answer.")


def test_a_refusal_is_an_answer() -> None:
    refused = Reply(choices=(Choice(refusal="No.", finish_reason="stop"),), model="m")
    assert piped(reply=refused)[0] == "No.\n"


def test_further_answers_follow() -> None:
    assert piped(TextDelta("a"), reply=reply("a", "b\n", "c"))[0] == "a\n\nb\n\nc\n"


def test_an_answer_that_ends_its_line_gets_no_second_end() -> None:
    assert piped(TextDelta("a\n"), reply=reply("a\n"))[0] == "a\n"


def test_nothing_is_added_to_nothing() -> None:
    assert piped() == ("", "")
    assert piped(TextDelta("a"))[0] == "a\n"
