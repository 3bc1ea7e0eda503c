"""One row of a run over a table: what is asked, and what became of it."""

from __future__ import annotations

from typing import Any, Literal, Protocol

import msgspec

RowState = Literal["ok", "cached", "invalid", "error", "refused", "skipped"]
"""``ok``: asked and answered. ``cached``: answered before, or the same as another row.
``invalid``: answered, but not in the form that was asked for. ``error``: the call failed.
``refused``: the service filtered the answer, or the model refused. ``skipped``: not asked."""

FAILED: frozenset[RowState] = frozenset({"invalid", "error", "refused", "skipped"})
"""What `deepshi_jupyter.sweep.result.MapResult.retry_failed` asks again."""


class Row(msgspec.Struct, gc=False, kw_only=True, omit_defaults=True):
    """What became of one row.

    Attributes:
        state: How it went.
        text: The answer's text, as it came.
        value: The text as a value, where a form was asked for; else None.
        error: Why there is no good answer, or an empty text.
        finish_reason: Why the model stopped, or an empty text.
        model: The model that the service says answered.
        response_id: The service's id of the answer.
        prompt_tokens: Tokens in, of all calls of this row, or None.
        completion_tokens: Tokens out, or None.
        cost: USD that the service says this row drew; 0 for a row that was not asked, None where
            the service did not say.
        seconds: From the first request to the answer.
        tries: How many requests went out.
        repairs: How often the model was asked to mend its answer.
        mended: Whether the answer was mended here, without the model, before it had its form.
        key: The key of its request (`deepshi_jupyter.core.request_key`).
    """

    state: RowState = "skipped"
    text: str = ""
    value: Any = None
    error: str = ""
    finish_reason: str = ""
    model: str = ""
    response_id: str = ""
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cost: float | None = 0.0
    seconds: float = 0.0
    tries: int = 0
    repairs: int = 0
    mended: bool = False
    key: str = ""


class Asked(msgspec.Struct, frozen=True, gc=False):
    """A row that is to be asked.

    Attributes:
        number: Its place in the result.
        text: The text of its message.
        key: The key of its request.
    """

    number: int
    text: str
    key: str


class Form(Protocol):
    """The form that an answer must have, such as a `deepshi_jupyter.schema.AnswerSchema`."""

    def parse(self, text: str) -> Any:
        """Return the value of an answer; InvalidAnswerError where it lacks the form."""
