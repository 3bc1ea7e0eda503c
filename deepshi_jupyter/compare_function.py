"""``deepshi_jupyter.compare``: one prompt under several settings, from Python code."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from deepshi_jupyter.comparison.comparing import compared
from deepshi_jupyter.comparison.comparison import Comparison
from deepshi_jupyter.comparison.grid import read_vary
from deepshi_jupyter.core.canonical import text_sha256
from deepshi_jupyter.core.chat import MAIN_CHAT
from deepshi_jupyter.core.limit import Limit, read_limit
from deepshi_jupyter.core.template import verbatim
from deepshi_jupyter.display.running_cell import running_cell, running_shell
from deepshi_jupyter.errors import CallInterruptedError, OptionError
from deepshi_jupyter.question import Question
from deepshi_jupyter.session import Session, session_of

PARTIAL = "_deepshi"
"""The variable of a notebook that holds a comparison which was stopped."""


def compare(
    prompt: str | Sequence[str],
    *,
    model: str | Sequence[str] = "",
    system: str | Sequence[str | None] | None = None,
    samples: int = 5,
    schema: Any = None,
    json: bool = False,
    attach: Any = None,
    limit: float | str | None = None,
    confirm: bool = True,
    chat: str = MAIN_CHAT,
    once: bool = False,
    mode: str = "",
    **parameters: Any,
) -> Comparison:
    """Ask one prompt under several settings, several times each, and compare the answers.

    What is given as a list is varied; every combination is asked. Each answer is a turn that sees
    the conversation above and is not seen by what comes below; it is recorded in the cell's output
    and answers again in the modes ``auto`` and ``replay``. Before anything is sent it is said how
    many calls it will be and about what they cost. An interrupt stops all calls and keeps what
    came, as `partial` of the error and in the variable ``_deepshi``.

    Args:
        prompt: The question, or a list of them.
        model: A model id, or a list; default the session's.
        system: The system prompt, or a list; None in it is the conversation's.
        samples: How many answers each setting gets.
        schema: The form of the answers, as for `ask`; an answer of another form is a failed row.
        json: Whether the answers are to be JSON of any form.
        attach: An image, or a list of them, that goes with every question.
        limit: What may be sent without asking: USD as a number, ``"100 calls"``, or
            ``"$0.50, 100 calls"``; default the setting ``confirm_above``.
        confirm: False sends without asking, whatever the limit.
        chat: The conversation whose turns are seen.
        once: Whether it is asked without what stands above.
        mode: Where the answers come from: ``live``, ``auto``, ``replay`` or ``refresh``.
        **parameters: ``temperature``, ``seed`` … (API contract, "Request body"), each a value or a
            list of values, in which None is "not sent"; and ``extra`` with further fields.

    Returns:
        The comparison: `frame`, `agreement`, `diff`, `plot`, `use`.

    Raises:
        InputError: It cannot be sent, or was not confirmed; nothing was sent.
        CallInterruptedError: You stopped it; `partial` is the comparison as far as it came.
        CallError: No call gave anything.
    """
    from deepshi_jupyter.attachments.content_part import content_parts
    from deepshi_jupyter.schema.answer import answer_schema

    stream, extra = parameters.pop("stream", True), parameters.pop("extra", {})
    shell = running_shell()
    place = running_cell(shell)
    attachments = content_parts(attach) if attach is not None else ()
    question = Question(
        prompt=verbatim(""),
        stream=stream,
        extra=extra,
        attachments=tuple(attachment.as_content_part() for attachment in attachments),
        as_json=json,
        schema=answer_schema(schema) if schema is not None else None,
        chat=chat,
        start="once" if once else "",
        place=place,
        source_sha256=text_sha256(place.source) if place.source else "",
        mode=mode,
    )
    vary = {"prompt": prompt, "model": model, "system": system, **parameters}
    session = session_of(shell)
    return _compared(session, shell, question, vary, samples, _limit(session, limit, confirm))


def compare_cell(
    session: Session,
    shell: Any,
    question: Question,
    vary: Sequence[str],
    samples: int,
    *,
    confirm: bool = True,
) -> Comparison:
    """Compare as a ``%%deepshi --vary …`` cell says.

    Args:
        session: The kernel's session.
        shell: The IPython shell that runs the cell.
        question: What the cell asks; a parameter of it that is varied is overruled.
        vary: What stands after each ``--vary``.
        samples: What ``--samples`` says.
        confirm: False with ``--yes``.

    Raises:
        InputError: It cannot be sent, or was not confirmed; nothing was sent.
        CallInterruptedError: The user stopped it; `partial` is the comparison as far as it came.
        CallError: No call gave anything.
    """
    values = read_vary(vary)
    if "prompt" in values:
        raise OptionError(
            "The prompt of a cell is its text.", "Vary prompts with `deepshi_jupyter.compare`."
        )
    return _compared(session, shell, question, values, samples, _limit(session, None, confirm))


def _compared(
    session: Session,
    shell: Any,
    question: Question,
    vary: dict[str, Any],
    samples: int,
    limit: Limit,
) -> Comparison:
    try:
        return compared(session, shell, question, vary, samples=samples, limit=limit)
    except CallInterruptedError as error:
        if shell is not None and isinstance(error.partial, Comparison):
            shell.user_ns[PARTIAL] = error.partial
        raise


def _limit(session: Session, given: float | str | None, confirm: bool) -> Limit:
    if not confirm:
        return Limit()
    return read_limit(session.settings.confirm_above if given is None else given)
