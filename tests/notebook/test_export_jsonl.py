"""Conversations as JSON Lines, and back."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings

from deepshi_jupyter.core.chain import chain
from deepshi_jupyter.notebook.export_jsonl import Lines, to_jsonl
from deepshi_jupyter.notebook.import_chats import import_chats
from deepshi_jupyter.notebook.shown_turn import shown_in, shown_turns, unfit
from tests.notebook.conversations import (
    IMAGE_URL,
    NAMED_IMAGE,
    PNG,
    PNG_SHA256,
    TOOLS,
    studies,
    tool_messages,
)
from tests.notebook.study import Study

Json = dict[str, Any]


def lines_of(study: Study, **options: Any) -> Lines:
    shown = shown_in(study.notebook)
    return to_jsonl(shown.turns, marks=shown.marks, **options)


def chats(study: Study, **options: Any) -> list[Json]:
    return [json.loads(line) for line in lines_of(study, **options).text.splitlines()]


def said(chat: Json) -> list[str]:
    return [message["content"] for message in chat["messages"]]


def test_a_line_is_a_conversation_with_its_system_prompt_first() -> None:
    study = Study()
    study.ask("a", "--system 'Be brief.'", "A")
    study.ask("b", "", "B")
    (chat,) = chats(study)
    assert chat == {
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "a"},
            {"role": "assistant", "content": "A"},
            {"role": "user", "content": "b"},
            {"role": "assistant", "content": "B"},
        ]
    }
    assert chain(chat["messages"]) == study.records()[-1].tip


def test_chats_branches_and_questions_apart_are_lines_of_their_own() -> None:
    study = Study()
    study.ask("a", "", "A")
    study.ask("b", "--chat other", "B")
    study.ask("c", "--once", "C")
    study.ask("d", "", "D")
    study.ask("e", "--new", "E")
    study.ask("f", "--chat fork --from main@cell-5", "F")
    found = [said(chat) for chat in chats(study)]
    assert found == [["b", "B"], ["c", "C"], ["a", "A", "d", "D"], ["e", "E", "f", "F"]]


def test_a_skipped_turn_is_in_no_later_context() -> None:
    study = Study()
    first = study.ask("a", "", "A")
    study.mark("skip", first)
    study.ask("b", "", "B")
    assert [said(chat) for chat in chats(study)] == [["a", "A"], ["b", "B"]]


def test_reasoning_is_left_out_and_tools_are_passed_on() -> None:
    study = Study()
    message = {"role": "assistant", "content": "3", "reasoning_details": [{"data": "x"}]}
    study.ask(
        "1+2?",
        messages=tool_messages("1+2?", '{"a": 1}'),
        parameters={"tools": TOOLS, "temperature": 0},
        answers=({"message": message, "reasoning": "Easy."},),
    )
    (chat,) = chats(study)
    assert chat["tools"] == TOOLS
    assert [m["role"] for m in chat["messages"]] == ["user", "assistant", "tool", "assistant"]
    assert chat["messages"][-1] == {"role": "assistant", "content": "3"}
    assert "reasoning" not in json.dumps(chat)


def with_image() -> Study:
    study = Study()
    content = [{"type": "text", "text": "What?"}, {**NAMED_IMAGE, "detail": "low"}]
    study.ask("What?", messages=({"role": "user", "content": content},))
    return study


def test_an_image_at_hand_goes_in_as_a_data_url() -> None:
    (chat,) = chats(with_image(), objects={PNG_SHA256: PNG}.get)
    image = chat["messages"][0]["content"][1]
    assert image["image_url"] == {**IMAGE_URL["image_url"], "detail": "low"}  # type: ignore[dict-item]


def test_a_conversation_whose_image_is_not_at_hand_or_another_is_left_out_and_named() -> None:
    objects: dict[str, bytes]
    for objects in ({}, {PNG_SHA256: b"another"}):
        lines = lines_of(with_image(), objects=objects.get)
        assert lines.text == ""
        assert PNG_SHA256[:12] in lines.left_out[0]


def test_stale_edited_and_partial_answers_are_named() -> None:
    study = Study()
    study.ask("a")
    study.ask("b", answer="Hm", status="truncated")
    study.ask("c")
    study.edit(0, "A")
    assert [line.split(":")[0] for line in unfit(shown_in(study.notebook).turns)] == [
        "cell 1",
        "cell 2",
    ]


def test_a_kernels_turns_export_without_a_notebook() -> None:
    study = Study()
    study.ask("a", "", "A")
    turns = [shown.turn for shown in shown_in(study.notebook).turns]
    text = to_jsonl(shown_turns(turns), records=True).text
    (back,) = shown_in(import_chats(text.encode()).notebook).turns
    assert back.turn.record.as_json() == study.records()[0].as_json()
    assert back.source == "%%deepshi\na"


def all_records(notebook: Json) -> list[Json]:
    return [shown.turn.record.as_json() for shown in shown_in(notebook).turns]


@settings(max_examples=80, deadline=None)
@given(studies())
def test_with_records_the_same_turns_come_back_to_the_hash(study: Study) -> None:
    text = lines_of(study, records=True).text.encode()
    back = import_chats(text).notebook
    assert all_records(back) == all_records(study.notebook)
    before, after = shown_in(study.notebook), shown_in(back)
    assert [shown.states for shown in after.turns] == [shown.states for shown in before.turns]
    assert import_chats(text).notebook == back


@settings(max_examples=80, deadline=None)
@given(studies())
def test_without_records_the_same_chain_of_messages_comes_back(study: Study) -> None:
    lines = chats(study, objects={PNG_SHA256: PNG}.get)
    back = import_chats("".join(f"{json.dumps(line)}\n" for line in lines).encode()).notebook
    tips = {shown.turn.record.tip for shown in shown_in(back).turns}
    assert {chain(line["messages"]) for line in lines} <= tips
    tips_before = {shown.turn.record.tip for shown in shown_in(study.notebook).turns}
    assert tips_before <= tips
    assert {state for shown in shown_in(back).turns for state in shown.states} == {"fresh"}


def test_marks_and_loops_come_back_with_records() -> None:
    study = Study()
    first = study.ask("a", "", "A")
    study.loop(["x", "y"])
    study.mark("skip", first)
    study.ask("b", "", "B")
    back = import_chats(lines_of(study, records=True).text.encode()).notebook
    assert all_records(back) == all_records(study.notebook)
    states = [shown.states for shown in shown_in(study.notebook).turns]
    assert [shown.states for shown in shown_in(back).turns] == states
