"""Answers as cells below their questions."""

from __future__ import annotations

import copy
import json
import re

import nbformat
from hypothesis import given, settings

from deepshi_jupyter.core.chain import chain
from deepshi_jupyter.display.safe_markdown import safe_markdown
from deepshi_jupyter.notebook.export_ipynb import Json, is_exported, to_ipynb
from deepshi_jupyter.notebook.import_ipynb import import_ipynb
from deepshi_jupyter.notebook.shown_turn import shown_in
from tests.browser.payloads import PAYLOADS
from tests.notebook.conversations import studies
from tests.notebook.study import Study


def exported(notebook: Json) -> Json:
    """Export all turns of a notebook."""
    return to_ipynb(notebook, shown_in(notebook).turns, safe_markdown)


def sources(notebook: Json) -> list[str]:
    return [cell["source"] for cell in notebook["cells"]]


def example() -> Study:
    study = Study()
    study.ask("How?", answer="So:\n```python\nx = 1\n```\nThus.")
    study.code("y = 2")
    return study


def test_the_answer_stands_below_its_question_as_markdown_and_code() -> None:
    notebook = exported(example().notebook)
    assert sources(notebook) == ["%%deepshi\nHow?", "So:", "x = 1", "Thus.", "y = 2"]
    kinds = [cell["cell_type"] for cell in notebook["cells"]]
    assert kinds == ["code", "markdown", "code", "markdown", "code"]


def test_a_cell_says_which_turn_it_is_of() -> None:
    study = example()
    record = study.records()[0]
    _, text, code, *_ = exported(study.notebook)["cells"]
    about = code["metadata"]["deepshi"]
    assert about["role"] == "code"
    assert (about["turn"], about["tip"], about["part"]) == (record.id, record.tip, 1)
    assert code["metadata"]["tags"] == ["deepshi-code"]
    assert text["metadata"]["tags"] == ["deepshi-answer"]
    assert re.fullmatch("ds-[0-9a-f]{16}", code["id"])
    assert (code["execution_count"], code["outputs"]) == (None, [])


def test_the_notebook_given_is_not_changed() -> None:
    study = example()
    before = copy.deepcopy(study.notebook)
    exported(exported(study.notebook))
    assert study.notebook == before


def test_what_a_user_changed_or_ran_of_an_exported_cell_stays() -> None:
    notebook = exported(example().notebook)
    notebook["cells"][1]["source"] = "So, I say:"
    notebook["cells"][2]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "1"}]
    assert exported(notebook) == notebook


def test_a_question_that_was_asked_again_loses_the_old_answer_and_keeps_what_is_the_users() -> None:
    study = example()
    study.notebook = exported(study.notebook)
    study.cells[2]["source"] = "x = 1  # mine"
    study.rerun(0, answer="New.")
    again = exported(study.notebook)
    assert sources(again) == ["%%deepshi\nHow?", "New.", "x = 1  # mine", "y = 2"]
    assert exported(again) == again


def test_a_moved_answer_returns_and_one_whose_question_is_gone_stays() -> None:
    notebook = exported(example().notebook)
    moved = {
        **notebook,
        "cells": [*notebook["cells"][4:], *notebook["cells"][:1], *notebook["cells"][1:4]],
    }
    moved["cells"].insert(0, moved["cells"].pop())
    assert sources(exported(moved)) == ["y = 2", "%%deepshi\nHow?", "So:", "x = 1", "Thus."]
    alone = {**notebook, "cells": notebook["cells"][1:]}
    assert exported(alone)["cells"] == alone["cells"]


def test_the_same_question_with_the_same_answer_twice_has_cells_of_its_own() -> None:
    study = Study()
    study.ask("a", "--once", "b")
    study.ask("a", "--once", "b")
    notebook = exported(study.notebook)
    assert len({cell["id"] for cell in notebook["cells"]}) == 4
    nbformat.validate(nbformat.from_dict(notebook))


def test_a_notebook_without_cell_ids_gets_some_that_follow_from_it() -> None:
    study = example()
    for cell in study.cells:
        del cell["id"]
    study.notebook["nbformat_minor"] = 4
    notebook = exported(study.notebook)
    nbformat.validate(nbformat.from_dict(notebook))
    assert notebook == exported(study.notebook) == exported(notebook)


def test_several_answers_stand_under_headings_and_a_partial_one_says_so() -> None:
    study = Study()
    answers = tuple({"message": {"role": "assistant", "content": text}} for text in "ab")
    study.ask("Which?", answers=answers)
    study.ask("And?", answer="Hm", status="truncated")
    _, first, _, last = sources(exported(study.notebook))
    assert first == "**Answer 1 of 2**\n\na\n\n**Answer 2 of 2**\n\nb"
    assert last == "Hm\n\n*The answer broke off here.*"


def test_turns_of_one_plain_cell_stand_below_it_and_a_copy_is_not_exported_twice() -> None:
    study = Study()
    study.loop(["a", "b"])
    study.cells.append({**copy.deepcopy(study.cells[0]), "id": "copy"})
    assert sources(exported(study.notebook))[1:3] == ["Yes to a", "Yes to b"]
    assert len(exported(study.notebook)["cells"]) == 4


def test_markdown_of_a_model_is_neutralised_in_every_cell() -> None:
    from deepshi_jupyter.display.inert_markdown import is_inert

    study = Study()
    for payload in PAYLOADS.values():
        study.ask("?", "--once", f"{payload}\n```python\npass\n```\n{payload}")
    notebook = exported(study.notebook)
    written = [c["source"] for c in notebook["cells"] if c["cell_type"] == "markdown"]
    assert len(written) >= len(PAYLOADS)
    assert all(map(is_inert, written))


@settings(max_examples=60, deadline=None)
@given(studies())
def test_exporting_twice_changes_nothing_and_importing_gives_the_same_back(study: Study) -> None:
    once = exported(study.notebook)
    assert json.dumps(exported(once)) == json.dumps(once)
    nbformat.validate(nbformat.from_dict(json.loads(json.dumps(once))))
    back = import_ipynb(once).notebook
    assert back == study.notebook
    assert not any(map(is_exported, back["cells"]))


def test_the_tip_of_an_exported_notebook_is_that_of_the_conversation() -> None:
    study = example()
    shown = shown_in(import_ipynb(exported(study.notebook)).notebook)
    messages = [
        {"role": "user", "content": "How?"},
        {"role": "assistant", "content": study.records()[0].text},
    ]
    assert shown.turns[-1].turn.record.tip == chain(messages)
