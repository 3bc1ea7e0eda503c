r"""Markdown that a model wrote → markdown that means the same to a reader and can do nothing.

A notebook shows the output of a cell that has just run as *trusted*: scripts, event handlers,
frames, forms and styles in ``text/markdown`` act, JupyterLab runs commands that a button names,
and an image tells its address to a server. So the text is read by a CommonMark parser
(`markdown_reader`) and written anew, each piece in one form that all parsers read alike:

========================  ===================================================================
raw HTML                  text; only bare ``<br> <sub> <sup> <kbd> <code>`` stay what they are
link, autolink            ``[text](address)``; only its text, if the address has another scheme
                          than http, https, ftp, mailto or none
image                     a link that says so, ``[image: alt](address)``; an image whose bytes are
                          in the text (PNG, JPEG, GIF, WebP) stays, as it asks nobody
reference, definition     the link itself; a definition that nothing refers to becomes text
code block                a fence; where a fence could be misread, ``<pre><code>`` on one line
inline code               between backticks; ``<code>`` if what it holds could be misread
mathematics               ``$…$``, ``$$…$$``, which every front end knows; ``<`` is ``\lt``
anything else             itself, with character references for what could begin something else
========================  ===================================================================

What is written obeys the rule of `inert_markdown`, and is checked against it before it leaves.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from deepshi_jupyter.display.inert_markdown import (
    ADDRESS,
    IMAGE,
    LANGUAGE,
    could_act,
    holds_fence,
    is_inert,
    opens_math,
)
from deepshi_jupyter.display.markdown_reader import References, clean, read_blocks, read_inline

if TYPE_CHECKING:
    from markdown_it.token import Token

LONGEST = 300_000
"""Characters up to which a text is read as markdown; a longer one is shown as it is written."""


def neutralise(markdown: str) -> str:
    """Return markdown that shows what a model wrote and can do nothing in the page.

    Args:
        markdown: Anything, such as a part of an answer that is still coming.

    Returns:
        Markdown that may be shown as trusted ``text/markdown``. It ends with a blank line if
        there is a line feed at the end of the text, so that the results for consecutive pieces
        can be joined (`blocks` tells where a text may be cut). Applied twice it shows the same.
    """
    text = clean(markdown)
    if len(text) > LONGEST:
        return literal(text)
    try:
        written = _Document(*read_blocks(text)).written()
    except Exception:
        # A mistake of a parser must not cost the reader the answer.
        return literal(text)
    if not is_inert(written):
        return literal(text)
    return written + "\n\n" if written and text.endswith("\n") else written


def literal(text: str) -> str:
    """Return markdown that shows a text as it is written, character by character.

    Args:
        text: Anything.

    Returns:
        One line of markdown; empty if the text is blank.
    """
    text = clean(text).strip("\n")
    return _html_block(text, "") if text.strip() else ""


def literal_line(text: str) -> str:
    r"""Return markdown that shows a text as it is written, for the middle of a line.

    A backslash before a character is not enough for this: marked takes the backslash of
    ``www.example.org/\<b>`` for a part of the address, and then finds a tag.

    Args:
        text: Anything, such as the message of a service.

    Returns:
        Markdown without a line end, in which nothing begins.
    """
    return _guarded_line(_BEGINS_ANYTHING.sub(_encode, " ".join(clean(text).split())))


# --- characters -------------------------------------------------------------------------------


def _reference(character: str) -> str:
    return {"<": "&lt;", "&": "&amp;"}.get(character) or f"&#{ord(character)};"


def _encode(match: re.Match[str]) -> str:
    return _reference(match[0])


_PUNCTUATION = re.compile(r"[!-/:-?\[-`{-~\n\t]")
"""All but ``@``: JupyterLab restores the ``@@0@@`` that it finds, and trips over one that forms."""


def _html_code(code: str) -> str:
    return _PUNCTUATION.sub(_encode, code)


def _html_block(code: str, language: str) -> str:
    attribute = f' class="language-{language}"' if language else ""
    return f"<pre><code{attribute}>{_html_code(code)}</code></pre>"


_BEGINS_ANYTHING = re.compile(r"[\[\]\\`$<>&\"|*_~#!{}]")
_QUOTED = re.compile(r"[\[\]\\`$<>&\"|]")


def _quoted(text: str) -> str:
    """Return text for a title or an alternative text, where no parser sees a beginning."""
    return _QUOTED.sub(_encode, " ".join(text.replace("@@", "@ @").split()))


# --- addresses --------------------------------------------------------------------------------

_SCHEME = re.compile(r"([^/?#]*?):")
_ENCODED_IN_ADDRESS = re.compile(r"%(?![0-9A-Fa-f]{2})|@@+|~~~+|[^A-Za-z0-9\-._~:/?#@!&+,;=%]")


def _percent(match: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in match[0].encode())


def _address(url: str) -> str | None:
    """Return the address of a link as it can be written; None if a link may not have it."""
    url = re.sub(r"[\t\n]", "", url.strip())  # as browsers do
    scheme = _SCHEME.match(url)
    if scheme and scheme[1].lower() not in {"http", "https", "ftp", "mailto"}:
        return None
    url = scheme[1].lower() + url[scheme.end(1) :] if scheme else url.replace(":", "%3A")
    encoded = _ENCODED_IN_ADDRESS.sub(_percent, url).replace("&", "&amp;")
    return encoded if re.fullmatch(ADDRESS, encoded) else None


# --- mathematics ------------------------------------------------------------------------------

_ROW_SPACING = re.compile(r"\\\\\[\s*-?[\d.]+\s*(?:pt|em|ex|mm|cm|in|mu|pc|px)\s*\]")
_REQUIRE = re.compile(r"\\require\s*\{[^{}]*\}")
_ACTING_MACRO = re.compile(
    r"\\(href|url|class|cssId|style|csname|mmlToken|includegraphics|data"
    r"|html(?:Id|Class|Style|Data))(?![A-Za-z])"
)
_LESS_THAN = re.compile(r"(\\\\)|\\?<(?=[A-Za-z/!?])")
_MEETS_BRACKET = re.compile(r"\\\\(?=[()\[\]])|\](?=\()|!(?=\[)|@(?=@)|&(?=#?\w+;)")


def _tex(source: str, *, in_table: bool) -> str:
    """Return TeX on one line that means the same and holds nothing that markdown could read."""
    tex = _REQUIRE.sub("", _ROW_SPACING.sub(r"\\\\", source))
    tex = " ".join(_ACTING_MACRO.sub(r"\\text{\1}", tex).split())
    tex = _LESS_THAN.sub(lambda match: match[1] or "\\lt ", tex)
    tex = _MEETS_BRACKET.sub(r"\g<0> ", tex.replace("`", "‘").replace('"', "”"))
    if in_table:
        tex = tex.replace("\\|", "\\Vert ").replace("|", "\\vert ")
    tex = tex.strip()
    return tex + " {}" if tex.endswith("\\") else tex


def _math(token: Token, *, in_table: bool) -> str:
    tex = _tex(token.content, in_table=in_table)
    if token.type == "math_environment":
        return tex
    return f"$${tex}$$" if token.type == "math_display" else f"${tex}$"


# --- inline -----------------------------------------------------------------------------------

_SPECIAL = re.compile(r"[<`$\\\t]|&(?=#?\w{1,32};)|!(?=\[)|(?<=\])[({]|\{(?=[^{}\n]*=)", re.ASCII)
_MEETS_TEXT = frozenset({"](", "]{", "){", "`{", "!["})
_STAYS_ESCAPED = frozenset("*_~#+-.>")
_BARE_ADDRESS = re.compile(r"(?:www\.|://|@)\S*$|\S{300}$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where inline content stands: on one line, in a table, near other dollars."""

    one_line: bool = False
    in_table: bool = False
    dollars: bool = False


class _Inline:
    """Writes the inline tokens of one paragraph, heading or cell."""

    def __init__(self, place: _Place) -> None:
        self._place = place
        self._out: list[str] = []
        self._last = ""
        self._link: tuple[str, str] | None = None
        self._in_autolink = False
        self._images_in_link: list[str] = []

    def written(self, tokens: list[Token]) -> str:
        """Return the markdown of the tokens."""
        pairs = _paired_tags(tokens)
        for number, token in enumerate(tokens):
            if token.type == "tag" and number in pairs:
                self._raw(f"<{token.markup}{token.info}>")
            else:
                self._token(token)
        return "".join(self._out)

    def _token(self, token: Token) -> None:
        match token.type:
            case "text_special":
                self._special(token)
            case "softbreak" | "hardbreak" | "line_break":
                self._break(token.type)
            case "code_inline":
                self._code(token.content)
            case "math_inline" | "math_display" | "math_environment":
                self._raw(" " if self._last == "$" else "")
                self._raw(_math(token, in_table=self._place.in_table))
            case "link_open":
                self._open_link(token)
            case "link_close":
                self._close_link()
            case "image":
                self._image(token)
            case _:
                self._text(token.content)

    def _raw(self, markdown: str) -> None:
        if markdown:
            self._out.append(markdown)
            self._last = markdown[-1]

    def _text(self, text: str) -> None:
        """Write plain text, with references for what could begin something."""
        if text and self._last + text[0] in _MEETS_TEXT:
            self._raw(_reference(text[0]))
            text = text[1:]
        written = _SPECIAL.sub(self._reference_here, text)
        if self._link or self._place.in_table:
            written = re.sub(r"[\[\]|]", _encode, written)
        self._raw(re.sub(r"[*_~]", _encode, written) if self._in_autolink else written)

    def _reference_here(self, match: re.Match[str]) -> str:
        if match[0] == "$" and self._place.dollars:
            return "<span>&#36;</span>"  # an element of its own, so that MathJax pairs it with none
        return " " if match[0] == "\t" else _reference(match[0])

    def _special(self, token: Token) -> None:
        """Write an escape or a character reference as it is, or as a plain character."""
        stays = token.content in _STAYS_ESCAPED
        if token.info == "entity":
            stays = token.content not in {"$", "@"}
        self._raw(token.markup) if stays else self._text(token.content)

    def _break(self, kind: str) -> None:
        if kind == "line_break" or (kind == "hardbreak" and self._place.one_line):
            self._raw("<br>")
        elif self._place.one_line:
            self._raw(" ")
        else:
            self._raw("\\\n" if kind == "hardbreak" else "\n")

    def _code(self, code: str) -> None:
        near = "".join(self._out[-3:])[-300:]
        plain = _plain_as_code(code) and self._last not in {"`", "}"}
        plain = plain and not (self._place.in_table and "|" in code)
        if plain and not _BARE_ADDRESS.search(near):
            self._raw(f"`{code}`")
        else:
            self._raw(f"<code>{_html_code(code)}</code>")

    def _open_bracket(self) -> None:
        if self._last == "!":
            self._out[-1] = self._out[-1][:-1] + "&#33;"
        self._raw("[")

    def _open_link(self, token: Token) -> None:
        address = _address(str(token.attrs.get("href", "")))
        self._in_autolink = token.info == "auto"
        if address is not None:
            self._open_bracket()
            self._link = (address, _title(token))
        elif self._in_autolink:
            self._text("<")

    def _close_link(self) -> None:
        if self._link:
            self._raw(f"]({self._link[0]}{self._link[1]})")
        elif self._in_autolink:
            self._text(">")
        self._link, self._in_autolink = None, False
        for address in self._images_in_link:
            self._raw(f" [(image)]({address})")
        self._images_in_link = []

    def _image(self, token: Token) -> None:
        source, alt = str(token.attrs.get("src", "")), _alternative_text(token)
        address, label = _address(source), f"image: {alt}" if alt else "image"
        if re.fullmatch(IMAGE, source):
            self._raw(f"![{_quoted(alt)}]({source}{_title(token)})")
        elif address is None:
            self._text(f"[{label}]")
        elif self._link:
            self._text(label)
            self._images_in_link.append(address)
        else:
            self.link(label, address, _title(token))

    def link(self, text: str, address: str, title: str = "") -> None:
        """Write a link of plain text."""
        self._open_bracket()
        self._link = (address, title)
        self._text(text)
        self._close_link()


def _title(token: Token) -> str:
    title = _quoted(str(token.attrs.get("title") or ""))
    return f' "{title}"' if title else ""


def _alternative_text(image: Token) -> str:
    return " ".join("".join(child.content or " " for child in image.children or ()).split())


def _plain_as_code(code: str) -> bool:
    """Tell whether code may stand between single backticks, whatever a parser makes of them."""
    if not code or code != code.strip() or code.endswith("\\"):
        return False
    if any(mark in code for mark in ("`", "$", "@@", "~~~")):
        return False
    return not (could_act(code) or opens_math(code))


def _paired_tags(tokens: list[Token]) -> set[int]:
    """Return the places of the opening and closing tags that belong to each other."""
    pairs: set[int] = set()
    open_tags: list[tuple[str, int]] = []
    for number, token in enumerate(tokens):
        if token.type in {"link_open", "link_close"}:
            open_tags.clear()
        elif token.type == "tag" and not token.markup:
            open_tags.append((token.info, number))
        elif token.type == "tag" and open_tags:
            name, opened = open_tags.pop()
            pairs |= {opened, number} if name == token.info else set()
    return pairs


# --- lines ------------------------------------------------------------------------------------

_BEGINS_BLOCK = re.compile(
    r"[#>|]|[-+*](?=\s|$)|=+\s*$|:{3}|[-*_](?:[ \t]*[-*_]){2,}[ \t]*$|[-:][-:| \t]*$"
)
_BEGINS_ITEM = re.compile(r"(\d{1,9})([.)])(?=\s|$)")


_OPENS_LABEL = re.compile(r"((?:\[[ xX]\][ \t]+)?)\[")
_BRACKET = re.compile(r"\[|\]:?")


def _guarded(markdown: str) -> list[str]:
    """Return the lines of a paragraph, none of which any parser takes for another block.

    The label of a link definition may run over blank lines in marked and mistune, so that a
    bracket that nothing closes would swallow the beginning of the next block.
    """
    lines = [_guarded_line(line.strip(" \t")) for line in markdown.split("\n")]
    follows = ""
    for number in range(len(lines) - 1, -1, -1):
        opening = _OPENS_LABEL.match(lines[number])
        if opening:
            closing = _BRACKET.search(lines[number], opening.end())
            if (closing[0] if closing else follows) in {"", "]:"}:
                lines[number] = f"{opening[1]}&#91;{lines[number][opening.end() :]}"
        first = _BRACKET.search(lines[number])
        follows = first[0] if first else follows
    return lines


def _guarded_line(line: str) -> str:
    item = _BEGINS_ITEM.match(line)
    if item:
        return f"{item[1]}{_reference(item[2])}{line[item.end() :]}"
    return _reference(line[0]) + line[1:] if _BEGINS_BLOCK.match(line) else line


# --- blocks -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Container:
    """What a block stands in: at the top, in a list, in a quote."""

    nested: bool = False
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class _Block:
    """One written block.

    Args:
        lines: Its lines, without what its containers put before them.
        loose: It asks for blank lines around the blocks beside it, as a paragraph does.
        apart: It must have a blank line before and after it, or it would be misread.
    """

    lines: list[str]
    loose: bool = False
    apart: bool = False


class _Document:
    """Writes the blocks of one text."""

    def __init__(self, tokens: list[Token], environment: dict[str, Any]) -> None:
        self._tokens = tokens
        self._environment = environment
        self._at = 0

    def written(self) -> str:
        """Return the markdown of all blocks, and of definitions that nothing referred to."""
        blocks = ["\n".join(block.lines) for block in self._blocks("", _Container())]
        references: References = self._environment["references"]
        definitions = [token.meta for token in self._tokens if token.type == "definition"]
        blocks += [
            _definition(d["label"], d["url"]) for d in definitions if d["id"] not in references.used
        ]
        return "\n\n".join(blocks)

    def _blocks(self, closing: str, container: _Container) -> list[_Block]:
        blocks: list[_Block] = []
        while self._at < len(self._tokens):
            token = self._next()
            if token.type == closing:
                break
            blocks.append(self._block(token, container))
        return [block for block in blocks if any(block.lines)]

    def _next(self) -> Token:
        self._at += 1
        return self._tokens[self._at - 1]

    def _block(self, token: Token, container: _Container) -> _Block:
        match token.type:
            case "paragraph_open" | "heading_open":
                return self._leaf(token)
            case "blockquote_open":
                return self._quote()
            case "bullet_list_open" | "ordered_list_open":
                return self._list(token, container)
            case "table_open":
                return self._table()
            case "math_display" | "math_environment":
                return _Block([_math(token, in_table=False)])
            case "hr":
                return _Block(["___"])
            case "definition":
                return _Block([])
            case _:
                return _code_block(token, container)

    def _leaf(self, token: Token) -> _Block:
        content = self._next().content
        self._next()
        if token.type == "paragraph_open":
            return _Block(_guarded(self._inline(content)), loose=not token.hidden)
        text = self._inline(content, one_line=True)
        text = re.sub(r"#+$", lambda match: "&#35;" * len(match[0]), text.rstrip("\\"))
        return _Block([f"{'#' * int(token.tag[1])} {text}".rstrip(" ")])

    def _inline(self, content: str, *, one_line: bool = False, in_table: bool = False) -> str:
        dollars = 1 < content.count("$") + content.count("&#36;") + content.count("\\(") < 100
        place = _Place(one_line, in_table, dollars)
        written = _Inline(place).written(read_inline(content, self._environment))
        return re.sub("~~~+", lambda tildes: "&#126;" * len(tildes[0]), written)

    def _quote(self) -> _Block:
        blocks = self._blocks("blockquote_close", _Container(nested=True, quoted=True))
        return _Block([f"> {line}" if line else ">" for line in _joined(blocks, tight=False)])

    def _list(self, token: Token, container: _Container) -> _Block:
        inside = replace(container, nested=True)
        closing = token.type.replace("open", "close")
        items: list[tuple[str, list[_Block]]] = []
        while (item := self._next()).type != closing:
            items.append((item.info + item.markup, self._blocks("list_item_close", inside)))
        apart = any(block.apart for _, blocks in items for block in blocks)
        tight = not apart and not any(block.loose for _, blocks in items for block in blocks)
        written = [_Block(_item(marker, _joined(blocks, tight=tight))) for marker, blocks in items]
        return _Block(_joined(written, tight=tight), apart=apart)

    def _table(self) -> _Block:
        rows: list[list[str]] = []
        rules: list[str] = []
        while (token := self._next()).type != "table_close":
            if token.type == "tr_open":
                rows.append([])
            elif token.type == "th_open":
                rules.append(_RULES.get(str(token.attrs.get("style", "")), "---"))
            elif token.type == "inline":
                rows[-1].append(self._inline(token.content, one_line=True, in_table=True))
        return _Block([_row(row) for row in [rows[0], rules, *rows[1:]]], apart=True)


_RULES = {"text-align:left": ":--", "text-align:right": "--:", "text-align:center": ":-:"}


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _joined(blocks: list[_Block], *, tight: bool) -> list[str]:
    lines: list[str] = []
    for block in blocks:
        if lines and not tight:
            lines.append("")
        lines += block.lines
    return lines


def _item(marker: str, lines: list[str]) -> list[str]:
    """Return the lines of a list item; each but the first is indented as far as the content."""
    margin = " " * (len(marker) + 1)
    first, *others = lines or [""]
    begins = f"{marker} {first}" if first else marker
    return [begins, *(margin + line if line else "" for line in others)]


def _definition(label: str, url: str) -> str:
    """Return a definition that nothing refers to as a line that shows it."""
    shown = literal_line(url)
    address = _address(url)
    return f"[{_quoted(label)}]&#58; " + (f"[{shown}]({address})" if address else shown)


# --- code -------------------------------------------------------------------------------------

_INFO = re.compile(rf"[\W_]*({LANGUAGE})", re.ASCII)
_LONGEST_FENCE = 20
_MERMAID_TAG = re.compile(
    r"<br ?/?>|<<(?:interface|abstract|service|enumeration|choice|fork|join)>>", re.IGNORECASE
)


def _code_block(token: Token, container: _Container) -> _Block:
    """Write a code block: as a fence where every parser must see one, else as one line of HTML."""
    code = token.content.removesuffix("\n")
    language = _language(token.info, code)
    acts = could_act(code)
    fence = "~~~" if acts else "`" * max(3, 1 + _longest_run(code))
    if len(fence) > _LONGEST_FENCE or not _may_be_fenced(code, acts, container):
        return _Block([_html_block(code, language)])
    lines = [fence + language, *(code.split("\n") if code else ()), fence]
    return _Block(lines, apart="$" in code or "\\" in code)


def _may_be_fenced(code: str, acts: bool, container: _Container) -> bool:
    if not container.nested:
        return not (acts and holds_fence(code))
    if acts or opens_math(code):
        return False
    return not (container.quoted and ("$" in code or "\\" in code))


def _longest_run(code: str) -> int:
    return max(map(len, re.findall("`+", code)), default=0)


def _language(info: str, code: str) -> str:
    """Return the language of a fence; nbconvert puts diagrams into a page without escaping."""
    match = _INFO.match(info)
    language = match[1] if match else ""
    is_diagram = language.lower().startswith("mermaid")
    unsafe = is_diagram and re.search(r"<[A-Za-z/!?]", _MERMAID_TAG.sub("", code))
    return "text" if unsafe else language
