"""An answer that should be JSON and is not quite: what can be mended without asking again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from deepshi_jupyter.errors import InvalidAnswerError
from deepshi_jupyter.sweep.row import Form

_FENCED = re.compile(r"```[a-zA-Z]*\s*\n(.*?)```", re.DOTALL)
_TRAILING_COMMA = re.compile(r",(\s*[}\]])")


def parse(form: Form, text: str) -> tuple[Any, bool]:
    """Return the value of an answer.

    Args:
        form: The form that it must have.
        text: The answer.

    Returns:
        The value, and whether the text had to be mended: taken out of the words around it, or rid
        of a comma too many. What it says is never changed.

    Raises:
        InvalidAnswerError: It has not that form, and none that can be mended.
    """
    try:
        return form.parse(text), False
    except InvalidAnswerError as error:
        for candidate in _candidates(text):
            try:
                return form.parse(candidate), True
            except InvalidAnswerError:
                continue
        raise error from None


def _candidates(text: str) -> Iterator[str]:
    """Yield what may be meant; several values in one text are a choice that is not made here."""
    fenced = _FENCED.findall(text)
    found = fenced[0] if len(fenced) == 1 else _between(text) if not fenced else ""
    if found:
        yield found
        if (without := _without_commas(found)) != found:
            yield without


def _between(text: str) -> str:
    begin, end = text.find("{"), text.rfind("}")
    return text[begin : end + 1] if 0 <= begin < end else ""


def _without_commas(text: str) -> str:
    """Take away commas before a closing bracket, where no string could hold one."""
    if any(_TRAILING_COMMA.search(string) for string in re.findall(r'"(?:[^"\\]|\\.)*"', text)):
        return text
    return _TRAILING_COMMA.sub(r"\1", text)
