"""A model's markdown → HTML for a page of its own, outside of Jupyter.

Raw HTML is text: the page holds no element but those that markdown-it writes itself. An image from
elsewhere becomes a link, so that opening the page asks no server; links go to the web or to mail.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from deepshi_jupyter.display.inert_markdown import IMAGE
from deepshi_jupyter.display.markdown_reader import clean

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.renderer import RendererHTML
    from markdown_it.token import Token
    from markdown_it.utils import EnvType, OptionsDict

_LONGEST = 300_000
_REL = "noopener noreferrer nofollow"
_IN_LINK = "deepshi: in a link"
_SCHEME = re.compile(r"(?:https?|ftp|mailto):", re.IGNORECASE)


def markdown_html(markdown: str) -> str:
    """Return HTML that shows what a model wrote, and can do nothing.

    Args:
        markdown: Anything that a model wrote.
    """
    text = clean(markdown)
    if len(text) <= _LONGEST:
        try:
            return str(_parser().render(text))
        except Exception:  # noqa: S110 - a mistake of a parser must not cost the reader the answer
            pass
    from html import escape

    return f"<pre>{escape(text)}</pre>"


@functools.cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": False, "maxNesting": 50})
    parser.enable(["table", "strikethrough"]).disable(["html_block", "html_inline"])
    # A method that is made to be replaced (markdown-it-py, "Using").
    parser.validateLink = _is_allowed  # type: ignore[method-assign]
    parser.add_render_rule("image", _image)
    parser.add_render_rule("link_open", _link_open)
    parser.add_render_rule("link_close", _link_close)
    return parser


def _is_allowed(url: str) -> bool:
    """Whether an address may stand in a page: to the web, to mail, or an image in the text."""
    return bool(_SCHEME.match(url) or url.startswith("#") or re.fullmatch(IMAGE, url))


def _image(
    renderer: RendererHTML,
    tokens: Sequence[Token],
    place: int,
    options: OptionsDict,
    env: EnvType,
) -> str:
    from html import escape

    token = tokens[place]
    source = str(token.attrs.get("src", ""))
    alt = escape(renderer.renderInlineAsText(token.children or [], options, env))
    if re.fullmatch(IMAGE, source):
        return f'<img src="{escape(source)}" alt="{alt}">'
    label = f"image: {alt}" if alt else "image"
    if env.get(_IN_LINK):
        return label
    return f'<a href="{escape(source)}" rel="{_REL}">{label}</a>'


def _link_open(
    renderer: RendererHTML,
    tokens: Sequence[Token],
    place: int,
    options: OptionsDict,
    env: EnvType,
) -> str:
    token = tokens[place]
    if re.fullmatch(IMAGE, str(token.attrs.get("href", ""))):
        token.attrSet("href", "#")
    token.attrSet("rel", _REL)
    env[_IN_LINK] = True
    return renderer.renderToken(tokens, place, options, env)


def _link_close(
    renderer: RendererHTML,
    tokens: Sequence[Token],
    place: int,
    options: OptionsDict,
    env: EnvType,
) -> str:
    env[_IN_LINK] = False
    return renderer.renderToken(tokens, place, options, env)
