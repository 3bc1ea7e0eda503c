from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deepshi_jupyter.core.events import ReasoningDelta, Retrying, TextDelta
from deepshi_jupyter.core.reply import Choice, Reply
from deepshi_jupyter.display.answer import Answer
from deepshi_jupyter.display.live_blocks import LONGEST_TAIL, LiveBlocks, cut_block
from tests.display.published import Page


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> Page:
    return Page(monkeypatch)


def reply(text: str) -> Reply:
    return Reply(choices=(Choice(text=text, finish_reason="stop"),), model="m")


def show(presenter: LiveBlocks, text: str, size: int) -> None:
    for start in range(0, len(text), size):
        presenter.show([TextDelta(text[start : start + size])])


def test_the_first_text_is_on_the_page_at_once(page: Page) -> None:
    LiveBlocks().show([TextDelta("He")])
    assert page.markdown == ["He"]


def test_the_tail_is_updated_in_its_place(page: Page) -> None:
    presenter = LiveBlocks()
    show(presenter, "Hello there", 3)
    assert page.markdown == ["Hello there"]


def test_finished_blocks_are_never_sent_again(page: Page) -> None:
    presenter = LiveBlocks()
    paragraphs = [f"Paragraph {i} " + "word " * 120 for i in range(10)]
    show(presenter, "\n\n".join(paragraphs), 40)
    assert len(page.outputs) >= 9
    first = [m for m in page.messages if "Paragraph 0 " in m["text/markdown"]]
    at_most = len(paragraphs[0]) // 40 + 2
    assert len(first) <= at_most


def test_at_the_end_one_bundle_takes_the_place_of_all(page: Page) -> None:
    presenter = LiveBlocks()
    text = "\n\n".join("word " * 200 for _ in range(5))
    show(presenter, text, 100)
    presenter.end(Answer(reply=reply(text)))
    (output,) = page.outputs
    assert output["text/plain"] == text


def test_what_came_to_nothing_is_cleared_with_the_next_output(page: Page) -> None:
    presenter = LiveBlocks()
    presenter.show([Retrying(1, 0.5, "The service failed (503).")])
    assert "Trying again in 0.5 s" in page.markdown[0].replace("\\", "")
    presenter.abandon()
    assert page._clear_next


def test_reasoning_is_folded_while_it_comes_and_after(page: Page) -> None:
    presenter = LiveBlocks()
    presenter.show([ReasoningDelta("Let me think about " + "it " * 1000)])
    assert page.markdown[0].startswith("<details>")
    assert len(page.markdown[0]) < 2000
    presenter.show([TextDelta("42")])
    assert page.markdown[1] == "42"


def test_what_is_published_grows_with_the_text_and_not_with_its_square(page: Page) -> None:
    def published(length: int) -> int:
        page.messages.clear()
        text = ("word " * 100 + "\n\n") * (length // 502)
        show(LiveBlocks(), text, 100)
        return page.size

    assert published(40_000) < 4.6 * published(10_000)


@pytest.mark.parametrize(
    "unit", ["x" * 50 + " ", "    code\n", "- item\n", "> quote\n", "| a | b |\n"]
)
def test_one_endless_block_is_cut_so_that_updates_stay_small(page: Page, unit: str) -> None:
    presenter = LiveBlocks()
    show(presenter, unit * (20_000 // len(unit)), 200)
    assert max(len(message["text/markdown"]) for message in page.messages) < 4 * LONGEST_TAIL


def test_a_cut_fence_is_closed_and_opened_again() -> None:
    code = "```python\n" + "print(1)\n" * 300
    first, rest = cut_block(code, 1000)
    assert first.endswith("print(1)\n```\n")
    assert rest.startswith("```python\nprint(1)\n")


@settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.text(alphabet="ab \n`#-*|>$<[]()", min_size=1, max_size=400), st.integers(1, 50))
def test_any_text_in_any_pieces_ends_as_its_bundle(page: Page, text: str, size: int) -> None:
    page.outputs.clear()
    presenter = LiveBlocks()
    show(presenter, text, size)
    presenter.end(Answer(reply=reply(text)))
    assert page.outputs[-1]["text/plain"] == text
    assert len(page.outputs) == 1
