"""An answer cut into text and code."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from deepshi_jupyter.core.fences import code_blocks
from deepshi_jupyter.notebook.answer_parts import Part, fenced, parts_of
from tests.notebook.conversations import NESTED

_LINES = st.lists(
    st.sampled_from(
        ["", "a", "```python", "```", "````", "~~~ py", "~~~", "  ```py", "> b", "```r"]
    )
)


def test_text_and_python_come_in_order_without_blank_ends() -> None:
    text = "Do:\n\n```python\nx = 1\n\ny = 2\n```\n\nThen.\n"
    assert parts_of(text) == [
        Part("text", "Do:"),
        Part("code", "x = 1\n\ny = 2"),
        Part("text", "Then."),
    ]


def test_other_languages_and_no_language_stay_in_the_text() -> None:
    for fence in ("```r\n1\n```", "```\n1\n```", "~~~ js\n1\n~~~", "```pycon\n>>> 1\n```"):
        assert parts_of(fence) == [Part("text", fence)]


def test_a_fence_within_a_fence_is_part_of_it() -> None:
    first, code, last = parts_of(NESTED)
    assert first.text == "See:\n````md\n```python\nprint('inner')\n```\n````\nand"
    assert (code, last) == (Part("code", "x = 1"), Part("text", "end"))


def test_code_deep_in_a_list_stays_in_the_list() -> None:
    text = "- a\n  - b\n\n    ```python\n    x\n    ```"
    assert parts_of(text) == [Part("text", text)]


def test_a_fence_that_nothing_closes_runs_to_the_end() -> None:
    assert parts_of("a\n```python\nx\n\n") == [Part("text", "a"), Part("code", "x\n\n")]


@given(_LINES.map("\n".join))
def test_code_is_what_the_reader_of_fences_finds(text: str) -> None:
    python = [str(b) for b in code_blocks(text) if b.language in ("python", "py")]
    code = [part.text for part in parts_of(text) if part.kind == "code"]
    assert [c.rstrip("\n") for c in code] == [p.rstrip("\n") for p in python]


@given(st.text("`~a\n"))
def test_a_fenced_text_cannot_close_its_fence(text: str) -> None:
    assert len(code_blocks(fenced(text))) == 1
