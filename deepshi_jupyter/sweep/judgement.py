"""A reply → what became of its row."""

from __future__ import annotations

from typing import Any

from deepshi_jupyter.core.reply import Reply
from deepshi_jupyter.errors import InvalidAnswerError
from deepshi_jupyter.sweep.local_repair import parse
from deepshi_jupyter.sweep.row import Form, Row


def judge(reply: Reply, form: Form | None) -> Row:
    """Return the row of a reply, without what is summed over its calls.

    Args:
        reply: The reply.
        form: The form that its text must have, or None.
    """
    row = Row(
        state="ok",
        text=reply.text,
        finish_reason=reply.finish_reason or "",
        model=reply.model,
        response_id=reply.id,
    )
    if reply.status in ("truncated", "interrupted"):
        return _with(row, "error", f"The answer broke off after {len(reply.text):,} characters.")
    if reply.finish_reason == "content_filter":
        return _with(row, "refused", "The service filtered the answer.")
    if reply.refusal and not reply.text:
        row.text = reply.refusal
        return _with(row, "refused", "The model refused.")
    if not reply.text and reply.finish_reason == "length":
        why = "All tokens were used before any text came; raise max_tokens."
        return _with(row, "error", why)
    return _formed(row, form)


def _formed(row: Row, form: Form | None) -> Row:
    if form is None:
        return row
    try:
        row.value, row.mended = parse(form, row.text)
    except InvalidAnswerError as error:
        return _with(row, "invalid", error.what)
    return row


def _with(row: Row, state: Any, error: str) -> Row:
    row.state, row.error = state, error
    return row
