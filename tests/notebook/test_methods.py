"""The methods paragraph and its table."""

from __future__ import annotations

from hypothesis import given, settings

from deepshi_jupyter.display.inert_markdown import is_inert
from deepshi_jupyter.display.safe_markdown import safe_markdown
from deepshi_jupyter.notebook.import_chats import import_chats
from deepshi_jupyter.notebook.methods import (
    UNKNOWN,
    not_in_the_records,
    paragraph,
    table,
    to_methods,
)
from deepshi_jupyter.notebook.shown_turn import ShownTurn, shown_in
from tests.browser.payloads import PAYLOADS
from tests.notebook.conversations import TOOLS, studies, tool_messages
from tests.notebook.study import Study


def turns(study: Study) -> tuple[ShownTurn, ...]:
    return shown_in(study.notebook).turns


def rows(study: Study) -> dict[str, str]:
    return dict(table(turns(study)))


def test_the_paragraph_names_model_endpoint_dates_and_parameters() -> None:
    study = Study()
    study.ask("a", "-t 0.5 --seed 7")
    study.ask("b", "-t 0.5")
    text = paragraph(turns(study))
    assert text.startswith(
        "2 questions took 2 calls to deepshi-3.0 (reported as deepshi-3.0-2026-10-01) at "
        "https://api.example/v1 on 2026-11-01 (UTC)."
    )
    assert "Parameters sent: seed = 7, not sent (1 question); temperature = 0.5." in text
    assert "Left to the service's defaults: top_p, max_tokens, stop, n," in text
    assert "deterministic" in text


def test_the_table_has_what_a_call_reported() -> None:
    study = Study()
    study.ask("a", "--seed 7 --system 'S'", failed_attempts=({"status": 429, "wait": 1.0},))
    study.ask("b", "--once", answer="Hm", status="truncated")
    study.ask("c", "--chat x", parameters={"tools": TOOLS}, messages=tool_messages("c", "{}"))
    found = rows(study)
    assert found["models asked"] == "deepshi-3.0"
    assert found["models served, as reported"] == "deepshi-3.0-2026-10-01"
    assert found["first call (UTC)"] == "2026-11-01 09:01 UTC"
    assert found["last call (UTC)"] == "2026-11-01 09:03 UTC"
    assert found["seeds"] == "7"
    assert found["system fingerprints"] == "fp_1 (3 calls)"
    assert found["failed tries before an answer"] == "1"
    assert found["answers that broke off"] == "1"
    assert found["tokens in, as reported"] == "30"
    assert found["cost in USD, as reported"] == "USD 0.00300"
    assert found["tools offered"] == "add (1 result sent back)"
    assert found["contexts"].startswith("2 conversations, 1 question without any")
    assert found["answers that no longer fit the notebook"] == "1 (partial 1)"
    assert found["software"] == "deepshi_jupyter 0.1.0, python 3.11.9"
    assert found["parameter `seed`"] == "7, not sent (2 questions)"


def test_repeats_edits_and_inserted_values_are_counted() -> None:
    study = Study()
    inserted = [{"expression": "x", "text": "1", "note": "shortened"}]
    study.ask("a 1", "--once", prompt={"template": "a {{x}}", "inserted": inserted})
    study.ask("b", "--once")
    study.ask("b", "--once", sample=1)
    study.ask("b", "--once")
    study.cells[0]["outputs"][0]["data"]["text/plain"] = "No."
    found = rows(study)
    assert (
        found["requests asked more than once"] == "1; calls that were repeats to sample answers: 1"
    )
    assert found["answers edited by hand"] == "1"
    assert found["prompts with inserted values"].startswith("1 of 4;")
    assert "to sample its answers: 1 call." in paragraph(turns(study))


def test_what_is_not_known_is_named_as_not_known() -> None:
    chat = b'[{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]'
    shown = shown_in(import_chats(chat).notebook).turns
    found = dict(table(shown))
    for row in ("models asked", "endpoint", "first call (UTC)", "tokens in, as reported"):
        assert found[row] == ""
    text = to_methods(shown, safe_markdown)
    assert f"| models asked | {UNKNOWN} |" in text
    assert "Imported from elsewhere: 1 answer, made in a way that is not recorded here." in text
    assert any("fingerprint" in sentence for sentence in not_in_the_records(shown))


def test_an_empty_notebook_says_that_it_holds_nothing() -> None:
    assert "holds no records" in to_methods((), safe_markdown)


def test_what_a_service_wrote_can_do_nothing() -> None:
    study = Study()
    for payload in PAYLOADS.values():
        study.ask("?", "--once", served=payload, system_fingerprint=payload)
    text = to_methods(turns(study), safe_markdown)
    assert is_inert(text)
    table_lines = [line for line in text.splitlines() if line.startswith("|")]
    assert {line.count("|") for line in table_lines} == {3}


@settings(max_examples=30, deadline=None)
@given(studies())
def test_any_conversation_can_be_described(study: Study) -> None:
    shown = turns(study)
    assert is_inert(to_methods(shown, safe_markdown))
