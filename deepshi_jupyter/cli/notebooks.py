"""The notebooks that come with the package: inside it when installed, beside it in a checkout."""

from __future__ import annotations

from importlib.resources import as_file, files
from pathlib import Path

from deepshi_jupyter.errors import ConfigurationError

FIRST_QUESTION = "01-first-question.ipynb"

_PACKAGED = "_notebooks"
_IN_A_CHECKOUT = "notebooks"


def notebook_text(name: str) -> str:
    """Return a notebook that comes with the package.

    Args:
        name: Its file name.

    Returns:
        Its JSON.

    Raises:
        ConfigurationError: The installation lacks it.
    """
    package = files("deepshi_jupyter")
    packaged = package / _PACKAGED / name
    if packaged.is_file():
        return packaged.read_text(encoding="utf-8")
    with as_file(package) as folder:
        beside = folder.parent / _IN_A_CHECKOUT / name
        if beside.is_file():
            return beside.read_text(encoding="utf-8")
    raise ConfigurationError(
        f"The notebook {name} did not come with this installation.",
        "Install the package again (`pip install --force-reinstall deepshi_jupyter`).",
    )


def write_new(folder: Path, name: str, text: str) -> Path:
    """Write a file under a name that no other has.

    Args:
        folder: Where the file is to be.
        name: Its name with a suffix; a number is added where it is taken.
        text: What to write.

    Returns:
        Its path.

    Raises:
        ConfigurationError: Nothing can be written there.
    """
    path, number = folder / name, 1
    while True:
        try:
            with path.open("x", encoding="utf-8") as file:
                file.write(text)
        except FileExistsError:
            number += 1
            path = folder / f"{Path(name).stem}-{number}{path.suffix}"
        except OSError as error:
            raise ConfigurationError(
                f"{path} cannot be written: {error.strerror}.",
                "Run the command in a folder that you may write to.",
            ) from error
        else:
            return path
