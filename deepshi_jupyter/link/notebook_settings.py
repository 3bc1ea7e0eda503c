"""The settings in a notebook's metadata: ``{"deepshi": {"model": …, "parameters": {…}}}``.

A front end tells them, or the file is read when the magics are loaded. They name no endpoint and no
key: a notebook from somebody else must not decide where the key goes.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from deepshi_jupyter.core.parameters import check_parameters
from deepshi_jupyter.errors import DeepshiError, DeepshiWarning, OptionError
from deepshi_jupyter.notebook.document import notebook_path
from deepshi_jupyter.settings import NotebookSettings, read_mode
from deepshi_jupyter.state import NOTEBOOK_VARIABLE

if TYPE_CHECKING:
    from deepshi_jupyter.session import Session

KEY = "deepshi"
NAMES = ("model", "system", "mode", "parameters")


class _Metadata(msgspec.Struct):
    deepshi: Any = None


class _Notebook(msgspec.Struct):
    metadata: _Metadata


def take_settings(session: Session, said: Any) -> list[DeepshiError]:
    """Let the settings of a notebook count.

    Args:
        session: The kernel's session.
        said: What stands under `KEY` in the notebook's metadata.

    Returns:
        What of it cannot be used, and is passed over.
    """
    found, errors = read_settings(said)
    with session.lock:
        try:
            session.settings.take_notebook(found)
        except DeepshiError as error:  # each of its parameters is right, but not with the others
            errors.append(error)
            session.settings.take_notebook(msgspec.structs.replace(found, parameters={}))
    session.changed()
    return errors


def take_settings_of_file(session: Callable[[], Session], environ: Mapping[str, str]) -> None:
    """Let the settings count that the notebook's file holds; say what of them cannot be used.

    Args:
        session: Returns the kernel's session; it is not made if the notebook says nothing.
        environ: The environment variables, which name the notebook.
    """
    said = _in_file(notebook_path(environ) or Path(environ.get(NOTEBOOK_VARIABLE, "")))
    for error in take_settings(session(), said) if said is not None else ():
        sentence = f"The notebook's settings: {error}"
        warnings.warn(sentence, DeepshiWarning, stacklevel=2)


def read_settings(said: Any) -> tuple[NotebookSettings, list[DeepshiError]]:
    """Read what a notebook says, value by value; what cannot be used is left out.

    Args:
        said: What stands under `KEY` in the notebook's metadata.
    """
    if not isinstance(said, dict):
        return NotebookSettings(), [_wrong("deepshi", said, "an object")]
    errors: list[DeepshiError] = [_unknown(name) for name in said if name not in NAMES]
    found: dict[str, Any] = {"parameters": {}}
    for name in ("model", "system", "mode"):
        value = said.get(name)
        try:
            found[name] = _text(name, value)
        except DeepshiError as error:
            errors.append(error)
    parameters = said.get("parameters") or {}
    if not isinstance(parameters, dict):
        return NotebookSettings(**found), [*errors, _wrong("parameters", parameters, "an object")]
    for name, value in parameters.items():
        try:
            found["parameters"] |= check_parameters({name: value})
        except DeepshiError as error:
            errors.append(error)
    return NotebookSettings(**found), errors


def _text(name: str, value: Any) -> str:
    if value is None or value == "":
        return ""
    if not isinstance(value, str):
        raise _wrong(name, value, "a text")
    return read_mode("mode", value) if name == "mode" else value


def _wrong(name: str, value: Any, expected: str) -> OptionError:
    return OptionError(
        f"{name} is {str(value)[:60]!r}, expected {expected}.",
        "Change it in the notebook's metadata, under deepshi.",
    )


def _unknown(name: str) -> OptionError:
    return OptionError(
        f"There is no setting {name[:60]!r} of a notebook.", f"There are: {', '.join(NAMES)}."
    )


def _in_file(path: Path) -> Any:
    """Return what a notebook file holds under `KEY`; None if that is nothing, or unreadable."""
    try:
        data = path.read_bytes() if path.suffix == ".ipynb" else b""
        if f'"{KEY}"'.encode() not in data:
            return None
        return msgspec.json.decode(data, type=_Notebook).metadata.deepshi
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
