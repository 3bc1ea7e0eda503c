"""A growing text is cut only where what follows can no longer change what stands before."""

from __future__ import annotations

import html
import itertools
import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from deepshi_jupyter.display import blocks
from deepshi_jupyter.display.blocks import FinishedBlocks
from deepshi_jupyter.display.neutral_markdown import neutralise
from tests.browser.nasty_markdown import ENDS, PIECES


def cuts(text: str, step: int = 1) -> list[int]:
    """Return where a text is cut that comes in pieces of so many characters."""
    finished = FinishedBlocks()
    ends = [finished.feed(text[:end]) for end in [*range(1, len(text), step), len(text)]]
    assert ends == sorted(ends)
    return sorted({end for end in ends if end})


def pieces(text: str, step: int = 1) -> list[str]:
    """Return the pieces between the cuts, the last of them unfinished."""
    places = [0, *cuts(text, step), len(text)]
    return [text[a:b] for a, b in itertools.pairwise(places)]


def shown(markdown: str) -> str:
    """Return what a reader gets of neutral markdown, without the spacing of lists."""
    parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    markup = re.sub(r"</?(?:p|span)>", "", html.unescape(parser.render(markdown)))
    return " ".join(re.sub(r"\s*(<[^>]*>)\s*", r"\1", markup).split())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a", ["a"]),
        ("a\n", ["a\n"]),
        ("a\n\n", ["a\n\n", ""]),
        ("a\n\nb", ["a\n\n", "b"]),
        ("a\r\n\r\nb", ["a\r\n\r\n", "b"]),
        ("# a\n\n> b\n\n|c|\n|-|\n\nd", ["# a\n\n", "> b\n\n", "|c|\n|-|\n\n", "d"]),
        ("```\na\n\nb\n", ["```\na\n\nb\n"]),
        ("```\na\n\nb\n```\n", ["```\na\n\nb\n```\n", ""]),
        ("a\n```\nb\n```\nc\n", ["a\n", "```\nb\n```\n", "c\n"]),
        ("~~~~\n```\n\n~~~\n\n~~~~\na", ["~~~~\n```\n\n~~~\n\n~~~~\n", "a"]),
        ("- a\n\n- b\n\n  c\n\nd\n\ne", ["- a\n\n- b\n\n  c\n\n", "d\n\n", "e"]),
        ("- a\n\n  ```\n  b\n\nc\n", ["- a\n\n  ```\n  b\n\n", "c\n"]),
        ("1. a\n\n2. b\n\n```\nc\n\nd\n```\n", ["1. a\n\n2. b\n\n", "```\nc\n\nd\n```\n", ""]),
        ("    a\n\n    b\n\nc\n", ["    a\n\n    b\n\n", "c\n"]),
        ("$$\na\n$$\n\nb", ["$$\na\n$$\n\n", "b"]),
        ("\n\n\na", ["\n", "\n", "\n", "a"]),
    ],
)
def test_a_text_is_cut_after_finished_blocks(text: str, expected: list[str]) -> None:
    assert pieces(text) == expected


@pytest.mark.parametrize("text", ["- a\n\n", "- a\n\n- b\n\n", "1) a\n\n   b\n\n", "    a\n\n"])
def test_what_may_go_on_is_not_finished(text: str) -> None:
    assert cuts(text) == []


TEXTS = st.lists(st.tuples(st.sampled_from(PIECES), st.sampled_from([*ENDS, "\n\n"])), max_size=16)


def without_definitions(parts: list[tuple[str, str]]) -> str:
    """Join parts to a text in which no link definition can be."""
    return re.sub(r"\][\r\n]*:", "]", "".join(piece + end for piece, end in parts))


@settings(max_examples=200, deadline=None)
@given(TEXTS.map(without_definitions), st.sampled_from([1, 3, 7]))
@example("foo\n2. bar\n   ```\n\nx\n   ```\n\ny\n", 1)
@example("- a\n\n- b\n```python\nx\n\ny\n```\n\nz", 1)
@example("10. a\n\n   ```\n   b\n\nc\n   ```\nd\n\n", 1)
@example("> ```\n> a\n\nb\n```\n\nc\n```\nd", 1)
def test_the_pieces_show_what_the_whole_shows(text: str, step: int) -> None:
    parts = pieces(text, step)

    assert "".join(parts) == text
    assert shown("".join(neutralise(part) for part in parts)) == shown(neutralise(text))


@settings(deadline=None)
@given(TEXTS.map(without_definitions))
def test_a_cut_does_not_depend_on_how_the_text_came(text: str) -> None:
    whole = FinishedBlocks()
    assert whole.feed(text) == ([0, *cuts(text, 1)][-1])


def test_a_definition_serves_its_own_piece_only() -> None:
    first, second = pieces("[a][r]\n\n[r]: http://x.y\n")

    assert neutralise(first) == "[a][r]\n\n"
    assert neutralise(second) == "[r]&#58; [http://x.y](http://x.y)\n\n"


@pytest.mark.parametrize(
    "unit", ["- a\n\n", "- lazy\nb\n\n", "```\nx\n\n", "    a\n\n", "x", "> a\n", "- a\n\n[x]: y\n"]
)
def test_the_work_is_linear_in_the_length(unit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    last_block = blocks._last_block
    monkeypatch.setattr(blocks, "_last_block", lambda s: (read.append(len(s)), last_block(s))[1])
    text = unit * (20_000 // len(unit))

    cuts(text, 40)

    assert sum(read) <= 5 * len(text)
