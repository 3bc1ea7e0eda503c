"""Turns → one markdown text to read: questions quoted, answers neutralised, facts below each."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from deepshi_jupyter.core.printable import printable
from deepshi_jupyter.core.turn_record import Json, TurnRecord, text_of
from deepshi_jupyter.notebook.answer_parts import answer_texts, fenced, in_form
from deepshi_jupyter.notebook.shown_turn import ShownTurn
from deepshi_jupyter.notebook.turn_facts import (
    facts_of,
    readable_date,
    tokens_line,
    turn_line,
    usd,
)

Neutral = Callable[[str], str]


def to_markdown(turns: Sequence[ShownTurn], neutral: Neutral, title: str = "Conversation") -> str:
    """Return a text that holds all that a reader needs of some turns.

    Args:
        turns: The turns, in the order of the document.
        neutral: Makes markdown safe to display; all texts of questions and answers go through it.
        title: The heading of the whole.
    """
    chats = list(dict.fromkeys(shown.turn.record.chat for shown in turns))
    parts = [
        f"# {_line(f'Turns of {title}', neutral)}",
        *(f"- {_line(fact, neutral)}" for fact in banner(turns)),
    ]
    head = "\n".join([parts[0], "", *parts[1:]])
    body = [head]
    system: dict[str, str] = {}
    for number, shown in enumerate(turns, 1):
        record = shown.turn.record
        if record.system and system.get(record.chat) != record.system:
            body += ["**System prompt**", _quoted(record.system, neutral)]
        system[record.chat] = record.system
        body += _turn(number, shown, neutral, with_chat=len(chats) > 1)
    return "\n\n".join(body) + "\n"


def banner(turns: Sequence[ShownTurn]) -> list[str]:
    """Return the facts that stand above a whole document: models, dates, counts, tokens, cost."""
    facts = facts_of([shown.turn.record for shown in turns])
    stale = [shown for shown in turns if not shown.is_fresh]
    dates = [readable_date(facts.first), readable_date(facts.last)]
    found = [
        f"Models: {', '.join(facts.models) or 'unknown'}",
        f"Asked: {' to '.join(dict.fromkeys(dates)) if facts.first else 'dates unknown'}",
        f"Turns: {len(turns)}, calls: {facts.calls}",
        f"Answers that no longer fit what stands above them, or are not whole: {len(stale)}",
    ]
    if tokens := tokens_line(facts):
        found.append(f"Tokens: {tokens}{_lacking(facts.without_usage, facts.calls)}")
    if facts.calls > facts.without_cost:
        cost = usd(facts.cost)
        found.append(f"Cost as reported: {cost}{_lacking(facts.without_cost, facts.calls)}")
    return found


def _turn(number: int, shown: ShownTurn, neutral: Neutral, *, with_chat: bool) -> list[str]:
    record = shown.turn.record
    chat = f" ({record.chat})" if with_chat else ""
    parts = [f"## {_line(f'Turn {number}{chat}', neutral)}", *_messages(record, neutral)]
    texts = list(answer_texts(record.call))
    for place, text in enumerate(texts, 1):
        parts.append(f"**Answer {place} of {len(texts)}**" if len(texts) > 1 else "**Answer**")
        parts.append(neutral(in_form(text, record.form)).strip("\n"))
    if not texts:
        parts.append("**No answer**")
    parts += [f"*{_line(reason, neutral)}.*" for reason in shown.reasons]
    parts.append(_line(f"— {turn_line(record)}", neutral))
    return [part for part in parts if part]


def _messages(record: TurnRecord, neutral: Neutral) -> list[str]:
    """Return what a turn sent before its answer: the question, and rounds of tools."""
    parts = []
    for message in record.messages:
        text = text_of(message)
        if message.get("role") == "tool":
            parts += ["**Result of the tool**", neutral(fenced(text)).strip("\n")]
            continue
        if text:
            parts.append(_quoted(text, neutral))
        parts += [_line(f"Tool call: {words}", neutral) for words in tool_calls(message)]
        parts += [f"*{_line(words, neutral)}*" for words in images(message)]
    return parts


def tool_calls(message: Json) -> list[str]:
    """Return each tool call of a message as ``name(arguments)``."""
    found = []
    for call in message.get("tool_calls") or ():
        function = call.get("function") if isinstance(call, dict) else None
        if isinstance(function, dict):
            found.append(f"{function.get('name', '')}({function.get('arguments', '')})")
    return found


def images(message: Json) -> list[str]:
    """Return words for each image of a message, which names it by its hash."""
    content = message.get("content")
    parts = content if isinstance(content, list) else []
    found = []
    for part in parts:
        kind = part.get("type") if isinstance(part, dict) else None
        if kind == "image":
            media_type, name = part.get("media_type", "image"), part.get("sha256", "")
            found.append(f"with an image: {media_type}, SHA-256 {name}")
        elif kind == "image_url":
            found.append("with an image")
    return found


def _line(text: str, neutral: Neutral) -> str:
    """Return a text that begins with a word of ours as one line, in which no block begins."""
    return " ".join(neutral(" ".join(text.split())).split())


def _quoted(text: str, neutral: Neutral) -> str:
    """Return a text as a quote; it is quoted first, as a fence in a quote is no longer one."""
    return neutral("\n".join(f"> {line}" for line in printable(text).split("\n"))).strip("\n")


def _lacking(count: int, calls: int) -> str:
    return f" ({count} of {calls} calls reported none)" if count else ""
