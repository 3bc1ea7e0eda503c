from __future__ import annotations

import pytest

from deepshi_jupyter.core.fences import code_blocks
from deepshi_jupyter.display.form import fenced, in_form

TEXT = "Look:\n\n```python\nprint(1)\n```\n\nand\n\n```\nplain\n```\n"


def test_markdown_is_the_text_itself() -> None:
    assert in_form(TEXT, "markdown") == TEXT


@pytest.mark.parametrize("text", ["*a*", "a ``` b", "````\nx\n````", ""])
def test_text_is_shown_as_it_is_whatever_fences_it_holds(text: str) -> None:
    (block,) = code_blocks(in_form(text, "text"))
    assert block == text


def test_code_is_the_blocks_alone() -> None:
    assert in_form(TEXT, "code") == "```python\nprint(1)\n```\n\n```\nplain\n```"


def test_code_of_an_answer_without_blocks_is_the_answer() -> None:
    assert in_form("x = 1", "code") == fenced("x = 1")


@pytest.mark.parametrize("text", ['{"a":[1]}', '```json\n{"a":[1]}\n```'])
def test_json_is_indented(text: str) -> None:
    assert in_form(text, "json") == '```json\n{\n  "a": [\n    1\n  ]\n}\n```'


def test_what_is_no_json_is_shown_as_it_is() -> None:
    assert in_form("{oops", "json") == fenced("{oops")
