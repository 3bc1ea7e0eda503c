"""A question and what is varied → a comparison: planned, confirmed, asked, shown, kept."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

import msgspec

from deepshi_jupyter.comparison.comparison import Comparison
from deepshi_jupyter.comparison.comparison_table import label_of
from deepshi_jupyter.comparison.confirmation import confirm
from deepshi_jupyter.comparison.plan import plan
from deepshi_jupyter.comparison.running import Column, Running
from deepshi_jupyter.core.limit import Limit
from deepshi_jupyter.core.turn_record import MIME_TYPE, VERSION, Json
from deepshi_jupyter.display.comparison_display import Progress, View, still_runs, view_for
from deepshi_jupyter.errors import CallInterruptedError, InvalidRequestError
from deepshi_jupyter.question import Question
from deepshi_jupyter.session import Session


def compared(
    session: Session,
    shell: Any,
    question: Question,
    vary: Json,
    *,
    samples: int,
    limit: Limit | None = None,
) -> Comparison:
    """Ask a question under several settings, show the answers, and keep every one as a turn.

    Args:
        session: Whose conversation it is asked in.
        shell: The IPython shell, or None outside of one.
        question: What all have in common.
        vary: By name the values to vary.
        samples: How many answers each setting gets.
        limit: What may be sent without asking the user; None asks nothing.

    Returns:
        The comparison; answers that failed are rows of it.

    Raises:
        InputError: It cannot be sent, or was not confirmed; nothing was sent.
        CallInterruptedError: The user stopped it; `partial` is the comparison as far as it came.
        CallError: No call at all gave anything.
    """
    planned = plan(session, _aside(question), vary, samples)
    confirm(planned, limit or Limit(), shell)
    view = view_for(shell, session.settings.display)
    labels = [label_of(setting) for setting in planned.settings]

    def watch(columns: Sequence[Column]) -> None:
        rows = [(c.done, c.failed, c.text) for c in columns]
        stopped = frozenset(number for number, c in enumerate(columns) if c.stopped)
        view.show(
            Progress(planned.sentence, samples, list(zip(labels, rows, strict=True)), stopped)
        )

    running = Running(session, planned, watch)
    view.begin(planned.sentence, running.stop)
    try:
        answers = running.run()
    finally:
        view.close()
    comparison = Comparison(planned.settings, answers, session.set)
    if running.first_error is not None and not comparison.records:
        view.abandon()
        raise running.first_error
    _show(view, comparison)
    if view.shows:
        comparison.shown_while(still_runs(shell))
    if running.interrupted:
        raise CallInterruptedError(
            f"Interrupted: {repr(comparison)[11:-1]} are there, and kept.",
            "They are `.partial` of this error. With the mode auto the same comparison asks only "
            "what is missing.",
            partial=comparison,
        )
    return comparison


def _aside(question: Question) -> Question:
    """Return a question whose answers no later question sees.

    Raises:
        InvalidRequestError: It asks for what a comparison does not do.
    """
    if question.tools or question.repairs:
        raise InvalidRequestError(
            "A comparison calls no tools and asks nothing again: each answer is one call.",
            "Leave `--tools` and `--repair` out; an answer of another form is a failed row.",
        )
    if question.start == "new":
        raise InvalidRequestError(
            "A comparison does not begin a conversation: what comes below does not see it.",
            "Leave `--new` out, or use `--once` to ask without what stands above.",
        )
    return msgspec.structs.replace(question, start=question.start or "aside")


def _show(view: View, comparison: Comparison) -> None:
    """Show what stays: the table with the records of all turns, and a picture."""
    turns = [record.as_json() for record in comparison.records]
    view.end({**comparison.bundle(), MIME_TYPE: {"v": VERSION, "turns": turns}})
    if view.takes_pictures and (png := comparison.picture) is not None:
        image = base64.b64encode(png).decode()
        view.picture({"text/plain": "Lengths of the answers", "image/png": image})
