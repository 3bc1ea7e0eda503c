"""What a session has used so far: answers, tokens, USD."""

from __future__ import annotations

import msgspec

from deepshi_jupyter.core.reply import Reply


class Spent(msgspec.Struct, frozen=True):
    """What a session has used so far.

    Attributes:
        calls: Number of answers.
        prompt_tokens: Their prompt tokens, as reported.
        completion_tokens: Their completion tokens, as reported.
        cost: USD as reported by the service.
        unpriced: Answers for which the service reported no cost.
        replayed: Answers that were recorded before, and cost nothing.
    """

    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: float = 0.0
    unpriced: int = 0
    replayed: int = 0

    def plus(self, reply: Reply) -> Spent:
        """Return the sum with one more reply."""
        usage = reply.usage
        return Spent(
            self.calls + 1,
            self.prompt_tokens + (usage.prompt_tokens or 0 if usage else 0),
            self.completion_tokens + (usage.completion_tokens or 0 if usage else 0),
            self.cost + (reply.cost or 0.0),
            self.unpriced + (reply.cost is None),
            self.replayed,
        )
