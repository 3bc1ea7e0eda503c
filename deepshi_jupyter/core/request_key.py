"""A request → the key under which its answer is found again.

Two requests have the same key if nothing in them can change the answer: the endpoint, all messages
and all fields of the body count, also fields that we do not know. Left out is only what is listed
in `NOT_IN_THE_KEY`. The order of keys and ``0`` or ``0.0`` make no difference. The messages count
by their chain, so that the key of a long conversation can be checked from its records.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from deepshi_jupyter.core.canonical import canonical, sha256
from deepshi_jupyter.core.chain import chain

PREFIX = "r1:"
"""The version of the way that keys are made."""

NOT_IN_THE_KEY = frozenset(
    {"stream", "stream_options", "user", "safety_identifier", "metadata"}
    | {"prompt_cache_key", "prompt_cache_retention"}
)
"""Fields of the body that do not take part in making the answer."""


def request_key(endpoint: str, body: Mapping[str, Any], sample: int = 0) -> str:
    """Return the key of a request.

    Args:
        endpoint: The base URL that it goes to, or the name that the user gave the endpoint.
        body: The JSON body.
        sample: Which repeat of the same request this is, from 0.

    Returns:
        ``r1:`` and 64 hexadecimal digits.
    """
    return key_of_chain(endpoint, chain(body.get("messages", ())), body, sample)


def key_of_chain(endpoint: str, tip: str, body: Mapping[str, Any], sample: int = 0) -> str:
    """Return the key of a request whose messages are known by their chain.

    Args:
        endpoint: As for `request_key`.
        tip: The `chain` of all messages of the request.
        body: The other fields of the body; its messages are not looked at.
        sample: As for `request_key`.
    """
    fields = {name: body[name] for name in body if name not in NOT_IN_THE_KEY}
    fields["messages"] = tip
    value = {"api": "chat.completions", "body": fields, "endpoint": endpoint, "sample": sample}
    return PREFIX + sha256(canonical(value))
