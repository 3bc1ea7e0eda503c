"""An answer of 100,000 characters in a page: main-thread time of the views, against whole drawings.

The page gets 40 characters 20 times a second, which is 200 tokens of four characters. The baseline
draws the whole markdown so far at each of these moments, as `update(Markdown(text))` does.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

from benchmarks.table import Row, median
from tests.browser.conftest import _CHROMIUM_ARGUMENTS
from tests.frontend.view_page import ROOT, RepositoryServer, ViewPage

if TYPE_CHECKING:
    from playwright.sync_api import Browser

CHARACTERS = 100_000
STEP = 40
INTERVAL = 50  # ms

STREAM = """async ({ text, step, interval, way }) => {
    const main = document.querySelector('main');
    const transcript = new window.view.TranscriptView();
    main.replaceChildren(transcript.node);
    const turn = transcript.add();
    const host = turn.node.appendChild(document.createElement('div'));
    const ways = {
        views: piece => turn.text(piece),
        whole: (_, sofar) => host.replaceChildren(window.view.renderMarkdown(sofar)),
        idle: () => {},
    };
    const tasks = [];
    const observer = new PerformanceObserver(l => tasks.push(...l.getEntries()));
    observer.observe({ type: 'longtask' });
    const begun = performance.now();
    for (let end = step; end <= text.length; end += step) {
        ways[way](text.slice(end - step, end), text.slice(0, end));
        const wait = begun + end / step * interval - performance.now();
        await new Promise(done => setTimeout(done, Math.max(0, wait)));
    }
    const last = performance.now();
    turn.end();
    main.getBoundingClientRect();
    const end = performance.now() - last;
    await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
    return { late: last - begun - text.length / step * interval, end,
        longest: Math.max(0, ...tasks.map(task => task.duration)) };
}"""


def measure(repeats: int) -> list[Row]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright, RepositoryServer() as server:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=_CHROMIUM_ARGUMENTS
        )
        figures: dict[str, list[dict[str, float]]] = {"views": [], "whole": [], "idle": []}
        for _ in range(max(1, repeats // 5)):
            for way, found in figures.items():
                found.append(one(browser, server.url, way))
        browser.close()
    mid = {
        way: {name: median([each[name] for each in found]) for name in found[0]}
        for way, found in figures.items()
    }
    views, whole = mid["views"], mid["whole"]
    return [
        Row("main thread", views["busy"], "s", whole["busy"], "≤ 20 s"),
        Row("of which the page itself", mid["idle"]["busy"], "s"),
        Row("longest task", views["longest"], "ms", whole["longest"]),
        Row("the last piece comes late by", views["late"], "ms", whole["late"], "≤ 150 ms"),
        Row("from the last piece to the last drawing", views["end"], "ms"),
    ]


def one(browser: Browser, url: str, way: str) -> dict[str, float]:
    context = browser.new_context(viewport={"width": 800, "height": 900})
    page = ViewPage(context.new_page())
    page.open(f"{url}/labextension/demo/index.html?empty")
    devtools = context.new_cdp_session(page.page)
    devtools.send("Performance.enable")
    before = busy(devtools)
    page.page.set_default_timeout(0)
    options = {"text": answer(), "step": STEP, "interval": INTERVAL, "way": way}
    found: dict[str, float] = page.page.evaluate(STREAM, options)
    found["busy"] = busy(devtools) - before
    context.close()
    return found


def busy(devtools: Any) -> float:
    """Seconds that the page's main thread has spent in tasks."""
    metrics = devtools.send("Performance.getMetrics")["metrics"]
    return float(next(m["value"] for m in metrics if m["name"] == "TaskDuration"))


def answer() -> str:
    """Return a long answer: prose, lists, tables, code, mathematics."""
    example = (ROOT / "labextension/demo/example.md").read_text(encoding="utf-8")
    prose = "The slope says how much **y** grows with `x`, other things being equal. " * 12
    part = f"{example}\n\n{prose}\n\n"
    return (part * (CHARACTERS // len(part) + 1))[:CHARACTERS]
