from __future__ import annotations

import io
from typing import Any

import pytest

from deepshi_jupyter.cli.ink import Ink
from deepshi_jupyter.cli.progress import Progress


class Page:
    """A progress and what it printed."""

    def __init__(self, colour: bool = False) -> None:
        self.out = io.StringIO()
        self.progress = Progress(self.out, Ink(colour))

    def deltas(self, *messages: dict[str, Any]) -> None:
        for message in messages:
            self.progress.delta({"v": 1, **message})

    def display(self, text: str) -> None:
        self.progress.output({"output_type": "display_data", "data": {"text/plain": text}})

    @property
    def text(self) -> str:
        return self.out.getvalue()


@pytest.fixture
def page() -> Page:
    return Page()


def text(piece: str) -> dict[str, Any]:
    return {"kind": "text", "text": piece}


END = {"kind": "end"}


def test_a_cell_is_announced_by_its_place_and_first_line(page: Page) -> None:
    page.progress.begin(2, 9, "%%deepshi -t 0.8\nWhy is the sky blue?")
    page.progress.end(1.94)
    assert page.text == "[2/9] %%deepshi -t 0.8\n      Why is the sky blue?\n      1.9 s\n\n"


def test_an_answer_is_printed_as_it_comes(page: Page) -> None:
    page.deltas(text("Because"))
    assert page.text == "\nBecause"
    page.deltas(text(" it is."), END)
    assert page.text == "\nBecause it is.\n"


def test_the_final_bundle_is_not_printed_again(page: Page) -> None:
    page.deltas(text("Because"), END)
    page.display("Because")
    assert page.text == "\nBecause\n"


def test_the_final_bundle_fills_what_the_deltas_left_out(page: Page) -> None:
    page.deltas(text("Bec"), END)
    page.display("Because")
    assert page.text == "\nBec\nause\n"


def test_an_answer_without_deltas_is_printed_from_its_bundle(page: Page) -> None:
    page.deltas(END)
    page.display("Because")
    assert page.text == "\nBecause\n"


def test_deltas_of_another_version_are_left_to_the_bundle(page: Page) -> None:
    page.progress.delta({"v": 2, "kind": "text", "text": "?"})
    page.display("Because")
    assert page.text == "Because\n"


def test_reasoning_stands_apart_from_the_answer(page: Page) -> None:
    page.deltas({"kind": "reasoning", "text": "Hm."}, text("Because"), END)
    assert page.text == "\nHm.\n\nBecause\n"


def test_notices_and_the_footer_follow_the_answer(page: Page) -> None:
    page.deltas(
        {"kind": "notice", "text": "Trying again in 1.0 s."},
        text("Because"),
        {"kind": "end", "footer": "deepshi-3.0 · 1.9 s", "notices": ["Cut at max_tokens."]},
    )
    assert page.text == (
        "\nTrying again in 1.0 s.\nBecause\n! Cut at max_tokens.\ndeepshi-3.0 · 1.9 s\n"
    )


def test_two_answers_of_one_cell_do_not_mix(page: Page) -> None:
    page.deltas(text("one"), END)
    page.display("one")
    page.deltas(text("two"), END)
    page.display("two")
    assert page.text == "\none\n\ntwo\n"


def test_printed_text_results_and_errors_are_shown(page: Page) -> None:
    page.progress.output({"output_type": "stream", "name": "stdout", "text": "working"})
    page.progress.output({"output_type": "execute_result", "data": {"text/plain": ["4", "2"]}})
    page.progress.output({"output_type": "error", "ename": "ValueError", "evalue": "bad"})
    page.progress.end(0.0)
    assert page.text == "working\n42\nValueError: bad\n      0.0 s\n\n"


def test_what_a_model_wrote_cannot_drive_the_terminal(page: Page) -> None:
    page.deltas(text("\x1b]0;gone\x07\x1b[2J"), END)
    page.display("\x1b[2Jx\x9b31m")
    assert not set(page.text) & {"\x1b", "\x07", "\x9b"}


def test_colours_are_used_only_where_they_are_understood() -> None:
    colourful = Page(colour=True)
    colourful.progress.begin(1, 1, "1 + 1")
    assert "\x1b[1m1 + 1\x1b[0m" in colourful.text
