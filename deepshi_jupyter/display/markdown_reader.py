r"""Model text → markdown tokens: CommonMark with tables and mathematics.

Two steps, as in markdown-it: `read_blocks` gives the blocks, `read_inline` the content of one of
them. What is meant to be seen is read (code, links, images, mathematics, escapes); what other
parsers may read as they like is left alone (``*``, ``_`` and ``~`` are plain characters here), and
raw HTML is text, except the few forms that `neutral_markdown` writes itself.

- Blocks and spans: https://spec.commonmark.org/0.31.2/
- Tables: https://github.github.com/gfm/#tables-extension-
- Mathematics: ``$…$``, ``$$…$$``, ``\(…\)``, ``\[…\]``, ``\\(…\\)``, ``\\[…\\]`` and
  ``\begin{…}…\end{…}``. A dollar opens where no space follows and closes where no space precedes
  and no digit follows, so that prices stay prices (https://pandoc.org/MANUAL.html#math).

markdown-it is imported on the first use, since loading the extension must stay quick.
"""

from __future__ import annotations

import functools
import html
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from deepshi_jupyter.core.printable import printable

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.ruler import RuleOptionsType
    from markdown_it.rules_block import StateBlock
    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token

_DEEPEST_BLOCK = 40
"""Levels of nested quotes and lists that are read as such (a list takes two); deeper is text."""

_DEEPEST_BRACKET = 32
"""Open brackets at once in one paragraph; markdown-it needs time in proportion to the depth."""

_LONGEST_SPAN = 4_000
"""Characters in which inline mathematics must close, so that reading stays linear."""

_LONGEST_DISPLAY = 100
"""Lines in which displayed mathematics must close, so that reading stays linear."""

_SURROGATE = re.compile("[\ud800-\udfff]")
_ODD_LINE_END = re.compile("[\u2028\u2029]")


class References(dict[str, Mapping[str, Any]]):
    """The link definitions of one text, which also know which of them were asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.used: set[str] = set()

    def get(self, label: str, default: Any = None) -> Any:
        """Return a definition, and note that it was asked for."""
        self.used.add(label)
        return super().get(label, default)


def clean(text: str) -> str:
    r"""Return a text of characters that mean the same to every parser.

    Args:
        text: Anything that a model wrote.

    Returns:
        The text with line feeds as its only line ends, U+FFFD for lone surrogates, and without
        control characters (but tab and line feed), marks that turn the direction of text and
        byte order marks. U+2028 and U+2029 become spaces: JavaScript takes them for line ends,
        Python's parsers do not.
    """
    text = _SURROGATE.sub("\ufffd", printable(text))
    return _ODD_LINE_END.sub(" ", text).replace("\ufeff", "")


def read_blocks(text: str) -> tuple[list[Token], dict[str, Any]]:
    """Read the blocks of a text that has been cleaned.

    Args:
        text: Markdown, as `clean` returns it.

    Returns:
        The block tokens, flat and in order as markdown-it gives them, and the environment that
        `read_inline` needs; its ``references`` are a `References`.
    """
    parser = _parser()
    environment: dict[str, Any] = {"references": References()}
    tokens: list[Token] = []
    parser.block.parse(text, parser, environment, tokens)
    return tokens, environment


def read_inline(content: str, environment: dict[str, Any]) -> list[Token]:
    """Read the content of one paragraph, heading or table cell.

    Args:
        content: The content of an ``inline`` token.
        environment: What `read_blocks` returned with it.

    Returns:
        The inline tokens; the content as one text token where its brackets nest too deeply.
    """
    parser = _parser()
    if _deepest_bracket(content) > _DEEPEST_BRACKET:
        return [_text_token(content)]
    return parser.inline.parse(content, parser, environment, [])


def _text_token(content: str) -> Token:
    from markdown_it.token import Token

    return Token("text", "", 0, content=content)


def _deepest_bracket(content: str) -> int:
    if content.count("[") <= _DEEPEST_BRACKET:
        return 0
    depth = deepest = 0
    for bracket in re.findall(r"[\[\]]", content):
        depth = depth + 1 if bracket == "[" else max(0, depth - 1)
        deepest = max(deepest, depth)
    return deepest


@functools.cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    options = {"html": False, "maxNesting": 100, "inline_definitions": True}
    parser = MarkdownIt("commonmark", options).enable("table")
    parser.disable(["html_block", "html_inline", "emphasis", "balance_pairs", "fragments_join"])
    # Every address is read as it is written; the writer decides which of them becomes a link.
    # These three methods are made to be replaced (markdown-it-py, "Using").
    parser.validateLink = lambda _: True  # type: ignore[method-assign, assignment]
    parser.normalizeLink = lambda url: url  # type: ignore[method-assign]
    parser.normalizeLinkText = lambda link: link  # type: ignore[method-assign]
    block, inline = parser.block.ruler, parser.inline.ruler
    block.at("reference", _reference, {"alt": []})
    interrupts: RuleOptionsType = {"alt": ["paragraph", "reference", "blockquote", "list"]}
    block.before("table", "too_deep", _too_deep, {"alt": []})
    block.before("table", "display_math", _display_math, interrupts)
    block.before("table", "written_code", _written_code, interrupts)
    inline.before("escape", "math", _inline_math)
    inline.before("autolink", "written_tag", _written_tag)
    return parser


# --- blocks -----------------------------------------------------------------------------------


def _line(state: StateBlock, number: int) -> str:
    return state.src[state.bMarks[number] + state.tShift[number] : state.eMarks[number]]


def _too_deep(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Take everything below the deepest level as it is written; markdown-it would drop it."""
    if silent or state.level < _DEEPEST_BLOCK:
        return False
    token = state.push("too_deep", "", 0)
    token.content = state.getLines(start, end, state.blkIndent, False)
    token.map = [start, end]
    state.line = end
    return True


def _reference(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Read a link definition, but leave a footnote (``[^1]: …``) to be read as text."""
    from markdown_it.rules_block import reference

    return not _line(state, start).startswith("[^") and reference(state, start, end, silent)


_DISPLAY_OPENING = re.compile(r"\$\$|\\\\?\[|\\begin\{(?P<name>[a-zA-Z]+\*?)\}")
_AFTER_DISPLAY = re.compile(r"[ \t]*$")


def _display_math(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Read displayed mathematics that has its lines to itself."""
    opening = _DISPLAY_OPENING.match(_line(state, start))
    if not opening or state.is_code_block(start):
        return False
    closing = _closing(opening)
    last = _last_line_of_display(state, start, end, opening.end(), closing)
    if last is None:
        return False
    source = state.getLines(start, last + 1, state.blkIndent, False).strip()
    tex = _without_comments(source if opening["name"] else source[opening.end() : -len(closing)])
    if not _can_stand_alone(tex):
        return False
    if not silent:
        token = state.push("math_environment" if opening["name"] else "math_display", "", 0)
        token.block, token.content, token.map = True, tex, [start, last + 1]
        state.line = last + 1
    return True


def _closing(opening: re.Match[str]) -> str:
    if opening["name"]:
        return f"\\end{{{opening['name']}}}"
    return opening[0].replace("[", "]").replace("(", ")")


def _last_line_of_display(
    state: StateBlock, start: int, end: int, opened: int, closing: str
) -> int | None:
    for number in range(start, min(end, start + _LONGEST_DISPLAY)):
        line = _line(state, number)
        if not line or state.sCount[number] < state.blkIndent:
            return None
        at = line.find(closing, opened if number == start else 0)
        if at >= 0:
            return number if _AFTER_DISPLAY.match(line, at + len(closing)) else None
    return None


_WRITTEN_CODE = re.compile(
    r'<pre><code(?: class="language-(?P<info>[\w+#.-]+)")?>(?P<code>[^<\n]*)</code></pre>[ \t]*'
)


def _written_code(state: StateBlock, start: int, _end: int, silent: bool) -> bool:
    """Read a code block in the form in which `neutral_markdown` writes one on a single line."""
    match = _WRITTEN_CODE.fullmatch(_line(state, start))
    if not match or state.is_code_block(start):
        return False
    if not silent:
        token = state.push("fence", "code", 0)
        token.info, token.content = match["info"] or "", html.unescape(match["code"])
        token.map = [start, start + 1]
        state.line = start + 1
    return True


# --- inline -----------------------------------------------------------------------------------

_CLOSING_DOLLAR = re.compile(r"(?<!\\)\$")
_SPAN_OPENING = re.compile(r"\$\$?|\\\\?[(\[]|\\begin\{(?P<name>[a-zA-Z]+\*?)\}")


def _inline_math(state: StateInline, silent: bool) -> bool:
    r"""Read mathematics within a line; ``\[`` of a bracket that is no mathematics stays text."""
    if state.src[state.pos] not in "$\\":
        return False
    opening = _SPAN_OPENING.match(state.src, state.pos, state.posMax)
    if not opening:
        return False
    tex = _span(state, opening)
    bare = _without_comments(tex or "")
    if tex is None or not _can_stand_alone(bare) or not _is_mathematics(opening[0], tex):
        return _dollars_are_text(state, opening, silent)
    if not silent:
        token = state.push(_kind(opening), "", 0)
        token.content = bare if not opening["name"] else opening[0] + bare + _closing(opening)
    state.pos = opening.end() + len(tex) + len(_closing(opening))
    return True


def _span(state: StateInline, opening: re.Match[str]) -> str | None:
    """Return what stands between an opening and its closing; None if it does not close."""
    closing = _closing(opening)
    limit = min(state.posMax, opening.end() + _LONGEST_SPAN)
    if closing == "$":
        found = _CLOSING_DOLLAR.search(state.src, opening.end(), limit)
        at = found.start() if found else -1
    else:
        at = state.src.find(closing, opening.end(), limit)
    if at < 0 or state.src.find(opening[0], opening.end(), at) >= 0:
        return None
    follows = state.src[at + 1 : at + 2] if at + 1 < state.posMax else ""
    return None if closing == "$" and follows.isdigit() else state.src[opening.end() : at]


_LOOKS_LIKE_TEX = re.compile(r"[\\^_={}]")
_LOOKS_LIKE_FORMULA = re.compile(r"[\\^_=+\-/<>{}|]")


def _is_mathematics(opening: str, tex: str) -> bool:
    if opening == "$":
        spaced = tex[:1].isspace() + tex[-1:].isspace()
        return spaced == 0 or (spaced == 2 and bool(_LOOKS_LIKE_TEX.search(tex)))
    return opening != "\\[" or bool(_LOOKS_LIKE_FORMULA.search(tex))


def _dollars_are_text(state: StateInline, opening: re.Match[str], silent: bool) -> bool:
    """Step over a ``$$`` that opens nothing, so that its second half does not open something."""
    if opening[0] != "$$":
        return False
    if not silent:
        state.push("text", "", 0).content = "$$"
    state.pos += 2
    return True


def _kind(opening: re.Match[str]) -> str:
    if opening["name"]:
        return "math_environment"
    return "math_display" if opening[0] == "$$" or opening[0][-1] == "[" else "math_inline"


_COMMENT = re.compile(r"(?<!\\)%[^\n]*(?=\n)")


def _without_comments(tex: str) -> str:
    """Return TeX that means the same when its lines are joined."""
    return _COMMENT.sub("", tex)


_TEX_STRUCTURE = re.compile(r"\\(?P<edge>begin|end)\{(?P<name>[^{}]*)\}|\\[{}$]|(?P<brace>[{}])")


def _can_stand_alone(tex: str) -> bool:
    """Tell whether TeX is whole: every group, environment and dollar in it is closed.

    JupyterLab and nbconvert cut mathematics out of the source before they read the markdown. TeX
    that is not whole would make them cut out what follows it as well.
    """
    stack: list[str] = []
    for match in _TEX_STRUCTURE.finditer(tex):
        if match["edge"] == "begin" or match["brace"] == "{":
            stack.append(match["name"] or "")
        elif (match["edge"] or match["brace"]) and (
            not stack or stack.pop() != (match["name"] or "")
        ):
            return False
    dollars = re.sub(r"\\\$", "", tex)
    return bool(tex.strip()) and not stack and "$$" not in dollars and dollars.count("$") % 2 == 0


_WRITTEN_TAG = re.compile(
    r"(?P<break><br[ \t]*/?>)|<(?P<close>/)?(?P<name>sub|sup|kbd)>"
    r"|<code>(?P<code>[^<`\n]+)</code>|<span>(?:&#36;|\$)(?P<dollar></span>)",
    re.IGNORECASE,
)


def _written_tag(state: StateInline, silent: bool) -> bool:
    """Read the few HTML tags that `neutral_markdown` writes itself; all of them bare."""
    if state.src[state.pos] != "<":
        return False
    match = _WRITTEN_TAG.match(state.src, state.pos, state.posMax)
    if not match:
        return False
    if not silent:
        _push_tag(state, match)
    state.pos = match.end()
    return True


def _push_tag(state: StateInline, match: re.Match[str]) -> None:
    if match["code"]:
        state.push("code_inline", "code", 0).content = html.unescape(match["code"])
    elif match["dollar"]:
        state.push("text", "", 0).content = "$"
    else:
        token = state.push("line_break" if match["break"] else "tag", "", 0)
        token.info = (match["name"] or "br").lower()
        token.content, token.markup = match[0], match["close"] or ""
