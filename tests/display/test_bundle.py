from __future__ import annotations

import pytest
from markdown_it import MarkdownIt

from deepshi_jupyter.core.reply import Choice, Reply
from deepshi_jupyter.display.answer import Answer
from deepshi_jupyter.display.bundle import RECORD, answer_bundle
from deepshi_jupyter.display.tool_card import tool_line
from deepshi_jupyter.tools.result import ToolResult

CARD = ToolResult("a", "rainfall", '{"city": "Bern"}', "12.5", duration=0.25)


def answer(*choices: Choice, **fields: object) -> Answer:
    return Answer(reply=Reply(choices=choices, model="m"), **fields)  # type: ignore[arg-type]


def test_plain_text_is_the_answer_itself() -> None:
    assert answer_bundle(answer(Choice(text="a *b*")))["text/plain"] == "a *b*"


def test_control_characters_do_not_reach_a_display() -> None:
    bundle = answer_bundle(answer(Choice(text="\x1b[31mred\x07\u202e")))
    assert bundle["text/plain"] == "[31mred"
    assert "\x1b" not in bundle["text/markdown"]


def test_several_answers_are_shown_together() -> None:
    bundle = answer_bundle(answer(Choice(text="one"), Choice(index=1, text="two")))
    assert bundle["text/plain"] == "[1]\none\n\n[2]\ntwo"
    assert "**Answer 2 of 2**\n\ntwo" in bundle["text/markdown"]


def test_reasoning_and_tool_cards_are_folded_above_the_answer() -> None:
    shown = answer_bundle(answer(Choice(text="It rained.", reasoning="Hm."), cards=(CARD,)))
    markdown = shown["text/markdown"]
    assert markdown.count("<details>") == 2
    assert markdown.index("rainfall") < markdown.index("Hm.") < markdown.index("It rained.")


def test_the_record_goes_with_it() -> None:
    assert answer_bundle(answer(Choice(text="a"), record={"v": 1}))[RECORD] == {"v": 1}
    assert RECORD not in answer_bundle(answer(Choice(text="a")))


@pytest.mark.parametrize(
    "text", ["</details><script>alert(1)</script>", "```\n</details>", "<img src=x onerror=y>"]
)
def test_nothing_of_a_model_or_tool_becomes_html(text: str) -> None:
    card = ToolResult("a", text, text, text, note=text)
    markdown = answer_bundle(
        Answer(
            reply=Reply(
                choices=(Choice(text=text, reasoning=text, refusal=text),),
                model=text,
                notices=(text,),
            ),
            cards=(card,),
            remarks=(text,),
        )
    )["text/markdown"]
    html = MarkdownIt("commonmark", {"html": True}).render(markdown)
    assert "<script" not in html
    assert "<img" not in html
    assert html.count("<details>") == html.count("</details>") == 2


def test_a_tool_line_says_how_it_ended() -> None:
    assert tool_line(CARD) == 'rainfall({"city": "Bern"}) · 0.2 s'
    assert tool_line(ToolResult("a", "f", "{}", "", refused=True)) == "f({}) · refused"
    assert tool_line(ToolResult("a", "f", "{}", "", error=True)) == "f({}) · failed, 0.0 s"
    assert len(tool_line(ToolResult("a", "f", "x" * 500, ""))) < 130
