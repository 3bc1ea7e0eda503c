"""``deepshi-jupyter doctor``: can a live call work from here, and what is missing if not?"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from deepshi_jupyter.cli.endpoint_option import add_base_url, add_model, new_session
from deepshi_jupyter.cli.help_page import HelpPage, Subcommands, add_subcommand
from deepshi_jupyter.errors import CallError, ConfigurationError, DeepshiError

if TYPE_CHECKING:
    from deepshi_jupyter.cli.checks import Check
    from deepshi_jupyter.cli.ink import Ink
    from deepshi_jupyter.core.catalogue import Catalogue
    from deepshi_jupyter.core.events import Event
    from deepshi_jupyter.display.answer import Answer, ToolOutcome
    from deepshi_jupyter.session import Session

_PAGE = HelpPage(
    summary="Check endpoint, key, catalogue, streaming and usage.",
    description=(
        "Says in one line each what was found (✓ fine, ! something is missing, ✗ a live call "
        "cannot work) and what to do about it. The key is looked for and never shown.\n\nTo see "
        "whether answers really stream, or something on the way keeps them back, one tiny real "
        "request is sent: it asks for at most 64 tokens. `--no-call` leaves it out."
    ),
    examples=(
        ("doctor", "check the endpoint that is set"),
        ("doctor --no-call", "the same without a request that costs anything"),
        ("doctor --base-url http://127.0.0.1:11434/v1 -m llama3.2", "check another one"),
    ),
    exits=((0, "a live call can work"), (1, "it cannot"), (2, "wrong usage")),
    environment=("DEEPSHI_API_KEY", "DEEPSHI_BASE_URL", "DEEPSHI_MODEL", "NO_COLOR"),
)

_PACKAGES = ("ipython", "ipykernel", "httpx", "msgspec", "nbclient", "ipywidgets", "jupyterlab")
_QUESTION = "Count from 1 to 30, the numbers only, with a space between them."
_MOST_TOKENS = 64
_CONNECT_SECONDS = 5.0
_IDLE_SECONDS = 60.0


def declare(commands: Subcommands) -> None:
    """Add the subcommand."""
    parser = add_subcommand(commands, "doctor", _PAGE)
    add_model(parser)
    add_base_url(parser)
    parser.add_argument("--no-call", action="store_true", help="send no chat request")
    parser.add_argument("--json", action="store_true", help="print JSON instead of lines")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Check everything and print it as it is found."""
    session = new_session(options)
    settings = session.settings
    settings.model = options.model
    settings.max_retries = 0
    settings.connect_timeout, settings.idle_timeout = _CONNECT_SECONDS, _IDLE_SECONDS
    try:
        checks = examine(session, call=not options.no_call)
        made = _print_json(checks) if options.json else _print_lines(checks)
    finally:
        session.close()
    return 1 if any(check.mark == "failed" for check in made) else 0


def examine(session: Session, *, call: bool = True) -> Iterator[Check]:
    """Look at everything that a live call needs.

    Args:
        session: Whose endpoint, key and model are looked at.
        call: Whether to send one tiny real request.

    Yields:
        A line for each thing, as soon as it is known; it ends where the next could not work.
    """
    from deepshi_jupyter.cli import checks

    yield checks.check_versions(_versions())
    try:
        endpoint = session.connection.endpoint()
    except ConfigurationError as error:
        yield checks.failure("endpoint", error)
        return
    try:
        credential = session.connection.credential()
    except ConfigurationError as error:
        yield checks.failure("key", error)
        return
    listed = _ask_for_catalogue(session)
    address = "embedded in this process" if session.connection.is_offline else endpoint.base_url
    yield checks.check_endpoint(address, endpoint.source, listed.error, listed.seconds)
    source = credential.source if credential.secret is not None else None
    key = checks.check_key(source, listed.error, needs_key=endpoint.needs_key)
    yield key
    if key.mark == "failed" or checks.is_unreachable(listed.error):
        return
    yield checks.check_catalogue(listed.catalogue, listed.error, session.connection.model)
    if call:
        yield from _call(session)


class _Listed(NamedTuple):
    catalogue: Catalogue | None
    error: DeepshiError | None
    seconds: float


def _ask_for_catalogue(session: Session) -> _Listed:
    began = time.monotonic()
    catalogue, failed = None, None
    try:
        catalogue = session.connection.models(refresh=True)
    except CallError as error:
        failed = error
    return _Listed(catalogue, failed, time.monotonic() - began)


def _call(session: Session) -> Iterator[Check]:
    """Send the one request, and judge how its answer came."""
    from deepshi_jupyter.cli import checks
    from deepshi_jupyter.cli.stream_check import Arrivals
    from deepshi_jupyter.core.template import verbatim
    from deepshi_jupyter.question import Question

    watch = _Stopwatch()
    try:
        reply = session.ask(
            Question(prompt=verbatim(_QUESTION), parameters={"max_tokens": _MOST_TOKENS}), watch
        )
    except DeepshiError as error:
        yield checks.failure("answer", error)
        return
    tokens = reply.usage.completion_tokens if reply.usage else None
    yield checks.check_answer(reply.model, reply.duration)
    yield checks.check_stream(Arrivals(tuple(watch.seconds), watch.total, tokens))
    yield checks.check_usage(reply.usage)


class _Stopwatch:
    """Shows nothing and notes when each piece of an answer came."""

    interval = 0.0

    def __init__(self) -> None:
        self._began = time.monotonic()
        self.seconds: list[float] = []
        self.total = 0.0

    def begin(self, answer: Answer) -> None:
        """Do nothing: what shows is what came."""

    def show(self, events: list[Event]) -> None:
        """Note the pieces of text and reasoning among what came."""
        from deepshi_jupyter.core.events import ReasoningDelta, TextDelta

        now = time.monotonic() - self._began
        self.seconds += [now for event in events if isinstance(event, TextDelta | ReasoningDelta)]

    def card(self, outcome: ToolOutcome) -> None:
        """Do nothing: no tools are offered."""

    def end(self, answer: Answer) -> None:  # noqa: ARG002 - a presenter's form
        """Note the end."""
        self.total = time.monotonic() - self._began

    def abandon(self) -> None:
        """Do nothing: nothing was shown."""


def _versions() -> dict[str, str | None]:
    import platform
    from importlib import metadata

    from deepshi_jupyter.version import __version__

    found: dict[str, str | None] = {
        "python": platform.python_version(),
        "deepshi_jupyter": __version__,
    }
    for name in _PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = None
    return found


def _print_lines(checks: Iterable[Check]) -> list[Check]:
    import sys

    from deepshi_jupyter.cli.ink import ink_for

    ink, printed = ink_for(sys.stdout), []
    for check in checks:
        print(line_of(check, ink), flush=True)
        printed.append(check)
    return printed


def line_of(check: Check, ink: Ink) -> str:
    """Return the one line of a check; what a service said in it is made safe to print."""
    from deepshi_jupyter.core.printable import printable

    marks = {"ok": ink.green("✓"), "warning": ink.yellow("!"), "failed": ink.red("✗")}
    todo = f" → {check.todo}" if check.todo else ""
    says = " ".join(printable(f"{check.says}{todo}").split())
    return f"{marks[check.mark]} {check.name:<10} {says}"


def _print_json(checks: Iterable[Check]) -> list[Check]:
    import json

    import msgspec

    made = list(checks)
    works = all(check.mark != "failed" for check in made)
    record = {"works": works, "checks": msgspec.to_builtins(made)}
    print(json.dumps(record, ensure_ascii=False, indent=2))
    return made
