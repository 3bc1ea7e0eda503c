"""The subcommands of ``%deepshi``: each reads its words and returns what is to be shown."""

from __future__ import annotations

import getpass
import shlex
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any

from deepshi_jupyter.core.chat import MAIN_CHAT
from deepshi_jupyter.display.footer import OFFLINE_MARK, dollars
from deepshi_jupyter.display.model_table import model_table
from deepshi_jupyter.display.table import Table
from deepshi_jupyter.errors import ConfigurationError, DeepshiError, OptionError
from deepshi_jupyter.magics import export_commands, restore_command, stale_commands, turn_commands
from deepshi_jupyter.session import Session
from deepshi_jupyter.settings import SETTING_NAMES, Settings

Command = Callable[[Session, list[str]], Any]


def run_command(session: Session, line: str) -> Any:
    """Run ``%deepshi LINE``.

    Args:
        session: The kernel's session.
        line: What stands after ``%deepshi``; empty shows the status.

    Returns:
        A value that shows itself, or None.

    Raises:
        OptionError: There is no such subcommand, or it does not take these words.
    """
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise OptionError(f"The line cannot be read: {error}.", "Close the quotes.") from None
    name, *rest = words or ["status"]
    if name not in COMMANDS:
        near = get_close_matches(name, COMMANDS, n=2)
        hint = f"Did you mean {' or '.join(near)}? " if near else ""
        raise OptionError(
            f"%deepshi has no subcommand {name!r}.",
            f"{hint}There are: {', '.join(COMMANDS)}. To ask, write %%deepshi with the question "
            "below it.",
        )
    return _without_secrets(session, COMMANDS[name](session, rest))


def _without_secrets(session: Session, result: Any) -> Any:
    """Return what a command shows without secrets, such as those of a system prompt that was set.

    What speaks of turns shows their records, which hold none.
    """
    if not isinstance(result, Table):
        return result
    rows, note = session.preparation.redactor.asked([result.rows, result.note])[0]
    return Table(result.header, rows, note)


def _status(session: Session, words: list[str]) -> Table:
    """Show the endpoint, where the key came from, the model, settings and cost so far."""
    _no_words("status", words)
    endpoint = session.connection.endpoint()
    settings, state = session.settings, session.state
    restored = state.restore()
    turns = len(state.timeline)
    address = "embedded in this kernel" if session.connection.is_offline else endpoint.base_url
    rows = [
        ("endpoint", f"{address} ({endpoint.source})"),
        ("key", _key_in_words(session)),
        ("model", _model_in_words(session) + _origin(settings, "model")),
        ("parameters", _parameters_in_words(settings)),
        ("system prompt", (settings.system or "none") + _origin(settings, "system")),
        ("mode", settings.mode_of() + _origin(settings, "mode")),
        ("conversation", f"{turns} turn{'' if turns == 1 else 's'} ({restored})"),
        ("used so far", _spent_in_words(session)),
    ]
    return Table(("deepshi", ""), rows)


def _key_in_words(session: Session) -> str:
    credential = session.connection.credential()
    if credential.secret is not None:
        return f"found ({credential.source})"
    if session.connection.is_offline or not session.connection.endpoint().needs_key:
        return "none (this endpoint may not need one)"
    return "none: set DEEPSHI_API_KEY or run %deepshi login"


def _model_in_words(session: Session) -> str:
    model = session.connection.model
    return f"{model} ({OFFLINE_MARK})" if model.startswith("offline-") else model


def _parameters_in_words(settings: Settings) -> str:
    given = settings.parameters.items()
    shown = ", ".join(f"{name}={value}{_origin(settings, name)}" for name, value in given)
    return shown or "none set: the service chooses"


def _origin(settings: Settings, name: str) -> str:
    return " (from the notebook)" if settings.comes_from_notebook(name) else ""


def _spent_in_words(session: Session) -> str:
    spent = session.spent
    words = [
        f"{spent.calls} answer{'' if spent.calls == 1 else 's'}",
        f"{spent.prompt_tokens:,} tokens in / {spent.completion_tokens:,} out",
    ]
    if spent.cost:
        words.append(dollars(spent.cost))
    if spent.replayed:
        words.append(f"{spent.replayed} recorded answer{'' if spent.replayed == 1 else 's'}")
    if spent.unpriced:
        words.append(f"{spent.unpriced} without a reported cost")
    return " · ".join(words)


def _models(session: Session, words: list[str]) -> Table:
    """List the models of the endpoint; ``models --refresh`` asks again."""
    if words not in ([], ["--refresh"]):
        raise OptionError(f"models does not take {' '.join(words)!r}.", "It takes --refresh.")
    connection = session.connection
    return model_table(connection.models(refresh=bool(words)), connection.endpoint().base_url)


def _set(session: Session, words: list[str]) -> Table:
    """Set defaults for this kernel: ``set temperature=0.2 model=deepshi-2.0``; ``=auto`` unsets."""
    if not words:
        raise OptionError("set needs NAME=VALUE.", f"Names are: {', '.join(SETTING_NAMES)}.")
    for word in words:
        name, equals, text = word.partition("=")
        if not equals:
            raise OptionError(f"{word!r} is not NAME=VALUE.", "Such as temperature=0.2.")
        if name == "errors":
            _set_errors(text)
        else:
            session.set(name, text)
    return _status(session, [])


def _set_errors(text: str) -> None:
    if text not in ("short", "full"):
        raise OptionError(f"errors is {text!r}.", "Expected short (two lines) or full.")
    DeepshiError.full_traceback = text == "full"


def _sliders(session: Session, words: list[str]) -> Any:
    """Show the default parameters as controls; what is set with them holds as with ``set``."""
    from IPython.core.getipython import get_ipython

    from deepshi_jupyter.sliders.defaults import show_defaults

    _no_words("sliders", words)
    return show_defaults(session, get_ipython())


def _reset(session: Session, words: list[str]) -> Table:
    """Forget the conversation; the settings stay."""
    _no_words("reset", words)
    session.reset()
    return _status(session, [])


def _login(session: Session, words: list[str]) -> Table:
    """Ask for the key, hidden, and keep it in memory; ``login --keyring`` stores it as well."""
    if words not in ([], ["--keyring"]):
        raise OptionError(
            "login takes no key on its line: it would stay in the notebook.",
            "Run `%deepshi login` (or `login --keyring`) and type the key when asked.",
        )
    try:
        key = getpass.getpass("Deepshi API key: ")
    except (EOFError, NotImplementedError, RuntimeError):
        raise ConfigurationError(
            "This front end cannot ask for a hidden input.", "Set DEEPSHI_API_KEY instead."
        ) from None
    session.connection.login(key, keep=bool(words))
    return _status(session, [])


def _tools(_: Session, words: list[str]) -> Table:
    """List the functions that were registered with ``@deepshi_jupyter.tool``."""
    from deepshi_jupyter.tools import default_toolbox

    _no_words("tools", words)
    rows = [
        (tool.name, "always" if default_toolbox.allows(tool) else "asks first", tool.description)
        for tool in default_toolbox.tools
    ]
    return Table(("tool", "runs", "description"), rows, "" if rows else "None is registered.")


def _panel(session: Session, words: list[str]) -> Any:
    """Show a panel to ask in and to read the conversation; ``--chat NAME`` shows another one.

    ``--new`` begins the context anew at its first question, ``--tools a,b`` offers functions.
    """
    from IPython.core.getipython import get_ipython

    from deepshi_jupyter.panel_function import open_panel

    reader = turn_commands.Words(prog="panel", add_help=False)
    reader.add_argument("--chat", default=MAIN_CHAT, metavar="NAME")
    reader.add_argument("--new", action="store_true")
    reader.add_argument("--tools", default="", metavar="NAMES")
    options = reader.parse_args(words)
    shell = get_ipython()
    return open_panel(session, shell, options.chat, new=options.new, tools=options.tools)


def _fix(session: Session, words: list[str]) -> None:
    """Ask about the cell that failed last; ``fix --dry-run`` shows what would be sent."""
    from IPython.core.getipython import get_ipython

    from deepshi_jupyter.display.choose import choose
    from deepshi_jupyter.link import streams_of
    from deepshi_jupyter.magics.ask import show_request
    from deepshi_jupyter.magics.fix import failed_cell, offer, question_about

    shell = get_ipython()
    dry_run, model = _fix_words(words)
    question = question_about(failed_cell(), model)
    if dry_run:
        show_request(session, question)
        return
    reply = session.ask(question, choose(shell, session.settings.display, streams_of(shell)))
    print(offer(shell, reply))  # noqa: T201 - what a user reads under the answer


def _fix_words(words: list[str]) -> tuple[bool, str]:
    """Read ``--dry-run`` and ``-m MODEL``."""
    rest = [word for word in words if word != "--dry-run"]
    if rest and (len(rest) != 2 or rest[0] not in ("-m", "--model")):
        raise OptionError(
            f"fix does not take {' '.join(rest)!r}.", "It takes --dry-run and -m MODEL."
        )
    return len(rest) != len(words), rest[1] if rest else ""


def _help(_: Session, words: list[str]) -> Table:
    """List the subcommands."""
    _no_words("help", words)
    rows = [(name, (command.__doc__ or "").split("\n")[0]) for name, command in COMMANDS.items()]
    return Table(("%deepshi", ""), rows, "%%deepshi? shows the options of a cell.")


def _no_words(name: str, words: list[str]) -> None:
    if words:
        raise OptionError(f"{name} does not take {' '.join(words)!r}.", f"Write %deepshi {name}.")


COMMANDS: Mapping[str, Command] = {
    "status": _status,
    "history": turn_commands.history,
    "context": turn_commands.context,
    "versions": turn_commands.versions,
    "pick": turn_commands.pick,
    "skip": turn_commands.skip,
    "unskip": turn_commands.unskip,
    "pin": turn_commands.pin,
    "unpin": turn_commands.unpin,
    "run-stale": stale_commands.run_stale,
    "restore": restore_command.restore,
    "cost": turn_commands.cost,
    "export": export_commands.export,
    "models": _models,
    "set": _set,
    "sliders": _sliders,
    "reset": _reset,
    "login": _login,
    "tools": _tools,
    "panel": _panel,
    "fix": _fix,
    "help": _help,
}
"""The subcommands by name; their docstrings are their help."""
