r"""How much of a growing markdown text is finished, so that it need not be drawn again.

A text may be cut after a finished top-level block: what follows can no longer change it, and
`neutralise` of the pieces, joined, shows the same as `neutralise` of the whole. An open fence is
not finished, nor is a list or an indented code block that the next line may go on with
(https://spec.commonmark.org/0.31.2/#phase-1-block-structure).

Link definitions are the exception, as they reach over blocks: a piece knows its own definitions
only. A reference to one that stands in another piece shows as ``[text][label]``, and a definition
that nothing in its piece refers to shows as a line of text.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from deepshi_jupyter.display.markdown_reader import clean, read_blocks

if TYPE_CHECKING:
    from markdown_it.token import Token

_LINE_END = re.compile(r"\r\n|\r(?!\Z)|\n")
_FENCE = re.compile(r" {0,3}(?:`{3,}|~{3,})[ \t]*$")
_INDENTED = re.compile(r" {4}| {0,3}\t")
_MAY_CONTINUE_LIST = re.compile(r"[ \t]|[-+*](?:\s|$)|\d{1,9}[.)](?:\s|$)")
_PATIENCE = 1.5
"""How much the open rest must grow before it is read again in vain."""


class FinishedBlocks:
    """Says how much of a growing text is finished.

    The work for a text that comes in many small pieces is linear in its length.

    Attributes:
        end: Offset in the text, in characters, up to which it is finished.
    """

    def __init__(self) -> None:
        self.end = 0
        self._seen = 0
        self._searched = 0
        self._after_blank = True
        self._is_empty = True
        self._fence: re.Pattern[str] | None = None
        self._open = ""
        self._wait_for_blank = 0.0
        self._wait_for_sign = 0.0

    def feed(self, text: str) -> int:
        """Take note of what has come.

        Args:
            text: The whole text so far; it begins with the text of the last call.

        Returns:
            The new `end`; never less than before.
        """
        for match in _LINE_END.finditer(text, self._searched):
            line = text[self._seen : match.start()]
            self._seen = match.end()
            self._take(text, line)
        self._searched = max(self._seen, len(text) - 1)
        return self.end

    def _take(self, text: str, line: str) -> None:
        """Take note of one whole line."""
        is_blank = not line.strip(" \t")
        self._is_empty &= is_blank
        if self._fence:
            if self._fence.match(line):
                self._finish(self._seen)
        elif self._is_empty:
            self._finish(self._seen)
        elif self._is_worth_reading(line, is_blank):
            self._read(text, is_blank)
        self._after_blank = is_blank

    def _is_worth_reading(self, line: str, is_blank: bool) -> bool:
        length = self._seen - self.end
        if is_blank or _FENCE.match(line):
            return length >= self._wait_for_blank
        return self._after_blank and self._ends_open_block(line) and length >= self._wait_for_sign

    def _ends_open_block(self, line: str) -> bool:
        """Tell whether a line after a blank line ends the open block, whatever else is in it."""
        if self._open == "code_block":
            return not _INDENTED.match(line)
        return bool(self._open) and not _MAY_CONTINUE_LIST.match(line)

    def _read(self, text: str, is_blank: bool) -> None:
        """Read the open rest, and let go of the blocks that are finished."""
        rest = text[self.end : self._seen]
        last = _last_block(rest)
        if last is None or (is_blank and last.type not in _MAY_GO_ON) or _is_closed(last):
            self._finish(self._seen)
            return
        begins = _offset_of_line(rest, (last.map or [0])[0])
        if begins:
            self._finish(self.end + begins)
        else:
            self._wait_for_blank = _PATIENCE * len(rest)
            self._wait_for_sign = 0.0 if is_blank else self._wait_for_blank
        self._is_empty = False
        self._open = last.type if last.type in _MAY_GO_ON else ""
        self._fence = _closing_fence(last) if last.type == "fence" else None

    def _finish(self, end: int) -> None:
        self.end, self._fence, self._open, self._is_empty = end, None, "", True
        self._wait_for_blank = self._wait_for_sign = 0.0


_MAY_GO_ON = frozenset({"bullet_list_open", "ordered_list_open", "code_block", "fence"})
"""Blocks that a blank line does not finish; a fence only as long as it is open."""


def _last_block(text: str) -> Token | None:
    tokens, _ = read_blocks(clean(text))
    top = [token for token in tokens if token.level == 0 and token.map]
    return top[-1] if top else None


def _is_closed(block: Token) -> bool:
    """Tell whether a block is a fence that has its closing line."""
    begins, ends = block.map or [0, 0]
    return block.type == "fence" and (
        not block.markup or block.content.count("\n") == ends - begins - 2
    )


def _closing_fence(fence: Token) -> re.Pattern[str]:
    return re.compile(rf" {{0,3}}{re.escape(fence.markup[0])}{{{len(fence.markup)},}}[ \t]*$")


def _offset_of_line(text: str, number: int) -> int:
    """Return where a line begins, lines counted as `clean` leaves them."""
    offset = 0
    for match, _ in zip(_LINE_END.finditer(text), range(number), strict=False):
        offset = match.end()
    return offset
