"""The magics ``%%deepshi`` and ``%deepshi``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


def load(shell: InteractiveShell) -> None:
    """Register the magics with a shell."""
    from deepshi_jupyter.magics import completion
    from deepshi_jupyter.magics.cursor_place import options_of
    from deepshi_jupyter.magics.deepshi import DeepshiMagics

    magics = DeepshiMagics(shell)
    shell.register_magics(magics)
    magic: Any = magics.deepshi
    completion.register(shell, lambda: magics.session, options_of(magic.parser), _tool_names)


def unload(shell: InteractiveShell) -> None:
    """Take the magics out of a shell and close the session's connections."""
    from deepshi_jupyter.magics import completion
    from deepshi_jupyter.session import current_session

    completion.unregister(shell)
    for kind in ("line", "cell"):
        shell.magics_manager.magics[kind].pop("deepshi", None)
    current_session().close()


def _tool_names() -> Iterable[str]:
    from deepshi_jupyter.tools import default_toolbox

    return [tool.name for tool in default_toolbox.tools]
