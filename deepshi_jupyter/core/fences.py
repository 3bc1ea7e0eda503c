"""The fenced code blocks of a markdown text.

Fences as CommonMark defines them (https://spec.commonmark.org/0.31.2/#fenced-code-blocks), at the
top level or indented in a list; a block that nothing closes runs to the end of the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_OPENING = re.compile(r"^(?P<indent>[ \t]*)(?P<fence>`{3,}|~{3,})[ \t]*(?P<info>.*)$")
_LINE_END = re.compile("\r\n|\n|\r")  # str.splitlines would also split at \f and U+2028


class CodeBlock(str):
    """The source of one code block; a string that also knows its `language`."""

    language: str

    def __new__(cls, source: str, language: str = "") -> CodeBlock:
        """Make a block of its source and the first word of its info string."""
        block = super().__new__(cls, source)
        block.language = language
        return block


def code_blocks(markdown: str) -> list[CodeBlock]:
    """Return the fenced code blocks of a text.

    Args:
        markdown: Any text.

    Returns:
        Each block's source without its fences, in order, with its `language` (may be empty).
    """
    blocks: list[CodeBlock] = []
    lines = iter(_LINE_END.split(markdown.removesuffix("\n")))
    for line in lines:
        opening = _OPENING.match(line)
        if opening and not ("`" in opening["info"] and opening["fence"].startswith("`")):
            source = _until_closed(lines, opening["fence"], len(opening["indent"]))
            blocks.append(CodeBlock(source, _language(opening["info"])))
    return blocks


def _language(info: str) -> str:
    return (info.split() or [""])[0]


def _until_closed(lines: Iterator[str], fence: str, indent: int) -> str:
    source = []
    for line in lines:
        bare = line.strip()
        if bare.startswith(fence) and not bare.strip(fence[0]):
            break
        source.append(line[indent:] if not line[:indent].strip() else line)
    return "\n".join(source)
