from __future__ import annotations

from typing import Any

import pytest
from markdown_it import MarkdownIt

from deepshi_jupyter.conversation_panel.kept_display import KeptDisplay, quoted_question
from deepshi_jupyter.core.turn_record import MIME_TYPE, RecordedCall, TurnRecord, read_record
from deepshi_jupyter.notebook.notebook_file import records_in

Json = dict[str, Any]


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Json, Json]]:
    found: list[tuple[Json, Json]] = []
    monkeypatch.setattr(
        "IPython.display.publish_display_data",
        lambda data, **options: found.append((data, options)),
    )
    return found


def record(question: str, answer: str) -> TurnRecord:
    call = RecordedCall(answers=({"message": {"role": "assistant", "content": answer}},))
    asked = ({"role": "user", "content": question},)
    return TurnRecord(v=2, id=question[:20], messages=asked, calls=(call,))


def test_it_is_made_once_and_then_updated_by_its_id(published: list[tuple[Json, Json]]) -> None:
    display = KeptDisplay("d")
    one = record("one", "1")
    display.update([one])
    assert published == []
    display.show([])
    display.update([one])
    display.update([one])
    assert [options for _, options in published] == [
        {"transient": {"display_id": "d"}, "update": False},
        {"transient": {"display_id": "d"}, "update": True},
    ]
    assert published[0][0] == {"text/plain": "No answer recorded"}


def test_it_holds_the_records_and_a_text_to_read(published: list[tuple[Json, Json]]) -> None:
    turns = [record("Name <b>a</b> river.", "The **Meuse** <script>"), record("one", "1")]
    KeptDisplay("d").show(turns)
    ((bundle, _),) = published
    assert bundle["text/plain"] == "2 answers recorded"
    assert [read_record(value) for value in records_in(bundle)] == turns
    assert list(bundle) == ["text/plain", "text/markdown", MIME_TYPE]
    text = bundle["text/markdown"]
    assert text.startswith('<small class="deepshi-panel-record">2 answers recorded</small>\n')
    assert "**Question:** Name &lt;b&#62;a&lt;/b&#62; river." in text
    assert "The **Meuse** " in text
    assert "<script" not in text


@pytest.mark.parametrize(
    "question",
    [
        "# a",
        "- a",
        "1. a",
        "> a",
        "a\n===",
        "a\n\n# b",
        "```\na\n```",
        "<script>a",
        "    a",
        "| a |",
    ],
)
def test_a_question_shows_as_it_was_written_whatever_it_holds(question: str) -> None:
    html = MarkdownIt("commonmark").render(quoted_question(record(question, "")))
    assert html.count("<p>") == 1
    for tag in ("<h1", "<ul", "<ol", "<pre", "<code", "<script", "<table"):
        assert tag not in html
    assert html.count("<blockquote>") == 1
