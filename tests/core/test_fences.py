"""The fenced code blocks of a markdown text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepshi_jupyter.core.fences import CodeBlock, code_blocks


@pytest.mark.parametrize(
    ("markdown", "blocks"),
    [
        ("no code, only `inline`", []),
        ("```python\nx = 1\n```", [("x = 1", "python")]),
        ("a\n\n```\nx\n```\n\nb\n\n~~~js\ny\n~~~\n", [("x", ""), ("y", "js")]),
        ("``` python title=a\nx\n```", [("x", "python")]),
        ("```py\tlinenos\nx\n```", [("x", "py")]),
        ("````md\n```\ninner\n```\n````", [("```\ninner\n```", "md")]),
        ("```\nx\n~~~\n```", [("x\n~~~", "")]),
        ("~~~\nx\n~~~~~", [("x", "")]),
        ("```\nx\n`````  ", [("x", "")]),
        ("```\nx\n``` y", [("x\n``` y", "")]),
        ("```\nx\n``\n", [("x\n``", "")]),
        ("- item\n  ```py\n  if x:\n      y\n  ```", [("if x:\n    y", "py")]),
        ("  ```\nless\n    more\n  ```", [("less\n  more", "")]),
        ("```py\nnever closed\n", [("never closed", "py")]),
        ("```py", [("", "py")]),
        ("```\n```", [("", "")]),
        ("```\n\n\n```", [("\n", "")]),
        ("``` `inline` ```", []),
        ("~~~ `tick`\nx\n~~~", [("x", "`tick`")]),
        ("```py\r\nx\r\ny\r\n```\r\n", [("x\ny", "py")]),
        ("```py\na\x0cb\u2028c\x85d\x1ce\n```", [("a\x0cb\u2028c\x85d\x1ce", "py")]),
        ("", []),
    ],
)
def test_code_is_found_as_commonmark_fences_it(
    markdown: str, blocks: list[tuple[str, str]]
) -> None:
    found = code_blocks(markdown)
    assert [(str(block), block.language) for block in found] == blocks


def test_a_block_is_a_string_that_knows_its_language() -> None:
    block = CodeBlock("x = 1", "python")
    assert isinstance(block, str)
    assert (block, block.language, CodeBlock("x").language) == ("x = 1", "python", "")


LINES = st.text(st.characters(exclude_characters="\r\n`~", exclude_categories=["Cs"]), max_size=15)


@given(st.lists(st.lists(LINES, min_size=1, max_size=4).map("\n".join), max_size=3))
def test_code_comes_out_as_it_was_fenced(sources: list[str]) -> None:
    markdown = "\n".join(f"Text.\n```py\n{source}\n```" for source in sources)
    assert code_blocks(markdown) == sources


@given(st.text(st.sampled_from("`~ \n\rpy"), max_size=40))
def test_any_fences_at_all_are_read_without_an_error(markdown: str) -> None:
    code_blocks(markdown)
