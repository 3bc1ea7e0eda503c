"""Messages → the hash that stands for a conversation up to a message.

Each link takes in the one before it, so that a conversation is told by its last hash: the same
hash means the same messages in the same order. Images count by the hash of their bytes.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from deepshi_jupyter.core.canonical import canonical, sha256, without_bytes

PREFIX = "m1:"
"""The version of the way that chains are hashed."""

START = ""
"""The hash of no messages."""


def message_digest(message: dict[str, Any]) -> str:
    """Return the hash of one message by itself, in hexadecimal."""
    return sha256(canonical(without_bytes(message)))


def link(parent: str, digest: str) -> str:
    """Return the hash of a conversation that a message was added to.

    Args:
        parent: The hash before it, `START` for the first message.
        digest: The `message_digest` of the message.
    """
    return PREFIX + sha256(f"{parent}\n{digest}".encode())


def chain(messages: Iterable[dict[str, Any]], parent: str = START) -> str:
    """Return the hash of a conversation after these messages."""
    for message in messages:
        parent = link(parent, message_digest(message))
    return parent
