"""What is written down → the same without secrets.

Keys that are known are taken out wherever they stand. What only has the shape of a key is taken out
of questions, not of answers: a model that explains what a key looks like is quoted as it spoke.
"""

from __future__ import annotations

from typing import Any

import msgspec

from deepshi_jupyter.core.secrets import redact
from deepshi_jupyter.errors import DeepshiError

Json = dict[str, Any]

ASKED = ("messages", "repairs", "prompt", "system", "options", "tools", "parameters", "remarks")
"""The fields of a turn record that come from the user's side."""


class Redactor(msgspec.Struct, frozen=True):
    """Takes secrets out of what is written down.

    Attributes:
        known: Keys to look for as they are.
    """

    known: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"Redactor({len(self.known)} keys)"

    def asked(self, value: Any) -> tuple[Any, int]:
        """Return something that the user asked without secrets, and how many were in it."""
        return redact(value, self.known)

    def answered(self, value: Any) -> tuple[Any, int]:
        """Return something that a model answered without known keys, and how many were in it."""
        return redact(value, self.known, patterns=False)

    def clean(self, error: DeepshiError) -> None:
        """Take secrets out of what an error says, as it stays in the output of its cell."""
        error.what, error.todo = self.asked([error.what, error.todo])[0]
        error.args = (error.what, error.todo)

    def event(self, value: Any) -> Any:
        """Return an event of the journal, or a text, without secrets."""
        if not isinstance(value, dict):
            return self.answered(value)[0]
        clean: Json = self.answered(value)[0]
        asked = {name: self.asked(clean[name])[0] for name in ASKED if name in clean}
        if isinstance(record := clean.get("record"), dict):
            asked["record"] = self.event(record)
        return {**clean, **asked}
