"""A notebook → the text of its file, as Jupyter writes it."""

from __future__ import annotations

import re
from typing import Any

from nbformat.v4 import nbjson

Json = dict[str, Any]

_LONE_SURROGATE = re.compile(r"[\ud800-\udfff]")
"""Half a character, which JSON can name and UTF-8 cannot hold."""


def notebook_text(notebook: Json) -> str:
    """Return the text of a notebook file, as JupyterLab writes it.

    Args:
        notebook: A notebook of nbformat 4.
    """
    text: str = nbjson.writes(nbjson.to_notebook(notebook)) + "\n"
    return _LONE_SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
