"""The options of a ``%%deepshi`` cell, and how its first line is read."""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Callable
from difflib import get_close_matches
from typing import Any, NoReturn

from IPython.core.magic_arguments import argument

from deepshi_jupyter.core.chat import MAIN_CHAT, Start
from deepshi_jupyter.core.parameters import PARAMETERS, Parameter, expected_values
from deepshi_jupyter.display.answer import FORMS
from deepshi_jupyter.errors import OptionError
from deepshi_jupyter.settings import MODES

DEFAULT_OUTPUT = "_deepshi"

_SHORT = {"temperature": ("-t",), "n": ("-n", "--samples")}
_NO_OPTION = frozenset(
    {"n", "logit_bias", "response_format", "tools", "tool_choice", "parallel_tool_calls", "user"}
    | {"max_completion_tokens"}
)
"""Parameters that have an option of another form, or go through ``--param``."""


def chat_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Declare the options of a ``%%deepshi`` cell on its magic; ``%%deepshi?`` shows them."""
    for declare in reversed(_declarations()):
        function = declare(function)
    return function


def _declarations() -> list[Any]:
    sampling = [_declare(p) for p in PARAMETERS.values() if p.name not in _NO_OPTION]
    return [
        argument("-m", "--model", default="", help="The model to ask; default: the one set."),
        *sampling,
        argument(
            "-n",
            "--samples",
            dest="n",
            metavar="N",
            help="How many answers to generate, 1 to 128.",
        ),
        argument("--system", default=None, help="The system prompt from this cell on."),
        argument("--chat", default=MAIN_CHAT, metavar="NAME", help="The conversation to ask in."),
        argument("--new", action="store_true", help="The conversation begins anew at this cell."),
        argument(
            "--once",
            action="store_true",
            help="Ask without what stands above, and leave the answer out of what comes below.",
        ),
        argument(
            "--from",
            dest="fork",
            default="",
            metavar="CHAT@CELL",
            help="Go on from that turn: `--chat b --from main@3` forks the conversation.",
        ),
        argument(
            "--mode",
            choices=MODES,
            default="",
            help="live: ask; auto: answer with what is recorded, else ask; replay: only what is "
            "recorded; refresh: ask, and keep the recorded answer as a version.",
        ),
        argument(
            "--recording", default="", metavar="FILE", help="Recorded answers to look in, as well."
        ),
        argument("--record", default="", metavar="FILE", help="A file to record the answer in."),
        argument(
            "--param",
            action="append",
            default=[],
            metavar="NAME=JSON",
            help="Any other field of the request; may be given several times.",
        ),
        argument(
            "-o", "--output", default=DEFAULT_OUTPUT, metavar="NAME", help="Variable for the reply."
        ),
        argument(
            "--attach",
            action="append",
            default=[],
            metavar="EXPR",
            help="An image that goes with the question: a figure, a picture, or its file's name; "
            "may be given several times.",
        ),
        argument("--json", action="store_true", help="The answer is to be JSON; see `.parsed`."),
        argument(
            "--schema",
            metavar="EXPR",
            help="The form of the answer: a dataclass, TypedDict, pydantic model or JSON schema.",
        ),
        argument(
            "--repair",
            type=int,
            default=0,
            metavar="N",
            help="Ask again up to N times when the answer lacks that form.",
        ),
        argument("--tools", metavar="NAMES", help="Functions that the model may call: a,b."),
        argument(
            "--as",
            dest="form",
            choices=FORMS,
            default="markdown",
            help="How the answer is shown: markdown, text as it is, its code alone, or JSON.",
        ),
        argument(
            "--vary",
            action="append",
            default=[],
            metavar="NAME=V1,V2",
            help="Ask under each of these values, and compare; may be given several times. With "
            "it, --samples is how many answers each setting gets.",
        ),
        argument("--yes", action="store_true", help="Compare without asking, whatever the limit."),
        argument(
            "--sliders",
            action="store_true",
            help="Show controls of the parameters under the answer, to ask again with others.",
        ),
        argument(
            "--map",
            metavar="EXPR",
            help="Ask about every row of a table, many at once: the names in {{…}} are its "
            "columns. With it, --samples is how often each row is asked.",
        ),
        argument(
            "--budget",
            type=float,
            metavar="USD",
            help="With --map: leave out the rows beyond so much.",
        ),
        argument("--raw", action="store_true", help="Send the cell as it is: no {{…}} is read."),
        argument("--no-stream", action="store_true", help="Ask for the answer in one piece."),
        argument("--dry-run", action="store_true", help="Show the request and send nothing."),
    ]


def _declare(parameter: Parameter) -> Any:
    name = f"--{parameter.name.replace('_', '-')}"
    short = _SHORT.get(parameter.name, ())
    if parameter.kind == "boolean":
        return argument(name, action="store_true", default=None, help=parameter.help)
    help_text = f"{parameter.help} ({expected_values(parameter)})"
    if parameter.kind == "stop":
        return argument(name, action="append", metavar="TEXT", help=help_text)
    return argument(*short, name, metavar="N", help=help_text)


def parser_of(shell: Any) -> argparse.ArgumentParser:
    """Return the parser of the options of ``%%deepshi`` as a shell has it."""
    magic: Any = shell.find_cell_magic("deepshi")
    parser: argparse.ArgumentParser = magic.parser
    return parser


def read_options(parser: argparse.ArgumentParser, words: list[str]) -> argparse.Namespace:
    """Read the words of a magic's line.

    Args:
        parser: The magic's parser.
        words: The words of the line.

    Returns:
        The options.

    Raises:
        OptionError: There is no such option, or it lacks its value.
    """

    def refuse(message: str) -> NoReturn:
        raise _refused(parser, message)

    parser.error = refuse  # type: ignore[method-assign]  # argparse's own hook; IPython's prints usage
    return parser.parse_args(words)


def _refused(parser: argparse.ArgumentParser, message: str) -> OptionError:
    known = [name for action in parser._actions for name in action.option_strings]
    unknown = re.findall(r"(?<![\w-])(--?[A-Za-z][\w-]*)", message.partition("arguments:")[2])
    near = [match for word in unknown for match in get_close_matches(word, known, n=2)]
    if message.startswith("unrecognized arguments:") and not unknown:
        words = message.partition(":")[2].strip()
        return OptionError(
            f"%%deepshi takes only options on its first line, found {words!r}.",
            "Write the question on the lines below; quote a value that has spaces.",
        )
    hint = f"Did you mean {' or '.join(near)}? " if near else ""
    return OptionError(f"%%deepshi: {message}.", f"{hint}`%%deepshi?` lists all options.")


def parameters_of(options: argparse.Namespace) -> dict[str, Any]:
    """Return the request parameters among the options, read as JSON where they are no text."""
    given = {name: getattr(options, name, None) for name in PARAMETERS if name != "tools"}
    return {
        name: _value(PARAMETERS[name], value) for name, value in given.items() if value is not None
    }


def _value(parameter: Parameter, text: Any) -> Any:
    if parameter.kind in ("stop", "text", "boolean"):
        return text
    try:
        return json.loads(text)
    except ValueError:
        raise OptionError(
            f"{parameter.name} is {text!r}, expected {expected_values(parameter)}.",
            "Change it, or leave it out to let the service choose.",
        ) from None


def extra_of(options: argparse.Namespace) -> tuple[dict[str, Any], dict[str, Any]]:
    """Read ``--param NAME=JSON``: fields that have a name in the contract, and all others.

    Raises:
        OptionError: One is not of this form.
    """
    known: dict[str, Any] = {}
    unknown: dict[str, Any] = {}
    for word in options.param:
        name, equals, text = word.partition("=")
        if not equals or not name.strip():
            raise OptionError(f"--param {word!r} is not NAME=JSON.", "Such as --param top_k=40.")
        name = name.strip()
        (known if name in PARAMETERS else unknown)[name] = _json_or_text(text)
    return known, unknown


def _json_or_text(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def start_of(options: argparse.Namespace) -> Start:
    """Return where the context of a cell begins.

    Raises:
        OptionError: The cell says two things at once.
    """
    given = [name for name in ("new", "once", "fork") if getattr(options, name)]
    if len(given) > 1:
        raise OptionError(
            "--new, --once and --from exclude each other.", "Leave all but one of them out."
        )
    return "new" if options.new else "once" if options.once else ""


_NOT_WITH_MAP = {
    "vary": ("--vary", "compare a few rows first"),
    "tools": ("--tools", "each row is one call"),
    "attach": ("--attach", "rows are texts"),
    "chat": ("--chat", "rows belong to no conversation"),
    "new": ("--new", "rows belong to no conversation"),
    "fork": ("--from", "rows see no conversation"),
    "record": ("--record", "answers of rows are kept in the store"),
    "raw": ("--raw", "every row would be asked the same"),
    "form": ("--as", "the answers go into the variable"),
    "sliders": ("--sliders", "they change one question"),
    "yes": ("--yes", "nothing is confirmed; `--budget` sets a limit"),
}


def check_map(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    """Refuse what does not go together with ``--map``, or only with it.

    Args:
        parser: The magic's parser.
        options: What it has read.

    Raises:
        OptionError: There is such an option.
    """
    if not options.map:
        if options.budget is not None:
            raise OptionError("--budget needs --map.", "Leave it out, or name a table.")
        return
    for name, (option, why) in _NOT_WITH_MAP.items():
        if getattr(options, name, None) != parser.get_default(name):
            raise OptionError(f"--map does not go with {option}: {why}.", "Leave one of them out.")
    if options.mode == "live":
        raise OptionError(
            "--map asks only what is missing, so it has no mode live.",
            "Leave --mode out, or ask all rows again with `--mode refresh`.",
        )


def check_sliders(options: argparse.Namespace) -> None:
    """Refuse ``--sliders`` where there is no answer of one question to stand under.

    Raises:
        OptionError: There is an option that gives another thing.
    """
    given = {"--vary": options.vary, "--dry-run": options.dry_run}
    if options.sliders:
        for other in (name for name, value in given.items() if value):
            raise OptionError(
                f"--sliders stands under one answer, and {other} gives none.",
                "Leave one of them out.",
            )


def check_output_name(name: str) -> str:
    """Return the name of a reply's variable.

    Raises:
        OptionError: It is no Python name.
    """
    if not name.isidentifier():
        raise OptionError(f"-o {name!r} is no name for a variable.", "Such as -o answer.")
    return name
