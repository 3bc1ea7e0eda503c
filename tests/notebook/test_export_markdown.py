"""Turns as a markdown text to read."""

from __future__ import annotations

from hypothesis import given, settings

from deepshi_jupyter.display.inert_markdown import is_inert
from deepshi_jupyter.display.safe_markdown import safe_markdown
from deepshi_jupyter.notebook.export_markdown import to_markdown
from deepshi_jupyter.notebook.shown_turn import shown_in
from tests.browser.payloads import PAYLOADS
from tests.notebook.conversations import studies, tool_messages
from tests.notebook.study import Study


def markdown(study: Study) -> str:
    return to_markdown(shown_in(study.notebook).turns, safe_markdown, "Study")


def test_a_turn_is_its_question_quoted_its_answer_and_a_line_of_facts() -> None:
    study = Study()
    study.ask("How?\n\nAnd why?", "-t 0.5 --system 'Be brief.'", "**So.**")
    text = markdown(study)
    assert "> How?\n>\n> And why?\n\n**Answer**\n\n**So.**" in text
    assert "**System prompt**\n\n> Be brief." in text
    last = text.splitlines()[-1]
    for fact in (
        "deepshi-3.0 (served as",
        "2026-11-01 09:01 UTC",
        "temperature",
        "10 tokens in",
        "USD 0.00100",
    ):
        assert fact in last


def test_the_head_counts_what_is_stale_and_says_what_it_cost() -> None:
    study = Study()
    study.ask("a")
    study.ask("b")
    study.edit(0, "A")
    text = markdown(study)
    assert "are not whole: 1\n" in text
    assert "*the cell's text has changed since it was asked.*" in text
    assert "- Cost as reported: USD 0.00200\n" in text


def test_tools_several_answers_and_no_answer_show() -> None:
    study = Study()
    study.ask("1+2?", messages=tool_messages("1+2?", '{"a": 1}'))
    answers = tuple({"message": {"role": "assistant", "content": text}} for text in "ab")
    study.ask("Which?", answers=answers)
    study.ask("And?", answer=None, status="truncated")
    text = markdown(study)
    assert "Tool call: add(" in text
    assert "**Result of the tool**\n\n```\n3\n```" in text
    assert "**Answer 2 of 2**\n\nb" in text
    assert "**No answer**" in text


def test_what_anybody_wrote_can_do_nothing() -> None:
    study = Study()
    for payload in PAYLOADS.values():
        study.ask(payload, "--once", payload, served=payload)
    assert is_inert(markdown(study))


@settings(max_examples=40, deadline=None)
@given(studies())
def test_any_conversation_can_be_written(study: Study) -> None:
    text = markdown(study)
    assert is_inert(text)
    text.encode()
