"""Turns as a page: held against an HTML parser."""

from __future__ import annotations

import html
import json
import re
from html.parser import HTMLParser

from hypothesis import given, settings
from hypothesis import strategies as st

from deepshi_jupyter.display.markdown_html import markdown_html
from deepshi_jupyter.notebook.export_html import POLICY, to_html
from deepshi_jupyter.notebook.shown_turn import shown_in
from tests.browser.payloads import PAYLOADS
from tests.notebook.conversations import IMAGE_URL, studies
from tests.notebook.study import Study

_ELEMENTS = re.findall(
    r"\w+",
    "html head meta title style body h1 h2 h3 h4 h5 h6 ul ol li section details summary pre code p "
    "div blockquote em strong s a img br hr table thead tbody tr th td",
)
_ATTRIBUTES = {
    "a": {"href", "rel", "title"},
    "img": {"src", "alt", "title"},
    "code": {"class"},
    "pre": {"class"},
    "p": {"class"},
    "ol": {"start"},
    "td": {"style"},
    "th": {"style"},
    "html": {"lang"},
    "meta": {"charset", "http-equiv", "content", "name"},
}
_ALIGNED = {"text-align:left", "text-align:right", "text-align:center"}


class Audit(HTMLParser):
    """Collects what a page holds that it may not."""

    def __init__(self) -> None:
        super().__init__()
        self.wrong: list[str] = []
        self.metas: list[dict[str, str | None]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _ELEMENTS:
            self.wrong.append(tag)
        if tag == "meta":
            self.metas.append(dict(attrs))
        for name, value in attrs:
            if not self._allowed(tag, name, value or ""):
                self.wrong.append(f"{tag} {name}={value}")

    def _allowed(self, tag: str, name: str, value: str) -> bool:
        if name not in _ATTRIBUTES.get(tag, set()):
            return False
        if name == "href":
            return re.match(r"(https?|ftp|mailto):|#|$", value, re.IGNORECASE) is not None
        if name == "src":
            return value.startswith("data:image/") and "svg" not in value
        return name != "style" or value in _ALIGNED

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        self.wrong.append(f"comment {data}")


def page(study: Study, title: str = "Study") -> str:
    return to_html(shown_in(study.notebook).turns, markdown_html, title)


def audited(text: str) -> Audit:
    audit = Audit()
    audit.feed(text)
    audit.close()
    assert audit.wrong == []
    return audit


def test_a_page_forbids_itself_scripts_and_connections() -> None:
    metas = audited(page(Study())).metas
    assert {"http-equiv": "Content-Security-Policy", "content": POLICY} in metas
    assert "script" not in POLICY
    refreshing = [m for m in metas if (m.get("http-equiv") or "").lower() == "refresh"]
    assert refreshing == []


def test_a_page_shows_question_answer_facts_and_the_folded_record() -> None:
    study = Study()
    record = study.ask("How <much>?", "--system 'Be brief.'", "**So.**")
    text = page(study)
    assert '<pre class="said">How &lt;much&gt;?</pre>' in text
    assert "<strong>So.</strong>" in text
    assert "2026-11-01 09:01 UTC" in text
    assert record.tip in text
    folded = text.split("<pre><code>")[1].split("</code></pre>")[0]
    assert json.loads(html.unescape(folded)) == record.as_json()


def test_stale_answers_say_so() -> None:
    study = Study()
    study.ask("a")
    study.edit(0, "b")
    assert '<p class="stale">the cell&#x27;s text has changed' in page(study)


def test_hostile_answers_questions_and_names_do_nothing() -> None:
    study = Study()
    for payload in PAYLOADS.values():
        study.ask(payload, "--once", payload, served=payload)
    audited(page(study, "</title><script>"))


def test_an_image_from_elsewhere_is_a_link_and_one_in_the_text_an_image() -> None:
    url = str(IMAGE_URL["image_url"]["url"])  # type: ignore[index]
    remote = markdown_html("![a](https://x.y/z)\n\n[![b](https://x.y/i)](https://x.y/l)")
    assert "<img" not in remote
    assert ">image: a</a>" in remote
    assert remote.count("<a ") == 2
    assert f'<img src="{url}" alt="c">' in markdown_html(f"![c]({url})")


def test_links_lead_to_the_web_or_to_mail_only() -> None:
    text = "[a](javascript:x) [b](data:text/html,x) [c](/api) <file:///x> [d](https://x.y)"
    assert markdown_html(text).count("href=") == 1


@given(st.text("<>\"'`&![](): \nabcdjavscriptonerr=/#*_|-~", max_size=60))
@settings(max_examples=200, deadline=None)
def test_no_markdown_makes_an_element_that_acts(text: str) -> None:
    audited(markdown_html(text))


@settings(max_examples=30, deadline=None)
@given(studies())
def test_any_conversation_can_be_shown(study: Study) -> None:
    audited(page(study))
    page(study).encode()
