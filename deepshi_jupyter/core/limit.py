"""What may be sent without asking the user, in USD and calls."""

from __future__ import annotations

import math
import re

import msgspec

from deepshi_jupyter.errors import OptionError

_CALLS = re.compile(r"(\d{1,9})\s*calls?", re.ASCII)
_DOLLARS = re.compile(r"\$?\s*(\d{1,9}(?:\.\d{0,9})?|\.\d{1,9})\s*(?:USD)?", re.ASCII)


class Limit(msgspec.Struct, frozen=True):
    """What may be sent without asking; None is no limit.

    Attributes:
        usd: The most USD, by the upper end of an estimate.
        calls: The most calls.
    """

    usd: float | None = None
    calls: int | None = None

    def is_passed_by(self, calls: int, usd: float | None) -> bool:
        """True if so much is more than this, or may be.

        Args:
            calls: How many calls would be sent.
            usd: What they would cost at most, or None if that is not known.
        """
        if calls == 0:
            return False
        if self.calls is not None and calls > self.calls:
            return True
        return self.usd is not None and (usd is None or usd > self.usd)

    def __str__(self) -> str:
        usd = [] if self.usd is None else [f"${self.usd:g}"]
        return ", ".join(usd + ([] if self.calls is None else [f"{self.calls} calls"]))


def read_limit(value: float | str | None) -> Limit:
    """Return the limit that a user gives.

    Args:
        value: USD as a number; ``100 calls``, ``$0.50`` or ``$0.50, 100 calls``; None or an empty
            text for none.

    Raises:
        OptionError: It is none of these.
    """
    usd, calls = None, None
    if isinstance(value, int | float) and 0 <= value < math.inf:
        return Limit(usd=float(value))
    text = "" if value is None else str(value).strip()
    for part in [word.strip() for word in text.split(",")] if text else []:
        if found := _CALLS.fullmatch(part):
            calls = int(found[1])
        elif found := _DOLLARS.fullmatch(part):
            usd = float(found[1])
        else:
            raise OptionError(
                f"The limit {value!r} cannot be read.", "Such as 0.5 (USD), or `100 calls`."
            )
    return Limit(usd, calls)
