"""A ``%%deepshi`` cell: options and body → a question → an answer in a variable."""

from __future__ import annotations

import argparse
import json
from typing import Any

from deepshi_jupyter.core.template import Prompt, fill, fill_words
from deepshi_jupyter.display.choose import cell_metadata, choose
from deepshi_jupyter.magics.cell_source import body_as_written
from deepshi_jupyter.magics.options import (
    check_output_name,
    extra_of,
    parameters_of,
    read_options,
)
from deepshi_jupyter.session import Question, Session


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
    question = _question(options, _prompt(options, shell, line, cell), shell)
    if options.dry_run:
        _show_request(session, question)
        return
    names[output] = session.ask(question, choose(shell, session.settings.display))


def _prompt(options: argparse.Namespace, shell: Any, line: str, cell: str) -> Prompt:
    body = body_as_written(shell, line, cell)
    return Prompt(body, body) if options.raw else fill(body, shell.user_ns)


def _question(options: argparse.Namespace, prompt: Prompt, shell: Any) -> Question:
    known, unknown = extra_of(options)
    return Question(
        prompt=prompt.text,
        model=options.model,
        system=options.system,
        stream=not options.no_stream,
        parameters={**parameters_of(options), **known},
        extra=unknown,
        cell=cell_metadata(shell).get("cellId"),
    )


def _show_request(session: Session, question: Question) -> None:
    from IPython.display import publish_display_data

    body = session.prepare(question).body
    publish_display_data({"text/plain": json.dumps(body, ensure_ascii=False, indent=2)})
