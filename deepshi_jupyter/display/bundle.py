"""A reply → the one bundle that stays in the notebook.

``text/plain`` is the answer itself; ``text/markdown`` is the neutralised answer with folded
reasoning and a footer. What a model or service wrote never goes into it as it came.
"""

from __future__ import annotations

from typing import Any

from deepshi_jupyter.core.catalogue import Price
from deepshi_jupyter.core.reply import Choice, Reply
from deepshi_jupyter.display.footer import explanations, footer
from deepshi_jupyter.display.printable import printable
from deepshi_jupyter.display.safe_markdown import safe_markdown

MimeBundle = dict[str, Any]


def reply_bundle(reply: Reply, price: Price | None = None, prefix: str = "") -> MimeBundle:
    """Return what is displayed of a reply.

    Args:
        reply: The reply, whole or partial.
        price: The model's price, for an estimate of the cost where none was reported.
        prefix: Markdown of ours to show above the answer.

    Returns:
        A MIME bundle with ``text/plain`` and ``text/markdown``.
    """
    return {"text/plain": _plain(reply), "text/markdown": reply_markdown(reply, price, prefix)}


def reply_markdown(reply: Reply, price: Price | None = None, prefix: str = "") -> str:
    """Return the neutralised markdown of a reply, with its reasoning, notices and footer."""
    parts = [prefix, *_choices(reply)]
    parts += [f"> {escape(sentence)}" for sentence in explanations(reply)]
    parts.append(f"<small>{escape(footer(reply, price))}</small>")
    return "\n\n".join(part for part in parts if part)


def _plain(reply: Reply) -> str:
    if len(reply.choices) < 2:
        return printable(reply.text or reply.refusal)
    texts = [f"[{i}]\n{text}" for i, text in enumerate(reply.texts, 1)]
    return printable("\n\n".join(texts))


def _choices(reply: Reply) -> list[str]:
    if len(reply.choices) == 1:
        return _choice(reply.choices[0])
    parts = []
    for number, choice in enumerate(reply.choices, 1):
        parts += [f"**Answer {number} of {len(reply.choices)}**", *_choice(choice)]
    return parts


def _choice(choice: Choice) -> list[str]:
    parts = []
    if choice.reasoning:
        parts.append(folded("Reasoning", safe_markdown(choice.reasoning)))
    if choice.text:
        parts.append(safe_markdown(choice.text))
    if choice.refusal:
        parts.append(safe_markdown(choice.refusal))
    return parts


def folded(title: str, markdown: str) -> str:
    """Return markdown that is folded under a title; the markdown must be neutralised."""
    return f"<details><summary>{title}</summary>\n\n{markdown}\n\n</details>"


def escape(text: str) -> str:
    """Return a one-line text that shows as it is inside markdown."""
    flat = " ".join(printable(text).split())
    return "".join(f"\\{c}" if c in "\\`*_{}[]<>$|~#!&" else c for c in flat)
