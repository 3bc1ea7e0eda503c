"""``deepshi-jupyter ask``: one question, its answer on standard output."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from deepshi_jupyter.cli.endpoint_option import add_base_url, add_model, new_session
from deepshi_jupyter.cli.help_page import HelpPage, Subcommands, add_subcommand
from deepshi_jupyter.cli.parameter_options import add_parameters, extra_of, parameters_of
from deepshi_jupyter.errors import CallError, CallInterruptedError, InvalidRequestError

if TYPE_CHECKING:
    from deepshi_jupyter.core.reply import Reply
    from deepshi_jupyter.display.live import Presenter
    from deepshi_jupyter.question import Question
    from deepshi_jupyter.session import Session

_PAGE = HelpPage(
    summary="Ask one question and print the answer as it comes.",
    description=(
        "In a terminal the reasoning and a footer with model, time, tokens and cost are dimmed; "
        "where the output goes into a pipe or file, it is the answer alone, and the footer goes to "
        "stderr. Each call stands alone: no conversation is kept.\n\n`-` as the last word is what "
        "comes on standard input. Ctrl-C stops the answer; what came stays."
    ),
    examples=(
        ("ask What is a p-value?", "the words are the question"),
        ("ask -m deepshi-2.0 -t 0.2 --seed 7 'Name three rivers.'", "a model and parameters"),
        ("ask 'Summarise this:' - < notes.txt", "the question ends with the text of a file"),
        ("ask --json 'Say hi.' > hi.json", "the whole reply: usage, cost, what was sent"),
    ),
    exits=(
        (0, "answered"),
        (1, "not answered, or the answer broke off; two lines on stderr say why"),
        (2, "wrong usage, or a parameter out of its range; nothing was sent"),
        (130, "stopped with Ctrl-C"),
    ),
    environment=("DEEPSHI_API_KEY", "DEEPSHI_BASE_URL", "DEEPSHI_MODEL", "NO_COLOR"),
)

_INTERRUPTED = 130


def declare(commands: Subcommands) -> None:
    """Add the subcommand."""
    parser = add_subcommand(commands, "ask", _PAGE)
    parser.add_argument("prompt", nargs="+", metavar="PROMPT", help="the question; `-`: stdin")
    add_model(parser)
    add_base_url(parser)
    parser.add_argument("--system", metavar="TEXT", help="the system prompt")
    parser.add_argument("--no-stream", action="store_true", help="ask for it in one piece")
    parser.add_argument("--json", action="store_true", help="print the whole reply as JSON")
    add_parameters(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Ask and print."""
    question = _question(options)
    session = new_session(options)
    try:
        return _ask(session, question, as_json=options.json)
    finally:
        session.close()


def _ask(session: Session, question: Question, *, as_json: bool) -> int:
    try:
        reply = session.ask(question, _presenter(as_json=as_json))
    except CallError as error:
        if as_json and error.partial is not None:
            _print_record(error.partial)
        if isinstance(error, CallInterruptedError):
            return _INTERRUPTED
        raise
    if as_json:
        _print_record(reply)
    return 0


def _question(options: argparse.Namespace) -> Question:
    from deepshi_jupyter.core.template import verbatim
    from deepshi_jupyter.question import Question

    return Question(
        prompt=verbatim(_prompt(options.prompt)),
        model=options.model,
        system=options.system,
        stream=not options.no_stream,
        parameters=parameters_of(options),
        extra=extra_of(options),
    )


def _prompt(words: Sequence[str]) -> str:
    """Return the question: the words, and standard input where the last word is ``-``.

    Raises:
        InvalidRequestError: There is nothing in it, or standard input is no text.
    """
    parts = [" ".join(words)]
    if words[-1] == "-":
        parts = [" ".join(words[:-1]), _standard_input()]
    prompt = "\n\n".join(part for part in parts if part)
    if not prompt.strip():
        raise InvalidRequestError("The question is empty.", "Write it after `ask`.")
    return prompt


def _standard_input() -> str:
    try:
        return sys.stdin.buffer.read().decode("utf-8-sig").removesuffix("\n")
    except UnicodeDecodeError:
        raise InvalidRequestError(
            "Standard input is not text in UTF-8.", "Convert it first, as with `iconv`."
        ) from None


def _presenter(*, as_json: bool) -> Presenter:
    """Return what shows the answer: nothing, a terminal, or the answer alone for a pipe."""
    from deepshi_jupyter.cli.ink import ink_for
    from deepshi_jupyter.cli.piped import Piped
    from deepshi_jupyter.display.live import Silent
    from deepshi_jupyter.display.terminal import Terminal

    if as_json:
        return Silent()
    if sys.stdout.isatty():
        return Terminal(sys.stdout, colour=ink_for(sys.stdout).colour)
    return Piped(sys.stdout, sys.stderr)


def _print_record(reply: Reply) -> None:
    """Print a reply as JSON: what a reader looks for first, then all that is known of it."""
    import json

    import msgspec

    record: dict[str, Any] = {"text": reply.text, "cost": reply.cost}
    record |= msgspec.to_builtins(reply)
    print(json.dumps(record, ensure_ascii=False, indent=2), flush=True)
