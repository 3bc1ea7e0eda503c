"""An answer of 100,000 characters in JupyterLab: bytes, main-thread time and delay of each way.

The service sends 200 tokens of four characters a second. The baseline is a cell that updates one
display with the whole markdown 20 times a second. The ways run one after the other in one browser.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat

from benchmarks.server import BenchServer
from benchmarks.table import Row
from benchmarks.view import busy
from tests.browser import jupyter_server as servers
from tests.browser.conftest import _CHROMIUM_ARGUMENTS
from tests.browser.notebook_page import NotebookPage

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

TOKENS = 25_000
LAST = "the-very-end"

LOAD = """import os
os.environ |= {{'DEEPSHI_BASE_URL': '{url}', 'DEEPSHI_API_KEY': 'k'}}
os.environ['DEEPSHI_MODEL'] = 'closed-{tokens}'
%load_ext deepshi_jupyter
"""

WHOLE = """import time
from IPython.display import Markdown, display
from deepshi_jupyter import Client
shown, text, due = display(Markdown(''), display_id=True), '', 0.0
with Client() as client:
    for event in client.stream('Go on.', model=os.environ['DEEPSHI_MODEL']):
        text += getattr(event, 'text', '')
        if time.monotonic() >= due:
            due = time.monotonic() + 0.05
            shown.update(Markdown(text))
ended = time.time()
shown.update(Markdown(text))
"""

ENDED = {
    "renderer": "import datetime as d\n"
    "t = _deepshi\nprint(d.datetime.fromisoformat(t.started).timestamp() + t.duration)",
    "panel": "import datetime as d\nfrom deepshi_jupyter.session import current_session\n"
    "t = current_session().last_record.call\n"
    "print(d.datetime.fromisoformat(t.started).timestamp() + t.duration)",
    "whole": "print(ended)",
}

WATCH = f"""() => {{
    window.seen = new Promise(done => {{
        new MutationObserver((changes, observer) => {{
            for (const {{ addedNodes, target, type }} of changes) {{
                const nodes = type === 'childList' ? addedNodes : [target];
                for (const node of nodes) {{
                    if (node.textContent.includes('{LAST}')) {{
                        observer.disconnect();
                        requestAnimationFrame(() => done(Date.now() / 1000));
                        return;
                    }}
                }}
            }}
        }}).observe(document.body, {{ childList: true, subtree: true, characterData: true }});
    }});
}}"""


def measure(_: int) -> list[Row]:
    from playwright.sync_api import sync_playwright

    figures: dict[str, dict[str, float]] = {}
    with sync_playwright() as playwright, BenchServer() as server:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=_CHROMIUM_ARGUMENTS
        )
        for way in ("renderer", "panel", "whole"):
            figures[way] = one(browser, server.base_url, way)
        browser.close()
    whole = figures["whole"]
    return [
        row
        for way, most in (("renderer", 17), ("panel", 20))
        for row in (
            Row(f"{way}: bytes", figures[way]["megabytes"], "MB", whole["megabytes"], "≤ 1.8 MB"),
            Row(f"{way}: main thread", figures[way]["busy"], "s", whole["busy"], f"≤ {most} s"),
            Row(f"{way}: late at the end", figures[way]["late"], "ms", whole["late"], "≤ 150 ms"),
        )
    ]


def one(browser: Browser, url: str, way: str) -> dict[str, float]:
    question = {"renderer": "%%deepshi\nGo on.", "panel": "%deepshi panel", "whole": WHOLE}[way]
    cells = [LOAD.format(url=url, tokens=TOKENS), question, ENDED[way]]
    with opened(browser, cells, extension=way == "renderer") as notebook:
        page = notebook.page
        notebook.run(0)
        received: list[int] = []
        devtools = page.context.new_cdp_session(page)
        devtools.send("Performance.enable")
        devtools.send("Network.enable")
        devtools.on(
            "Network.webSocketFrameReceived",
            lambda frame: received.append(len(frame["response"]["payloadData"])),
        )
        page.evaluate(WATCH)
        if way == "panel":
            notebook.run(1)
            asked_at_panel(page)
        else:
            notebook.start(1)
        before, sent = busy(devtools), sum(received)
        seen = float(page.evaluate("() => window.seen"))
        if way != "panel":
            notebook.wait_for_run()
        figures = {"busy": busy(devtools) - before, "megabytes": (sum(received) - sent) / 1e6}
        notebook.run(2)
        figures["late"] = (seen - float(notebook.output(2).inner_text())) * 1000
    return figures


def asked_at_panel(page: Page) -> None:
    box = page.locator(".deepshi-panel textarea").first
    box.fill("Go on.")
    box.press("Enter")


@contextlib.contextmanager
def opened(browser: Browser, cells: list[str], *, extension: bool) -> Iterator[NotebookPage]:
    """Open a notebook of code cells in a JupyterLab of its own."""
    with tempfile.TemporaryDirectory() as folder:
        server = servers.start(Path(folder), extension=extension)
        try:
            notebook: Any = nbformat.v4.new_notebook()
            notebook.cells = [nbformat.v4.new_code_cell(source) for source in cells]
            nbformat.write(notebook, server.directory / "page.ipynb")
            context = browser.new_context(viewport={"width": 1280, "height": 900})
            context.set_default_timeout(0)
            page = NotebookPage(context.new_page(), "lab")
            page.open(server.notebook_url("lab", "page.ipynb"))
            yield page
            page.shut_down()
            context.close()
        finally:
            server.stop()
