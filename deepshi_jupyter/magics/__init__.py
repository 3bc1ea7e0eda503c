"""The magics ``%%deepshi`` and ``%deepshi``."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


def load(shell: InteractiveShell) -> None:
    """Register the magics with a shell."""
    from deepshi_jupyter.magics.deepshi import DeepshiMagics

    shell.register_magics(DeepshiMagics(shell))


def unload(shell: InteractiveShell) -> None:
    """Take the magics out of a shell and close the session's connections."""
    from deepshi_jupyter.session import current_session

    for kind in ("line", "cell"):
        shell.magics_manager.magics[kind].pop("deepshi", None)
    current_session().close()
