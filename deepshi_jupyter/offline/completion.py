"""One chat completion: a checked request becomes the steps of its answer."""

from __future__ import annotations

import hashlib
import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from deepshi_jupyter.offline import catalogue
from deepshi_jupyter.offline.catalogue import Model
from deepshi_jupyter.offline.deltas import Delta, Finish, Script, perform
from deepshi_jupyter.offline.images import image_urls
from deepshi_jupyter.offline.refusal import Refusal
from deepshi_jupyter.offline.request import ChatRequest
from deepshi_jupyter.offline.script import script_for, settings_of
from deepshi_jupyter.offline.steps import Piece, Step
from deepshi_jupyter.offline.usage import count_prompt, usage_of
from deepshi_jupyter.offline.wire import DONE, Envelope


@dataclass(frozen=True)
class Completion:
    """A request, the model that answers it, and what its answer is made of.

    Args:
        request: A request that was checked.
        model: The model that answers.
        envelope: What the chunks have in common.
        scripts: What each choice says.
        limit: The greatest number of tokens of a choice.
        token_seconds: Seconds a token takes; 0 as fast as possible.
    """

    request: ChatRequest
    model: Model
    envelope: Envelope
    scripts: Sequence[Script]
    limit: int
    token_seconds: float

    def _choices(self) -> list[Iterator[Delta]]:
        stops = self.request.stops
        return [perform(script, self.limit, stops) for script in self.scripts]

    def _usage(self, finishes: Sequence[Finish]) -> dict[str, Any]:
        prompt_tokens, cached_tokens = count_prompt(self.request, self.model)
        return usage_of(self.model, prompt_tokens, cached_tokens, finishes)

    def whole(self) -> Piece:
        """Give an answer that is not streamed, to be sent after the time that its tokens take."""
        choices = [list(choice) for choice in self._choices()]
        finishes = [delta for choice in choices for delta in choice if isinstance(delta, Finish)]
        longest = max(finish.completion_tokens for finish in finishes)
        body = self.envelope.whole(choices, self._usage(finishes))
        return Piece(body, longest * self.token_seconds)

    def stream_steps(self) -> Iterator[Step]:
        """Give the events of a stream; the choices of one request run side by side."""
        for index in range(len(self.scripts)):
            yield Piece(self.envelope.role_chunk(index))
        finishes: list[Finish] = []
        for turn in side_by_side(self._choices()):
            delay = self.token_seconds
            for index, delta in turn:
                if isinstance(delta, Finish):
                    finishes.append(delta)
                    yield Piece(self.envelope.chunk(index, delta))
                else:
                    yield Piece(self.envelope.chunk(index, delta), delay)
                    delay = 0.0
        if self.request.include_usage:
            yield Piece(self.envelope.usage_chunk(self._usage(finishes)))
        yield Piece(DONE)


def side_by_side(choices: Sequence[Iterator[Delta]]) -> Iterator[list[tuple[int, Delta]]]:
    """Take one delta from each choice in turn, until all have ended.

    Args:
        choices: The deltas of each choice.

    Yields:
        The next delta of each choice that has one, with the index of the choice.
    """
    live = dict(enumerate(choices))
    while live:
        turn = [(index, next(deltas, None)) for index, deltas in live.items()]
        live = {index: live[index] for index, delta in turn if delta is not None}
        if live:
            yield [(index, delta) for index, delta in turn if delta is not None]


def prepare(
    request: ChatRequest,
    model: Model,
    *,
    nonce: int,
    created: int,
    token_seconds: float = 0.0,
    scripts: Sequence[Script] | None = None,
) -> Completion:
    """Check a request against the model and write the scripts of its choices.

    Args:
        request: A request that is well-formed.
        model: The model that answers.
        nonce: Stands for the seed where the request has none, and names the response.
        created: Unix seconds.
        token_seconds: Seconds a token takes.
        scripts: What to say instead of what the model would say; they have no length limit.

    Returns:
        The completion, ready to be given.

    Raises:
        Refusal: 400 for what this model cannot take.
    """
    if scripts is None:
        _check(request, model)
        scripts = [
            script_for(request, model, choice_random(request, index, nonce))
            for index in range(request.n or 1)
        ]
        limit = request.limit or catalogue.MAX_OUTPUT_LENGTH
    else:
        limit = request.limit or sys.maxsize
    logprobs = settings_of(request, model).top_logprobs
    envelope = Envelope(f"chatcmpl-offline-{nonce:032x}", created, request.model, logprobs)
    return Completion(request, model, envelope, scripts, limit, token_seconds)


def choice_random(request: ChatRequest, index: int, nonce: int) -> random.Random:
    """Give the random numbers of a choice.

    They depend on the seed, the messages and the index of the choice, and not on the other
    parameters: those act on the distribution alone, so two temperatures can be compared.

    Args:
        request: With its seed and messages.
        index: Of the choice.
        nonce: Stands for the seed where there is none.

    Returns:
        A generator in its first state.
    """
    seed = nonce if request.seed is None else request.seed
    material = f"{seed} {index} ".encode() + msgspec.json.encode(request.messages)
    digest = hashlib.sha256(material).digest()
    return random.Random(int.from_bytes(digest, "big"))  # noqa: S311 - repeatable, not secret


def _check(request: ChatRequest, model: Model) -> None:
    """Refuse what is too long or of a kind that the model does not take."""
    if (request.limit or 0) > catalogue.MAX_OUTPUT_LENGTH:
        raise Refusal(
            400,
            f"'max_tokens' is at most {catalogue.MAX_OUTPUT_LENGTH} for {model.id}.",
            code="invalid_value",
            param="max_tokens",
        )
    images = image_urls(request.messages)
    if images and "image" not in model.input_modalities:
        raise Refusal(
            400,
            f"{model.id} takes no images; {catalogue.VISION.id} does.",
            code="unsupported_modality",
            param=images[0][0],
        )
    prompt_tokens, _ = count_prompt(request, model)
    if prompt_tokens > catalogue.CONTEXT_LENGTH:
        raise Refusal(
            400,
            f"The prompt has {prompt_tokens} tokens; {model.id} takes {catalogue.CONTEXT_LENGTH}.",
            code="context_length_exceeded",
            param="messages",
        )
