"""A copy of a file that is about to be replaced."""

from __future__ import annotations

from pathlib import Path


def back_up(path: Path) -> Path:
    """Copy a file to a name beside it that is not taken.

    Args:
        path: The file.

    Returns:
        The copy, such as ``study.ipynb.bak``.
    """
    number, backup = 1, path.with_name(f"{path.name}.bak")
    while backup.exists():
        number += 1
        backup = path.with_name(f"{path.name}.bak{number}")
    backup.write_bytes(path.read_bytes())
    return backup
