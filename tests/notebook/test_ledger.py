"""What notebooks cost, as reported."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from deepshi_jupyter.core.turn_record import MIME_TYPE as RECORD
from deepshi_jupyter.core.turn_record import RecordedCall
from deepshi_jupyter.notebook.ledger import Ledger, ledger, sum_of
from deepshi_jupyter.notebook.notebook_file import cell_views
from tests.notebook.study import Study, answer_output, hashed, output


def ledger_of(**studies: Study) -> Ledger:
    return ledger({name: cell_views(study.notebook)[0] for name, study in studies.items()})


def usage(tokens_in: int, tokens_out: int, **details: Any) -> dict[str, Any]:
    return {"prompt_tokens": tokens_in, "completion_tokens": tokens_out, **details}


def test_calls_are_added_by_model_chat_and_in_all() -> None:
    study = Study()
    study.ask("One?", served="a", usage=usage(10, 1), cost_usd=0.1)
    study.ask("Two?", served="b", usage=usage(20, 2), cost_usd=0.2)
    study.ask("Three?", "--chat other", served="a", usage=usage(30, 3), cost_usd=0.3)
    sums = ledger_of(nb=study)
    total = sums.total
    assert (total.turns, total.calls, total.tokens_in, total.tokens_out) == (3, 3, 60, 6)
    assert total.usd == 0.6, "sums of money are exact"
    assert {model: of.usd for model, of in sums.by_model.items()} == {"a": 0.4, "b": 0.2}
    assert {chat: of.calls for chat, of in sums.by_chat.items()} == {
        ("nb", "main"): 2,
        ("nb", "other"): 1,
    }


def test_cached_and_reasoning_tokens_are_told_apart() -> None:
    study = Study()
    details = {
        "prompt_tokens_details": {"cached_tokens": 8},
        "completion_tokens_details": {"reasoning_tokens": 4},
    }
    study.ask("One?", usage=usage(10, 5, **details))
    total = ledger_of(nb=study).total
    assert (total.cached_tokens, total.reasoning_tokens) == (8, 4)


def test_nothing_is_estimated() -> None:
    study = Study()
    study.ask("One?", cost_usd=None, usage=None, price={"prompt": 1.0, "completion": 1.0})
    total = ledger_of(nb=study).total
    assert total.usd is None
    assert (total.calls_without_cost, total.calls_without_usage) == (1, 1)
    study.ask("Two?", cost_usd=0.0)
    assert ledger_of(nb=study).total.usd == 0.0


def test_every_call_of_a_turn_counts_for_its_model() -> None:
    study = Study()
    record = study.ask("One?")
    calls = (
        RecordedCall(served="a", cost_usd=0.1),
        msgspec.structs.replace(record.call, served="b", cost_usd=0.2),
    )
    turn = hashed(msgspec.structs.replace(record, calls=calls))
    study.cells[0]["outputs"] = [answer_output(turn)]
    sums = ledger_of(nb=study)
    assert (sums.total.turns, sums.total.calls) == (1, 2)
    assert {model: (of.turns, of.calls) for model, of in sums.by_model.items()} == {
        "a": (1, 1),
        "b": (1, 1),
    }
    assert sum_of(turn).usd == pytest.approx(0.3, abs=0)


def test_a_copied_turn_counts_once() -> None:
    study = Study()
    study.ask("One?")
    study.cells.append(json.loads(json.dumps(study.cells[0])))
    sums = ledger_of(a=study, b=study.copied())
    assert (sums.total.calls, sums.copies) == (1, 3)
    assert {name: of.calls for name, of in sums.by_notebook.items()} == {"a": 1, "b": 0}


def test_records_without_an_id_are_told_by_what_they_say() -> None:
    study = Study()
    for text in ("One?", "One?", "Two?"):
        record = {
            "v": 1,
            "kind": "live",
            "messages": [{"role": "user", "content": text}],
            "answers": [],
            "endpoint": "e",
            "model": {"asked": "m"},
            "parameters": {},
        }
        study.code("%%deepshi\n" + text, [output({RECORD: record})])
    sums = ledger_of(nb=study)
    assert (sums.total.turns, sums.copies) == (2, 1)
    assert list(sums.by_model) == ["m"]


def test_versions_that_were_paid_for_count() -> None:
    study = Study()
    first = study.ask("One?", answer="A.", cost_usd=0.1)
    second = study.rerun(0, "B.", cost_usd=0.2)
    study.pick(second, first)
    assert ledger_of(nb=study).total.usd == 0.3


def test_an_empty_notebook_cost_nothing() -> None:
    sums = ledger_of(nb=Study())
    assert (sums.total.calls, sums.total.usd, sums.by_model) == (0, None, {})
    assert list(sums.by_notebook) == ["nb"]
