"""What may be written where the cursor stands: options, models, settings, variables."""

from __future__ import annotations

import builtins
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from IPython.core.completer import IPCompleter, provisionalcompleter, rectify_completions

from deepshi_jupyter.core.chat import MAIN_CHAT
from deepshi_jupyter.core.parameters import PARAMETERS
from deepshi_jupyter.magics.commands import COMMANDS
from deepshi_jupyter.magics.cursor_place import Kind, Option, Place
from deepshi_jupyter.session import Session
from deepshi_jupyter.settings import DISPLAYS, MODES, OFFLINE, SETTING_NAMES

_NOT_IN_EXPRESSIONS = ["IPCompleter.file_matcher", "IPCompleter.magic_matcher"]
_NAME = re.compile(r"(?:[^\W\d]\w*)?\Z")
_FORMAT = re.compile(r"(?:![rsa]?(?::.*)?|:[^:()\[\]{}'\"]*)\Z")
_LISTS = frozenset({"--tools", "allowed_models"})
"""Options and settings whose value is a list with commas."""

Found = tuple[str, Iterable[str]]
"""What is written already of that which is being completed, and what it may become."""


class Offers:
    """Finds what may be written where the cursor stands.

    Args:
        shell: The IPython shell.
        session: Gives the kernel's session.
        options: The options of a cell's first line.
        tools: Gives the names of the registered tools.
    """

    def __init__(
        self,
        shell: Any,
        session: Callable[[], Session],
        options: Sequence[Option],
        tools: Callable[[], Iterable[str]],
    ) -> None:
        self._shell = shell
        self._session = session
        self._options = options
        self._tools = tools
        self._completer: IPCompleter | None = None
        self._finders: dict[Kind, Callable[[Place], Found]] = {
            "option": self._option,
            "value": self._value,
            "expression": self._expression,
            "subcommand": lambda place: (place.fragment, COMMANDS),
            "subcommand option": self._subcommand_option,
            "setting": self._setting,
            "setting value": self._setting_value,
            "prose": lambda place: (place.fragment, ()),
        }

    def at(self, place: Place) -> Found:
        """Return what is offered at a place."""
        fragment, candidates = self._finders[place.kind](place)
        return fragment, _fitting(fragment, candidates)

    def _option(self, place: Place) -> Found:
        names = [name for option in self._options for name in option.names]
        long = [name for name in names if name.startswith("--")]
        return place.fragment, names if place.fragment == "-" else long or names

    def _value(self, place: Place) -> Found:
        fragment = _last_of_list(place)
        if place.name == "--model":
            return fragment, self._model_ids()
        if place.name == "--tools":
            return fragment, self._tools()
        if place.name == "--chat":
            turns = self._session().state.timeline
            return fragment, sorted({MAIN_CHAT, *(turn.record.chat for turn in turns)})
        if place.name == "--param":
            own = {option.dest for option in self._options}
            return fragment, [f"{name}=" for name in PARAMETERS if name not in own]
        return fragment, next(
            (option.choices for option in self._options if place.name in option.names), ()
        )

    def _model_ids(self) -> Iterable[str]:
        """Return the models that may be asked; never waits for the network."""
        session = self._session()
        return session.settings.allowed_models or [
            model.id for model in session.connection.known_catalogue() or ()
        ]

    def _subcommand_option(self, place: Place) -> Found:
        """Offer the options that the help of a subcommand names."""
        command = COMMANDS.get(place.name)
        return place.fragment, re.findall(r"--[a-z][a-z-]*", (command and command.__doc__) or "")

    def _setting(self, place: Place) -> Found:
        return place.fragment, [f"{name}=" for name in dict.fromkeys((*SETTING_NAMES, "errors"))]

    def _setting_value(self, place: Place) -> Found:
        return _last_of_list(place), self._setting_values(place.name.replace("-", "_"))

    def _setting_values(self, name: str) -> Iterable[str]:
        if name in ("model", "allowed_models"):
            return [*self._model_ids(), "auto"]
        if name in PARAMETERS and PARAMETERS[name].kind == "boolean":
            return ("true", "false", "auto")
        return {
            "base_url": (OFFLINE, "auto"),
            "display": DISPLAYS,
            "mode": MODES,
            "errors": ("short", "full"),
        }.get(name, ("auto",))

    def _expression(self, place: Place) -> Found:
        """Offer variables for a bare name; leave attributes and keys to IPython."""
        source = place.fragment
        if _in_format(source):
            return "", ()
        start = _NAME.search(source).start()  # type: ignore[union-attr]  # it always matches
        name, before = source[start:], source[:start]
        if before.endswith("."):
            return self._by_ipython(source)
        if before.endswith(("'", '"', "[")):
            fragment, keys = self._by_ipython(source, kind="dict key")
            if keys or not before.endswith("["):
                return fragment, keys
        return name, self._names(name)

    def _names(self, written: str) -> Iterator[str]:
        """Offer the notebook's variables, and built-in names once one has begun."""
        shell = self._shell
        for name in sorted(shell.user_ns, key=str.lower):
            if name not in shell.user_ns_hidden and (written or not name.startswith("_")):
                yield name
        if written:
            yield from (name for name in vars(builtins) if not name.startswith("_"))

    def _by_ipython(self, source: str, kind: str = "") -> tuple[str, list[str]]:
        """Ask a completer of IPython's own, as if the expression were a whole cell of one line."""
        source = source.replace("\n", " ").lstrip()
        with provisionalcompleter():
            raw = self._ready_completer().completions(source, len(source))
            wanted = [completion for completion in raw if not kind or completion.type == kind]
            found = list(rectify_completions(source, wanted))
        fragment = source[found[0].start :] if found else ""
        return fragment, [completion.text for completion in found]

    def _ready_completer(self) -> IPCompleter:
        if self._completer is None:
            shell = self._shell
            self._completer = IPCompleter(
                shell=shell,
                namespace=shell.user_ns,
                global_namespace=shell.user_global_ns,
                parent=shell,
                use_jedi=False,
                disable_matchers=_NOT_IN_EXPRESSIONS,
            )
        return self._completer


def _in_format(source: str) -> bool:
    """True behind the mark in ``{{x!r}}`` and ``{{x:.2f}}``, but not in ``{{x[1:n]}}``."""
    found = _FORMAT.search(source)
    before = source[: found.start()] if found else ""
    is_open = sum(map(before.count, "([{")) > sum(map(before.count, ")]}"))
    return found is not None and not is_open and "lambda" not in before


def _last_of_list(place: Place) -> str:
    """Return the part of a value that is being written: what follows the last comma of a list."""
    return place.fragment.rpartition(",")[2] if place.name in _LISTS else place.fragment


def _fitting(fragment: str, candidates: Iterable[str]) -> list[str]:
    """Return the candidates that begin as written, in either case if none does exactly."""
    each = list(dict.fromkeys(candidates))
    exact = [text for text in each if text.startswith(fragment)]
    return exact or [text for text in each if text.lower().startswith(fragment.lower())]
