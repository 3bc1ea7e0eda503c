"""Writes what the page looks for before it saves, from the table in `deepshi_jupyter.core.secrets`.

Run it after a change of that table: ``python -m tests.frontend.make_key_shapes``.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from deepshi_jupyter.core import secrets
from deepshi_jupyter.core.secrets import PATTERNS, find_secrets
from tests.core.test_secrets import CONTEXTS, KEYS

SHAPES = Path(__file__).parents[2] / "labextension/lab/src/key-warning/key-shapes.json"
EXAMPLES = Path(__file__).parent / "keys.json"

_NO_KEYS = [
    "sk-your-key-here-please-and-thank-you",
    "sk-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    "AKIAIOSFODNN7EXAMPLE",
    "task-0123456789abcdef0123456789abcdef",
    "hf_transfer and AutoModelForMaskedLM",
    "‹redacted:0a1b2c3d›",
    "the sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
]


def for_a_page(source: str) -> str:
    """Return a regular expression without what JavaScript lacks: nothing here needs it to match."""
    colours = secrets._ESCAPE.partition(r"|(?<=\[m)")  # lookbehind may vary in length there
    source = source.replace(colours[1] + colours[2], r"|(?<=\[[0-9;]{0,11}m)")
    source = re.sub(r"(\{\d+,?\d*\}|[*+?])\+", r"\1", source)  # possessive
    return source.replace("(?>", "(?:").replace("(?P<", "(?<")


def shapes() -> dict[str, Any]:
    """Return the table as JSON has it."""
    table = [
        {
            "kind": pattern.kind,
            "hints": list(pattern.hints),
            "regex": for_a_page(pattern.regex.pattern),
            "check": _check(pattern),
        }
        for pattern in PATTERNS
    ]
    return {
        "shapes": table,
        "word": for_a_page(secrets._WORD.pattern),
        "shortestMean": secrets._SHORTEST_MEAN,
        "fewestCharacters": secrets._FEWEST_CHARACTERS,
        "longRun": secrets._LONG_RUN.pattern,
    }


def _check(pattern: secrets.Pattern) -> str:
    """Return the name of what is asked of a match; that of a token is asked of its tail."""
    known = {
        secrets._is_random: "random",
        secrets._is_no_example: "no example",
        secrets._has_key_lines: "key lines",
    }
    return known.get(pattern.check, "random tail")


def examples() -> list[dict[str, Any]]:
    """Return texts with what is found in them; in pieces, so that no key stands in the file."""
    texts = [context.format(key.make(3)) for key in KEYS for context in CONTEXTS[::3]]
    texts += _NO_KEYS
    return [
        {
            "pieces": [text[:1], *re.findall(r"(?s).{1,7}", text[1:])],
            "found": [[found.kind, found.start, found.end] for found in find_secrets(text)],
        }
        for text in texts
    ]


def written(value: Any) -> str:
    """Return a value as it stands in its file."""
    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"


if __name__ == "__main__":
    SHAPES.write_text(written(shapes()), encoding="utf-8")
    EXAMPLES.write_text(written(examples()), encoding="utf-8")
