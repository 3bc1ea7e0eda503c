"""What a model writes can do nothing in a page, and what it means is shown."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from tests.browser.canary import Canary
from tests.browser.nasty_markdown import nasty_documents
from tests.browser.payloads import PAYLOADS
from tests.frontend.conftest import OpenView
from tests.frontend.view_page import ROOT, ViewPage

FINDINGS = (ROOT / "tests/browser/rendered.js").read_text(encoding="utf-8").split("\n", 1)[1]
ARTIFACTS = ROOT / "tests" / "artifacts"

SHOW = """async texts => {
    const cut = %(cut)s;
    const findings = %(findings)s;
    const transcript = new window.view.TranscriptView();
    document.querySelector('main').replaceChildren(transcript.node);
    const found = [];
    for (const [number, { text, pieces }] of texts.entries()) {
        const turn = transcript.add({ question: text });
        const words = { name: text, arguments: text, result: text, note: text };
        turn.tool({ id: 'c', state: 'done', ...words });
        turn.picture(text, text);
        turn.notice(text);
        turn.footer(text);
        for (const piece of cut(text, pieces)) { turn.text(piece); turn.flush(); }
        turn.reasoning(text);
        turn.node.querySelector('.deepshi-reasoning').open = true;
        turn.end();
        const shown = turn.node.querySelector('.deepshi-answer > .deepshi-markdown');
        const dangers = findings(shown);
        if (dangers.length) { found.push([number, dangers]); }
        if (shown.outerHTML !== window.view.renderMarkdown(text).outerHTML) {
            found.push([number, ['not the whole: ' + shown.outerHTML]]);
        }
    }
    const painted = () => new Promise(requestAnimationFrame);
    await new Promise(setTimeout).then(painted).then(painted);
    return found;
}"""

CUT = "(text, at) => [0, ...at].map((begin, i) => text.slice(begin, at[i] ?? text.length))"

CLICK = """() => {
    // A link may be followed by its reader; here it only must not do more than that.
    const stay = event => event.preventDefault();
    document.addEventListener('click', stay, true);
    for (const element of document.querySelectorAll('main *')) {
        element.dispatchEvent(new MouseEvent('mouseover', { bubbles: true }));
        element.dispatchEvent(new MouseEvent('click', { bubbles: true, cancelable: true }));
    }
    document.removeEventListener('click', stay, true);
}"""

STATE = "() => [window.mark, window.pwned]"
UNTOUCHED = [1, None]


def show(page: ViewPage, texts: list[str]) -> list[Any]:
    """Show texts everywhere where a text of a model may stand; return what is wrong with them."""
    choice = random.Random(20261123)
    cases = [{"text": t, "pieces": sorted(choice.choices(range(len(t) + 1), k=8))} for t in texts]
    script = SHOW % {"cut": CUT, "findings": FINDINGS}
    return list(page.page.evaluate(script, cases))


def test_payloads_do_nothing_streamed_or_finished(open_view: OpenView, canary: Canary) -> None:
    page = open_view()
    page.page.evaluate("() => { window.mark = 1; }")
    texts = [text.replace("CANARY", canary.url) for text in PAYLOADS.values()]
    found = show(page, texts)

    assert [([*PAYLOADS][number], what) for number, what in found] == []
    page.page.evaluate(CLICK)
    page.page.evaluate("() => fetch(location.href)")
    assert page.page.evaluate(STATE) == UNTOUCHED
    assert (canary.hits(), page.errors) == ([], [])
    assert page.strangers() == [page.page.url]


def test_nothing_dangerous_comes_of_nasty_documents(open_view: OpenView, canary: Canary) -> None:
    page = open_view()
    page.page.evaluate("() => { window.mark = 1; }")
    documents = [
        d.replace("CANARY", canary.url).encode("utf-8", "replace").decode()
        for d in nasty_documents(300, seed=20261123)
    ]
    found = show(page, documents)

    assert [(documents[number], what) for number, what in found] == []
    assert page.page.evaluate(STATE) == UNTOUCHED
    assert (canary.hits(), page.errors, page.strangers()) == ([], [], [])


def test_the_same_payloads_act_in_a_page_that_reads_them_as_html(
    open_view: OpenView, canary: Canary
) -> None:
    page = open_view()
    html = PAYLOADS["image with a handler"] + f"<img src='{canary.url}/seen'>"
    page.page.evaluate("html => { document.querySelector('main').innerHTML = html; }", html)
    page.page.wait_for_function("() => window.pwned === 1")
    assert canary.wait_for_hit() == "/seen"
    assert f"{canary.url}/seen" in page.strangers()
    assert page.page.evaluate(f"() => ({FINDINGS})(document.querySelector('main'))")


def test_the_payloads_of_the_front_end_tests_are_these() -> None:
    file = ROOT / "labextension" / "test" / "payloads.json"
    assert json.loads(file.read_text(encoding="utf-8")) == PAYLOADS


CONTRAST = """() => {
    const paint = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
    const rgb = (...colours) => {
        for (const colour of colours) { paint.fillStyle = colour; paint.fillRect(0, 0, 1, 1); }
        return [...paint.getImageData(0, 0, 1, 1).data].slice(0, 3);
    };
    const backgrounds = element => element
        ? [...backgrounds(element.parentElement), getComputedStyle(element).backgroundColor]
        : [getComputedStyle(document.documentElement).colorScheme === 'dark' ? 'black' : 'white'];
    const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
        .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
        .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
    const words = document.createTreeWalker(document.querySelector('main'), NodeFilter.SHOW_TEXT);
    const found = [];
    while (words.nextNode()) {
        const element = words.currentNode.parentElement;
        const text = words.currentNode.data.trim();
        if (!text || element.closest('.deepshi-unseen, [hidden]')) { continue; }
        const behind = backgrounds(element);
        const { color } = getComputedStyle(element);
        const [a, b] = [light(rgb(...behind)), light(rgb(...behind, color))];
        const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
        found.push([ratio, parseFloat(getComputedStyle(element).fontSize), text]);
    }
    return found;
}"""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_all_text_can_be_read(open_view: OpenView, theme: str) -> None:
    """Contrast as WCAG 2 asks for (1.4.3), and no text smaller than code in the theme."""
    page = open_view(f"theme={theme}")
    ARTIFACTS.mkdir(exist_ok=True)
    page.page.screenshot(path=Path(ARTIFACTS) / f"views-{theme}.png")
    found = page.page.evaluate(CONTRAST)
    assert len(found) > 40
    assert [(ratio, text) for ratio, _, text in found if ratio < 4.5] == []
    # An index is as large as browsers make it, five sixths of its line.
    assert [(size, text) for _, size, text in found if size < 13 and text != "2"] == []


def test_the_end_is_followed_unless_the_reader_scrolled_up(open_view: OpenView) -> None:
    page = open_view().page
    page.evaluate("""() => {
        window.transcript = new window.view.TranscriptView();
        document.querySelector('main').replaceChildren(window.transcript.node);
        window.turn = window.transcript.add();
        window.grow = () => { window.turn.text('More.\\n\\n'.repeat(40)); window.turn.flush(); };
        window.grow();
    }""")
    turns = page.locator(".deepshi-turns")
    left = "e => Math.round(e.scrollHeight - e.clientHeight - e.scrollTop)"
    assert turns.evaluate(left) <= 1
    turns.hover()
    page.mouse.wheel(0, -400)
    page.get_by_role("button", name="To the end").wait_for()
    top = turns.evaluate("e => e.scrollTop")
    page.evaluate("() => window.grow()")
    assert turns.evaluate("e => e.scrollTop") == top
    page.get_by_role("button", name="To the end").click()
    page.evaluate("() => window.grow()")
    assert turns.evaluate(left) <= 1


def test_who_unfolds_something_is_not_taken_from_it(open_view: OpenView) -> None:
    page = open_view().page
    page.evaluate("""() => {
        const transcript = new window.view.TranscriptView();
        document.querySelector('main').replaceChildren(transcript.node);
        window.turn = transcript.add({ question: 'Why? '.repeat(2000) });
        window.turn.reasoning('So.\\n\\n'.repeat(100));
    }""")
    page.locator("summary").click()
    page.locator(".deepshi-reasoning p").first.wait_for()
    top = page.locator(".deepshi-turns").evaluate("e => e.scrollTop")
    page.evaluate("() => { window.turn.text('More.'); window.turn.flush(); }")
    assert page.locator(".deepshi-turns").evaluate("e => e.scrollTop") == top
    assert page.locator("summary").inner_text().startswith("Reasoning · ")


def test_a_keyboard_reaches_all_that_can_be_used(open_view: OpenView) -> None:
    page = open_view("theme=light").page
    reached = []
    for _ in range(16):
        page.keyboard.press("Tab")
        reached.append(
            page.evaluate("() => document.activeElement.textContent.trim().slice(0, 12)")
        )
    for name in ["Reasoning ·", "🔧 rows", "🔧 fit", "Allow once", "Always allow", "Refuse"]:
        assert any(text.startswith(name) for text in reached), (name, reached)
    page.get_by_role("button", name="Refuse").focus()
    page.keyboard.press("Enter")
    assert page.get_by_role("status").inner_text() == "call_2: refuse"
