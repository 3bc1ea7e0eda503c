"""How a comparison shows while it runs, by what the place can do."""

from __future__ import annotations

import io
from typing import Any

import msgspec
import pytest

from deepshi_jupyter.display import comparison_display
from deepshi_jupyter.display.comparison_display import (
    Final,
    Lines,
    Nothing,
    Page,
    Progress,
    view_for,
)

Published = list[tuple[dict[str, Any], dict[str, Any]]]


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> Published:
    found: Published = []
    monkeypatch.setattr(
        comparison_display, "_publish", lambda bundle, **how: found.append((bundle, how))
    )
    return found


def progress(done: int = 1, failed: int = 0, text: str = "Half an") -> Progress:
    rows = [("temperature=0", (done, failed, text)), ("temperature=1", (0, 0, ""))]
    return Progress("4 calls", 2, rows)


def test_a_page_is_rewritten_at_most_four_times_a_second(published: Published) -> None:
    now = [0.0]
    page = Page(clock=lambda: now[0])
    page.begin("4 calls")
    for tick in range(1000):
        now[0] = tick / 100
        page.show(progress())
    page.end({"text/plain": "the table"})
    assert len(published) <= 1 + 10 * 4 + 1
    assert [how["update"] for _, how in published] == [False] + [True] * (len(published) - 1)
    assert len({how["transient"]["display_id"] for _, how in published}) == 1
    assert published[-1][0] == {"text/plain": "the table"}


def test_progress_shows_each_setting_with_the_beginning_of_its_answer(
    published: Published,
) -> None:
    Page().show(progress(2, 1, "word\n" * 1000))
    plain = published[0][0]["text/plain"]
    assert "temperature=0  2/2, 1 failed  word word" in plain
    assert "temperature=1  0/2" in plain
    assert len(plain) < 500


def test_a_stopped_setting_is_marked_and_does_not_run(published: Published) -> None:
    stopped = msgspec.structs.replace(progress(), stopped=frozenset({0}))
    Page().show(stopped)
    assert "temperature=0  1/2, stopped  Half an" in published[0][0]["text/plain"]
    assert stopped.running == [1]


def test_a_coming_answer_can_do_nothing_on_the_page(published: Published) -> None:
    Page().show(progress(text="<script>x</script> | [a](b)"))
    assert "<script" not in published[0][0]["text/markdown"]


def test_where_nobody_looks_only_what_stays_is_displayed(published: Published) -> None:
    view = Final()
    view.begin("4 calls")
    view.show(progress())
    view.end({"text/plain": "the table"})
    view.picture({"image/png": ""})
    assert [bundle for bundle, _ in published] == [{"text/plain": "the table"}, {"image/png": ""}]


def test_a_terminal_gets_a_line_when_a_setting_is_done() -> None:
    out = io.StringIO()
    view = Lines(out)
    view.begin("4 calls")
    for done in (0, 1, 2, 2):
        view.show(progress(done, 1))
    view.end({"text/plain": "the table\x1b[2J"})
    assert out.getvalue().splitlines() == [
        *("4 calls", "1/2 temperature=0: 2/2, 1 failed", "the table[2J"),
    ]


def test_the_view_fits_the_place() -> None:
    class Shell:
        kernel = None

        def __init__(self, **metadata: str) -> None:
            self._metadata = metadata

        def get_parent(self) -> dict[str, Any]:
            return {"metadata": self._metadata}

    assert isinstance(view_for(Shell(cellId="c"), "auto"), Page)
    assert type(view_for(Shell(), "auto")) is Final
    assert type(view_for(Shell(cellId="c"), "deltas")) is Final
    assert isinstance(view_for(None, "text"), Lines)
    assert type(view_for(None, "auto")) is Nothing
