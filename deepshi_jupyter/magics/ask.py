"""A ``%%deepshi`` cell: options and body → a question → an answer in a variable."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Mapping
from functools import partial
from typing import Any

from deepshi_jupyter.core.canonical import text_sha256
from deepshi_jupyter.core.cell_source import AskingCell, options_of
from deepshi_jupyter.core.estimate import estimate
from deepshi_jupyter.core.place import Place
from deepshi_jupyter.core.template import Prompt, fill, fill_words, verbatim
from deepshi_jupyter.display.choose import choose
from deepshi_jupyter.display.running_cell import running_cell
from deepshi_jupyter.errors import OptionError
from deepshi_jupyter.link import reads, streams_of
from deepshi_jupyter.magics.approval import approver, check_all_can_run
from deepshi_jupyter.magics.cell_source import body_as_written
from deepshi_jupyter.magics.options import (
    check_map,
    check_output_name,
    check_sliders,
    extra_of,
    parameters_of,
    read_options,
    start_of,
)
from deepshi_jupyter.question import Question
from deepshi_jupyter.schema.answer import AnswerSchema, answer_schema
from deepshi_jupyter.session import Session
from deepshi_jupyter.tools import default_toolbox


def ask_cell(
    session: Session, shell: Any, parser: argparse.ArgumentParser, line: str, cell: str
) -> None:
    """Ask what a cell says, show the answer, and put the reply into a variable.

    Args:
        session: The kernel's session.
        shell: The IPython shell that runs the cell.
        parser: The parser of the magic's options.
        line: The rest of the cell's first line.
        cell: The cell's body as IPython gives it.

    Raises:
        InputError: The cell cannot be sent.
        CallError: The call failed, was cut or interrupted.
    """
    names = shell.user_ns
    options = read_options(parser, fill_words(line, names))
    output = check_output_name(options.output)
    check_map(parser, options)
    check_sliders(options)
    body = body_as_written(shell, line, cell)
    if options.map:
        _ask_rows(session, shell, options, verbatim(body), line)
        return
    prompt = _prompt(options, body, names)
    question = _question(session, shell, options, prompt, line, running_cell(shell))
    if options.dry_run:
        show_request(session, question)
        return
    if options.vary:
        from deepshi_jupyter.compare_function import compare_cell

        samples = question.parameters.get("n", 1)
        names[output] = compare_cell(
            session, shell, question, options.vary, samples, confirm=not options.yes
        )
        return
    presenter = choose(shell, session.settings.display, streams_of(shell))
    names[output] = session.ask(question, presenter)
    if options.sliders:
        from deepshi_jupyter.sliders.edit_cell import edits_by_comm
        from deepshi_jupyter.sliders.under_answer import show_under_answer

        keep = partial(names.__setitem__, output)
        edit = edits_by_comm(partial(reads, shell, "edit"))
        asked = (question, names[output], line, parser)
        show_under_answer(session, shell, *asked, keep=keep, edit_cell=edit)


def _ask_rows(
    session: Session, shell: Any, options: argparse.Namespace, template: Prompt, line: str
) -> None:
    """Ask what a cell says about every row of a table, or show what would be asked."""
    from IPython.display import publish_display_data

    from deepshi_jupyter.map_function import first_question, map_cell

    rows = _evaluated("--map", options.map, shell.user_ns)
    question = _question(session, shell, options, template, line, running_cell(shell))
    samples = question.parameters.pop("n", 1)
    if options.dry_run:
        first, count = first_question(session, rows, question, shell.user_ns)
        show_request(session, first)
        each = "" if samples == 1 else f", each of which is asked {samples} times"
        publish_display_data({"text/plain": f"That is the first of {count:,} rows{each}."})
        return

    def hand_over(result: Any) -> None:
        name = options.output
        shell.user_ns[name] = result
        publish_display_data({"text/plain": f"{result!r} in `{name}`; a DataFrame: `{name}.frame`"})

    how = {"samples": samples, "usd": options.budget}
    map_cell(session, rows, question, shell.user_ns, hand_over, **how)


def question_at(
    session: Session,
    shell: Any,
    parser: argparse.ArgumentParser,
    asking: AskingCell,
    place: Place,
) -> Question:
    """Return the question of a cell that is not the one that runs.

    Args:
        session: The kernel's session.
        shell: The IPython shell.
        parser: The parser of the magic's options.
        asking: What the cell asks.
        place: Where it stands.

    Raises:
        InputError: The cell cannot be sent.
    """
    options = read_options(parser, fill_words(asking.line, shell.user_ns))
    prompt = _prompt(options, asking.body, shell.user_ns)
    return _question(session, shell, options, prompt, asking.line, place)


def show_request(session: Session, question: Question) -> None:
    """Display the request body of a question, and about what it would take and cost.

    It is as it would be sent, but for secrets: what is displayed stays in the notebook.
    """
    from IPython.display import publish_display_data

    request = session.prepare(question)
    body, found = session.preparation.redactor.asked(request.body)
    catalogue = session.connection.catalogue_at_hand()
    sentence = estimate(request, catalogue.get(request.model) if catalogue else None).sentence
    hidden = f" Secrets that would be sent and are not shown: {found}." if found else ""
    publish_display_data({"text/plain": json.dumps(body, ensure_ascii=False, indent=2)})
    publish_display_data({"text/plain": f"The question was not sent. {sentence}{hidden}"})


def _prompt(options: argparse.Namespace, body: str, names: Mapping[str, Any]) -> Prompt:
    return verbatim(body) if options.raw else fill(body, names)


def _question(
    session: Session,
    shell: Any,
    options: argparse.Namespace,
    prompt: Prompt,
    line: str,
    place: Place,
) -> Question:
    known, unknown = extra_of(options)
    parts, notes = _attachments(options.attach, shell.user_ns)
    tools = default_toolbox.select(options.tools) if options.tools else ()
    if session.settings.mode_of(options.mode) != "replay":  # which runs none
        check_all_can_run(tools, shell)
    if options.repair < 0 or (options.repair and not (options.json or options.schema)):
        raise OptionError("--repair N needs --json or --schema, and N from 0.", "Add one of them.")
    return Question(
        prompt=prompt,
        model=options.model,
        system=options.system,
        stream=not options.no_stream,
        parameters={**parameters_of(options), **known},
        extra=unknown,
        attachments=parts,
        remarks=notes,
        as_json=options.json,
        schema=_schema(options.schema, shell.user_ns),
        repairs=options.repair,
        tools=tools,
        approve=approver(shell) if tools else None,
        form=options.form,
        chat=options.chat,
        start=start_of(options),
        fork=options.fork,
        place=place,
        options=options_of(line),
        source_sha256=text_sha256(prompt.template),
        mode=options.mode,
        recording=options.recording,
        record=options.record,
    )


def _schema(expression: str | None, names: Mapping[str, Any]) -> AnswerSchema | None:
    return None if not expression else answer_schema(_evaluated("--schema", expression, names))


def _attachments(
    expressions: list[str], names: Mapping[str, Any]
) -> tuple[tuple[dict[str, Any], ...], tuple[str, ...]]:
    """Return the content parts of what is attached, and what was done to it."""
    if not expressions:
        return (), ()
    from deepshi_jupyter.attachments.content_part import content_parts

    found = [
        (expression, attachment)
        for expression in expressions
        for attachment in content_parts(_value_or_file(expression, names))
    ]
    parts = tuple(attachment.as_content_part() for _, attachment in found)
    notes = tuple(f"{name}: {attachment.note}." for name, attachment in found if attachment.note)
    return parts, notes


def _value_or_file(expression: str, names: Mapping[str, Any]) -> Any:
    """Evaluate an expression; what names a file that is there is that file."""
    if expression not in names and os.path.exists(expression):
        return expression
    return _evaluated("--attach", expression, names)


def _evaluated(option: str, expression: str, names: Mapping[str, Any]) -> Any:
    try:
        return eval(expression, dict(names))  # noqa: S307 - the user's own expression, in his kernel
    except Exception as error:  # whatever the user's expression raises
        raise OptionError(
            f"{option} {expression} failed: {type(error).__name__}: {error}.",
            "Name a variable, or write a Python expression; quote it if it has spaces.",
        ) from None
