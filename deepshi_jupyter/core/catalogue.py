"""The models of an endpoint, and what is known of each (``GET /models``).

Every field but ``id`` may be absent (API contract, "Catalogue"); what is absent stays None, and
None means that nothing is assumed and nothing refused.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

import msgspec

from deepshi_jupyter.core.text import mend
from deepshi_jupyter.core.usage import Usage
from deepshi_jupyter.core.wire import as_dict, as_dicts, as_name, decode_lenient
from deepshi_jupyter.errors import MalformedStreamError

_PER_TOKEN_BELOW = 0.001
"""A listed price below this is USD per token, from here on USD per million tokens: providers of
this family list either, no token costs 0.1 cent, and no million of them costs less."""


class Price(msgspec.Struct, frozen=True):
    """USD per million tokens.

    Attributes:
        prompt: Rate of prompt tokens.
        completion: Rate of completion tokens.
        cached: Rate of prompt tokens read from the cache, or None.
    """

    prompt: float
    completion: float
    cached: float | None = None

    def of(self, usage: Usage) -> float | None:
        """Estimate the USD of a call from its tokens, or None if they are unknown.

        The API contract, "Price": cached prompt tokens count at the cache-read rate.
        """
        if usage.prompt_tokens is None or usage.completion_tokens is None:
            return None
        cached = 0
        if self.cached is not None:  # no more than all: an estimate is never below zero
            cached = min(usage.cached_tokens or 0, usage.prompt_tokens)
        tokens = (
            (usage.prompt_tokens - cached) * self.prompt
            + cached * (self.cached or 0.0)
            + usage.completion_tokens * self.completion
        )
        return tokens / 1_000_000


class Model(msgspec.Struct, frozen=True):
    """One model of the catalogue; None where the endpoint does not say."""

    id: str
    name: str | None = None
    context_length: int | None = None
    max_output_length: int | None = None
    price: Price | None = None
    sampling_parameters: frozenset[str] | None = None
    features: frozenset[str] | None = None
    input_modalities: frozenset[str] | None = None

    def ignores(self, parameter: str) -> bool:
        """True if the catalogue says that this sampling parameter does nothing here."""
        supported = self.sampling_parameters
        if supported is None or parameter in supported:
            return False
        aliases = {"max_tokens": "max_completion_tokens", "max_completion_tokens": "max_tokens"}
        return aliases.get(parameter) not in supported


class Catalogue(msgspec.Struct, frozen=True):
    """The models that an endpoint lists."""

    models: tuple[Model, ...] = ()

    def __iter__(self) -> Iterator[Model]:
        return iter(self.models)

    def __len__(self) -> int:
        return len(self.models)

    def get(self, model: str) -> Model | None:
        """Return the entry of a model id, or None."""
        return next((entry for entry in self.models if entry.id == model), None)

    def near(self, model: str) -> list[str]:
        """Return up to three listed ids that look like this one."""
        return get_close_matches(model, [entry.id for entry in self.models], n=3, cutoff=0.5)

    @property
    def is_plain(self) -> bool:
        """True if the entries say nothing but their ids: then an id may be missing and work."""
        return all(
            entry.sampling_parameters is None and entry.features is None for entry in self.models
        )


def read_catalogue(body: bytes) -> Catalogue:
    """Read the answer of ``GET /models`` leniently.

    Args:
        body: The bytes of the answer.

    Returns:
        The models; entries without an id are left out, unknown fields passed over.

    Raises:
        MalformedStreamError: The answer is not JSON, or lists no models.
    """
    try:
        value = decode_lenient(body)
    except ValueError:
        value = None
    entries = value if isinstance(value, list) else as_dict(value).get("data")
    if not isinstance(entries, list):
        raise MalformedStreamError(
            "The answer of /models is not a list of models.",
            "Check the base URL; a call works without a catalogue if you name the model.",
        )
    return Catalogue(tuple(_read_model(entry) for entry in as_dicts(entries) if entry.get("id")))


def _read_model(entry: dict[str, Any]) -> Model:
    return Model(
        id=mend(str(entry["id"])),
        name=as_name(entry.get("name")),
        context_length=_whole(entry.get("context_length")),
        max_output_length=_whole(entry.get("max_output_length")),
        price=_read_price(as_dict(entry.get("pricing"))),
        sampling_parameters=_names(entry.get("supported_sampling_parameters")),
        features=_names(entry.get("supported_features")),
        input_modalities=_names(entry.get("input_modalities")),
    )


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _names(value: Any) -> frozenset[str] | None:
    if not isinstance(value, list):
        return None
    return frozenset(mend(name) for name in value if isinstance(name, str))


def _read_price(pricing: dict[str, Any]) -> Price | None:
    prompt, completion = _rate(pricing.get("prompt")), _rate(pricing.get("completion"))
    if prompt is None or completion is None:
        return None
    return Price(prompt, completion, _rate(pricing.get("input_cache_read")))


def _rate(value: Any) -> float | None:
    try:
        rate = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    if not 0 <= rate < math.inf:
        return None
    return rate * 1_000_000 if rate < _PER_TOKEN_BELOW else rate
