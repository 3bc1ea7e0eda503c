r"""The rule that neutral markdown obeys, told from its characters alone.

Parsers disagree about markdown: JupyterLab's cuts mathematics out of the source before it looks at
anything else, nbconvert's reads mathematics across blank lines, marked lets a bare address swallow
a backtick. So the rule does not ask what a piece of markdown *is*. Outside one kind of block no
sequence of characters occurs that could do anything in any parser, be it taken for code, prose, a
title or mathematics:

- no ``<`` before a letter, ``/``, ``!`` or ``?``, but in the bare tags of `TAGS`, which neither
  load nor run anything;
- no ``](`` but before an address of a harmless scheme, no ``![`` but before a PNG, JPEG, GIF or
  WebP image that is written out in the text;
- no line that could define an address for a reference, nor a bracket at the beginning of a line
  that is not closed before the next blank line (marked looks for the ``]:`` of a definition over
  blank lines);
- no three backticks or tildes but before one plain word at the end of a line, since JupyterLab
  puts the language of a fence into the page as it is.

Mathematics can get into an attribute (JupyterLab puts it back wherever ``@@0@@`` stands in the
HTML), so titles and addresses hold no two ``@`` in a row.

The one kind of block is a fence of tildes at the left margin between blank lines, none of whose
lines look like a fence. Blank lines end what JupyterLab takes for mathematics, no other text has
tildes there, and if any parser believed that a fence of backticks were still open, this one would
be the content of it.
"""

from __future__ import annotations

import re

LANGUAGE = r"[A-Za-z0-9_+#.-]*"
"""The info string of a fence: one word without a character that has a meaning in HTML."""

TAGS = (
    r"<(?:br|/?sub|/?sup|/?kbd|/?code|/?pre|/?span|"
    rf'code class="language-{LANGUAGE}")>'
)
"""The tags that neutral markdown may hold."""

_CHARACTER = r"(?:[A-Za-z0-9\-._~/?#!+,;=%]|@(?!@)|&amp;)"
ADDRESS = rf"(?:(?:https?|ftp|mailto):(?:{_CHARACTER}|:)*|{_CHARACTER}*)"
"""The address of a link: of a harmless scheme, or without a colon and so without a scheme."""

IMAGE = r"data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/]+={0,2}"
"""The address of an image: its own bytes. It asks no server and, being no SVG, runs nothing."""

_QUIET = r"(?:[^\[\]\\`$<>@\n\"]|@(?!@))*"
_LINE_START = r"(?m:^(?:[ \t>]|(?:[-*+]|\d{1,9}[.)])[ \t])*)"

_UNTIL_COLON = r"(?=(?:\\[\s\S]|[^\[\]\\])*+(?:\]:|\Z))"
_OVER_BLANK_LINE = r"(?=[^\[\]]*?\n[ \t>]*\n)"

_LEXEME = re.compile(
    rf"(?P<inert>{TAGS}|\]\({ADDRESS}(?: \"{_QUIET}\")?\)|!\[{_QUIET}\]\({IMAGE}\))"
    rf"|<[A-Za-z/!?]|\]\(|!\[|(?m:(?:`{{3,}}+|~{{3,}}+)(?!{LANGUAGE}[ \t]*$))"
    rf"|{_LINE_START}(?:\[[ xX]\][ \t]+)?\[(?:{_UNTIL_COLON}|{_OVER_BLANK_LINE})"
)
_LIVE_BLOCK = re.compile(rf"(?:(?<=\n\n)|\A)~~~{LANGUAGE}\n(?P<code>(?:.*\n)*?)~~~(?=\n\n|\n?\Z)")
_FENCE = re.compile(rf"{_LINE_START}(?:```|~~~)")
_OPENS_MATH = re.compile(r"\$\$|\\(?:begin|end)\{|\\\\[()\[\]]")


def could_act(source: str) -> bool:
    """Tell whether characters could do anything if a parser took them for markdown.

    Args:
        source: Text of any kind, such as the content of a code block.

    Returns:
        False if no parser can make more of it than formatted text and harmless links.
    """
    return any(lexeme["inert"] is None for lexeme in _LEXEME.finditer(source))


def opens_math(source: str) -> bool:
    """Tell whether some parser may see mathematics begin here that does not end here."""
    return bool(_OPENS_MATH.search(source))


def holds_fence(source: str) -> bool:
    """Tell whether a line of the text could be taken for the end or the beginning of a fence."""
    return bool(_FENCE.search(source))


def is_inert(markdown: str) -> bool:
    """Tell whether markdown obeys the rule of this module.

    Args:
        markdown: Markdown whose only line ends are line feeds.

    Returns:
        True if nothing in it can act in any page, whichever parser reads it.
    """
    blocks = _LIVE_BLOCK.finditer(markdown)
    if any(holds_fence(block["code"]) for block in blocks):
        return False
    return not could_act(_LIVE_BLOCK.sub("\n\n", markdown))
