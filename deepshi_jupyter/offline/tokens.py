"""Text to tokens and back: the unit of sampling, limits, usage and log-probabilities.

A token is a word with the space before it, a piece of four letters of a longer word, up to three
digits, one character of a script that is written without spaces, a run of one punctuation mark, or
a run of white space. English comes to a little more than four characters a token, as with the
tokenizers of large models.

The id of a token is the CRC-32 of its UTF-8 bytes (https://www.rfc-editor.org/rfc/rfc1952, 8.1.1),
so ids need no table and stay the same when the corpus changes. ``logit_bias`` is keyed by them::

    >>> token_id(" garden")
    3743047595
"""

from __future__ import annotations

import re
import zlib
from typing import Final

_DENSE: Final = (
    "\u2e80-\u2fff\u3040-\u30ff\u3100-\u4dbf\u4e00-\u9fff\ua000-\ua4cf"
    "\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
)
_LETTER: Final = rf"[^\W\d_{_DENSE}]"
_TOKEN: Final = re.compile(
    rf"""[{_DENSE}]                             # scripts where a character is about a word
    | (?:[ ]|(?<!{_LETTER})){_LETTER}{{1,12}}(?!{_LETTER})  # a whole word
    | [ ]?{_LETTER}{{1,4}}                      # a piece of a longer one
    | [ ]?\d{{1,3}}
    | [ ]?(_|[^\w\s])\1{{0,7}}                  # a run of one mark
    | \n{{1,4}} | [ ]{{1,16}} | [\t]{{1,16}}
    | (?s:.)                                    # whatever is left: nothing is ever lost
    """,
    re.VERBOSE,
)


def tokenize(text: str) -> list[str]:
    """Split a text into tokens that join to exactly the same text.

    Args:
        text: Any text.

    Returns:
        The tokens, in order; ``"".join(tokenize(text)) == text``.
    """
    return [match.group() for match in _TOKEN.finditer(text)]


def count_tokens(text: str) -> int:
    """Count the tokens of a text.

    Args:
        text: Any text.

    Returns:
        How many tokens `tokenize` splits it into.
    """
    return sum(1 for _ in _TOKEN.finditer(text))


def token_id(token: str) -> int:
    """Give the stable id of a token, as ``logit_bias`` names it.

    Args:
        token: One token, with the space before it if it has one.

    Returns:
        The CRC-32 of the token's UTF-8 bytes, 0 to 2³² − 1.
    """
    return zlib.crc32(token.encode("utf-8", "surrogatepass"))
