"""Does an answer come as it is made, or does something on the way keep it to the end?

A service that streams sends a piece for each token or two, at the speed of the model. Something
that buffers (a proxy, a gateway, a virus scanner) gives them out in one burst, or in a few. What is
measured is when the pieces came, nothing else; so the judgement here needs no network to be tested.
"""

from __future__ import annotations

from typing import Literal

import msgspec

TOO_QUICK = 0.2
"""A whole answer within these seconds comes as fast with a buffer as without."""

BURST_SECONDS = 0.05
BURST_SHARE = 0.05
"""All pieces within so many seconds, and within this share of the whole time, are one burst."""

FEW_TOKENS = 4
"""An answer of so few tokens may well come in one piece."""

PIECES_TO_TELL = 16
PIECES_PER_MOMENT = 4
"""From so many pieces on, more than so many in the same moment mean that they were held back."""

Flow = Literal["nothing", "short", "quick", "whole", "burst", "bursts", "stream"]
"""``nothing`` came; too ``short`` or too ``quick`` to tell; the ``whole`` answer in one piece; all
pieces in one ``burst`` at the end, or in a few ``bursts``; a ``stream``."""


class Arrivals(msgspec.Struct, frozen=True):
    """When the pieces of an answer came.

    Attributes:
        seconds: For each piece the seconds from the start of the call, in order.
        total: Seconds until the end of the answer.
        tokens: Completion tokens as the service reports them, or None.
    """

    seconds: tuple[float, ...]
    total: float
    tokens: int | None = None

    @property
    def spread(self) -> float:
        """Seconds between the first and the last piece."""
        return self.seconds[-1] - self.seconds[0] if self.seconds else 0.0

    @property
    def moments(self) -> int:
        """How many times something came, where pieces in close succession count as once.

        Close is what is much less than the mean distance, so that the speed of the model does not
        matter.
        """
        if len(self.seconds) < 2:
            return len(self.seconds)
        mean = self.spread / (len(self.seconds) - 1)
        pairs = zip(self.seconds, self.seconds[1:], strict=False)
        return 1 + sum(later - earlier >= mean / 4 > 0 for earlier, later in pairs)


def flow_of(arrivals: Arrivals) -> Flow:
    """Judge how an answer came.

    Args:
        arrivals: When its pieces came.

    Returns:
        How it came.
    """
    pieces = len(arrivals.seconds)
    if pieces == 0:
        return "nothing"
    if pieces == 1:
        return "whole" if (arrivals.tokens or 0) > FEW_TOKENS else "short"
    if arrivals.total < TOO_QUICK:
        return "quick"
    if pieces <= FEW_TOKENS:
        return "short"
    if arrivals.spread <= min(BURST_SECONDS, BURST_SHARE * arrivals.total):
        return "burst"
    if pieces >= PIECES_TO_TELL and arrivals.moments * PIECES_PER_MOMENT < pieces:
        return "bursts"
    return "stream"
