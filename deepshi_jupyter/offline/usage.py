"""Usage and cost of an answer (API contract, "Response" and "Price")."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from functools import reduce
from typing import Any, Final

import msgspec

from deepshi_jupyter.offline.catalogue import Model
from deepshi_jupyter.offline.deltas import Finish
from deepshi_jupyter.offline.images import image_urls
from deepshi_jupyter.offline.messages import AssistantMessage, Message, text_of
from deepshi_jupyter.offline.request import ChatRequest
from deepshi_jupyter.offline.tokens import count_tokens

IMAGE_TOKENS: Final = 256
"""What an image counts for, whatever its size."""

_MESSAGE_TOKENS: Final = 4
_CACHE_BLOCK: Final = 16


def count_prompt(request: ChatRequest, model: Model) -> tuple[int, int]:
    """Count the tokens of a prompt.

    A conversation has been sent before up to the model's last reply, so that much counts as read
    from the cache, in whole blocks, as caches of prefixes do.

    Args:
        request: With messages and tools.
        model: Tools count only where the model can call them.

    Returns:
        All prompt tokens, and those of them that count as cached.
    """
    messages = request.messages
    tools = request.tools if "tools" in model.features else None
    fixed = count_tokens(msgspec.json.encode(tools).decode()) if tools else 0
    replies = [
        place for place, message in enumerate(messages) if isinstance(message, AssistantMessage)
    ]
    seen = fixed + _count(messages[: replies[-1]]) if replies else 0
    return fixed + _count(messages), seen - seen % _CACHE_BLOCK


def _count(messages: Sequence[Message]) -> int:
    images = IMAGE_TOKENS * len(image_urls(messages))
    return images + sum(_MESSAGE_TOKENS + _count_message(message) for message in messages)


def _count_message(message: Message) -> int:
    calls = message.tool_calls if isinstance(message, AssistantMessage) else None
    return count_tokens(text_of(message)) + sum(
        count_tokens(call.function.name) + count_tokens(call.function.arguments)
        for call in calls or ()
    )


def usage_of(
    model: Model, prompt_tokens: int, cached_tokens: int, finishes: Sequence[Finish]
) -> dict[str, Any]:
    """Add up what an answer used and what it would cost.

    Args:
        model: With its prices.
        prompt_tokens: All tokens of the prompt.
        cached_tokens: Those of them that count as cached.
        finishes: The end of each choice.

    Returns:
        The ``usage`` of the response; ``cost.total_cost`` is in USD.
    """
    completion_tokens = sum(finish.completion_tokens for finish in finishes)
    parts: list[Decimal] = [
        (prompt_tokens - cached_tokens) * model.pricing.prompt,
        cached_tokens * model.pricing.input_cache_read,
        completion_tokens * model.pricing.completion,
    ]
    return {
        "prompt_tokens": prompt_tokens,
        "completion_tokens": completion_tokens,
        "total_tokens": prompt_tokens + completion_tokens,
        "prompt_tokens_details": {"cached_tokens": cached_tokens},
        "completion_tokens_details": {
            "reasoning_tokens": sum(finish.reasoning_tokens for finish in finishes)
        },
        "cost": {"total_cost": float(reduce(Decimal.__add__, parts))},
    }
