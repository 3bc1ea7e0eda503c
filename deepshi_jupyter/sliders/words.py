"""Values of parameters in words, for those who see no controls and for a notebook that is kept."""

from __future__ import annotations

import json
import math
import shlex
from collections.abc import Iterable
from typing import Any

from deepshi_jupyter.core.estimate import Estimate
from deepshi_jupyter.display.form import fenced
from deepshi_jupyter.display.safe_markdown import literal, safe_markdown
from deepshi_jupyter.sliders.control import CONTROLS, Values
from deepshi_jupyter.sliders.layers import Layer, shown


def in_words(values: Values) -> str:
    """Return values in one line, such as ``temperature 0.7 · seed 3``."""
    return " · ".join(f"{name} {_value(values[name])}" for name in CONTROLS if name in values)


def rows(layers: Iterable[Layer]) -> list[tuple[str, str, str]]:
    """Return parameter, value and source of every control, as text."""
    layers = tuple(layers)
    found = [(name, shown(name, layers)) for name in CONTROLS]
    return [(name, "not sent" if s.is_automatic else _value(s.value), s.words) for name, s in found]


def set_line(values: Values) -> str:
    """Return the line that sets these values as defaults, or an empty text."""
    words = [shlex.quote(f"{name}={json.dumps(value)}") for name, value in values.items()]
    return f"%deepshi set {' '.join(words)}" if words else ""


def price_of_a_change(estimate: Estimate | None) -> str:
    """Return about what one question costs, such as ``≈ $0.00210 a change``.

    Args:
        estimate: What it would take, or None where that cannot be told.
    """
    if estimate is None or estimate.low is None:
        return "not priced"
    if estimate.high is None:
        return f"at least ≈ ${_amount(estimate.low)} a change"
    low, high = _amount(estimate.low), _amount(estimate.high)
    # One $ only: a page reads what stands between two of them as mathematics.
    return f"≈ ${low} a change" if low == high else f"≈ ${low}–{high} a change"


def _amount(usd: float) -> str:
    """Return an amount with two figures that say something."""
    digits = 2 if usd >= 1 or usd <= 0 else 1 - math.floor(math.log10(usd))
    return f"{usd:.{digits}f}" if usd > 0 else "0"


def _value(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def note_bundle(sentence: str, about: str, line: str) -> dict[str, Any]:
    """Return a sentence and a line to copy as plain text and markdown.

    Args:
        sentence: What there is.
        about: What the line is good for.
        line: A line of a cell.
    """
    parts = [literal(sentence), literal(about), safe_markdown(fenced(line, "text"))]
    return {"text/plain": f"{sentence}\n{about}\n{line}", "text/markdown": "\n\n".join(parts)}
