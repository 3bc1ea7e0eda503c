"""Notebooks from elsewhere, and our own whose outputs were cleared."""

from __future__ import annotations

import copy
from typing import Any

import nbformat

from deepshi_jupyter.core.chain import chain
from deepshi_jupyter.notebook.export_ipynb import to_ipynb
from deepshi_jupyter.notebook.import_ipynb import import_ipynb
from deepshi_jupyter.notebook.shown_turn import shown_in
from tests.notebook.study import Study

Json = dict[str, Any]


def notebook_of(*cells: tuple[str, str, Json]) -> Json:
    found = []
    for place, (kind, source, metadata) in enumerate(cells):
        cell: Json = {"cell_type": kind, "id": f"c{place}", "metadata": metadata, "source": source}
        if kind == "code":
            cell |= {"execution_count": None, "outputs": []}
        found.append(cell)
    return {"cells": found, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def sources(notebook: Json) -> list[str]:
    return [cell["source"] for cell in notebook["cells"]]


def test_a_notebook_with_records_stays_what_it_is() -> None:
    study = Study()
    study.ask("a")
    study.markdown("**User:** not a turn")
    assert import_ipynb(study.notebook).notebook == study.notebook


def test_a_question_whose_output_was_cleared_takes_the_answer_that_was_exported_below_it() -> None:
    study = Study()
    study.ask("a", answer="So:\n\n```python\nx = 1\n```")
    study.ask("b", "-t 0.5", "B")
    notebook = to_ipynb(study.notebook, shown_in(study.notebook).turns, str)
    for cell in notebook["cells"]:
        cell["outputs"] = [] if cell["cell_type"] == "code" else None
    found = import_ipynb(notebook)
    first, second = shown_in(found.notebook).turns
    assert first.turn.record.text == "So:\n\n```python\nx = 1\n```"
    assert second.turn.record.tip == study.records()[1].tip
    assert {first.states, second.states} == {("fresh",)}
    assert first.turn.record.kind == "imported"
    assert "exported" in first.turn.record.remarks[0]
    assert len(found.notebook["cells"]) == 2


def test_headings_that_say_who_speaks_are_a_guess_and_say_so() -> None:
    notebook = notebook_of(
        ("markdown", "# Notes", {}),
        ("markdown", "**User:** What is 1+1?", {}),
        ("markdown", "## Assistant\n\nIt is 2.", {}),
        ("code", "x = 1", {}),
        ("markdown", "User: And 2+2?", {}),
    )
    found = import_ipynb(notebook)
    assert sources(found.notebook) == [
        "# Notes",
        "%%deepshi\nWhat is 1+1?",
        "x = 1",
        "%%deepshi\nAnd 2+2?",
    ]
    (shown,) = shown_in(found.notebook).turns
    assert shown.turn.record.text == "It is 2."
    assert shown.turn.record.remarks == found.remarks
    assert "Guessed" in found.remarks[0]
    assert found.turns == 1
    nbformat.validate(nbformat.from_dict(found.notebook))


def test_a_notebook_without_a_conversation_has_none() -> None:
    notebook = notebook_of(("markdown", "# User guide", {}), ("code", "x", {}))
    found = import_ipynb(notebook)
    assert (found.turns, found.notebook) == (0, notebook)


_SEPARATOR = "\n\n##### 🤖Reply🤖<!-- SOLVEIT_SEPARATOR_7f3a9b2c -->\n\n"
_PROMPT = {"solveit_ai": True}


def dialog() -> Json:
    return notebook_of(
        ("markdown", "## A note", {}),
        ("markdown", f"What is 1+1?{_SEPARATOR}It is **2**.", _PROMPT),
        ("code", "1 + 1", {}),
        ("markdown", f"And 2+2?{_SEPARATOR}4.", _PROMPT),
        ("markdown", "A prompt that was not run", _PROMPT),
    )


def test_a_solveit_dialog_becomes_questions_with_its_notes_and_code() -> None:
    found = import_ipynb(dialog())
    assert sources(found.notebook) == [
        "%load_ext deepshi_jupyter",
        "## A note",
        "%%deepshi\nWhat is 1+1?",
        "1 + 1",
        "%%deepshi\nAnd 2+2?",
        "%%deepshi\nA prompt that was not run",
    ]
    shown = shown_in(found.notebook).turns
    said = [
        {"role": "user", "content": "What is 1+1?"},
        {"role": "assistant", "content": "It is **2**."},
        {"role": "user", "content": "And 2+2?"},
        {"role": "assistant", "content": "4."},
    ]
    assert shown[-1].turn.record.tip == chain(said)
    assert {one.states for one in shown} == {("fresh",)}
    assert found.remarks == shown[0].turn.record.remarks
    nbformat.validate(nbformat.from_dict(found.notebook))


def test_the_same_file_gives_the_same_notebook_and_is_not_changed() -> None:
    notebook = dialog()
    before = copy.deepcopy(notebook)
    assert import_ipynb(notebook) == import_ipynb(notebook)
    assert notebook == before
