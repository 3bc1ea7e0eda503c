"""git learns to merge notebooks with ``deepshi-jupyter merge``.

A driver has two halves (https://git-scm.com/docs/gitattributes#_performing_a_three_way_merge): its
command is in the configuration of each clone, which git does not share, and the files that it is
for are in ``.gitattributes``, which is committed.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from deepshi_jupyter.cli.help_page import PROGRAM
from deepshi_jupyter.errors import ConfigurationError

NAME = "deepshi"
ATTRIBUTE = f"*.ipynb merge={NAME}"

_ATTRIBUTES = ".gitattributes"
_TITLE = "notebooks cell by cell, no answer lost (deepshi_jupyter)"
_ARGUMENTS = "merge %O %A %B --path=%P"


def install(folder: Path) -> list[str]:
    """Set the driver for the repository of a folder.

    Args:
        folder: A folder in the repository.

    Returns:
        What was done, a line each; what was so before is left alone, and said.

    Raises:
        ConfigurationError: There is no git or no repository, or something cannot be written.
    """
    root = Path(_git(folder, "rev-parse", "--show-toplevel").strip())
    return [
        _configure(root, f"merge.{NAME}.name", _TITLE),
        _configure(root, f"merge.{NAME}.driver", f"{_program()} {_ARGUMENTS}"),
        _declare(root),
    ]


def _configure(root: Path, key: str, value: str) -> str:
    if _git(root, "config", "--get", "--default", "", key).removesuffix("\n") == value:
        return f"{key} is set in git's configuration already"
    _git(root, "config", key, value)
    return f"set {key} = {value} in this repository's git configuration"


def _declare(root: Path) -> str:
    """Add the line to the attributes, unless notebooks have this driver already."""
    found = _git(root, "check-attr", "merge", "--", "notebook.ipynb")
    if found.strip().endswith(f": {NAME}"):
        return f"git's attributes name the driver for *.ipynb already ({ATTRIBUTE})"
    path = root / _ATTRIBUTES
    try:
        before = path.read_bytes() if path.exists() else b""
        gap = b"" if before.endswith(b"\n") or not before else b"\n"
        path.write_bytes(before + gap + f"{ATTRIBUTE}\n".encode())
    except OSError as error:
        raise ConfigurationError(
            f"{path} cannot be written: {error.strerror}.", f"Add the line `{ATTRIBUTE}` to it."
        ) from None
    return f"added `{ATTRIBUTE}` to {_ATTRIBUTES}; commit it"


def _program() -> str:
    """Return how git's shell finds us: by name, or by path where the name is not known to it."""
    if shutil.which(PROGRAM):
        return PROGRAM
    return f'"{Path(sys.executable).as_posix()}" -m deepshi_jupyter'


def _git(folder: Path, *words: str) -> str:
    program = shutil.which("git")
    if program is None:
        raise ConfigurationError("git is not installed, or not on the PATH.", "Install git.")
    done = subprocess.run(  # noqa: S603 - git itself, and words of our own
        [program, *words],
        cwd=folder,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if done.returncode:
        said = " ".join(done.stderr.split()) or f"exit code {done.returncode}"
        raise ConfigurationError(f"git: {said}.", "Run the command in a folder of a repository.")
    return done.stdout
