from __future__ import annotations

from typing import Any, Literal

import pytest

from deepshi_jupyter.errors import InvalidAnswerError
from deepshi_jupyter.schema.answer import answer_schema
from deepshi_jupyter.sweep.local_repair import parse

FORM = answer_schema({"type": "object", "properties": {"a": {}}, "required": ["a"]})


def test_an_answer_of_the_right_form_is_not_touched() -> None:
    assert parse(FORM, '{"a": 1}') == ({"a": 1}, False)


@pytest.mark.parametrize(
    "text",
    [
        'Here it is: {"a": 1}. Anything else?',
        'Here it is:\n```json\n{"a": 1}\n```\nAnything else?',
        '{"a": 1,}',
        'So: {"a": 1,\n}',
    ],
)
def test_words_around_it_and_commas_too_many_are_taken_away(text: str) -> None:
    assert parse(FORM, text) == ({"a": 1}, True)


@pytest.mark.parametrize(
    ("text", "value"),
    [('x {"a": ",}"}', ",}"), ('x {"a": "{b}"} y', "{b}")],
)
def test_what_stands_in_a_string_is_never_changed(text: str, value: Any) -> None:
    assert parse(FORM, text) == ({"a": value}, True)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no",
        "} {",
        '{"a": 1} or {"a": 2}',
        '```\n{"a": 1}\n```\n```\n{"a": 2}\n```',
        'x {"a": ",}",}',
        '{"b": 1}',
    ],
)
def test_what_is_not_plain_is_not_guessed(text: str) -> None:
    with pytest.raises(InvalidAnswerError):
        parse(FORM, text)


def test_the_error_is_that_of_the_answer_as_it_came() -> None:
    with pytest.raises(InvalidAnswerError, match="line 1, column 1"):
        parse(answer_schema(Literal["x"]), 'well, {"value": "y"}')
