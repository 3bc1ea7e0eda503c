"""Which answers still fit what stands above them, as a reader of the file sees it."""

from __future__ import annotations

import random
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepshi_jupyter.core import chain as chain_module
from deepshi_jupyter.core import conversation, turn_record
from deepshi_jupyter.core.canonical import text_sha256
from deepshi_jupyter.core.staleness import (
    CellView,
    State,
    as_shown,
    statuses,
    summary_of,
    visible_turns,
)
from deepshi_jupyter.core.turn_record import MIME_TYPE as RECORD
from deepshi_jupyter.core.turn_record import Cut, TurnRecord, record_sha256
from deepshi_jupyter.notebook.notebook_file import cell_views
from tests.notebook.study import Study, answer_output, hashed

ALL_FRESH = ["fresh"] * 4


def four() -> Study:
    """Return a notebook with four questions, each of which was sent with all above it."""
    study = Study()
    for name in ("one", "two", "three", "four"):
        study.ask(name, answer=f"Answer {name}")
    return study


def bundle(study: Study, index: int) -> dict[str, Any]:
    data: dict[str, Any] = study.cells[index]["outputs"][0]["data"]
    return data


def test_a_notebook_that_ran_from_top_to_bottom_is_fresh() -> None:
    study = four()
    assert study.states() == ALL_FRESH
    assert [status.is_stale for status in study.statuses()] == [False] * 4
    assert [status.reasons for status in study.statuses()] == [()] * 4


# Section by section of the rules: edit, run again, delete, move, duplicate, split, undo


def test_a_cell_that_was_edited_and_not_run_is_edited_and_those_below_are_fresh() -> None:
    study = four()
    study.edit(1, "two, edited")
    assert study.states() == ["fresh", "edited", "fresh", "fresh"]


def test_a_cell_that_was_edited_and_run_makes_those_below_stale() -> None:
    study = four()
    study.rerun(1, "Another answer", body="two, edited")
    assert study.states() == ["fresh", "fresh", "context-changed", "context-changed"]


def test_another_answer_to_the_same_question_makes_those_below_stale() -> None:
    study = four()
    study.rerun(1, "Another answer")
    assert study.states() == ["fresh", "fresh", "context-changed", "context-changed"]


def test_the_same_answer_to_the_same_question_is_no_false_alarm() -> None:
    study = four()
    study.rerun(1, "Answer two")
    assert study.states() == ALL_FRESH


def test_staleness_ends_where_the_cells_below_are_run_again() -> None:
    study = four()
    study.rerun(1, "Another answer")
    study.rerun(2)
    assert study.states() == ["fresh", "fresh", "fresh", "context-changed"]
    study.rerun(3)
    assert study.states() == ALL_FRESH


def test_a_change_shows_further_down_also_where_the_turn_between_was_not_run_again() -> None:
    """The third turn's own record still fits the second's; the first is another."""
    study = four()
    study.rerun(0, "Another answer")
    assert study.states() == ["fresh", *["context-changed"] * 3]


def test_a_deleted_cell_makes_those_below_stale() -> None:
    study = four()
    del study.cells[1]
    assert study.states() == ["fresh", "context-changed", "context-changed"]


def test_a_deleted_last_cell_makes_nothing_stale() -> None:
    study = four()
    del study.cells[3]
    assert study.states() == ["fresh"] * 3


def test_undoing_a_deletion_makes_all_fresh_again() -> None:
    study = four()
    cell = study.cells.pop(1)
    assert study.states() != ALL_FRESH
    study.cells.insert(1, cell)
    assert study.states() == ALL_FRESH


def test_a_moved_cell_is_stale_itself_and_so_is_what_it_passed() -> None:
    study = four()
    study.cells.append(study.cells.pop(1))
    assert study.states() == ["fresh", *["context-changed"] * 3]


def test_a_cell_that_is_moved_back_is_fresh_again() -> None:
    study = four()
    study.cells.append(study.cells.pop(1))
    study.cells.insert(1, study.cells.pop())
    assert study.states() == ALL_FRESH


@pytest.mark.parametrize("same_id", [True, False])
def test_a_duplicated_cell_is_a_copy_and_no_turn_until_it_is_run(same_id: bool) -> None:
    study = four()
    copy = {**study.cells[1]} if same_id else {**study.cells[1], "id": "another"}
    study.cells.insert(2, copy)
    assert study.states() == ["fresh", "fresh", "copied+context-changed", "fresh", "fresh"]
    assert len(visible_turns(cell_views(study.notebook)[0])) == 4


def test_a_duplicated_cell_that_was_run_makes_those_below_stale() -> None:
    study = four()
    study.cells.insert(2, {**study.cells[1], "id": "another"})
    study.rerun(2, "Answer two")
    assert study.states() == [*["fresh"] * 3, *["context-changed"] * 2]


def test_a_split_cell_is_edited_and_its_other_half_asks_nothing() -> None:
    study = Study()
    study.ask("one\nand more")
    study.ask("two")
    study.edit(0, "one")
    study.cells.insert(1, {**study.cells[0], "id": "half", "source": "and more", "outputs": []})
    assert study.states() == ["edited", "fresh"]


def test_merged_cells_are_one_that_was_edited_and_a_turn_that_is_gone() -> None:
    study = four()
    lower = study.cells.pop(2)
    study.cells[1]["source"] += "\n" + lower["source"]
    assert study.states() == ["fresh", "edited", "context-changed"]


def test_a_cell_that_no_longer_asks_is_edited() -> None:
    study = four()
    study.cells[3]["source"] = "# " + study.cells[3]["source"]
    assert study.states()[3] == "edited"


# Answers


def test_an_answer_edited_by_hand_counts_as_it_is_shown() -> None:
    study = four()
    bundle(study, 0)["text/plain"] = "What I would have said"
    assert study.states() == ["answer-edited", *["context-changed"] * 3]
    reading = study.statuses()[0].turn
    assert reading is not None
    record = study.records()[0]
    assert reading.record.text == "What I would have said"
    assert (reading.record.kind, reading.record.edited_from) == ("edited", record.tip)
    assert reading.record.messages == record.messages


def test_an_answer_that_is_edited_back_is_fresh_again() -> None:
    study = four()
    bundle(study, 0)["text/plain"] = "x"
    bundle(study, 0)["text/plain"] = ["Answer ", "one"]
    assert study.states() == ALL_FRESH


def test_what_a_terminal_cannot_show_is_no_edit() -> None:
    study = Study()
    study.ask("one", answer="a\x1b[31mb\r\nc")
    bundle(study, 0)["text/plain"] = "a[31mb\nc"
    assert study.states() == ["fresh"]


@pytest.mark.parametrize("place", ["question", "answer"])
def test_a_record_whose_messages_were_changed_does_not_have_its_hash(place: str) -> None:
    study = four()
    record = bundle(study, 1)[RECORD]
    if place == "question":
        record["messages"][0]["content"] = "another question"
    else:
        record["calls"][-1]["answers"][0]["message"]["content"] = "another"
        bundle(study, 1)["text/plain"] = "another"
    assert study.states() == ["fresh", "answer-edited", "context-changed", "context-changed"]


def test_a_cleared_output_is_unsent_and_those_below_are_stale() -> None:
    study = four()
    study.cells[2]["outputs"] = []
    assert study.states() == ["fresh", "fresh", "unsent", "context-changed"]
    assert study.statuses()[2].turn is None


def test_a_new_cell_that_was_never_run_is_unsent_and_changes_nothing() -> None:
    study = four()
    cell = {**study.cells[1], "id": "new", "outputs": [], "execution_count": None}
    study.cells.insert(1, cell)
    assert study.states() == ["fresh", "unsent", "fresh", "fresh", "fresh"]


def test_an_answer_that_broke_off_is_partial_and_not_part_of_what_follows() -> None:
    study = Study()
    study.ask("one")
    study.ask("two", answer="Half an ans", status="interrupted")
    study.ask("three")
    assert study.states() == ["fresh", "partial", "fresh"]
    assert study.records()[2].parent == study.records()[0].tip


def test_a_broken_off_answer_that_was_edited_by_hand_still_is_not_sent_on() -> None:
    study = Study()
    study.ask("one", answer="Half", status="truncated")
    study.ask("two")
    bundle(study, 0)["text/plain"] = "Half, and the rest"
    assert study.states() == ["answer-edited+partial", "fresh"]


def test_a_question_that_got_nothing_is_partial() -> None:
    study = Study()
    study.ask("one", answer=None, status="interrupted")
    assert study.states() == ["partial"]


def test_of_two_records_in_a_cell_that_ran_twice_the_last_counts() -> None:
    study = four()
    earlier = study.cells[1]["outputs"][0]
    study.rerun(1, "Another answer")
    study.rerun(2)
    study.rerun(3)
    study.cells[1]["outputs"].insert(0, earlier)
    assert study.states() == ALL_FRESH


# Files


def test_a_copied_notebook_says_the_same() -> None:
    study = four()
    study.edit(1, "two, edited")
    assert study.copied().states() == study.states()


def test_a_cell_with_parameters_that_papermill_put_in_changes_nothing() -> None:
    study = four()
    cell = {"cell_type": "code", "id": "p", "execution_count": 1, "outputs": []}
    cell |= {"source": "# Parameters\nn = 3\n", "metadata": {"tags": ["injected-parameters"]}}
    study.cells.insert(0, cell)
    assert study.states() == ALL_FRESH


def test_notes_between_the_cells_change_nothing() -> None:
    study = four()
    study.cells.insert(1, {"cell_type": "markdown", "id": "m", "source": "%%deepshi\nno"})
    study.cells.insert(1, {"cell_type": "raw", "id": "r", "source": "%%deepshi\nno"})
    assert study.states() == ALL_FRESH


# Plain cells


def test_questions_that_a_loop_asked_are_turns_one_after_the_other() -> None:
    study = Study()
    study.ask("one")
    records = study.loop(["two", "three"])
    study.ask("four")
    assert study.states() == ALL_FRESH
    assert [record.place for record in records] == [0, 1]
    assert records[1].parent == records[0].tip


def test_a_loop_whose_cell_was_edited_is_edited_as_a_whole() -> None:
    study = Study()
    study.loop(["one", "two"])
    study.ask("three")
    study.cells[0]["source"] += "  # edited"
    assert study.states() == ["edited", "edited", "fresh"]


def test_a_loop_is_stale_when_what_stands_above_it_changes() -> None:
    study = Study()
    study.ask("one")
    study.loop(["two", "three"])
    study.rerun(0, "Another answer")
    assert study.states() == ["fresh", "context-changed", "context-changed"]


def test_a_plain_cell_without_answers_has_no_status() -> None:
    study = Study()
    study.code("x = 1")
    assert study.states() == []


# Parameters and system prompts


def test_other_parameters_with_the_same_text_are_told_until_the_cell_is_run() -> None:
    study = four()
    study.edit(1, "two", "-t 0.5")
    assert study.states() == ["fresh", "params-changed", "fresh", "fresh"]
    assert study.statuses()[1].reasons == ("asked with no options, now --temperature 0.5",)
    before = study.records()[1].call.request_key
    study.rerun(1, "Answer two")
    assert study.states() == ALL_FRESH
    assert study.records()[1].call.request_key != before


def test_the_same_options_typed_in_another_way_are_the_same() -> None:
    study = Study()
    study.ask("one", "-t 0.50 --seed 7 -o x")
    study.edit(0, "one", "--seed=7 --temperature 5e-1 --no-stream")
    assert study.states() == ["fresh"]


@pytest.mark.parametrize(
    ("before", "after"),
    [("--system A", "--system B"), ("--system A", ""), ("", "--system A")],
)
def test_another_system_prompt_at_the_top_makes_all_below_stale(before: str, after: str) -> None:
    study = Study()
    study.ask("one", before, "Answer one")
    study.ask("two")
    study.ask("three")
    study.edit(0, "one", after)
    assert study.states() == ["params-changed", "fresh", "fresh"]
    study.rerun(0, "Answer one")
    assert study.states() == ["fresh", "context-changed", "context-changed"]


def test_a_system_prompt_from_the_setting_is_part_of_the_record() -> None:
    study = Study(system="Be brief.")
    study.ask("one")
    study.ask("two", "--once")
    study.ask("three", "--new")
    assert study.states() == ["fresh"] * 3
    assert {record.system_from for record in study.records()} == {"setting"}


# Chats


def test_a_change_in_one_chat_leaves_the_others_fresh() -> None:
    study = Study()
    study.ask("one", "--chat a")
    study.ask("two", "--chat b")
    study.ask("three", "--chat a")
    study.rerun(0, "Another answer")
    assert study.states() == ["fresh", "fresh", "context-changed"]


def test_what_was_asked_once_depends_on_nothing_and_nothing_on_it() -> None:
    study = Study()
    study.ask("one")
    study.ask("two", "--once")
    study.ask("three")
    study.rerun(1, "Another answer")
    assert study.states() == ["fresh"] * 3
    study.rerun(0, "Another answer")
    assert study.states() == ["fresh", "fresh", "context-changed"]


def test_what_stands_above_a_new_start_does_not_matter_below_it() -> None:
    study = Study()
    study.ask("one")
    study.ask("two", "--new")
    study.ask("three")
    study.rerun(0, "Another answer")
    assert study.states() == ["fresh"] * 3


def test_a_fork_depends_on_the_turns_up_to_where_it_began() -> None:
    study = Study()
    study.ask("one")
    study.ask("two")
    study.ask("three", "--chat side --from main@cell-1")
    study.rerun(1, "Another answer")
    assert study.states() == ["fresh"] * 3
    study.cells.pop(0)
    status = study.statuses()[1]
    assert status.state == "context-changed"
    assert status.reasons == ("the turn that it was forked from is no longer above",)


def test_a_fork_from_a_turn_above_a_new_start_stays_fresh() -> None:
    study = Study()
    study.ask("one")
    study.ask("two", "--new")
    study.ask("three", "--chat side --from main@cell-1")
    study.ask("four", "--chat third --from side@cell-3")
    assert study.states() == ALL_FRESH
    assert study.records()[2].parent == study.records()[0].tip


# Marks


def test_a_skipped_turn_makes_those_stale_that_were_sent_with_it() -> None:
    study = four()
    study.mark("skip", study.records()[1])
    assert study.states() == ["fresh", "fresh", "context-changed", "context-changed"]
    study.mark("unskip", study.records()[1])
    assert study.states() == ALL_FRESH


def test_what_is_asked_below_a_skip_is_sent_without_the_turn() -> None:
    study = four()
    study.mark("skip", study.records()[1])
    record = study.ask("five")
    assert study.states()[4] == "fresh"
    study.rerun(1, "Another answer")
    assert study.statuses()[4].state == "context-changed"  # the new turn is not skipped by its id
    assert record.kind == "live"


def test_a_pin_alone_changes_nothing() -> None:
    study = four()
    study.mark("pin", study.records()[1])
    assert study.states() == ALL_FRESH


def picked(*, back: bool = False) -> Study:
    study = four()
    old = study.records()[1]
    new = study.rerun(1, "Another answer")
    study.pick(new, old)
    if back:
        study.pick(old, new)
    return study


def test_a_picked_version_counts_in_place_of_what_is_shown() -> None:
    study = picked()
    assert study.states() == ALL_FRESH
    turn = study.statuses()[1].turn
    assert turn is not None
    assert turn.record.text == "Answer two"
    assert turn.record.kind == "live"


def test_a_pick_can_be_taken_back() -> None:
    assert picked(back=True).states() == ["fresh", "fresh", "context-changed", "context-changed"]


def test_a_pick_no_longer_counts_when_the_cell_was_run_again() -> None:
    study = picked()
    study.rerun(1, "A third answer")
    assert study.states() == ["fresh", "fresh", "context-changed", "context-changed"]
    turn = study.statuses()[1].turn
    assert turn is not None
    assert turn.record.text == "A third answer"


def test_a_turn_that_was_asked_again_from_elsewhere_counts_in_place_of_what_is_shown() -> None:
    study = four()
    old = study.records()[1]
    new = study.copied().rerun(1, "Another answer")
    study.mark("again", new, instead_of=old.id, record=new.as_json())
    assert study.states() == ["fresh", "fresh", "context-changed", "context-changed"]
    study.edit(1, "two, edited")
    assert study.states()[1] == "edited"


def test_a_turn_that_was_brought_back_counts_in_place_of_the_cleared_one() -> None:
    study = four()
    record = study.records()[1]
    study.cells[1]["outputs"] = []
    study.mark("restore", record, cell=study.cells[1]["id"], record=record.as_json())
    assert study.states() == ALL_FRESH
    study.edit(1, "two, edited")
    assert study.states() == ["fresh", "unsent", "context-changed", "context-changed"]


# Long contexts


def cut_study(count: int = 6) -> Study:
    """Return a notebook in which only the last two turns of a context were sent."""
    study = Study(room=2)
    for number in range(count):
        study.ask(f"q{number}")
    return study


def test_turns_whose_context_was_cut_are_fresh() -> None:
    study = cut_study()
    assert study.states() == ["fresh"] * 6
    assert study.records()[-1].cut == Cut(study.records()[3].id, 3)


def test_a_change_in_what_was_cut_off_does_not_matter_and_in_what_was_sent_does() -> None:
    study = cut_study()
    study.rerun(0, "Another answer")
    assert study.states() == ["fresh", *["context-changed"] * 2, *["fresh"] * 3]


# Records of the first version


def test_of_a_record_of_version_1_only_its_text_can_be_checked() -> None:
    study = Study()
    study.code("%%deepshi -t 1\nHi")
    old = {"v": 1, "kind": "live", "messages": [{"role": "user", "content": "Hi"}]}
    old |= {"answers": [{"message": {"role": "assistant", "content": "Ho"}}]}
    old |= {"model": {"asked": "m", "served": "m"}, "endpoint": "e", "parameters": {}}
    old |= {"source_sha256": text_sha256("Hi"), "status": "complete"}
    study.cells[0]["outputs"] = [{"data": {"text/plain": "Ho", RECORD: old}}]
    assert study.states() == ["fresh"]
    study.edit(0, "Hello")
    assert study.states() == ["edited"]


# All together


def test_the_gravest_state_comes_first_and_each_has_its_reason() -> None:
    study = four()
    study.rerun(0, "Another answer")
    study.edit(2, "edited", "-t 1")
    bundle(study, 2)["text/plain"] = "edited as well"
    status = study.statuses()[2]
    assert status.states == ("answer-edited", "edited", "params-changed", "context-changed")
    assert len(status.reasons) == 4
    assert set(status.states) <= set(get_args(State)) - {"fresh"}


def test_the_summary_counts_each_question_once() -> None:
    study = four()
    study.rerun(1, "Another answer")
    study.edit(0, "edited")
    assert summary_of(study.statuses()) == {"edited": 1, "fresh": 1, "context-changed": 2}


@given(st.lists(st.integers(0, 5), max_size=5), st.randoms(use_true_random=False))
def test_running_every_cell_again_from_the_top_makes_all_fresh(
    moves: list[int], shuffled: random.Random
) -> None:
    study = four()
    for move in moves:
        index = move % len(study.cells)
        if move % 3 == 0:
            study.edit(index, f"edited {move}", "-t 1")
        elif move % 3 == 1:
            study.cells.insert(0, {**study.cells[index]})
        else:
            shuffled.shuffle(study.cells)
    for index in range(len(study.cells)):
        study.rerun(index, f"Answer {index}")
    assert study.states() == ["fresh"] * len(study.cells)


@pytest.mark.parametrize(("cut", "count"), [(False, 100), (False, 1000), (True, 100), (True, 400)])
def test_the_work_grows_with_the_number_of_turns_and_no_faster(
    cut: bool, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = cut_study(count) if cut else Study()
    for number in range(0 if cut else count):
        study.ask(f"q{number}")
    counted = {"link": 0, "digest": 0}

    def link(parent: str, digest: str) -> str:
        counted["link"] += 1
        return chain_module.link(parent, digest)

    def digest(message: dict[str, Any]) -> str:
        counted["digest"] += 1
        return chain_module.message_digest(message)

    monkeypatch.setattr(turn_record, "link", link)
    monkeypatch.setattr(conversation, "link", link)
    monkeypatch.setattr(turn_record, "message_digest", digest)
    monkeypatch.setattr(conversation, "message_digest", digest)
    assert set(study.states()) == {"fresh"}
    # Two messages a turn, each hashed once; linked for the record's own hash, for the chain of
    # the document, and for each of the two turns that a cut context still has.
    assert counted["digest"] == 2 * count
    assert counted["link"] <= (8 if cut else 4) * count


def test_what_is_shown_of_a_record_without_one_text_is_not_compared() -> None:
    record = hashed(TurnRecord(v=2, messages=({"role": "user", "content": "q"},)))
    assert as_shown(record, "anything") is record
    assert statuses([CellView(index=0, records=(record,))])[0].states == ("partial",)


def test_a_record_that_was_rewritten_with_all_its_hashes_cannot_be_told() -> None:
    """What the chain proves: that hashes and messages fit, not who wrote them."""
    study = four()
    record = study.records()[3]
    question = {"role": "user", "content": "never asked"}
    forged = hashed(TurnRecord(**{**_fields(record), "messages": (question,)}))
    study.cells[3]["outputs"] = [answer_output(forged)]
    written = bundle(study, 3)[RECORD]
    assert study.states() == ALL_FRESH
    assert record_sha256(written) == written["sha256"]


def _fields(record: TurnRecord) -> dict[str, Any]:
    return {name: getattr(record, name) for name in record.__struct_fields__}
