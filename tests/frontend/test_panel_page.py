"""The built panel in a real browser, with a model that answers as anywidget's does; no Jupyter."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.canary import Canary
from tests.browser.payloads import PAYLOADS
from tests.frontend.view_page import ROOT, RepositoryServer, ViewPage

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

ARTIFACTS = ROOT / "tests" / "artifacts"
AXE = ROOT / "labextension" / "node_modules" / "axe-core" / "axe.min.js"
THEMES = Path(sys.prefix) / "share" / "jupyter" / "lab" / "themes" / "@jupyterlab"

OpenPanel = Callable[..., "PanelPage"]


class PanelPage(ViewPage):
    """The page with a panel, and what the panel said to its kernel."""

    def say(self, **message: Any) -> None:
        """Let the kernel say something."""
        self.page.evaluate("message => window.kernel.say(message)", message)

    def sent(self, kind: str) -> list[dict[str, Any]]:
        """Return the messages of a kind that the panel sent."""
        all_sent = self.page.evaluate("() => window.kernel.sent")
        return [message for message in all_sent if message["kind"] == kind]

    def wait_for(self, kind: str, count: int = 1) -> dict[str, Any]:
        """Return the last of so many messages of a kind, when they were sent."""
        self.page.wait_for_function(
            "([kind, count]) => window.kernel.sent.filter(m => m.kind === kind).length >= count",
            arg=[kind, count],
        )
        return self.sent(kind)[-1]

    def show(self, *turns: dict[str, Any], order: list[str] | None = None) -> None:
        """Let the kernel show turns; what a turn does not name is plain."""
        self.page.evaluate(
            """([turns, order]) => window.kernel.say({
                kind: 'turns', order: order ?? turns.map(t => t.id), turns: turns.map(shown),
            })""",
            [list(turns), order],
        )

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    @property
    def question(self) -> Locator:
        return self.page.get_by_role("textbox", name="Question")

    def focused(self) -> str:
        """Return what has the focus: its label, else its text."""
        return str(
            self.page.evaluate(
                "() => document.activeElement.ariaLabel || document.activeElement.textContent"
            )
        )


@pytest.fixture
def open_panel(browser: Browser, server: RepositoryServer) -> Iterator[OpenPanel]:
    """Return a function that opens the demo page of the panel with a query."""
    with ExitStack() as opened:

        def opener(query: str = "empty&still", width: int = 800, theme: str = "") -> PanelPage:
            return opened.enter_context(_opened(browser, server, query, width, theme))

        yield opener


@contextmanager
def _opened(
    browser: Browser, server: RepositoryServer, query: str, width: int, theme: str
) -> Iterator[PanelPage]:
    context = browser.new_context(viewport={"width": width, "height": 1000})
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    panel = PanelPage(context.new_page())
    panel.open(f"{server.url}/labextension/demo/panel.html?{query}&theme={theme}")
    if theme != "":
        _use_jupyterlab_theme(panel.page, theme)
    yield panel
    assert panel.errors == []
    context.close()


def _use_jupyterlab_theme(page: Page, theme: str) -> None:
    """Give the page the colours and sizes that JupyterLab has."""
    file = THEMES / f"theme-{theme}-extension" / "index.css"
    rules = re.sub(r"url\([^)]*\)", "none", file.read_text(encoding="utf-8"))
    page.add_style_tag(content=rules)


def text_delta(seq: int, text: str, offset: int) -> dict[str, Any]:
    return {"v": 1, "seq": seq, "kind": "text", "text": text, "offset": offset}


# What a reader does


def test_a_question_is_asked_and_its_answer_streams(open_panel: OpenPanel) -> None:
    panel = open_panel()
    panel.question.fill("Why?")
    panel.question.press("Enter")
    asked = panel.wait_for("ask")
    assert (asked["v"], asked["text"], asked["attach"], asked["instead_of"]) == (
        1,
        "Why?",
        [],
        None,
    )
    assert panel.question.input_value() == ""
    panel.button("Stop").wait_for()
    ask = asked["ask"]
    panel.say(kind="begin", ask=ask, question="Why?", instead_of=None)
    panel.say(kind="delta", ask=ask, data=text_delta(0, "**Beca", 0))
    panel.say(kind="delta", ask=ask, data=text_delta(1, "use** so.", 6))
    panel.page.locator(".deepshi-live-answer strong", has_text="Because").wait_for()
    assert panel.page.get_by_role("status").inner_text() == "The answer begins."
    panel.show({"id": "a", "question": "Why?", "text": "**Because** so."})
    panel.say(kind="ended", ask=ask, turn="a", error=None)
    panel.button("Send").wait_for()
    assert panel.page.locator(".deepshi-slot").count() == 1
    assert panel.page.get_by_role("status").inner_text() == "The answer is complete."


def test_a_gap_is_filled_by_a_snapshot(open_panel: OpenPanel) -> None:
    panel = open_panel()
    panel.say(kind="begin", ask="x", question="From another view", instead_of=None)
    panel.say(kind="delta", ask="x", data=text_delta(0, "One ", 0))
    panel.say(kind="delta", ask="x", data=text_delta(2, "three ", 8))
    assert panel.wait_for("snapshot") == {"v": 1, "kind": "snapshot", "ask": "x"}
    panel.say(kind="snapshot", ask="x", seq=3, text="One two three ", reasoning="")
    panel.say(kind="delta", ask="x", data=text_delta(3, "four.", 14))
    panel.page.get_by_text("One two three four.").wait_for()


def test_a_page_that_comes_late_shows_what_came_before(open_panel: OpenPanel) -> None:
    panel = open_panel()
    panel.say(kind="begin", ask="x", question="Why?", instead_of=None)
    panel.say(kind="snapshot", ask="x", seq=7, text="Said before. ", reasoning="Hm.")
    panel.say(kind="delta", ask="x", data=text_delta(7, "And now.", 13))
    panel.page.get_by_text("Said before. And now.").wait_for()
    panel.button("Stop").click()
    assert panel.wait_for("stop") == {"v": 1, "kind": "stop", "ask": "x"}


def test_keys_of_the_composer(open_panel: OpenPanel) -> None:
    panel = open_panel()
    panel.show({"id": "a", "question": "First\nquestion"}, {"id": "b", "question": "Second"})
    panel.question.press("ArrowUp")
    assert panel.question.input_value() == "Second"
    panel.question.press("ArrowUp")
    assert panel.question.input_value() == "First\nquestion"
    panel.question.press("ArrowDown")
    assert panel.question.input_value() == "Second"
    panel.question.press("ArrowDown")
    assert panel.question.input_value() == ""
    panel.question.type("one")
    panel.question.press("Shift+Enter")
    panel.question.type("two")
    assert panel.question.input_value() == "one\ntwo"
    panel.question.press("ArrowUp")
    assert panel.question.input_value() == "one\ntwo"
    assert panel.sent("ask") == []
    panel.question.press("Enter")
    assert panel.wait_for("ask")["text"] == "one\ntwo"


def test_an_input_method_never_sends(open_panel: OpenPanel) -> None:
    panel = open_panel()
    panel.question.fill("かな")
    session = panel.page.context.new_cdp_session(panel.page)
    panel.question.focus()
    text = {"text": "漢", "selectionStart": 1, "selectionEnd": 1}
    session.send("Input.imeSetComposition", text)
    for key in ("Enter", "Escape", "ArrowUp"):
        panel.question.evaluate(
            "(e, key) => e.dispatchEvent(new KeyboardEvent('keydown',"
            " { key, isComposing: true, bubbles: true, cancelable: true }))",
            key,
        )
    panel.question.evaluate(
        "e => e.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', keyCode: 229 }))"
    )
    session.send("Input.insertText", {"text": "漢"})
    assert "漢" in panel.question.input_value()
    assert panel.sent("ask") == []


def test_values_are_looked_up_while_typing_and_evaluated_by_a_button(
    open_panel: OpenPanel,
) -> None:
    panel = open_panel("empty")
    panel.question.type("Look at {{df.shape}}")
    assert panel.wait_for("preview")["evaluate"] is False
    panel.page.get_by_text("not evaluated").wait_for()
    panel.button("Preview values").click()
    assert panel.wait_for("preview", 2)["evaluate"] is True
    panel.page.get_by_text("(1200, 8)").wait_for()
    panel.question.fill("Nothing")
    assert panel.page.get_by_text("(1200, 8)").count() == 0


def test_expressions_are_attached(open_panel: OpenPanel) -> None:
    panel = open_panel()
    panel.button("Attach").click()
    panel.page.keyboard.type("fig")
    panel.page.keyboard.press("Enter")
    panel.page.keyboard.type("df.head()")
    panel.button("Add").click()
    panel.button("Remove fig").click()
    assert panel.focused() == "Question"
    panel.question.fill("What is this?")
    panel.button("Send").click()
    assert panel.wait_for("ask")["attach"] == ["df.head()"]
    assert panel.page.get_by_text("df.head()").count() == 0


def test_a_failed_question_is_not_lost(open_panel: OpenPanel) -> None:
    panel = open_panel()
    for number, later in enumerate(["", "Meanwhile"]):
        panel.question.fill("Precious")
        panel.question.press("Enter")
        ask = panel.wait_for("ask", number + 1)["ask"]
        panel.question.fill(later)
        error = {"what": "The service is overloaded.", "todo": "Try again in a minute."}
        panel.say(kind="ended", ask=ask, turn=None, error=error)
        alert = panel.page.get_by_role("alert")
        assert "The service is overloaded." in alert.inner_text()
        assert "Try again in a minute." in alert.inner_text()
    assert panel.question.input_value() == "Meanwhile"
    panel.button("Put the question back").click()
    assert panel.question.input_value() == "Precious"
    assert panel.focused() == "Question"


def test_a_question_is_edited_and_left(open_panel: OpenPanel) -> None:
    panel = open_panel()
    panel.show({"id": "a", "question": "First"}, {"id": "b", "question": "Second"})
    panel.question.fill("A draft")
    panel.button("Edit").first.click()
    assert panel.question.input_value() == "First"
    panel.question.press("Escape")
    assert panel.question.input_value() == "A draft"
    panel.button("Edit").first.click()
    panel.question.fill("First, but better")
    panel.question.press("Enter")
    asked = panel.wait_for("ask")
    assert (asked["text"], asked["instead_of"]) == ("First, but better", "a")
    assert panel.question.input_value() == "A draft"
    assert panel.page.locator(".deepshi-slot").count() == 1  # what it replaces is hidden


def test_escape_stops_an_answer(open_panel: OpenPanel) -> None:
    panel = open_panel()
    panel.question.fill("Long?")
    panel.question.press("Enter")
    ask = panel.wait_for("ask")["ask"]
    panel.question.press("Escape")
    assert panel.wait_for("stop")["ask"] == ask


def test_what_can_be_done_with_a_turn(open_panel: OpenPanel) -> None:
    panel = open_panel()
    turn = {"id": "b", "text": "The *answer*.", "branches": ["a", "b", "c"]}
    panel.show(turn, {"id": "cell", "own": False})
    assert panel.button("Copy").count() == 2
    assert panel.button("Regenerate").count() == 1
    panel.button("Copy").first.click()
    panel.button("Copied").wait_for()
    assert panel.page.evaluate("() => navigator.clipboard.readText()") == "The *answer*."
    panel.button("Next branch").click()
    assert panel.wait_for("branch") == {"v": 1, "kind": "branch", "turn": "b", "to": "c"}
    panel.button("Insert").click()
    panel.page.keyboard.press("ArrowDown")
    panel.page.keyboard.press("Enter")
    assert panel.wait_for("insert") == {"v": 1, "kind": "insert", "turn": "b", "what": "code"}
    assert panel.focused() == "Insert"
    panel.button("Regenerate").click()
    assert panel.wait_for("regenerate")["turn"] == "b"


def test_the_focus_is_never_lost(open_panel: OpenPanel) -> None:
    panel = open_panel()
    turn = {"id": "b", "branches": ["a", "b"], "others": ["Another.", "And another."]}
    panel.show(turn)
    panel.button("Previous branch").focus()
    panel.show({**turn, "rev": 2, "text": "Changed."})
    assert panel.focused() == "Previous branch"
    panel.button("Next answer").click()
    panel.button("Next answer").click()
    panel.page.get_by_text("And another.").wait_for()
    assert panel.focused() == "Question"  # the last page has no next one
    panel.button("Previous answer").click()
    assert panel.focused() == "Previous answer"
    panel.button("Regenerate").click()
    panel.page.wait_for_function("() => document.activeElement.ariaLabel === 'Question'")
    panel.say(kind="begin", ask="x", question="Why?", instead_of=None)
    call = {"id": "c", "name": "f", "arguments": "{}", "state": "asking"}
    panel.say(kind="tool", ask="x", call=call)
    panel.button("Allow once").click()
    assert panel.wait_for("decide")["decision"] == "once"
    panel.page.wait_for_function("() => document.activeElement.ariaLabel === 'Question'")
    assert panel.page.evaluate("() => document.activeElement !== document.body")


# Settings


def test_a_model_is_chosen_by_keyboard(open_panel: OpenPanel) -> None:
    panel = open_panel()
    panel.button("Model: Deepshi 3.0").press("Enter")
    panel.page.keyboard.press("ArrowDown")
    panel.page.keyboard.press("Enter")
    assert panel.wait_for("set") == {
        "v": 1,
        "kind": "set",
        "name": "model",
        "value": "deepshi-3.0-mini",
    }
    assert panel.focused() == "Model: Deepshi 3.0 mini"


def test_many_models_are_searched(open_panel: OpenPanel) -> None:
    panel = open_panel("empty&still&models=40")
    panel.button("Model: Deepshi 3.0").click()
    panel.page.keyboard.type("model-17")
    assert panel.page.get_by_role("option").count() == 2  # the model, and the name as it is typed
    panel.page.keyboard.press("Enter")
    assert panel.wait_for("set")["value"] == "vendor/model-17"


def test_parameters_are_automatic_until_they_are_set(open_panel: OpenPanel) -> None:
    panel = open_panel()
    panel.button("Parameters").click()
    top_p = panel.page.get_by_role("textbox", name="Top p")
    assert top_p.is_disabled()
    described = panel.page.locator(f"[id='{top_p.get_attribute('aria-describedby')}']")
    assert described.inner_text() == "Not used: deepshi-3.0 reasons, and samples by itself."
    seed = panel.page.get_by_role("textbox", name="Seed")
    assert (seed.input_value(), seed.get_attribute("placeholder")) == ("", "automatic")
    seed.fill("1.5")
    seed.press("Tab")
    assert panel.sent("set") == []
    assert seed.get_attribute("aria-invalid") == "true"
    seed.fill("42")
    seed.press("Tab")
    assert panel.wait_for("set")["value"] == 42
    panel.button("Temperature: back to automatic").click()
    assert panel.wait_for("set", 2)["value"] is None
    panel.page.get_by_role("textbox", name="Stop").fill("a\nb")
    panel.question.focus()
    assert panel.wait_for("set", 3)["value"] == ["a", "b"]


# The kernel goes


def test_a_restart_leaves_a_readable_panel_that_says_so(open_panel: OpenPanel) -> None:
    panel = open_panel("still")
    record = panel.page.locator("#record")
    assert not record.is_visible()  # the panel lives, so its record is not needed
    panel.question.fill("Not sent")
    panel.page.evaluate("() => window.kernel.restart()")
    panel.page.get_by_text(
        "The kernel was restarted: run this cell again to go on."
    ).first.wait_for()
    assert record.is_visible()
    panel.question.press("Enter")
    for name in ("Send", "Attach", "Export", "Regenerate", "Edit"):
        assert panel.button(name).first.is_disabled(), name
    assert panel.button("Copy").first.is_enabled()
    assert panel.question.input_value() == "Not sent"
    assert panel.sent("ask") == []
    assert panel.page.get_by_text("Probably").is_visible()
    panel.say(kind="pong", id="x")  # it was not the end
    panel.button("Send").wait_for()
    assert panel.button("Send").is_enabled()


def test_a_panel_without_a_kernel_does_not_say_that_it_lives(open_panel: OpenPanel) -> None:
    panel = open_panel("dead")
    assert panel.page.locator("#record").is_visible()
    assert panel.page.locator(".deepshi-panel.deepshi-live").count() == 0
    assert panel.button("Send").is_disabled()
    panel.page.get_by_text("Waiting for the kernel.").first.wait_for()


# What is shown is only shown


def test_payloads_do_nothing_in_any_message(open_panel: OpenPanel, canary: Canary) -> None:
    panel = open_panel("empty&still")
    panel.page.evaluate("() => { window.mark = 1; }")
    for number, payload in enumerate(PAYLOADS.values()):
        text = payload.replace("CANARY", canary.url)
        _say_everywhere(panel, text, number)
    panel.page.evaluate(
        """() => {
            const stay = event => event.preventDefault();
            document.addEventListener('click', stay, true);
            for (const element of document.querySelectorAll('.deepshi-panel .deepshi-turns *')) {
                element.dispatchEvent(new MouseEvent('mouseover', { bubbles: true }));
                element.dispatchEvent(new MouseEvent('click', { bubbles: true, cancelable: true }));
            }
            document.removeEventListener('click', stay, true);
        }"""
    )
    panel.page.evaluate("() => fetch(location.href)")
    assert panel.page.evaluate("() => [window.mark, window.pwned]") == [1, None]
    strange = [url for url in panel.strangers() if "/math.js" not in url]
    assert (canary.hits(), strange) == ([], [panel.page.url])


def _say_everywhere(panel: PanelPage, text: str, number: int) -> None:
    call = {"id": text, "name": text, "arguments": text, "state": "done", "result": text}
    turn = {
        "id": f"{number}",
        "tools": [{**call, "note": text}],
        "pictures": [{"address": text, "words": text}],
        "notices": [text],
        "others": [text],
        **dict.fromkeys(["question", "text", "reasoning", "footer", "stale"], text),
    }
    panel.show(turn)
    parameter = {"name": text, "label": text, "help": text, "kind": "text", "value": text}
    panel.say(
        kind="settings",
        model=text,
        chat=text,
        mode=text,
        spent=text,
        parameters=[parameter, {**parameter, "name": "b", "ignored": text}],
    )
    model = {"id": text, "name": text, "features": [text]}
    panel.say(kind="models", models=[model], error=text)
    panel.say(kind="begin", ask="x", question=text, instead_of=None)
    panel.say(kind="delta", ask="x", data=text_delta(0, text, 0))
    panel.say(kind="tool", ask="x", call={**call, "state": "asking"})
    panel.say(kind="ended", ask="x", turn=None, error={"what": text, "todo": text})
    panel.say(kind="inserted", turn=text, what=text, note=text)
    panel.say(kind="error", what=text, todo=text)


def test_mathematics_is_drawn_when_its_module_has_come(
    open_panel: OpenPanel, canary: Canary
) -> None:
    panel = open_panel()
    panel.show({"id": "a", "text": "So $\\frac{a}{b}$, $\\sum_{i=1}^n i$ and\n\n$$\nx^2\n$$"})
    panel.page.locator(".deepshi-turn math mfrac").wait_for()
    assert panel.page.locator(".deepshi-turn math").count() == 3
    assert len(panel.sent("math")) == 1
    evil = [
        rf"\href{{javascript:window.pwned=1}}{{x}} \includegraphics{{{canary.url}/a.png}}",
        rf"\class{{lm-Widget}}{{x}} \style{{background:url({canary.url}/b)}}{{y}}",
        r"\def\a{\a\a}\a",
        "{" * 4000,
        r"\rule{100000em}{100000em}",
    ]
    panel.show({"id": "e", "text": " and ".join(f"\\({tex}\\)" for tex in evil)})
    panel.page.locator(".deepshi-turn p", has_text=" and ").wait_for()
    assert panel.page.evaluate("() => window.pwned") is None
    assert canary.hits() == []
    found = panel.page.evaluate(
        "() => [...document.querySelectorAll('.deepshi-turn math *')]"
        ".filter(e => e.matches('[href], [src], [onclick], a, img, .lm-Widget')).length"
    )
    assert found == 0
    box = panel.page.locator(".deepshi-turn").bounding_box()
    assert box is not None
    assert box["height"] < 2000


def test_turns_below_the_panel_stand_apart(open_panel: OpenPanel) -> None:
    panel = open_panel("still")
    title = panel.page.locator(".deepshi-below > summary")
    assert title.inner_text() == "Asked below this panel; not seen from here · 1 turn"
    panel.say(kind="begin", ask="x", question="Why?", instead_of=None)
    kinds = panel.page.locator(".deepshi-turns > *").evaluate_all(
        "all => all.slice(-2).map(e => e.className)"
    )
    assert kinds == ["deepshi-slot deepshi-live-answer", "deepshi-below"]


# Size and access

FRAMES = """async () => {
    const turns = document.querySelector('.deepshi-turns');
    const frame = () => new Promise(requestAnimationFrame);
    const gaps = [];
    let jumps = 0;
    for (let step = 0; step < 120; step++) {
        const seen = [...turns.querySelectorAll('.deepshi-question')].find(
            e => e.getBoundingClientRect().top > turns.getBoundingClientRect().top + 50);
        const before = seen?.getBoundingClientRect().top ?? 0;
        const begun = performance.now();
        turns.scrollBy(0, -180);
        await frame();
        await frame();
        gaps.push(performance.now() - begun);
        const moved = (seen?.getBoundingClientRect().top ?? 0) - before;
        if (seen && Math.abs(moved - 180) > 4) { jumps++; }
    }
    gaps.sort((a, b) => a - b);
    return { median: gaps[60] / 2, worst: gaps[119] / 2, jumps };
}"""


def test_five_hundred_turns_scroll_without_jumps(open_panel: OpenPanel) -> None:
    panel = open_panel("still&turns=500")
    panel.page.wait_for_function(
        "() => document.querySelectorAll('.deepshi-slot:empty').length === 0"
    )
    turns = panel.page.locator(".deepshi-turns")
    left = "e => Math.round(e.scrollHeight - e.clientHeight - e.scrollTop)"
    assert turns.evaluate(left) <= 1
    turns.hover()
    panel.page.mouse.wheel(0, -400)
    panel.button("↓ To the end").wait_for()
    measured = panel.page.evaluate(FRAMES)  # times are for docs/frontend.md, and not asserted
    ARTIFACTS.mkdir(exist_ok=True)
    (ARTIFACTS / "panel-scrolling.json").write_text(json.dumps(measured), encoding="utf-8")
    assert measured["jumps"] <= 6


BASE_STATES = ["read", "running", "problem", "parameters", "models"]


def _bring_into(panel: PanelPage, state: str) -> None:
    if state == "running":
        panel.say(kind="begin", ask="x", question="What follows from that?", instead_of=None)
        call = {"id": "c", "name": "fit", "arguments": '{"rows": 3}', "state": "asking"}
        panel.say(kind="delta", ask="x", data=text_delta(0, "The slope is *positive*.\n\n", 0))
        panel.say(kind="tool", ask="x", call=call)
    elif state == "problem":
        panel.question.fill("Compare {{df.shape}} with {{other}}")
        panel.wait_for("preview")
        values = [
            {"expression": "df.shape", "text": "", "note": "not evaluated"},
            {"expression": "other", "text": "[1, 2, 3]", "note": "list, 3 items"},
        ]
        panel.say(kind="preview", id=panel.sent("preview")[-1]["id"], values=values, error=None)
        panel.button("Attach").click()
        panel.page.keyboard.type("fig")
        panel.page.keyboard.press("Enter")
        panel.say(kind="error", what="The service is overloaded (503).", todo="Try again later.")
    elif state == "parameters":
        panel.button("Parameters").click()
    elif state == "models":
        panel.button("Model: Deepshi 3.0").click()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [400, 1000])
def test_nothing_stands_in_the_way_of_anybody(
    open_panel: OpenPanel, theme: str, width: int
) -> None:
    """axe-core finds nothing serious in any state, with the themes of JupyterLab."""
    if not AXE.exists():
        pytest.fail(f"{AXE.name} is missing: run `npm ci` in labextension/.")
    ARTIFACTS.mkdir(exist_ok=True)
    for state in BASE_STATES:
        panel = open_panel("still&models=14" if state == "models" else "still", width, theme)
        _bring_into(panel, state)
        panel.page.wait_for_function("() => document.querySelectorAll('math').length > 0")
        panel.page.screenshot(path=ARTIFACTS / f"panel-{state}-{theme}-{width}.png")
        panel.page.add_script_tag(path=AXE)
        assert _violations(panel.page) == [], state
        assert _small_texts(panel.page) == [], state
        assert panel.page.evaluate("() => document.documentElement.scrollWidth <= innerWidth"), (
            state
        )


def _violations(page: Page) -> list[Any]:
    found = page.evaluate(
        "async () => (await axe.run('.deepshi-panel', { resultTypes: ['violations'] })).violations"
    )
    serious = [each for each in found if each["impact"] in ("serious", "critical")]
    return [(each["id"], [node["html"][:200] for node in each["nodes"]]) for each in serious]


def _small_texts(page: Page) -> list[str]:
    """Return texts smaller than the smallest of the theme: 13 px in JupyterLab."""
    found = page.evaluate("""() => {
        const words = document.createTreeWalker(
            document.querySelector('.deepshi-panel'), NodeFilter.SHOW_TEXT);
        const small = [];
        while (words.nextNode()) {
            const element = words.currentNode.parentElement;
            const isIndex = element.closest('sub, sup, math, .deepshi-unseen');
            const size = parseFloat(getComputedStyle(element).fontSize);
            if (words.currentNode.data.trim() && !isIndex && size < 13) {
                small.push(words.currentNode.data);
            }
        }
        return small;
    }""")
    return list(found)
