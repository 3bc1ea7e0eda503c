from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepshi_jupyter.display.neutral_markdown import neutralise
from deepshi_jupyter.display.safe_markdown import safe_markdown


def shown(markdown: str) -> str:
    from markdown_it import MarkdownIt

    return str(MarkdownIt("commonmark").render(markdown)).replace("\n", "")


@given(st.text(alphabet="abcé語 \n.,;:!?'\"()%/+=-0123456789", max_size=200))
def test_plain_words_show_the_same_with_and_without_the_parser(text: str) -> None:
    assert safe_markdown(text) == text
    assert shown(neutralise(text)).replace("&quot;", '"') == shown(text).replace("&quot;", '"')


@pytest.mark.parametrize("mark", list("_<>&[]`*#|~$\\{}@^\r\x1b\u202e\ud800"))
def test_every_other_character_goes_through_the_parser(mark: str) -> None:
    text = f"a {mark} b"
    assert safe_markdown(text) == neutralise(text)
