"""About how many tokens a text, an image or a list of messages costs, without any tokenizer.

A text is cut into the pieces that tokenizers of this family cut it into first: words with the space
before them, up to three digits, runs of marks, line ends, indentation. Each piece then counts by
what it is and how long it is. The weights were fitted to the two public encodings of OpenAI,
``o200k_base`` and ``cl100k_base``, on prose, code, tables and twenty languages.

How far off it is, measured on texts of some thousand tokens:

=========================================  =====================  ==============================
text                                       against o200k_base     against cl100k_base
=========================================  =====================  ==============================
English, Python, JavaScript, JSON, CSV     within 12 %            within 12 %
other European languages                   within 20 %            up to 30 % low
Chinese, Japanese, Korean, Cyrillic        within 20 %            up to 35 % low
Vietnamese                                 up to 25 % high        up to 30 % low
Arabic, Greek, Hebrew, Hindi, Thai         within 25 %            a half to two thirds low
random letters (base64)                    up to 20 % low         up to 25 % low
=========================================  =====================  ==============================

Other tokenizers may differ from these two by as much again, and a text of a few words can be off by
more.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from deepshi_jupyter.core.image_header import read_header

MESSAGE_TOKENS = 4
"""What a message costs beside its content: its role and the marks around it
(https://cookbook.openai.com/examples/how_to_count_tokens_with_tiktoken)."""

ANSWER_TOKENS = 3
"""What opens the answer, once for a request (same source)."""

TOOL_CALL_TOKENS = 8
"""What a tool call costs beside its name and arguments; a guess."""

IMAGE_PIXELS = 750
"""Pixels for one token of an image (https://docs.claude.com/en/docs/build-with-claude/vision)."""

LEAST_IMAGE_TOKENS = 85
"""What an image costs at least, and always with ``detail: low``
(https://platform.openai.com/docs/guides/images-vision)."""

MOST_IMAGE_TOKENS = 1_600
"""What an image costs at most: services scale larger ones down first."""

UNSEEN_IMAGE_TOKENS = 1_000
"""What an image is taken for whose size is not known here, such as one at an address."""

_ACCENTED = "\u00aa\u00ba\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u0300-\u036f\u1e00-\u1eff"
_DENSE = "\u2e80-\ua4cf\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff"
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
_MARKS = r"!-/:-@\[-`{-~"

_PIECE = re.compile(
    rf"""
      [ ]?(?P<capitals>[A-Z]{{2,}}(?![a-z{_ACCENTED}]))
    | [ ]?(?P<word>[A-Z]?[a-z]++(?![{_ACCENTED}]) | [A-Z](?![a-z{_ACCENTED}]))
    | [ ]?(?P<accented>[A-Za-z{_ACCENTED}]+)
    | (?P<number>\d{{1,3}})
    | (?P<dense>[{_DENSE}]+)            # Han, kana, hangul, and their marks
    | (?P<unspaced>[{_UNSPACED}]+)      # Thai, Lao, Burmese, Khmer
    | [ ]?(?P<other>[\u0370-\u1fff]+)   # Greek, Cyrillic, Arabic, the scripts of India …
    | (?P<joint>[{_MARKS}](?=[A-Za-z])) # often one token with the word after it
    | [ ]?(?P<marks>[{_MARKS}]+)\n*     # takes the line end after it along
    | (?P<newline>[^\S\n]*\n+)
    | (?P<space>[^\S\n]{{2,}} | [^\S\n](?=\d))
    | (?P<gap>[^\S\n])                  # goes with what follows
    | (?P<symbol>.)
    """,
    re.VERBOSE | re.DOTALL,
)

_COSTS: Mapping[str, Callable[[int], float]] = {
    "capitals": lambda length: 1 + 0.3 * (length - 2),
    "number": lambda _: 1,
    "dense": lambda length: 0.8 * length,
    "unspaced": lambda length: 0.5 * length,
    "other": lambda length: 1 + 0.35 * max(0, length - 3),
    "joint": lambda _: 0.7,
    "marks": lambda length: 1 + 0.15 * max(0, length - 2),
    "newline": lambda _: 1,
    "space": lambda _: 1,
    "gap": lambda _: 0,
    "symbol": lambda _: 1.5,
}

_FOREIGN_SHARE = 0.1
"""A text with this share of its Latin letters in accented words is not English at all."""


def estimate_tokens(text: str) -> int:
    """Estimate how many tokens a text is.

    Args:
        text: Any text.

    Returns:
        A whole number of tokens; the module says how far off it may be.
    """
    pieces = Counter((m.lastgroup or "", len(m[m.lastgroup or 0])) for m in _PIECE.finditer(text))
    cost = _word_cost(pieces)
    tokens = sum(
        number * (cost if kind in ("word", "accented") else _COSTS[kind])(length)
        + (0.3 * number if kind == "accented" else 0)
        for (kind, length), number in pieces.items()
    )
    return max(round(tokens), 1) if text else 0


def _word_cost(pieces: Mapping[tuple[str, int], int]) -> Callable[[int], float]:
    """Return what a word of Latin letters costs by its length.

    The vocabularies hold most English words whole and fewer of other languages, which show by
    their accents.
    """
    accented = sum(n * length for (kind, length), n in pieces.items() if kind == "accented")
    plain = sum(n * length for (kind, length), n in pieces.items() if kind == "word")
    foreign = min(1.0, accented / (accented + plain) / _FOREIGN_SHARE) if accented else 0.0

    def cost(length: int) -> float:
        english, other = 0.09 * max(0, length - 5), 0.2 * max(0, length - 3)
        return 1 + (1 - foreign) * english + foreign * other

    return cost


def estimate_image_tokens(width: int, height: int) -> int:
    """Estimate how many tokens an image is, by its pixels.

    Services count differently (tiles of 512 pixels, patches of 28, or the area), and differ by a
    factor of two or more; this is the area over `IMAGE_PIXELS`, within bounds.

    Args:
        width: Pixels.
        height: Pixels.
    """
    tokens = round(width * height / IMAGE_PIXELS)
    return min(max(tokens, LEAST_IMAGE_TOKENS), MOST_IMAGE_TOKENS)


def estimate_messages(messages: Iterable[Mapping[str, Any]]) -> int:
    """Estimate how many prompt tokens messages are.

    Args:
        messages: Messages in the form of the request body. Text, tool calls and images count;
            parts of another kind, such as sound or files, are not known here and count as nothing.

    Returns:
        Tokens, with what each message and the opening of the answer cost beside their content.
    """
    return sum(MESSAGE_TOKENS + _message(message) for message in messages) + ANSWER_TOKENS


def _message(message: Mapping[str, Any]) -> int:
    texts = [message.get("name"), message.get("refusal")]
    calls = message.get("tool_calls")
    return (
        _content(message.get("content"))
        + sum(estimate_tokens(text) for text in texts if isinstance(text, str))
        + sum(_tool_call(call) for call in (calls if isinstance(calls, list) else []))
    )


def _content(content: Any) -> int:
    if isinstance(content, str):
        return estimate_tokens(content)
    return sum(_part(part) for part in content) if isinstance(content, list) else 0


def _part(part: Any) -> int:
    if not isinstance(part, Mapping):
        return 0
    if isinstance(part.get("text"), str):
        return estimate_tokens(part["text"])
    return _image(part.get("image_url")) if part.get("type") == "image_url" else 0


def _image(image: Any) -> int:
    """Estimate an image by the header in its ``data:`` URL."""
    url, detail = image, None
    if isinstance(image, Mapping):
        url, detail = image.get("url"), image.get("detail")
    if detail == "low":
        return LEAST_IMAGE_TOKENS
    head, comma, encoded = str(url).partition(";base64,")
    if not comma or not head.startswith("data:"):
        return UNSEEN_IMAGE_TOKENS
    try:
        header = read_header(base64.b64decode(encoded))
    except (binascii.Error, ValueError):
        header = None
    return estimate_image_tokens(header.width, header.height) if header else UNSEEN_IMAGE_TOKENS


def _tool_call(call: Any) -> int:
    function = call.get("function") if isinstance(call, Mapping) else None
    if not isinstance(function, Mapping):
        return 0
    texts = (function.get("name"), function.get("arguments"))
    return TOOL_CALL_TOKENS + sum(estimate_tokens(text) for text in texts if isinstance(text, str))
