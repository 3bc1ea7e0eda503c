"""What the embedded endpoint says about itself."""

from __future__ import annotations

from typing import Final

NOTICE: Final = (
    "This is the embedded offline endpoint: its words come from a small n-gram sampler and "
    "carry no knowledge, and its prices are made up and never charged."
)
"""One sentence that every front door shows while the offline endpoint answers."""

PROVIDER: Final = "offline"
"""The value of ``provider`` in every response and chunk."""
