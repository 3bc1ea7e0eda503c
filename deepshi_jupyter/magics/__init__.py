"""The magics ``%%deepshi`` and ``%deepshi``."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from deepshi_jupyter.session import Session


def load(shell: InteractiveShell) -> None:
    """Register the magics with a shell, and let its front ends link up."""
    from deepshi_jupyter import link
    from deepshi_jupyter.display.choose import cell_metadata
    from deepshi_jupyter.magics import completion
    from deepshi_jupyter.magics.cursor_place import options_of
    from deepshi_jupyter.magics.deepshi import DeepshiMagics

    magics = DeepshiMagics(shell)
    shell.register_magics(magics)
    magic: Any = magics.deepshi
    completion.register(shell, lambda: magics.session, options_of(magic.parser), _tool_names)
    _take_settings(lambda: magics.session)
    _restore(shell, lambda: magics.session)
    shell.events.register("pre_run_cell", magics.note_cell)
    link.register(shell, lambda: magics.session, watched=bool(cell_metadata(shell)))


def _take_settings(session: Callable[[], Session]) -> None:
    """Let the settings count that the notebook's file holds, where it is known which that is."""
    if os.environ.get("JPY_SESSION_NAME") or os.environ.get("DEEPSHI_NOTEBOOK"):
        from deepshi_jupyter.link.notebook_settings import take_settings_of_file

        take_settings_of_file(session, os.environ)


def _restore(shell: InteractiveShell, session: Callable[[], Session]) -> None:
    """Bring back the turns that the notebook file holds, and say so where somebody reads it."""
    from deepshi_jupyter.display.choose import cell_metadata

    if not os.environ.get("JPY_SESSION_NAME") or not cell_metadata(shell):
        return  # nbclient and papermill start from nothing, and their outputs stay as they are
    state = session().state
    if state.has_something_to_restore():
        print(f"{state.restore()}; see %deepshi history.")  # noqa: T201 - for its reader


def unload(shell: InteractiveShell) -> None:
    """Take the magics out of a shell and close the session's connections."""
    from deepshi_jupyter import link
    from deepshi_jupyter.magics import completion
    from deepshi_jupyter.session import current_session

    link.unregister(shell)
    completion.unregister(shell)
    magics: Any = shell.magics_manager.registry.get("DeepshiMagics")
    if magics is not None:
        shell.events.unregister("pre_run_cell", magics.note_cell)
    for kind in ("line", "cell"):
        shell.magics_manager.magics[kind].pop("deepshi", None)
    current_session().close()


def _tool_names() -> Iterable[str]:
    from deepshi_jupyter.tools import default_toolbox

    return [tool.name for tool in default_toolbox.tools]
