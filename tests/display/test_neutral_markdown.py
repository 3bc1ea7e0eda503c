"""Neutral markdown shows what was written and can do nothing, whoever reads it.

The same payloads are shown in a real JupyterLab and Notebook by ``tests/browser``; here they are
read by markdown-it and by nbconvert (mistune), which trust what they get as those do.
"""

from __future__ import annotations

import html
import re
import subprocess
import sys
from html.parser import HTMLParser
from urllib.parse import unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from nbconvert.filters.markdown_mistune import markdown2html_mistune

from deepshi_jupyter.display.inert_markdown import is_inert
from deepshi_jupyter.display.markdown_reader import clean, read_blocks, read_inline
from deepshi_jupyter.display.neutral_markdown import LONGEST, literal, literal_line, neutralise
from tests.browser.nasty_markdown import ENDS, PIECES, nasty_documents
from tests.browser.payloads import PAYLOADS

TAGS = """p h1 h2 h3 h4 h5 h6 em strong del s pre code ul ol li blockquote table thead tbody tr th
td a img br hr sub sup kbd span div input"""
HARMLESS = frozenset(TAGS.split())
ATTRIBUTES = {
    *("href", "title", "src", "alt", "class", "id", "start", "align", "style"),
    *("type", "disabled", "checked"),
}


class _Findings(HTMLParser):
    """Gathers what is dangerous in HTML: elements, handlers, addresses, styles."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in HARMLESS:
            self.found.append(tag)
        for name, value in attrs:
            if name not in ATTRIBUTES or not self._is_harmless(name, value or ""):
                self.found.append(f"{tag} {name}={value}")

    @staticmethod
    def _is_harmless(name: str, value: str) -> bool:
        if name == "href":
            scheme = re.match(r"\s*([a-z][a-z0-9+.-]*):", value, re.IGNORECASE)
            return not scheme or scheme[1].lower() in {"http", "https", "ftp", "mailto"}
        if name == "src":
            return bool(re.match(r"data:image/(png|jpeg|gif|webp);base64,", value))
        if name == "style":
            # The second is how Pygments, which nbconvert uses, marks a code block.
            return bool(re.fullmatch(r"text-align: ?\w+;?|line-height: 125%;", value))
        return name != "class" or bool(re.fullmatch(r"[\w+#.\- ]*", value))

    def handle_comment(self, data: str) -> None:
        self.found.append(f"<!--{data}-->")

    def handle_decl(self, decl: str) -> None:
        self.found.append(f"<!{decl}>")

    def handle_pi(self, data: str) -> None:
        self.found.append(f"<?{data}>")


def findings(markup: str) -> list[str]:
    """Return what is dangerous in HTML."""
    parser = _Findings()
    parser.feed(markup)
    parser.close()
    return parser.found


def trusting() -> MarkdownIt:
    """Return a parser that lets HTML through, as a page does with trusted markdown."""
    return MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


def reference() -> MarkdownIt:
    """Return a parser that shows HTML as text: what a reader is meant to see."""
    return MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])


def looks(markup: str) -> str:
    """Return what a reader gets of HTML: structure and text, without the spacing of lists."""
    markup = re.sub(r"</?(?:p|span)>", "", markup)
    markup = re.sub(r"\s*(</?(?:[uo]l|li|blockquote|h\d|t\w+|hr|pre)\b[^>]*>)\s*", r"\1", markup)
    markup = re.sub(r'href="[^"]*"', lambda match: unquote(match[0]), markup)
    parts = re.split(r"(<pre>.*?</pre>)", markup, flags=re.DOTALL)
    flat = [" ".join(part.split()) if n % 2 == 0 else part for n, part in enumerate(parts)]
    return re.sub(r"\s+(</code></pre>)", r"\1", html.unescape("".join(flat))).strip()


def shown(markdown: str) -> str:
    """Return what a reader gets of markdown that a page trusts."""
    return looks(trusting().render(markdown))


def meant(markdown: str) -> str:
    """Return what a reader should get of markdown without images, mathematics or bare tags."""
    return looks(reference().render(markdown))


# --- nothing acts -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", PAYLOADS)
def test_a_payload_is_inert_for_every_parser_at_hand(name: str) -> None:
    neutral = neutralise(PAYLOADS[name].replace("CANARY", "http://127.0.0.1:1"))

    assert is_inert(neutral)
    assert findings(trusting().render(neutral)) == []
    assert findings(markdown2html_mistune(neutral)) == []


def test_most_payloads_would_act_as_they_are_written() -> None:
    raw = [text.replace("CANARY", "http://127.0.0.1:1") for text in PAYLOADS.values()]
    dangerous = [text for text in raw if findings(trusting().render(text))]

    assert len(dangerous) > len(raw) / 2
    assert not any(is_inert(text) for text in dangerous)


def test_nasty_documents_are_inert_for_every_parser_at_hand() -> None:
    for document in nasty_documents(300, seed=1):
        neutral = neutralise(document)
        assert is_inert(neutral), document
        assert findings(trusting().render(neutral)) == [], document
        assert findings(markdown2html_mistune(neutral)) == [], document


def test_nasty_documents_need_no_last_resort() -> None:
    """`literal` is for mistakes of the parser or the writer; so far none is known."""
    for document in nasty_documents(300, seed=2):
        assert neutralise(document).rstrip("\n") != literal(document) or not document.strip()


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(PIECES), st.sampled_from(ENDS)), max_size=20))
def test_any_arrangement_of_delimiters_is_inert(parts: list[tuple[str, str]]) -> None:
    neutral = neutralise("".join(piece + end for piece, end in parts))

    assert is_inert(neutral)
    assert findings(trusting().render(neutral)) == []


@settings(max_examples=150, deadline=None)
@given(st.text())
def test_any_text_is_taken_and_is_inert(text: str) -> None:
    assert is_inert(neutralise(text))
    assert is_inert(literal(text))
    assert is_inert(literal_line(text))


@pytest.mark.parametrize("name", PAYLOADS)
def test_every_beginning_of_a_payload_is_inert(name: str) -> None:
    text = f"Some `code` and $x$.\n\n{PAYLOADS[name]}"
    for end in range(len(text)):
        assert is_inert(neutralise(text[:end]))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(PIECES), st.sampled_from(ENDS)), max_size=12))
def test_neutralising_twice_shows_the_same(parts: list[tuple[str, str]]) -> None:
    once = neutralise("".join(piece + end for piece, end in parts))

    assert shown(neutralise(once)) == shown(once)


@pytest.mark.parametrize(
    "markdown",
    [
        "<b>x</b>",
        "a\n\n<script",
        "![a](http://x.y)",
        "[a](javascript:b)",
        "[a](&#106;avascript:b)",
        "[a](x.y:b)",
        '[a](http://x "\\" y")',
        "[a]: http://x.y",
        "[\n\n~~~\n]: x\n<b>\n~~~",
        "- [ ] [a]: b",
        "```x y\n```",
        '~~~ x"\n~~~',
        "a\n~~~\n<b>\n~~~",
        "> ~~~\n> <b>\n> ~~~",
        "~~~\n```\n<b>\n~~~",
    ],
)
def test_the_rule_sees_what_could_act(markdown: str) -> None:
    assert not is_inert(markdown)


def test_a_mistake_of_the_parser_costs_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(text: str) -> None:
        raise RecursionError(text)

    monkeypatch.setattr("deepshi_jupyter.display.neutral_markdown.read_blocks", fail)

    assert (
        looks(trusting().render(neutralise("a <b>\n\n- c")))
        == "<pre><code>a <b>\n\n- c</code></pre>"
    )


@pytest.mark.parametrize("piece", ["`", "[", "![", "<", ">", "> - ", "\\", "|", "{", "$x", "~~~\n"])
def test_a_megabyte_of_one_delimiter_is_read_to_its_end(piece: str) -> None:
    text = (piece * (LONGEST // len(piece)))[: LONGEST // 4]

    assert is_inert(neutralise(text))


def test_a_text_beyond_all_measure_is_shown_as_it_is_written() -> None:
    neutral = neutralise("**<b>**" + "x" * LONGEST)

    assert neutral.startswith("<pre><code>&#42;&#42;&lt;b&#62;&#42;&#42;xxx")
    assert is_inert(neutral)


def test_markdown_it_is_loaded_on_the_first_use_only() -> None:
    program = (
        "import sys, deepshi_jupyter.display.neutral_markdown as n;"
        "print('markdown_it' in sys.modules, n.neutralise('a'), 'markdown_it' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)

    assert done.stdout.split() == [b"False", b"a", b"True"]


# --- everything means what it meant -----------------------------------------------------------


@pytest.mark.parametrize(
    "markdown",
    [
        "Plain words, 2 * 3 < 4, snake_case, AT&T & R&D, 50 % and #1!",
        "*a* **b** ***c*** _d_ __e__ ~~f~~ `g` **`h`** *a **b** c*",
        r"\*a\* \_b\_ \# \- \+ 1\. \> \~ \| \[c\] \(d \! \: \` \$ \\ \& \<",
        "a\nb  \nc\\\nd",
        "# One\n\n## Two `x` ##\n\nThree\n=====\n\nFour\nand five\n---",
        "- a\n- b\n  - c\n    - d\n\n* e\n* f\n\n1. g\n2. h\n\n7) i\n8) j",
        "- a\n\n  b\n\n- c\n\n      code",
        "1. a\n   ```py\n   x = 1\n\n   y = 2\n   ```\n2. b",
        "> a\n> > b\n>\n> - c\n>   d\n\n> e",
        "| a | b | c |\n|:--|:-:|--:|\n| `x` | **y** | \\| |\n|  | z | [l](http://x.y) |",
        "a\n\n***\n\nb\n\n- - -\n\nc",
        "```python\nfor i in x:\n    print(i)\n\n# <b> & &amp; \\n\n```",
        "~~~html\n<script>alert(1)</script>\n~~~",
        "````markdown\n```python\nx\n```\n````",
        "    indented <b>\n\n      more",
        "- \n- a\n-\n- ```\n  x\n  ```",
        "`a<b>` `` a`b `` `` ` `` `\\` `&lt;` `$x$` `a|b` ` a ` `@@0@@` `~~~`",
        "[a](http://x.y/z_(1)) [b *c*](<http://x.y/d e> 'f \"g\"') [h](#i) [j](k.ipynb)",
        "[`a[0]`](http://x.y) [a\\]b](http://x.y?c=d&e=f&lt;=1) [m](mailto:a@b.c)",
        "<https://x.y/a_b_c*d*?e=f&g> <a@b.c>",
        "[a][r] [r][] [r]\n\n[r]: http://x.y 'z'",
        "http://x.y/a_b_c?d=e&f www.x.y/`code` a@b.c",
        "- [ ] a\n- [x] b",
        "1986\\. A year\n\n- not\n\n\\- a list\n\na\n    1. b\n    # c",
        "&copy; &nbsp; &#65; &lt;b&gt; &amp;lt;",
        "a [b] (c) [d](e [f]: g ![h] i](j)",
        "<b>x</b> <!-- y --> <?z?> a < b > c vector<int>",
        "<div>\n\n*a*\n\n</div>",
        "[\na\n\nb ]: c",
        "wow!<https://x.y> \\![a](http://x.y)",
    ],
)
def test_markdown_looks_as_it_did(markdown: str) -> None:
    assert shown(neutralise(markdown)) == meant(markdown)


WORDS = st.sampled_from(
    ["alpha", "b", "x_1", "2", "a<b", "<br/>d", "AT&T", "é", "(c)", "[0]", "e:"]
)
SPANS = st.one_of(
    WORDS,
    st.sampled_from(["`f(x)`", "`a<b>`", "`a b`", "`x[0]`"]),
    st.sampled_from(
        ["[l](http://x.y)", "[l m](a.py)", "<http://x.y>", "**bold**", "*em*", "~~s~~"]
    ),
)
TEXT = st.lists(SPANS, min_size=1, max_size=6).map(" ".join).filter(lambda t: "<br" not in t)
CODE = st.text("ab <>&`~$\\[](){}\n\"'|*_#-=:!@", max_size=40)


@st.composite
def fenced(draw: st.DrawFn) -> str:
    code = draw(CODE)
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", code)), default=0))
    return f"{fence}{draw(st.sampled_from(['', 'python', 'html', 'c++']))}\n{code}\n{fence}"


def indented(block: str, by: str, first: str | None = None) -> str:
    lines = block.split("\n")
    return "\n".join([(first or by) + lines[0], *(by + line for line in lines[1:])])


def table(rows: list[list[str]]) -> str:
    cells = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    head, *body = [f"| {' | '.join(row)} |" for row in cells]
    return "\n".join([head, "|---|---|", *body])


ROWS = st.lists(st.lists(TEXT, min_size=2, max_size=2), min_size=1, max_size=3)
LEAVES = st.one_of(
    TEXT,
    fenced(),
    TEXT.map(lambda text: f"## {text}"),
    ROWS.map(table),
    st.just("---").map(lambda rule: f"\n{rule}"),
)


def nested(blocks: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    items = st.lists(blocks, min_size=1, max_size=3)
    return st.one_of(
        items.map(lambda all_: indented("\n\n".join(all_), "> ")),
        items.map(lambda all_: "\n\n".join(indented(block, "  ", "- ") for block in all_)),
        items.map(lambda all_: "\n\n".join(indented(block, "   ", "1. ") for block in all_)),
    )


DOCUMENTS = st.lists(st.recursive(LEAVES, nested, max_leaves=4), max_size=4).map("\n\n".join)


@settings(max_examples=200, deadline=None)
@given(DOCUMENTS)
def test_any_sensible_document_looks_as_it_did(markdown: str) -> None:
    assert shown(neutralise(markdown)) == meant(markdown)


@settings(deadline=None)
@given(CODE)
def test_any_inline_code_keeps_every_character(code: str) -> None:
    code = " ".join(code.split()) or "x"
    fence = "`" * (1 + max(map(len, re.findall("`+", code)), default=0))
    rendered = trusting().render(neutralise(f"a {fence} {code} {fence} b"))

    inner = re.search(r"<code>(.*)</code>", rendered)
    assert inner is not None
    assert html.unescape(inner[1]) == code


# --- mathematics ------------------------------------------------------------------------------


def mathematics(markdown: str) -> list[tuple[str, str]]:
    """Return kind and TeX of all mathematics in a text, as the reader of this package sees it."""
    tokens, environment = read_blocks(clean(markdown))
    inline = [t for token in tokens for t in _inline(token, environment)]
    return [(t.type, t.content) for t in inline if t.type.startswith("math_")]


def _inline(token: object, environment: dict[str, object]) -> list:  # type: ignore[type-arg]
    if getattr(token, "type", "") == "inline":
        return read_inline(token.content, environment)  # type: ignore[attr-defined]
    return [token]


@pytest.mark.parametrize(
    ("source", "written"),
    [
        ("$x$", "$x$"),
        ("$ x^2 $", "$x^2$"),
        ("$$x$$", "$$x$$"),
        (r"\(a+b\)", "$a+b$"),
        (r"a \[a+b\] c", "a $$a+b$$ c"),
        ("\\[\na\n- b\n\\]", "$$a - b$$"),
        ("$$\na % why\n= b\n$$", "$$a = b$$"),
        (r"\\(a\\) \\[b\\]", "$a$ $$b$$"),
        (
            "\\begin{align}\na &= b \\\\\n&= c\n\\end{align}",
            r"\begin{align} a &= b \\ &= c \end{align}",
        ),
        ("$a<b$ $a < b$ $a<1$", r"$a\lt b$ $a < b$ $a<1$"),
        (r"$a \\ <b$", r"$a \\ \lt b$"),
        (r"$\begin{matrix} a \\[2pt] b \end{matrix}$", r"$\begin{matrix} a \\ b \end{matrix}$"),
        (r"$\sqrt[3](x)$", r"$\sqrt[3] (x)$"),
        ("$*a*_b_ [c] `d`$", "$*a*_b_ [c] ‘d‘$"),
        (r'$\text{if "x"}$', r"$\text{if ”x”}$"),
        (r"\(b\\\)", r"$b\\ {}$"),
        (r"$$\text{if $x$}$$", r"$$\text{if $x$}$$"),
        ("$a$$b$", "$a$ $b$"),
        ("- $$x$$\n- > $y$", "- $$x$$\n- > $y$"),
        ("|a|\n|-|\n|$\\|x\\|$|", "| a |\n| --- |\n| $\\vert x\\vert$ |"),
        (r"$\require{cancel} \cancel{x}$", r"$\cancel{x}$"),
        (r"$\href{javascript:a}{b}$", r"$\text{href}{javascript:a}{b}$"),
        ("$a @@0@@ &lt; ![b$", "$a @ @0@ @ & lt; ! [b$"),
    ],
)
def test_mathematics_is_written_in_one_form(source: str, written: str) -> None:
    assert neutralise(source) == written
    assert mathematics(written)


@pytest.mark.parametrize(
    "prose",
    [
        "It costs $5 and $10.",
        "5$ and 6$",
        "a $ b",
        "US$5",
        r"\$a\$",
        "$a { b$",
        r"$\begin{a}$",
        "$$ a",
        r"\[1\] and \[see above\]",
        r"\( a",
        r"\begin{a} b",
        "$a\n\nb$",
        "`$a` b `c$`",
    ],
)
def test_what_is_not_mathematics_stays_prose(prose: str) -> None:
    assert mathematics(prose) == []
    assert mathematics(neutralise(prose)) == []
    assert shown(neutralise(prose)) == meant(prose)


def test_dollars_that_are_near_each_other_cannot_be_paired_by_mathjax() -> None:
    assert neutralise("$5 or $6") == "<span>&#36;</span>5 or <span>&#36;</span>6"
    assert neutralise("Only $5.") == "Only &#36;5."


TEX = st.text("abx12 +-=^_{}\\<>&,.()[]|*`\"'!@%~\n", min_size=1, max_size=30)


@settings(deadline=None)
@given(TEX, st.sampled_from([("$", "$"), ("$$", "$$"), ("\\(", "\\)"), ("\\[", "\\]")]))
def test_any_mathematics_stays_whole_and_inert(tex: str, marks: tuple[str, str]) -> None:
    neutral = neutralise(f"a `b` {marks[0]}{tex}{marks[1]} `<c>`")
    before = mathematics(f"a `b` {marks[0]}{tex}{marks[1]} `<c>`")

    assert is_inert(neutral)
    assert [kind for kind, _ in mathematics(neutral)] == [kind for kind, _ in before]


# --- links and images -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "written"),
    [
        ("![a](http://x.y)", "[image: a](http://x.y)"),
        ("![](http://x.y 't')", '[image](http://x.y "t")'),
        ("![a **b** `c`](plot.png)", "[image: a **b** c](plot.png)"),
        ("![a][r]\n\n[r]: http://x.y", "[image: a](http://x.y)"),
        ("![a](data:image/png;base64,AAAA)", "![a](data:image/png;base64,AAAA)"),
        ("![a](data:image/svg+xml;base64,AAAA)", "[image: a]"),
        ("![a](data:image/png;base64,AA%22A)", "[image: a]"),
        ("[![a](b.png)](http://x.y)", "[image: a](http://x.y) [(image)](b.png)"),
        ("[a](javascript:b)", "a"),
        ("[a](JAVA&#115;CRIPT:b)", "a"),
        ("[a](<java\tscript:b>)", "a"),
        ("[a](data:text/html,b)", "a"),
        ("[a](file:///etc/passwd)", "a"),
        ("[a](vscode://b)", "a"),
        ("[a](HTTPS://x.y)", "[a](https://x.y)"),
        ("[a](//x.y)", "[a](//x.y)"),
        ("[a](b#c:d)", "[a](b#c%3Ad)"),
        ("<javascript:a>", "&lt;javascript:a>"),
        ("<std::string>", "&lt;std::string>"),
        ("<https://x.y>", "[https://x.y](https://x.y)"),
        ("[r]: http://x.y", "[r]&#58; [http://x.y](http://x.y)"),
        ("[^1]: Smith\n\nA [^1]", "&#91;^1]: Smith\n\nA [^1]"),
    ],
)
def test_links_and_images_are_written_as_links_that_a_reader_follows(
    source: str, written: str
) -> None:
    assert neutralise(source) == written


# --- small forms ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "written"),
    [
        ("", ""),
        (" \n\n", ""),
        ("Hello *world*, it's 4 o'clock!", "Hello *world*, it's 4 o'clock!"),
        ("a\n", "a\n\n"),
        ("a\n\n\n\nb", "a\n\nb"),
        ("a<br/>b<BR >c", "a<br>b<br>c"),
        ("H<sub>2</sub>O <sup>a", "H<sub>2</sub>O &lt;sup>a"),
        ("<code>x</code>", "`x`"),
        ("```\nx", "```\nx\n```"),
        ("```{python} a=b\nx\n```", "```python\nx\n```"),
        ("```html\n<b>\n```", "~~~html\n<b>\n~~~"),
        ("> ```\n> <b>\n> ```", "> <pre><code>&lt;b&#62;</code></pre>"),
        ("~~~mermaid\nA-->B\n~~~", "```mermaid\nA-->B\n```"),
        ("~~~mermaid\nA[x<br/>y]\n~~~", "~~~mermaid\nA[x<br/>y]\n~~~"),
        ("~~~mermaid\nA[<img>]\n~~~", "~~~text\nA[<img>]\n~~~"),
        ("`a`{=html}", "`a`&#123;=html}"),
        ("a\x1b[31mb\x00c\ufeffd\u202ee\u2028f\ud800", "a[31mbcde f\ufffd"),
        ("a\r\nb\rc", "a\nb\nc"),
    ],
)
def test_a_form_is_written_so(source: str, written: str) -> None:
    assert neutralise(source) == written


def test_text_for_the_middle_of_a_line_shows_as_it_is() -> None:
    text = 'www.x.y/\\<img src=x> `a` $b$ [c](d) *e* ~f~ & &lt; | # ! {g} "h"'

    assert looks(trusting().render(literal_line(text))) == text
    assert literal_line("- a\nb") == "&#45; a b"


def test_nesting_without_end_loses_no_text() -> None:
    neutral = neutralise("> " * 200 + "deep" + "- " * 200)

    assert "deep" in neutral
    assert is_inert(neutral)
