"""What a model wrote can do nothing in a page, though the page trusts it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deepshi_jupyter.display.neutral_markdown import neutralise
from tests.browser.canary import Canary
from tests.browser.nasty_markdown import nasty_documents
from tests.browser.notebook_page import NotebookPage
from tests.browser.payloads import PAYLOADS

OpenNotebook = Callable[[list[str]], NotebookPage]

FINDINGS = (Path(__file__).parent / "rendered.js").read_text(encoding="utf-8").split("\n", 1)[1]

OUTPUTS = 40
"""Outputs of one cell; JupyterLab shows no more than 50."""

WATCH = """() => {
    window.mark = 1;
    const commands = window.jupyterapp.commands;
    commands.addCommand('payload:run', { execute: () => { window.commandRan = 1; } });
}"""

UNTOUCHED = [1, None, None]
"""The page is still the one that was opened, no script ran, and no command."""

CLICK = """area => {
    const ran = [];
    const signal = window.jupyterapp.commands.commandExecuted;
    const note = (_, executed) => ran.push(executed.id);
    signal.connect(note);
    // A link may be followed by its reader; here it only must not do more than that.
    const stay = event => event.preventDefault();
    document.addEventListener('click', stay, true);
    const clickable = 'a, button, input, label, summary, [onclick], [role=button], img, svg, span';
    for (const element of area.querySelectorAll(clickable)) {
        element.dispatchEvent(new MouseEvent('mouseover', { bubbles: true }));
        element.dispatchEvent(new MouseEvent('click', { bubbles: true, cancelable: true }));
    }
    document.removeEventListener('click', stay, true);
    signal.disconnect(note);
    return ran;
}"""

SETTLE = """async () => {
    await document.fonts.ready;
    await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
    await fetch(window.jupyterapp.serviceManager.serverSettings.baseUrl + 'api/status');
}"""

RENDER = """async documents => {
    const findings = %s;
    const rendermime = window.jupyterapp.shell.currentWidget.content.rendermime;
    const host = document.body.appendChild(document.createElement('div'));
    const found = [];
    for (const [number, source] of documents.entries()) {
        const renderer = rendermime.createRenderer('text/markdown');
        host.replaceChildren(renderer.node);
        const data = { 'text/markdown': source };
        await renderer.renderModel(rendermime.createModel({ data, trusted: true }));
        const of = findings(renderer.node);
        if (of.length) { found.push([number, of]); }
        renderer.dispose();
    }
    host.remove();
    return found;
}"""


@pytest.fixture
def canary() -> Iterator[Canary]:
    with Canary() as server:
        yield server


def showing(*markdown: str) -> str:
    """Return the source of a cell that displays pieces of markdown."""
    return (
        "from IPython.display import Markdown, display\n"
        f"for markdown in {list(markdown)!r}:\n    display(Markdown(markdown))"
    )


def strangers(page: NotebookPage) -> list[str]:
    """Return what was requested from anybody but the Jupyter server."""
    home = page.url.split("/", 3)[:3]
    return [
        url
        for url in page.requested
        if url.split("/", 3)[:3] != home and not url.startswith(("data:", "blob:"))
    ]


def on_each(page: NotebookPage, cells: int, script: str) -> list[list[str]]:
    """Return what a script finds in each markdown output of the first cells."""
    each = f"nodes => nodes.map({script})"
    return [found for n in range(cells) for found in page.markdown(n).evaluate_all(each)]


def named(payloads: dict[str, str], found: list[list[str]]) -> dict[str, list[str]]:
    """Return the payloads of which something was found, and what."""
    return {name: what for name, what in zip(payloads, found, strict=True) if what}


def test_neutralised_payloads_do_nothing(shared_notebook: NotebookPage, canary: Canary) -> None:
    page = shared_notebook
    payloads = {name: text.replace("CANARY", canary.url) for name, text in PAYLOADS.items()}
    neutral = [neutralise(text) or "-" for text in payloads.values()]
    cells = [neutral[i : i + OUTPUTS] for i in range(0, len(neutral), OUTPUTS)]
    page.set_cells([showing(*cell) for cell in cells])
    page.page.evaluate(WATCH)

    page.run_all()
    page.wait_for_markdown(len(payloads))
    page.page.locator("mjx-container").nth(5).wait_for()
    page.page.evaluate(SETTLE)

    assert named(payloads, on_each(page, len(cells), FINDINGS)) == {}
    assert named(payloads, on_each(page, len(cells), CLICK)) == {}
    page.page.evaluate(SETTLE)
    assert page.page.evaluate("() => [window.mark, window.pwned, window.commandRan]") == UNTOUCHED
    assert (canary.hits(), strangers(page), page.page.url) == ([], [], page.url)


def test_the_same_payloads_act_when_they_are_not_neutralised(
    open_notebook: OpenNotebook, canary: Canary
) -> None:
    names = ["script", "remote image", "command button"]
    payloads = [PAYLOADS[name].replace("CANARY", canary.url) for name in names]
    page = open_notebook([showing(*payloads)])
    page.page.evaluate(WATCH)

    page.run(0)
    page.wait_for_markdown(len(names))

    page.page.wait_for_function("() => window.pwned === 1")
    assert canary.wait_for_hit() == "/image?d=secret"
    assert strangers(page) == [f"{canary.url}/image?d=secret"]
    assert all(on_each(page, 1, FINDINGS))
    assert on_each(page, 1, CLICK)[2] == ["payload:run"]
    assert page.page.evaluate("() => window.commandRan") == 1


ANSWER = r"""## Result of `fit`

The **slope** is $\alpha < 1$, see [the docs](https://example.org/a_b?c=1&d=2) or <https://example.org>;
it costs $5 and not $10, H<sub>2</sub>O, ~~old~~.

| x | `y` |
|--:|:----|
| 1 | $\|a\|$ |
| 2 | `a\|b`<br>c |

\[
\int_0^1 x^2\,dx
= \frac{1}{3}
\]

1. Install:

   ```bash
   pip install "$NAME"
   ```
2. Write:

```html
<b onclick="x()">bold</b>
```

![plot](https://example.org/plot.png)
"""


def test_an_answer_looks_as_it_was_meant(shared_notebook: NotebookPage) -> None:
    page = shared_notebook
    page.set_cells([showing(neutralise(ANSWER))])
    page.run(0)
    page.wait_for_markdown(1)
    shown = page.markdown(0)
    shown.locator("mjx-container").nth(2).wait_for()

    assert shown.locator("h2 code").inner_text() == "fit"
    assert shown.locator("strong").inner_text() == "slope"
    assert shown.locator("mjx-container").count() == 3
    assert shown.locator("mjx-container[display=true]").count() == 1
    assert [a.get_attribute("href") for a in shown.locator("p a").all()] == [
        "https://example.org/a_b?c=1&d=2",
        "https://example.org",
        "https://example.org/plot.png",
    ]
    assert shown.locator("p a").nth(2).inner_text() == "image: plot"
    assert "it costs $5 and not $10" in shown.locator("p").first.inner_text()
    assert shown.locator("td").all_inner_texts()[3] == "a|b\nc"
    assert shown.locator("ol li").count() == 2
    assert [code.inner_text().strip() for code in shown.locator("pre code").all()] == [
        'pip install "$NAME"',
        '<b onclick="x()">bold</b>',
    ]


@pytest.mark.parametrize("front_end", ["lab"], indirect=True)
def test_nothing_dangerous_comes_of_nasty_documents(
    shared_notebook: NotebookPage, canary: Canary
) -> None:
    page = shared_notebook
    documents = [d.replace("CANARY", canary.url) for d in nasty_documents(400, seed=20261123)]
    neutral = [neutralise(document) for document in documents]
    found = page.page.evaluate(RENDER % FINDINGS, neutral)

    assert [(documents[number], what) for number, what in found] == []
    page.page.evaluate(SETTLE)
    assert page.page.evaluate("() => window.pwned") is None
    assert (canary.hits(), strangers(page), page.page.url) == ([], [], page.url)
    raw = page.page.evaluate(RENDER % FINDINGS, ["<b onclick=x>y</b>", "<form></form>"])
    assert [number for number, _ in raw] == [0, 1]
