"""What a request would take and cost, before anything is sent."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import msgspec

from deepshi_jupyter.core.catalogue import Model
from deepshi_jupyter.core.parameters import TOKEN_LIMITS
from deepshi_jupyter.core.request import ChatRequest
from deepshi_jupyter.core.tokens import estimate_messages, estimate_tokens


class Estimate(msgspec.Struct, frozen=True):
    """What a request would take and cost.

    Attributes:
        prompt_tokens: About how many tokens go in (`deepshi_jupyter.core.tokens` says how exact).
        completion_tokens: The most that one answer may have, or None if nothing bounds it.
        n: How many answers come.
        low: About the USD for the prompt alone, or None if the price is unknown.
        high: About the USD if every answer is as long as it may be, or None if that is unknown.
        context_length: The most tokens that prompt and answer may have together, or None.
    """

    prompt_tokens: int
    completion_tokens: int | None = None
    n: int = 1
    low: float | None = None
    high: float | None = None
    context_length: int | None = None

    @property
    def exceeds_context(self) -> bool:
        """True if the prompt alone seems longer than what the model takes."""
        return self.context_length is not None and self.prompt_tokens > self.context_length

    @property
    def sentence(self) -> str:
        """One line for a reader, such as ``≈ 1,240 tokens in, up to 500 out: ≈ $0.0021–0.0061``."""
        line = f"≈ {self.prompt_tokens:,} tokens in, {self._out()}{self._cost()}"
        if self.exceeds_context:
            line += f"; the model's context is {self.context_length:,} tokens"
        return line

    def _out(self) -> str:
        if self.completion_tokens is None:
            return "no limit known for what comes out"
        times = f"{self.n} × " if self.n > 1 else ""
        return f"up to {times}{self.completion_tokens:,} out"

    def _cost(self) -> str:
        if self.low is None:
            return "; price unknown: the catalogue does not say"
        if self.high is None:
            return f": at least ≈ ${_amount(self.low)}"
        low, high = _amount(self.low), _amount(self.high)
        return f": ≈ ${low}" if low == high else f": ≈ ${low}–{high}"


def estimate(request: ChatRequest, model: Model | None) -> Estimate:
    """Estimate what a request would take and cost.

    Cached prompt tokens may make it cheaper than `Estimate.low`; reasoning counts as completion
    and is bounded with it (API contract, "Price").

    Args:
        request: The request that would be sent.
        model: The catalogue's entry of its model, or None where nothing is known.

    Returns:
        The estimate; what nobody says stays None.
    """
    body = request.body
    prompt_tokens = estimate_messages(body.get("messages", ())) + _declarations(body)
    completion_tokens, n = _most_out(body, model), _answers(body, model)
    price = model.price if model else None
    low = high = None
    if price is not None:
        low = prompt_tokens * price.prompt / 1_000_000
        if completion_tokens is not None:
            high = low + n * completion_tokens * price.completion / 1_000_000
    return Estimate(
        prompt_tokens,
        completion_tokens,
        n,
        low,
        high,
        model.context_length if model else None,
    )


def room_for_answer(parameters: Mapping[str, Any], model: Model) -> int:
    """Return how many tokens of a context to keep free for the answer.

    Args:
        parameters: The parameters of the request.
        model: The catalogue's entry of its model.

    Returns:
        The limit that was asked for, else what the model can write, at most a quarter of its
        context.
    """
    asked = [parameters[name] for name in TOKEN_LIMITS if isinstance(parameters.get(name), int)]
    most = (model.context_length or 0) // 4
    return asked[0] if asked else min(most, model.max_output_length or most)


def _declarations(body: Mapping[str, Any]) -> int:
    """Estimate the tools and the schema, which go into the prompt in a form of the service's own.

    They are counted as compact JSON, which is rather too much than too little.
    """
    declared = [body[name] for name in ("tools", "response_format") if body.get(name)]
    return sum(
        estimate_tokens(json.dumps(value, ensure_ascii=False, separators=(",", ":")))
        for value in declared
    )


def _most_out(body: Mapping[str, Any], model: Model | None) -> int | None:
    """Return the most tokens of one answer: what was asked for, or what the model can do."""
    limits = [
        body[name]
        for name in TOKEN_LIMITS
        if isinstance(body.get(name), int) and not (model and model.ignores(name))
    ]
    if model is not None and (model.max_output_length or 0) > 0:
        limits.append(model.max_output_length)
    return min(limits, default=None)


def _answers(body: Mapping[str, Any], model: Model | None) -> int:
    n = body.get("n")
    ignored = model is not None and model.ignores("n")
    return n if isinstance(n, int) and n > 0 and not ignored else 1


def _amount(dollars: float) -> str:
    """Return an amount with two figures that say something, and cents where there are dollars."""
    if dollars >= 1:
        return f"{dollars:,.2f}"
    if dollars <= 0:
        return "0"
    return f"{dollars:.{1 - math.floor(math.log10(dollars))}f}"
