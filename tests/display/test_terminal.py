from __future__ import annotations

import io

from deepshi_jupyter.core.events import Event, ReasoningDelta, Retrying, TextDelta
from deepshi_jupyter.core.reply import Choice, Reply
from deepshi_jupyter.display.answer import Answer
from deepshi_jupyter.display.terminal import Terminal


def printed(*events: Event, reply: Reply | None = None, colour: bool = False) -> str:
    out = io.StringIO()
    presenter = Terminal(out, colour)
    for event in events:
        presenter.show([event])
    if reply is None:
        presenter.abandon()
    else:
        presenter.end(Answer(reply=reply))
    return out.getvalue()


def reply(*texts: str) -> Reply:
    choices = (Choice(i, text, finish_reason="stop") for i, text in enumerate(texts))
    return Reply(choices=tuple(choices), model="m")


def test_text_is_printed_as_it_comes_and_once() -> None:
    out = printed(TextDelta("He"), TextDelta("llo"), reply=reply("Hello"))
    assert out == "Hello\nm · 0.0 s · stop\n"


def test_what_was_not_shown_yet_is_printed_at_the_end() -> None:
    assert printed(TextDelta("He"), reply=reply("Hello")).startswith("Hello\n")
    assert printed(reply=reply("Hello")).startswith("Hello\n")


def test_reasoning_is_dimmed_and_apart() -> None:
    out = printed(ReasoningDelta("Hm."), TextDelta("42"), reply=reply("42"), colour=True)
    assert out.startswith("\x1b[2mHm.\x1b[0m\n\n42\n")
    assert "\x1b" not in printed(ReasoningDelta("Hm."), TextDelta("42"), reply=reply("42"))


def test_a_model_cannot_drive_the_terminal() -> None:
    assert "\x1b" not in printed(TextDelta("\x1b]0;title\x07a"), reply=reply("\x1b]0;title\x07a"))


def test_a_retry_is_said() -> None:
    out = printed(Retrying(1, 0.5, "The service failed (503)."))
    assert out == "The service failed (503). Trying again in 0.5 s.\n"


def test_further_answers_follow_the_first() -> None:
    out = printed(TextDelta("one"), reply=reply("one", "two"))
    assert out.startswith("one\n— answer 2 of 2\ntwo\n")


def test_what_was_printed_before_a_failure_stays() -> None:
    assert printed(TextDelta("Half")) == "Half\n"
