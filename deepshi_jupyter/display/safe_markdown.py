"""Markdown of a model → markdown that is safe to display, without loading a parser for plain words.

The first words of an answer are nearly always plain, and reading markdown takes a parser that takes
50 ms to import: so plain words go through as they are, and the parser loads with the first markup.
"""

from __future__ import annotations

import re

_NOT_PLAIN = re.compile(r"[^\w \n·…–—×≈.,;:!?'\"()%/+=-]|_")
"""All but characters of which no markup, mathematics or HTML can be made that does anything."""


def literal(text: str) -> str:
    """Return markdown that shows a text of one line as it is written.

    Args:
        text: Anything, such as the message of a service.
    """
    if not _NOT_PLAIN.search(text):
        return " ".join(text.split())
    from deepshi_jupyter.display.neutral_markdown import literal_line

    return literal_line(text)


def safe_markdown(markdown: str) -> str:
    """Return markdown that means the same and can do nothing in a page.

    Args:
        markdown: Anything that a model wrote.

    Returns:
        The text itself if it is plain, else `deepshi_jupyter.display.neutral_markdown.neutralise`
        of it.
    """
    if not _NOT_PLAIN.search(markdown):
        return markdown
    from deepshi_jupyter.display.neutral_markdown import neutralise

    return neutralise(markdown)
