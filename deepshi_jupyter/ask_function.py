"""``deepshi_jupyter.ask``: a question from Python code, in the conversation of the notebook."""

from __future__ import annotations

from typing import Any

from deepshi_jupyter.core.canonical import text_sha256
from deepshi_jupyter.core.chat import MAIN_CHAT
from deepshi_jupyter.core.reply import Reply
from deepshi_jupyter.core.template import verbatim
from deepshi_jupyter.core.turn_record import MIME_TYPE, VERSION
from deepshi_jupyter.display.running_cell import after_cell, running_cell, running_shell
from deepshi_jupyter.errors import InvalidRequestError
from deepshi_jupyter.question import Question
from deepshi_jupyter.session import current_session, session_of


def ask(
    prompt: str,
    *,
    model: str = "",
    system: str | None = None,
    schema: Any = None,
    json: bool = False,
    repair: int = 0,
    tools: Any = (),
    attach: Any = None,
    chat: str = MAIN_CHAT,
    new: bool = False,
    once: bool = False,
    aside: bool = False,
    start_from: str = "",
    mode: str = "",
    **parameters: Any,
) -> Reply:
    """Ask in the notebook's conversation, as a ``%%deepshi`` cell does, and return the reply.

    Args:
        prompt: The question.
        model: A model id; default the session's.
        system: The system prompt from here on; default the conversation's.
        schema: The form of the answer, as for ``--schema``; `Reply.parsed` is the value.
        json: Whether the answer is to be JSON of any form.
        repair: How often to ask again when the answer lacks that form.
        tools: Functions, or names of registered tools, that the model may call; only those that
            were registered with ``approve="always"`` run, as nobody is asked here.
        attach: An image, or a list of them, as for ``--attach``.
        chat: The conversation, as for ``--chat``.
        new: Whether the context begins at this question, as for ``--new``.
        once: Whether it is asked without context and stays out of later context (``--once``).
        aside: Whether it is asked with what stands above and stays out of later context.
        start_from: ``CHAT@CELL``, the turn that its context goes on from, as for ``--from``.
        mode: Where the answer comes from: ``live``, ``auto``, ``replay`` or ``refresh``.
        **parameters: ``temperature``, ``seed`` … (API contract, "Request body"), ``stream``, and
            ``extra`` with further fields of the body.

    Returns:
        The reply; as the last line of a cell it shows as markdown.

    Raises:
        InputError: The question cannot be sent.
        CallError: The call failed, was cut or interrupted; `partial` is what came.
    """
    stream, extra = parameters.pop("stream", True), parameters.pop("extra", {})
    from deepshi_jupyter.attachments.content_part import content_parts
    from deepshi_jupyter.schema.answer import answer_schema
    from deepshi_jupyter.tools import default_toolbox

    if [new, once, aside, bool(start_from)].count(True) > 1:
        raise InvalidRequestError(
            "new, once, aside and start_from exclude each other.", "Give one of them."
        )
    shell = running_shell()
    place = running_cell(shell)
    attachments = content_parts(attach) if attach is not None else ()
    question = Question(
        prompt=verbatim(prompt),
        model=model,
        system=system,
        stream=stream,
        extra=extra,
        parameters=parameters,
        attachments=tuple(attachment.as_content_part() for attachment in attachments),
        as_json=json,
        schema=answer_schema(schema) if schema is not None else None,
        repairs=repair,
        tools=default_toolbox.select(tools) if tools else (),
        chat=chat,
        start="new" if new else "once" if once else "aside" if aside else "",
        fork=start_from,
        place=place,
        source_sha256=text_sha256(place.source) if place.source else "",
        mode=mode,
    )
    session = session_of(shell)
    keeps_outputs = shell is not None and hasattr(shell, "kernel")
    if keeps_outputs and id(shell) not in _told:
        _told.add(id(shell))
        after_cell(shell, _publish_records)
    try:
        return session.ask(question)
    finally:
        if not keeps_outputs:
            session.take_all_unshown()


_told: set[int] = set()
"""The shells that publish records after each cell."""


def _publish_records() -> None:
    from IPython.display import publish_display_data

    records = current_session().take_all_unshown()
    if records:
        count = f"{len(records)} answer{'' if len(records) == 1 else 's'} recorded"
        turns = {"v": VERSION, "turns": [record.as_json() for record in records]}
        publish_display_data({"text/plain": count, MIME_TYPE: turns})
