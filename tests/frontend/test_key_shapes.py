"""The page looks for the same keys as the kernel does."""

from __future__ import annotations

from deepshi_jupyter.core.secrets import find_secrets
from tests.frontend.make_key_shapes import EXAMPLES, SHAPES, examples, shapes, written


def test_the_table_of_the_page_is_that_of_the_kernel() -> None:
    assert SHAPES.read_text(encoding="utf-8") == written(shapes())


def test_the_examples_of_the_page_are_found_as_the_kernel_finds_them() -> None:
    assert EXAMPLES.read_text(encoding="utf-8") == written(examples())


def test_no_key_stands_in_the_examples() -> None:
    assert find_secrets(EXAMPLES.read_text(encoding="utf-8")) == []
