"""What a user can set for a kernel: endpoint, model, defaults, limits."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any

import msgspec

from deepshi_jupyter.core.limit import read_limit
from deepshi_jupyter.core.parameters import PARAMETERS, check_parameters
from deepshi_jupyter.errors import OptionError

MODEL_VARIABLE = "DEEPSHI_MODEL"
DISPLAY_VARIABLE = "DEEPSHI_DISPLAY"
OFFLINE = "offline"
"""The base URL that chooses the embedded endpoint, in this process."""

DISPLAYS = ("auto", "blocks", "once", "text", "deltas")
"""How answers are shown while they come: see `deepshi_jupyter.display.choose`."""


MODES = ("live", "auto", "replay", "refresh")
"""Where answers come from: the service; what is recorded, else the service; only what is recorded;
the service, with the recorded answer kept as a version."""

MODE_VARIABLE = "DEEPSHI_MODE"
RECORD_VARIABLE = "DEEPSHI_RECORD"
RECORDING_VARIABLE = "DEEPSHI_RECORDING"

LONGEST_TIMEOUT = 1e6
"""Seconds; sockets take no endless number."""


class NotebookSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What a notebook says for all its questions; empty values mean "not said".

    Attributes:
        model: The model asked when a cell names none.
        system: The system prompt of the conversation.
        mode: Where answers come from, one of `MODES`.
        parameters: Parameters of requests.
    """

    model: str = ""
    system: str = ""
    mode: str = ""
    parameters: dict[str, Any] = {}


class Layers(msgspec.Struct, frozen=True, kw_only=True):
    """Where present settings come from: chosen by hand, else the notebook, else the configuration.

    Attributes:
        chosen: The names that were set by hand and not taken back.
        notebook: What the notebook says.
        configured: What was there before the notebook spoke, by name.
    """

    chosen: frozenset[str] = frozenset()
    notebook: NotebookSettings = NotebookSettings()
    configured: dict[str, str] = {}


class Settings(msgspec.Struct, kw_only=True):
    """The settings of a session; None and empty values mean "not set".

    Attributes:
        base_url: The endpoint's address, or ``offline`` for the embedded one.
        model: The model asked when a cell names none.
        system: The system prompt of the conversation.
        parameters: Default parameters of requests (API contract, "Request body").
        connect_timeout: Seconds to wait for a connection.
        idle_timeout: Seconds of silence within an answer that end a call.
        max_retries: Tries after the first.
        allowed_models: The only models that may be asked; empty allows all.
        display: How answers are shown while they come, one of `DISPLAYS`.
        mode: Where answers come from, one of `MODES`; empty: ``DEEPSHI_MODE``, else live.
        endpoint_name: The endpoint's name in keys and records, so that one that moves keeps its
            recordings; empty: its address.
        store: Where the journal lies, ``off`` for none; empty: found by the notebook.
        record: A file that turns are recorded in; empty: ``DEEPSHI_RECORD``.
        recording: A file of recorded answers; empty: ``DEEPSHI_RECORDING``.
        confirm_above: What may be sent at once without asking, such as ``0.5`` (USD) or
            ``100 calls``; empty: anything.
        layers: Where they come from.
    """

    base_url: str = ""
    model: str = ""
    system: str = ""
    parameters: dict[str, Any] = {}
    connect_timeout: float = 10.0
    idle_timeout: float = 120.0
    max_retries: int = 2
    allowed_models: tuple[str, ...] = ()
    display: str = "auto"
    mode: str = ""
    endpoint_name: str = ""
    store: str = ""
    record: str = ""
    recording: str = ""
    confirm_above: str = ""
    layers: Layers = Layers()

    def set(self, name: str, text: str) -> None:
        """Set one value from its text; ``auto`` takes a setting or parameter back.

        What is taken back is as the notebook says, if it says anything. Only ``mode=auto`` is a
        mode; ``mode=live`` is how it was.

        Args:
            name: A field of these settings or a parameter of the API.
            text: The value; JSON where the field is not a text.

        Raises:
            OptionError: There is no such setting, or it does not take this value.
            InvalidRequestError: A parameter's value is out of its range.
        """
        name = name.replace("-", "_")
        if name in PARAMETERS:
            self._set_parameter(name, text)
        elif name in _READERS:
            reader, default = _READERS[name]
            if text == "auto" and name != "mode":  # where it is a mode
                setattr(self, name, getattr(self.layers.notebook, name, "") or default)
            else:
                setattr(self, name, reader(name, text))
        else:
            raise _unknown(name)
        taken_back = text == "auto" and name != "mode"
        chosen = self.layers.chosen - {name} if taken_back else self.layers.chosen | {name}
        self.layers = msgspec.structs.replace(self.layers, chosen=chosen)

    def _set_parameter(self, name: str, text: str) -> None:
        kept = {key: value for key, value in self.parameters.items() if key != name}
        if text != "auto":
            kept = check_parameters({**kept, name: _parameter_value(name, text)})
        elif name in self.layers.notebook.parameters:
            kept[name] = self.layers.notebook.parameters[name]
        self.parameters = kept

    def take_notebook(self, said: NotebookSettings) -> None:
        """Let a notebook speak; what was set by hand goes before what it says.

        Args:
            said: All that it says now; what it said before no longer counts.

        Raises:
            InvalidRequestError: Its parameters cannot be sent together with those set by hand.
        """
        chosen, before = self.layers.chosen, self.layers.notebook
        own = {
            name: value
            for name, value in self.parameters.items()
            if name in chosen or name not in before.parameters
        }
        self.parameters = check_parameters({**said.parameters, **own})
        configured = dict(self.layers.configured)
        for name in ("model", "system", "mode"):
            if name not in chosen:
                if not getattr(before, name):
                    configured[name] = getattr(self, name)
                setattr(self, name, getattr(said, name) or configured.get(name, ""))
        self.layers = Layers(chosen=chosen, notebook=said, configured=configured)

    def comes_from_notebook(self, name: str) -> bool:
        """True if a setting or parameter is as the notebook says, and not as set by hand."""
        if name in self.layers.chosen:
            return False
        said = self.layers.notebook
        return name in said.parameters or bool(getattr(said, name, "") and name != "parameters")

    def environment_model(self) -> str:
        """Return the model that the settings name, else the environment, else an empty text."""
        return self.model or os.environ.get(MODEL_VARIABLE, "").strip()

    def mode_of(self, asked: str = "") -> str:
        """Return the mode of a question.

        A run that was begun with ``DEEPSHI_MODE=replay`` asks nobody, whatever its cells say.

        Args:
            asked: What the question says itself, or an empty text.

        Returns:
            The question's own mode, else that of the settings, else of the environment, else
            ``live``.

        Raises:
            OptionError: It is none of `MODES`.
        """
        given = read_mode(MODE_VARIABLE, os.environ.get(MODE_VARIABLE, "") or "live")
        if given == "replay":
            return given
        return read_mode("--mode", asked or self.mode or given)

    def present_record(self) -> str:
        """Return the file that turns are recorded in, or an empty text."""
        return self.record or os.environ.get(RECORD_VARIABLE, "")

    def present_recording(self) -> str:
        """Return the file of recorded answers, or an empty text."""
        return self.recording or os.environ.get(RECORDING_VARIABLE, "")


def read_mode(name: str, text: str) -> str:
    """Return a mode.

    Args:
        name: What named it, for the error.
        text: What it named.

    Raises:
        OptionError: It is none of `MODES`.
    """
    if text not in MODES:
        raise OptionError(f"{name} is {text!r}.", f"Expected one of {', '.join(MODES)}.")
    return text


def _as_json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _parameter_value(name: str, text: str) -> Any:
    """Read a parameter's value; what is a text by nature may look like JSON and is still text."""
    kind, value = PARAMETERS[name].kind, _as_json(text)
    if kind == "text" or (kind == "stop" and not isinstance(value, str | list)):
        return text
    return value


def _read_text(_: str, text: str) -> str:
    return text


def _read_seconds(name: str, text: str) -> float:
    value = _as_json(text)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not 0 < value <= LONGEST_TIMEOUT:
        raise OptionError(f"{name} is {text!r}, expected seconds above 0.", "Such as 30.")
    return float(value)


def _read_count(name: str, text: str) -> int:
    value = _as_json(text)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise OptionError(f"{name} is {text!r}, expected a whole number from 0.", "Such as 2.")
    return value


def _read_list(_: str, text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _read_display(name: str, text: str) -> str:
    if text not in DISPLAYS:
        raise OptionError(f"{name} is {text!r}.", f"Expected one of {', '.join(DISPLAYS)}.")
    return text


def _read_limit(_: str, text: str) -> str:
    read_limit(text)
    return text


_READERS: Mapping[str, tuple[Callable[[str, str], Any], Any]] = {
    "base_url": (_read_text, ""),
    "model": (_read_text, ""),
    "system": (_read_text, ""),
    "connect_timeout": (_read_seconds, 10.0),
    "idle_timeout": (_read_seconds, 120.0),
    "max_retries": (_read_count, 2),
    "allowed_models": (_read_list, ()),
    "display": (_read_display, "auto"),
    "mode": (read_mode, ""),
    "endpoint_name": (_read_text, ""),
    "store": (_read_text, ""),
    "record": (_read_text, ""),
    "recording": (_read_text, ""),
    "confirm_above": (_read_limit, ""),
}

SETTING_NAMES = (*_READERS, *PARAMETERS)
"""Everything that `Settings.set` takes."""


def _unknown(name: str) -> OptionError:
    near = get_close_matches(name, SETTING_NAMES, n=2)
    hint = f"Did you mean {' or '.join(near)}? " if near else ""
    if "key" in name:
        hint = "A key is never typed into a cell: use `%deepshi login` or DEEPSHI_API_KEY. "
    return OptionError(
        f"There is no setting {name!r}.", f"{hint}Settings are: {', '.join(SETTING_NAMES)}."
    )
