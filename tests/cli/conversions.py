"""The commands that turn notebooks into files and files into notebooks, called in this process."""

from __future__ import annotations

import argparse
from pathlib import Path

from deepshi_jupyter.cli import export, import_


def call(*words: str | Path) -> int:
    """Run ``export`` or ``import`` with these words; errors are raised.

    Returns:
        The exit code.
    """
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers()
    export.declare(commands)
    import_.declare(commands)
    options = parser.parse_args([str(word) for word in words])
    return int(options.run(options))
