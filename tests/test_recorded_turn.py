"""A turn that has ended becomes a record, and a record shows the same as the turn did."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from deepshi_jupyter.core.catalogue import Price
from deepshi_jupyter.core.conversation import Context
from deepshi_jupyter.core.place import Place
from deepshi_jupyter.core.recorded_reply import recorded_call
from deepshi_jupyter.core.redaction import Redactor
from deepshi_jupyter.core.reply import Attempt, Choice, Reply
from deepshi_jupyter.core.template import fill, verbatim
from deepshi_jupyter.core.turn_record import Cut, Fork, RecordedCall, TurnRecord, read_record
from deepshi_jupyter.core.usage import read_usage
from deepshi_jupyter.display.bundle import answer_bundle
from deepshi_jupyter.opening import Opening
from deepshi_jupyter.question import Question
from deepshi_jupyter.recorded_turn import (
    Said,
    answer_of,
    new_record,
    outcome_of,
    replayed_id,
    same_turn,
)
from deepshi_jupyter.tools.result import ToolResult

SHAPED = "ghp_" + "q7Rk2LmX9vTz4WcB8nYd1HsJ5gPaF3uE0iOx"
USER = {"role": "user", "content": "hello"}
PRICE = Price(0.000001, 0.000002)


def call(text: str = "Hi", **fields: Any) -> RecordedCall:
    known = {"usage": read_usage({"prompt_tokens": 3, "cost": 0.25}), "duration": 0.5}
    reply = Reply(choices=(Choice(text=text, finish_reason="stop"),), **{**known, **fields})
    return recorded_call(reply, key="r1:a")


def record(
    question: Question | None = None,
    said: Said | None = None,
    redactor: Redactor | None = None,
    **opening: Any,
) -> TurnRecord:
    known: dict[str, Any] = {
        "turn": "T1",
        "place": Place("cell-1", 3),
        "number": 0,
        "context": Context(),
        "parent": "",
        "order": "disk",
    }
    return new_record(
        question or Question(prompt=verbatim("hello")),
        Opening(**{**known, **opening}),
        said or Said(messages=[USER], calls=[call()]),
        body={"model": "m", "messages": [], "stream": True, "seed": 7, "top_k": 4},
        endpoint="http://127.0.0.1/v1",
        price=PRICE,
        made_by={"deepshi_jupyter": "0"},
        redactor=redactor or Redactor(),
    )


def test_a_record_says_where_and_how_it_was_asked() -> None:
    context = Context(system="Be brief.", system_from="above", cut=Cut("T0", 2))
    made = record(
        Question(prompt=verbatim("hello"), chat="b", start="new", options=("--seed", "7")),
        context=context,
        parent="m1:x",
        number=2,
        fork=Fork("main", "T0"),
    )
    assert (made.chat, made.start, made.fork) == ("b", "new", Fork("main", "T0"))
    assert (made.system, made.system_from, made.cut) == ("Be brief.", "above", Cut("T0", 2))
    assert (made.cell, made.place, made.order, made.parent) == ("cell-1", 2, "disk", "m1:x")
    assert (made.model, made.parameters) == ("m", {"seed": 7, "top_k": 4})
    assert made.options == ("--seed", "7")
    assert made.tip == made.chained("m1:x")


def test_the_template_is_kept_only_where_values_were_inserted() -> None:
    assert record().prompt is None
    prompt = fill("What is {{n}}?", {"n": 1})
    made = record(Question(prompt=prompt))
    expected = {"template": "What is {{n}}?", "inserted": [{"expression": "n", "text": "1"}]}
    assert made.prompt == expected


@pytest.mark.parametrize(
    ("last", "kind"),
    [
        (call(), "live"),
        (call(status="unconfirmed"), "live"),
        (call(status="truncated"), "partial"),
        (call(status="interrupted"), "partial"),
        (RecordedCall(), "partial"),
    ],
)
def test_the_kind_follows_from_how_the_last_call_ended(last: RecordedCall, kind: str) -> None:
    assert record(said=Said(messages=[USER], calls=[last])).kind == kind


def test_the_price_is_kept_only_where_the_cost_was_not_reported() -> None:
    assert record().price is None
    made = record(said=Said(messages=[USER], calls=[call(usage=read_usage({"prompt_tokens": 3}))]))
    assert made.price == {"prompt": 1e-06, "completion": 2e-06}
    assert answer_of(made).price == PRICE


def test_images_are_named_by_their_hash() -> None:
    url = "data:image/png;base64,iVBORw0KGgo="
    image = {"type": "image_url", "image_url": {"url": url, "detail": "low"}}
    made = record(said=Said(messages=[{"role": "user", "content": [image]}], calls=[call()]))
    (part,) = made.messages[0]["content"]
    assert part.keys() == {"type", "media_type", "sha256", "detail"}
    assert "base64" not in str(made.as_json())


def test_secrets_are_taken_out_counted_and_told() -> None:
    message = {"role": "user", "content": f"{SHAPED} and {SHAPED}"}
    made = record(said=Said(messages=[message], calls=[call()], remarks=["Mind this."]))
    assert SHAPED not in str(made.as_json())
    assert made.redacted == 2
    assert made.remarks[0] == "Mind this."
    assert made.remarks[1].startswith("2 secrets were taken out")
    assert read_record(made.as_json()) == made


def test_a_secret_in_a_remark_is_taken_out_too() -> None:
    made = record(said=Said(messages=[USER], calls=[call()], remarks=[f"{SHAPED} was shortened."]))
    assert SHAPED not in str(made.remarks)
    assert len(made.remarks) == 2


def test_what_a_model_says_a_key_looks_like_is_kept_and_a_known_key_is_not() -> None:
    answered = Said(messages=[USER], calls=[call(f"such as {SHAPED}, not canary-aa77c1d2")])
    made = record(said=answered, redactor=Redactor(("canary-aa77c1d2",)))
    assert SHAPED in made.text
    assert "canary" not in str(made.as_json())
    assert made.redacted == 1


def test_nothing_that_needs_no_redaction_is_touched() -> None:
    assert record().redacted == 0
    assert record().remarks == ()


# Shown


def bundle(made: TurnRecord) -> dict[str, Any]:
    return answer_bundle(answer_of(made))


def test_a_record_that_was_read_from_a_file_shows_the_same_as_when_it_was_made() -> None:
    result = ToolResult("c1", "rainfall", '{"city": "Bern"}', "12.5", duration=0.1234567)
    attempts = (Attempt(1, 429, "Too many", 1.0, 0.1), Attempt(2, 200, None, 0.0, 0.4))
    calls = [call("", attempts=attempts), call("It **rained**.")]
    said = Said(messages=[USER], calls=calls, tools=[result], remarks=["Mind this."])
    made = record(Question(prompt=fill("{{n}}", {"n": 1})), said)
    assert bundle(read_record(made.as_json())) == bundle(made)
    markdown = bundle(made)["text/markdown"]
    assert "rainfall" in markdown
    assert "Mind this." in markdown
    assert "1 value inserted" in markdown


def test_the_bundle_holds_text_markdown_and_the_record() -> None:
    made = record()
    shown = bundle(made)
    assert shown["text/plain"] == "Hi"
    assert shown["application/vnd.deepshi.turn+json"] == made.as_json()


def test_what_came_of_a_tool_is_read_again() -> None:
    result = ToolResult("c1", "look", "{}", "error: no", error=True, duration=0.25)
    made = record(said=Said(messages=[USER], calls=[call()], tools=[result]))
    assert outcome_of(made.tools[0]) == result
    assert outcome_of({}).text == ""


# Replayed


def test_the_same_question_at_the_same_place_is_the_recorded_turn() -> None:
    recorded = record()
    new = record(turn="T2", place=Place("", 9), order="execution")
    assert same_turn(new, recorded)


@pytest.mark.parametrize(
    "changed",
    [
        {"chat": "b"},
        {"start": "once"},
        {"parent": "m1:x"},
        {"form": "text"},
        {"options": ("--seed", "8")},
        {"source_sha256": "x"},
        {"parameters": {}},
        {"system": "Be brief."},
    ],
)
def test_another_question_is_a_turn_of_its_own(changed: dict[str, Any]) -> None:
    assert not same_turn(msgspec.structs.replace(record(), **changed), record())


def test_a_tool_that_ran_again_with_the_same_result_is_the_same_turn() -> None:
    def with_tool(text: str, seconds: float) -> TurnRecord:
        result = ToolResult("c1", "look", "{}", text, duration=seconds)
        return record(said=Said(messages=[USER], calls=[call()], tools=[result]))

    assert same_turn(with_tool("12.5", 0.1), with_tool("12.5", 0.2))
    assert not same_turn(with_tool("12.5", 0.1), with_tool("13", 0.1))


def test_an_answer_that_is_given_elsewhere_has_the_same_new_id_each_time() -> None:
    here, there = record(), record(parent="m1:x")
    assert replayed_id(there, here) == replayed_id(there, here)
    assert replayed_id(there, here) != replayed_id(here, here)
    assert len(replayed_id(there, here)) == 26
