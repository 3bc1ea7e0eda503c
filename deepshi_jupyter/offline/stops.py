"""Stop sequences: find them across tokens, and show nothing of them."""

from __future__ import annotations

from collections.abc import Sequence

from deepshi_jupyter.offline.sampler import Sampled


class StopFilter:
    """Holds tokens back while they may be the beginning of a stop sequence.

    Args:
        stops: The sequences; without any, every token passes at once.
    """

    def __init__(self, stops: Sequence[str]) -> None:
        self._stops = stops
        self._held: list[Sampled] = []
        self.hit = False

    def feed(self, sampled: Sampled) -> list[Sampled]:
        """Take a token and give those that may be shown.

        Args:
            sampled: The next token.

        Returns:
            Tokens in order. When a sequence is found, ``hit`` is true and the last token is cut
            off before it.
        """
        if not self._stops:
            return [sampled]
        self._held.append(sampled)
        text = "".join(token.text for token in self._held)
        places = [place for stop in self._stops if (place := text.find(stop)) >= 0]
        if places:
            self.hit = True
            return self._released(min(places), cut=True)
        return self._released(len(text) - self._suspicious(text), cut=False)

    def flush(self) -> list[Sampled]:
        """Give what is held back, at the end of the text."""
        held, self._held = self._held, []
        return held

    def _suspicious(self, text: str) -> int:
        """Give the length of the longest end of the text that begins a stop sequence."""
        return max(
            length
            for stop in self._stops
            for length in range(min(len(stop), len(text) + 1))
            if text.endswith(stop[:length])
        )

    def _released(self, length: int, *, cut: bool) -> list[Sampled]:
        """Release the tokens that lie within a length, and the part of the next if asked to."""
        released: list[Sampled] = []
        while self._held and len(self._held[0].text) <= length:
            token = self._held.pop(0)
            length -= len(token.text)
            released.append(token)
        if cut and self._held and length > 0:
            released.append(self._held[0]._replace(text=self._held[0].text[:length]))
        return released
