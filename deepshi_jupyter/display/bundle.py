"""An answer → the one bundle that stays in the notebook.

``text/plain`` is the answer itself; ``text/markdown`` is the neutralised answer with folded
reasoning, tool cards and a footer; the turn's record goes with it. What a model or service wrote
never goes into the markdown as it came.
"""

from __future__ import annotations

from typing import Any

from deepshi_jupyter.core.printable import printable
from deepshi_jupyter.core.reply import Choice, Reply
from deepshi_jupyter.display.answer import Answer
from deepshi_jupyter.display.footer import explanations, footer
from deepshi_jupyter.display.form import in_form
from deepshi_jupyter.display.safe_markdown import literal, safe_markdown
from deepshi_jupyter.display.tool_card import tool_card

RECORD = "application/vnd.deepshi.turn+json"

MimeBundle = dict[str, Any]


def answer_bundle(answer: Answer) -> MimeBundle:
    """Return what is displayed of an answer.

    Args:
        answer: The answer, whole or partial.

    Returns:
        A MIME bundle with ``text/plain``, ``text/markdown`` and, where there is one, the record.
    """
    bundle: MimeBundle = {
        "text/plain": _plain(answer.reply),
        "text/markdown": answer_markdown(answer),
    }
    if answer.record is not None:
        bundle[RECORD] = answer.record
    return bundle


def reply_bundle(reply: Reply) -> MimeBundle:
    """Return what is displayed of a reply that is a value of its own."""
    return answer_bundle(Answer(reply=reply))


def answer_markdown(answer: Answer) -> str:
    """Return the neutralised markdown of an answer."""
    parts = [*map(tool_card, answer.cards), *_choices(answer.reply, answer.form)]
    parts += [f"> {literal(sentence)}" for sentence in explanations(answer)]
    parts.append(f"<small>{literal(footer(answer))}</small>")
    return "\n\n".join(part for part in parts if part)


def _plain(reply: Reply) -> str:
    if len(reply.choices) < 2:
        return printable(reply.text or reply.refusal)
    texts = [f"[{i}]\n{text}" for i, text in enumerate(reply.texts, 1)]
    return printable("\n\n".join(texts))


def _choices(reply: Reply, form: str) -> list[str]:
    if len(reply.choices) == 1:
        return _choice(reply.choices[0], form)
    parts = []
    for number, choice in enumerate(reply.choices, 1):
        parts += [f"**Answer {number} of {len(reply.choices)}**", *_choice(choice, form)]
    return parts


def _choice(choice: Choice, form: str) -> list[str]:
    parts = []
    if choice.reasoning:
        parts.append(folded("Reasoning", safe_markdown(choice.reasoning)))
    if choice.text:
        parts.append(safe_markdown(in_form(choice.text, form)))
    if choice.refusal:
        parts.append(safe_markdown(choice.refusal))
    return parts


def folded(title: str, markdown: str) -> str:
    """Return markdown that is folded under a title; the markdown must be neutralised."""
    return f"<details><summary>{title}</summary>\n\n{markdown}\n\n</details>"
