"""The line under an answer, and the sentences that explain an unusual one."""

from __future__ import annotations

from deepshi_jupyter.core.catalogue import Price
from deepshi_jupyter.core.reply import Reply
from deepshi_jupyter.core.usage import Usage
from deepshi_jupyter.display.answer import Answer

OFFLINE_MARK = "embedded endpoint, not a language model"


def footer(answer: Answer) -> str:
    """Return one line of facts: model, time, tokens, cost, finish reason.

    Args:
        answer: The answer.

    Returns:
        Such as ``deepshi-3.0 · 1.9 s (0.4 s to first token) · 1,204 in / 340 out · $0.00135``.
    """
    reply = answer.reply
    facts = [
        _model(reply),
        _time(reply),
        _tokens(reply.usage),
        _cost(reply, answer.price),
        _tries(reply),
        _inserted(answer.inserted),
        reply.finish_reason or reply.status,
    ]
    return " · ".join(fact for fact in facts if fact)


def explanations(answer: Answer) -> list[str]:
    """Say what is unusual about an answer, each in one line with what to change."""
    reply = answer.reply
    found = [_STATUS.get(reply.status, ""), _finish(reply), *reply.notices, *answer.remarks]
    return [sentence for sentence in found if sentence]


_STATUS = {
    "unconfirmed": "The service ended the stream without saying why; the answer may be incomplete.",
    "truncated": "The answer broke off here. Run the cell again for a whole one.",
    "interrupted": "You stopped this answer. Run the cell again for a whole one.",
}


def _finish(reply: Reply) -> str:
    reason = reply.finish_reason
    if reason == "length" and not reply.text:
        return (
            "All of max_tokens went into reasoning, so no answer was left. Raise max_tokens "
            "(`--max-tokens`) or leave it out."
        )
    if reason == "length":
        return "Cut at max_tokens. Raise it (`--max-tokens`) or leave it out for a whole answer."
    if reason == "content_filter":
        return "The service's content filter cut this answer. Rephrase the question."
    if reply.refusal:
        return "The model refused to answer. Rephrase the question."
    if reply.status == "complete" and not (reply.text or reply.tool_calls or reply.images):
        return "The model answered with nothing. Ask again, or rephrase the question."
    return ""


def _model(reply: Reply) -> str:
    if reply.model.startswith("offline-"):
        return f"{reply.model} ({OFFLINE_MARK})"
    return reply.model


def _time(reply: Reply) -> str:
    first = reply.time_to_first_token
    after = f" ({first:.1f} s to first token)" if first is not None else ""
    return f"{reply.duration:.1f} s{after}"


def _tokens(usage: Usage | None) -> str:
    if usage is None or usage.prompt_tokens is None or usage.completion_tokens is None:
        return ""
    cached = f" ({usage.cached_tokens:,} cached)" if usage.cached_tokens else ""
    thought = f" ({usage.reasoning_tokens:,} reasoning)" if usage.reasoning_tokens else ""
    return f"{usage.prompt_tokens:,} in{cached} / {usage.completion_tokens:,} out{thought}"


def _cost(reply: Reply, price: Price | None) -> str:
    if reply.cost is not None:
        return dollars(reply.cost)
    estimate = price.of(reply.usage) if price and reply.usage else None
    return "" if estimate is None else f"≈ {dollars(estimate)}"


def dollars(amount: float) -> str:
    """Return an amount of USD with enough digits to be told from nothing."""
    return f"${amount:,.2f}" if amount >= 1 else f"${amount:.5f}"


def _inserted(count: int) -> str:
    return f"{count} value{'' if count == 1 else 's'} inserted" if count else ""


def _tries(reply: Reply) -> str:
    tries = len(reply.attempts)
    return f"{tries} tries" if tries > 1 else ""
