"""What a reader has written → what is asked: values put in, images attached."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from deepshi_jupyter.core.template import Inserted, Prompt, fill, verbatim
from deepshi_jupyter.core.turn_record import Json, TurnRecord
from deepshi_jupyter.errors import InvalidRequestError, OptionError

_NAME = re.compile(r"(?<!\\)\{\{\s*([^\W\d]\w*)\s*\}\}")
"""A plain name in braces, which can be looked up without running anything."""


class Written(msgspec.Struct, frozen=True):
    """A question, ready to be asked as often as one likes.

    Attributes:
        prompt: The text as it is sent, with the template that it came from.
        attachments: Content parts that go with it.
        remarks: What was done to them.
    """

    prompt: Prompt
    attachments: tuple[Json, ...] = ()
    remarks: tuple[str, ...] = ()


def written(text: str, attach: Iterable[str], names: Mapping[str, Any]) -> Written:
    """Evaluate what a question names.

    Args:
        text: The question, with ``{{expression}}``.
        attach: Expressions of images, or names of their files.
        names: The variables of the notebook.

    Raises:
        InputError: An expression fails, or is no image; nothing is sent.
    """
    prompt = fill(text, names)
    found = [pair for expression in attach for pair in _attached(expression, names)]
    return Written(
        prompt,
        tuple(part for part, _ in found),
        tuple(remark for _, remark in found if remark),
    )


def asked_before(record: TurnRecord) -> Written:
    """Return the question of a turn as it was sent, of which only the record is known."""
    content = record.messages[0].get("content") if record.messages else ""
    parts = content if isinstance(content, list) else []
    stored = record.prompt or {}
    prompt = Prompt(
        record.question,
        str(stored.get("template", record.question)),
        tuple(msgspec.convert(value, Inserted) for value in stored.get("inserted", ())),
    )
    images = tuple(part for part in parts if isinstance(part, dict) and part.get("type") != "text")
    return Written(prompt if stored else verbatim(record.question), images)


def named_values(text: str, names: Mapping[str, Any]) -> list[Inserted]:
    """Return the values of the plain names in a question; no expression is evaluated.

    Args:
        text: The question.
        names: The variables of the notebook.
    """
    wanted = dict.fromkeys(_NAME.findall(text))
    found: list[Inserted] = []
    for name in wanted:
        if name in names:
            found += fill(f"{{{{{name}}}}}", {name: names[name]}).inserted
        else:
            found.append(Inserted(name, "", "not defined"))
    return found


def _attached(expression: str, names: Mapping[str, Any]) -> list[tuple[Json, str]]:
    from deepshi_jupyter.attachments.content_part import content_parts

    value = _value_or_file(expression.strip(), names)
    try:
        parts = content_parts(value)
    except InvalidRequestError as error:
        error.todo = (
            f"{error.todo} To send a value as text, write {{{{{expression}}}}} in the text."
        )
        raise
    return [(p.as_content_part(), f"{expression}: {p.note}." if p.note else "") for p in parts]


def _value_or_file(expression: str, names: Mapping[str, Any]) -> Any:
    """Evaluate an expression; what names a file that is there is that file."""
    if expression not in names and os.path.exists(expression):
        return expression
    try:
        return eval(expression, dict(names))  # noqa: S307 - the user's own expression, in his kernel
    except Exception as error:  # whatever the user's expression raises
        raise OptionError(
            f"{expression} cannot be attached: {type(error).__name__}: {error}.",
            "Name a figure, a picture or the file of one.",
        ) from None
