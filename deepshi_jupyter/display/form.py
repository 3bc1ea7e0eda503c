"""The text of an answer in the form that it is to be shown in (``--as``)."""

from __future__ import annotations

import json

from deepshi_jupyter.core.fences import code_blocks


def in_form(text: str, form: str) -> str:
    """Return markdown that shows a text in a form; it is not yet neutralised.

    Args:
        text: What the model wrote.
        form: One of `deepshi_jupyter.display.answer.FORMS`.

    Returns:
        ``markdown``: the text; ``text``: the text in a fence; ``code``: its code blocks alone, or
        the whole text in a fence if it has none; ``json``: the JSON indented, or the text in a
        fence if it is none.
    """
    if form == "text":
        return fenced(text)
    if form == "code":
        blocks = code_blocks(text)
        return "\n\n".join(fenced(block, block.language) for block in blocks) or fenced(text)
    if form == "json":
        return _indented(text)
    return text


def fenced(text: str, language: str = "") -> str:
    """Put a text into a fence that it cannot close."""
    fence = "`" * max(3, _longest_run(text) + 1)
    return f"{fence}{language}\n{text}\n{fence}"


def _indented(text: str) -> str:
    blocks = code_blocks(text)
    try:
        value = json.loads(blocks[0] if len(blocks) == 1 else text)
    except (ValueError, RecursionError):
        return fenced(text)
    return fenced(json.dumps(value, ensure_ascii=False, indent=2), "json")


def _longest_run(text: str) -> int:
    longest = run = 0
    for character in text:
        run = run + 1 if character == "`" else 0
        longest = max(longest, run)
    return longest
