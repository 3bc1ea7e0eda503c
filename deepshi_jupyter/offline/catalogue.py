"""The models of the offline endpoint, as ``GET /models`` lists them.

The form is that of the API contract, "Catalogue": prices are strings in USD **per token**, as
providers of this family list them. They are made up, so that cost has something to show.

=====================  ========================================================================
``offline-chat``       text; JSON mode, JSON schemas, log-probabilities, all sampling parameters
``offline-reasoner``   thinks before it answers; ignores ``top_p`` and log-probabilities
``offline-tools``      calls functions; JSON mode and JSON schemas
``offline-vision``     says of each image what kind it is and how large; sees nothing in it
``offline-echo``       answers with exactly the last user message
=====================  ========================================================================

Models that fail on purpose (`FAILING`, explained in `faults`) are listed with their ids, so that a
client that holds its user to the catalogue lets them be asked.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from deepshi_jupyter.offline.refusal import Refusal

RELEASED: Final = 1793491200
"""When these models came to be (2026-11-01, Unix seconds)."""

CONTEXT_LENGTH: Final = 32_768
MAX_OUTPUT_LENGTH: Final = 16_384

_LENGTH: Final = ("max_tokens", "stop", "n")
_SAMPLING: Final = (
    "temperature",
    "frequency_penalty",
    "presence_penalty",
    "logit_bias",
    "seed",
    *_LENGTH,
)
_JSON: Final = ("json_mode", "structured_outputs")


@dataclass(frozen=True)
class Pricing:
    """What a model would cost.

    Args:
        prompt: USD per prompt token.
        completion: USD per completion token, reasoning included.
        input_cache_read: USD per prompt token that was read from the cache.
    """

    prompt: Decimal
    completion: Decimal
    input_cache_read: Decimal

    def to_dict(self) -> dict[str, str]:
        """Give the prices as the catalogue lists them: decimal strings, USD per token."""
        return {
            "prompt": f"{self.prompt:f}",
            "completion": f"{self.completion:f}",
            "input_cache_read": f"{self.input_cache_read:f}",
        }


_CHEAP: Final = Pricing(Decimal("0.0000002"), Decimal("0.0000008"), Decimal("0.00000005"))
_DEAR: Final = Pricing(Decimal("0.0000006"), Decimal("0.0000024"), Decimal("0.00000015"))


@dataclass(frozen=True)
class Model:
    """One entry of the catalogue.

    Args:
        id: What ``model`` of a request names.
        name: What a person reads.
        sampling_parameters: Parameters that count; others are ignored, not refused.
        features: Of ``tools``, ``json_mode``, ``structured_outputs``, ``reasoning``, ``logprobs``.
        input_modalities: ``text``, and ``image`` where images are taken.
        pricing: What it would cost.
    """

    id: str
    name: str
    sampling_parameters: tuple[str, ...]
    features: tuple[str, ...] = ()
    input_modalities: tuple[str, ...] = ("text",)
    pricing: Pricing = _CHEAP

    def to_dict(self) -> dict[str, Any]:
        """Give the entry as ``GET /models`` lists it."""
        return {
            "id": self.id,
            "object": "model",
            "owned_by": "offline",
            "name": self.name,
            "created": RELEASED,
            "input_modalities": list(self.input_modalities),
            "output_modalities": ["text"],
            "context_length": CONTEXT_LENGTH,
            "max_output_length": MAX_OUTPUT_LENGTH,
            "pricing": self.pricing.to_dict(),
            "supported_sampling_parameters": list(self.sampling_parameters),
            "supported_features": list(self.features),
        }


CHAT: Final = Model(
    "offline-chat",
    "Offline chat (n-gram sampler)",
    ("top_p", *_SAMPLING, "logprobs", "top_logprobs"),
    (*_JSON, "logprobs"),
)
REASONER: Final = Model(
    "offline-reasoner",
    "Offline reasoner (n-gram sampler)",
    _SAMPLING,
    ("reasoning",),
    pricing=_DEAR,
)
TOOLS: Final = Model(
    "offline-tools", "Offline tools (n-gram sampler)", ("top_p", *_SAMPLING), ("tools", *_JSON)
)
VISION: Final = Model(
    "offline-vision",
    "Offline vision (reads image headers)",
    ("top_p", *_SAMPLING),
    input_modalities=("text", "image"),
)
ECHO: Final = Model("offline-echo", "Offline echo (says what you said)", _LENGTH)

MODELS: Final = {model.id: model for model in (CHAT, REASONER, TOOLS, VISION, ECHO)}


FAILING: Final = (
    *(f"offline-error-{status}" for status in (400, 401, 402, 403, 404, 429, 500, 503)),
    "offline-error-429-once",
    "offline-error-midstream",
    "offline-error-cut",
    "offline-silent",
    "offline-stall",
)
"""The listed models that fail on purpose."""


def find(model_id: str) -> Model:
    """Look a model up.

    Args:
        model_id: As the request names it.

    Returns:
        Its entry.

    Raises:
        Refusal: 400 with code ``model_not_found`` (API contract, "Errors"), with near ids.
    """
    if model_id in MODELS:
        return MODELS[model_id]
    near = difflib.get_close_matches(model_id, MODELS, n=3, cutoff=0.5)
    hint = f"Did you mean {' or '.join(near)}?" if near else f"There are {', '.join(MODELS)}."
    raise Refusal(
        400,
        f"The model {model_id!r} is not in the catalogue of the offline endpoint. {hint}",
        code="model_not_found",
        param="model",
    )


def listing() -> dict[str, Any]:
    """Give the whole answer to ``GET /models``."""
    failing = [_failing_entry(model_id) for model_id in FAILING]
    return {"object": "list", "data": [model.to_dict() for model in MODELS.values()] + failing}


def _failing_entry(model_id: str) -> dict[str, Any]:
    name = "Offline, fails on purpose"
    return {"id": model_id, "object": "model", "owned_by": "offline", "name": name}
