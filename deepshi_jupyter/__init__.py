"""Ask a language model from a notebook cell, and keep an answer that can be defended.

``%load_ext deepshi_jupyter`` brings the magics ``%%deepshi`` and ``%deepshi``; `ask` is the same in
Python. Everything here loads on first use, so that loading the extension stays quick.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from deepshi_jupyter.version import __version__

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from deepshi_jupyter.ask_function import ask
    from deepshi_jupyter.client.aio import AsyncClient
    from deepshi_jupyter.client.sync import Client
    from deepshi_jupyter.compare_function import compare
    from deepshi_jupyter.comparison.comparison import Comparison
    from deepshi_jupyter.core.budget import Budget
    from deepshi_jupyter.core.catalogue import Catalogue
    from deepshi_jupyter.core.reply import Reply
    from deepshi_jupyter.core.usage import Usage
    from deepshi_jupyter.errors import CallError, DeepshiError, DeepshiWarning, InputError
    from deepshi_jupyter.map_function import map  # noqa: A004 - its public name
    from deepshi_jupyter.panel_function import panel
    from deepshi_jupyter.tools import tool

__all__ = [
    "AsyncClient",
    "Budget",
    "CallError",
    "Catalogue",
    "Client",
    "Comparison",
    "DeepshiError",
    "DeepshiWarning",
    "InputError",
    "Reply",
    "Usage",
    "__version__",
    "ask",
    "compare",
    "load_ipython_extension",
    "map",
    "panel",
    "tool",
    "unload_ipython_extension",
]

_HOMES = {
    "AsyncClient": "client.aio",
    "Budget": "core.budget",
    "CallError": "errors",
    "Catalogue": "core.catalogue",
    "Client": "client.sync",
    "Comparison": "comparison.comparison",
    "DeepshiError": "errors",
    "DeepshiWarning": "errors",
    "InputError": "errors",
    "Reply": "core.reply",
    "Usage": "core.usage",
    "ask": "ask_function",
    "compare": "compare_function",
    "map": "map_function",
    "panel": "panel_function",
    "tool": "tools",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    importlib.import_module(
        f"{__name__}.session"
    )  # puts the parts together, such as how replies show
    value = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    """Return where the JupyterLab extension lies (for ``jupyter labextension develop``)."""
    return [{"src": "labextension", "dest": "deepshi-jupyter"}]


def load_ipython_extension(ipython: InteractiveShell) -> None:
    """Add the magics ``%%deepshi`` and ``%deepshi`` (called by ``%load_ext deepshi_jupyter``)."""
    from deepshi_jupyter.magics import load

    load(ipython)


def unload_ipython_extension(ipython: InteractiveShell) -> None:
    """Take the magics away again and close open connections (``%unload_ext``)."""
    from deepshi_jupyter.magics import unload

    unload(ipython)
