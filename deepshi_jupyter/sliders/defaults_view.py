"""The defaults of the conversation as controls, and the line that sets the same."""

from __future__ import annotations

from typing import Any

from deepshi_jupyter.session import Session
from deepshi_jupyter.sliders.default_values import DefaultValues
from deepshi_jupyter.sliders.layers import sent
from deepshi_jupyter.sliders.row import thrown_seed
from deepshi_jupyter.sliders.view import View
from deepshi_jupyter.sliders.words import in_words, note_bundle, set_line


class DefaultsView(View):
    """The controls of the defaults, and the line that sets them."""

    def __init__(self, session: Session, holder: DefaultValues) -> None:
        super().__init__(session, holder)
        self._holder = holder
        self._last = session.last_record
        self.display(self.controls.widget)

    def bundle(self) -> dict[str, Any]:
        """Return the values, and the line that sets them."""
        values = sent(self._holder.layers())
        if not values:
            sentence = "All parameters are automatic: nothing is sent, the service chooses."
            return {"text/plain": sentence, "text/markdown": sentence}
        sentence, line = f"The next questions are sent with {in_words(values)}.", set_line(values)
        return note_bundle(sentence, "This line sets the same in any notebook:", line)

    def news(self) -> None:
        """Throw a new seed after an answer, if the seed is not locked."""
        last, seed = self.session.last_record, sent(self._holder.layers()).get("seed")
        answered = last is not None and last is not self._last
        self._last = last
        if answered and seed is not None and not self.controls.seed_is_locked:
            self._holder.change("seed", thrown_seed())
