from __future__ import annotations

from typing import Any

import msgspec
import pytest

from deepshi_jupyter.core.turn_record import TurnRecord
from deepshi_jupyter.notebook.cleared import Placement, placements
from deepshi_jupyter.notebook.notebook_file import cell_views
from tests.notebook.study import Study


def found(study: Study, records: list[TurnRecord]) -> list[Placement]:
    views, troubles = cell_views(study.notebook)
    assert troubles == []
    return placements(views, records)


def clear(study: Study, *places: int) -> None:
    """Clear the outputs of these cells, or of all."""
    for place in places or range(len(study.cells)):
        if "outputs" in study.cells[place]:
            study.cells[place]["outputs"] = []


def ids(records: Any) -> list[str]:
    return [record.id for record in records]


def said(found: list[Placement]) -> list[tuple[str, tuple[str, ...]]]:
    return [(placement.outcome, placement.states) for placement in found]


def without_cells(records: list[TurnRecord]) -> list[TurnRecord]:
    """Return records as nbclient and papermill leave them: it sends no id of a cell."""
    return [msgspec.structs.replace(record, cell="") for record in records]


@pytest.fixture
def study() -> Study:
    made = Study()
    made.ask("One?", "-t 0.2", answer="1")
    made.markdown("Between.")
    made.ask("Two?", answer="2")
    made.loop(["a", "b", "c"])
    made.ask("Apart?", "--once", answer="apart")
    made.ask("Three?", "--chat other", answer="3")
    made.ask("Four?", answer="4")
    return made


def test_every_turn_comes_back_to_its_cell(study: Study) -> None:
    records = study.records()
    clear(study)
    back = found(study, records)
    assert said(back) == [("restored", ())] * 6
    assert ids(record for placement in back for record in placement.records) == ids(records)
    assert len(back[2].records) == 3, "all turns of a loop stand in one cell"


def test_no_id_of_a_cell_is_needed(study: Study) -> None:
    records = study.records()
    clear(study)
    for place, cell in enumerate(study.cells):
        cell["id"] = f"new-{place}"
    for some in (records, without_cells(records)):
        back = found(study, some)
        assert said(back) == [("restored", ())] * 6
        assert ids(record for placement in back for record in placement.records) == ids(records)


def test_nothing_is_looked_for_where_nothing_was_cleared(study: Study) -> None:
    study.code("1 + 1")
    assert found(study, study.records()) == []


def test_one_cleared_cell_among_others_is_found_by_what_stands_above(study: Study) -> None:
    records = study.records()
    clear(study, 2)
    (placement,) = found(study, records)
    assert (placement.cell.index, ids(placement.records)) == (2, [records[1].id])


def test_the_same_question_gets_the_answer_of_each_place() -> None:
    study = Study()
    records = [study.ask("Go on.", answer=str(number)) for number in range(4)]
    clear(study)
    back = found(study, without_cells(records))
    assert [placement.records[0].text for placement in back] == ["0", "1", "2", "3"]


def test_repeats_of_one_request_come_back_in_their_order() -> None:
    study = Study()
    records = [study.ask("Dice?", "--once", answer=str(n), sample=n) for n in range(3)]
    clear(study)
    back = found(study, without_cells(records))
    assert [placement.records[0].text for placement in back] == ["0", "1", "2"]


def test_the_latest_version_is_put_back() -> None:
    study = Study()
    first = study.ask("One?", answer="old")
    second = study.rerun(0, "new")
    clear(study)
    (placement,) = found(study, [first, second])
    assert ids(placement.records) == [second.id]


def test_a_whole_answer_goes_before_a_later_one_that_broke_off() -> None:
    study = Study()
    whole = study.ask("One?", answer="whole")
    partial = study.rerun(0, "who", status="truncated")
    clear(study)
    assert ids(found(study, [whole, partial])[0].records) == [whole.id]
    (placement,) = found(study, [partial])
    assert said([placement]) == [("restored", ("partial",))]
    assert "broke off" in placement.reason


def test_a_turn_of_which_nothing_came_is_not_put_back() -> None:
    study = Study()
    record = study.ask("One?", answer=None)
    clear(study)
    (placement,) = found(study, [record])
    assert placement.outcome == "not found"


def test_an_edited_cell_gets_no_answer_and_those_below_say_so() -> None:
    study = Study()
    records = [study.ask("One?"), study.ask("Two?")]
    study.edit(0, "Uno?")
    clear(study)
    edited, below = found(study, records)
    assert (edited.outcome, edited.reason) == (
        "not found",
        "its text has changed since it was asked",
    )
    assert said([below]) == [("restored", ("context-changed",))]
    assert "what stands above is not what was sent" in below.reason


def test_other_options_are_another_question() -> None:
    study = Study()
    record = study.ask("One?", "-t 0.2")
    study.edit(0, "One?", "-t 0.3")
    clear(study)
    (placement,) = found(study, [record])
    assert placement.reason == "this text was asked with other options: --temperature 0.2"
    study.edit(0, "One?", "--temperature=0.20 --as text")
    assert found(study, [record])[0].outcome == "restored"


@pytest.mark.parametrize("copy_first", [False, True])
@pytest.mark.parametrize("headless", [False, True])
def test_a_duplicated_cell_is_restored_once(copy_first: bool, headless: bool) -> None:
    study = Study()
    record = study.ask("One?")
    copy = {**study.cells[0], "id": "copy"}
    study.cells.insert(0 if copy_first else 1, copy)
    clear(study)
    back = found(study, without_cells([record]) if headless else [record])
    assert sorted(placement.outcome for placement in back) == ["not found", "restored"]
    (restored,) = [placement for placement in back if placement.records]
    if not headless:
        assert restored.cell.id == "cell-1"


def test_what_stands_in_the_document_is_not_put_back_again() -> None:
    study = Study()
    record = study.ask("One?")
    study.cells.append({**study.cells[0], "id": "copy", "outputs": []})
    (placement,) = found(study, [record])
    assert placement.reason == "what is recorded for this text stands in another cell"


def test_what_may_belong_to_several_cells_is_left_to_the_reader() -> None:
    study = Study()
    study.ask("Before.")
    records = [study.ask("Go on."), study.ask("Go on.")]
    study.edit(0, "Other.")
    clear(study)
    for cell in study.cells:
        cell["id"] = f"new-{cell['id']}"
    _, *both = found(study, records)
    assert said(both) == [("ambiguous", ())] * 2
    assert "2 recorded answers may be its own" in both[0].reason
    _, *both = found(study, without_cells(records))
    assert said(both) == [("ambiguous", ())] * 2


def test_a_loop_that_ran_twice_gets_the_turns_of_one_execution() -> None:
    study = Study()
    first = study.loop(["a", "b", "c"])
    study.cells[0]["outputs"], study._above = [], None
    again = Study()
    again._made = 10
    second = again.loop(["a", "b"], source=study.cells[0]["source"])
    for order in (first + second, without_cells(first + second)):
        (placement,) = found(study, order)
        assert ids(placement.records) == ids(second)


def test_a_loop_that_a_killed_kernel_left_gets_its_partial_turn_as_well() -> None:
    study = Study()
    first = study.loop(["a", "b"])
    clear(study)
    cut = msgspec.structs.replace(first[1].call, status="truncated")
    left = msgspec.structs.replace(first[1], id="01LEFT", kind="partial", calls=(cut,))
    other = msgspec.structs.replace(first[0], id="01OTHER", source_sha256="0" * 64)
    (placement,) = found(study, [first[0], other, left])
    assert ids(placement.records) == [first[0].id, "01LEFT"]


def test_a_secret_that_was_taken_out_keeps_no_turn_away() -> None:
    study = Study()
    record = study.ask("My key is K.", redacted=1)
    gone = msgspec.structs.replace(record, messages=({"role": "user", "content": "My key is …"},))
    clear(study)
    assert found(study, [gone])[0].outcome == "restored"


def test_a_pick_counts_for_the_turns_below() -> None:
    study = Study()
    old = study.ask("One?", answer="old")
    new = study.rerun(0, "new")
    study.pick(new, old)
    below = study.ask("Two?")
    clear(study, 0, 2)
    back = found(study, [old, new, below])
    assert said(back) == [("restored", ()), ("restored", ())]
    assert ids(back[0].records) == [new.id]


def test_a_long_notebook_comes_back_as_a_whole() -> None:
    study = Study()
    records = [study.ask(f"Question {number}?") for number in range(300)]
    clear(study)
    assert said(found(study, without_cells(records))) == [("restored", ())] * 300
