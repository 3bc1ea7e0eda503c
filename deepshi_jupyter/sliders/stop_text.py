r"""A text that ends an answer, as it stands in a field of one line: ``\n`` is a line end."""

from __future__ import annotations

import re

_WRITTEN = {"\n": r"\n", "\t": r"\t", "\r": r"\r", "\\": r"\\"}
_READ = {written: text for text, written in _WRITTEN.items()}


def as_field(text: str) -> str:
    r"""Return a text as it is typed into a field: a line end as ``\n``, a backslash doubled."""
    return "".join(_WRITTEN.get(character, character) for character in text)


def from_field(field: str) -> str:
    """Return the text that was typed into a field; what `as_field` gives comes back as it was."""
    return re.sub(r"\\[ntr\\]", lambda match: _READ[match[0]], field)
