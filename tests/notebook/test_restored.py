"""What a new kernel finds: the turns of the file, completed by the journal."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest

from deepshi_jupyter.core.turn_record import TurnRecord
from deepshi_jupyter.errors import RecordError
from deepshi_jupyter.notebook.journal import Journal
from deepshi_jupyter.notebook.journal_reader import unfinished
from deepshi_jupyter.notebook.restored import Restored, journaled_records, left_by, restore
from deepshi_jupyter.notebook.store import Store, find_store
from tests.notebook.study import Study

SAVED = 1_800_000_000.0
"""When the file was saved."""


class Scene:
    """A notebook file, saved at `SAVED`, and the journals of its kernels."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "a.ipynb"
        self.study = Study()
        self.now = SAVED + 10

    def save(self) -> None:
        self.study.save(self.path)
        os.utime(self.path, (SAVED, SAVED))

    def store(self, path: Path | None = None) -> Store:
        return find_store(path or self.path, {})

    def kernel(self, path: Path | None = None) -> Journal:
        """Return the journal of a new kernel."""
        return Journal(
            self.store(path), environment={}, clock=lambda: self.now, redact=lambda value: value
        )

    def journal(self, *records: TurnRecord, at: float = SAVED + 10) -> None:
        self.now = at
        journal = self.kernel()
        for record in records:
            journal.turn(record.as_json())
        journal.close()

    def begin(self, journal: Journal, record: TurnRecord, *texts: str, call: str = "C1") -> None:
        """Begin a call as the kernel does, and let these texts come."""
        begun = msgspec.structs.replace(record, calls=record.calls[:-1], tip="")
        event = {"turn": record.id, "request_key": "r1:k", "sample": 2, "record": begun.as_json()}
        journal.begin(call, event)
        for text in texts:
            journal.progress(call, [{"choice": 0, "field": "text", "text": text}])

    def restored(self) -> Restored:
        return restore(self.path, self.store())

    def answers(self) -> list[str]:
        return [turn.record.text for turn in self.restored().turns]


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def test_the_turns_of_the_file_come_in_its_order_with_their_cells(scene: Scene) -> None:
    scene.study.ask("one", answer="1")
    scene.study.ask("two", answer="2")
    scene.save()
    found = scene.restored()
    assert [(turn.record.text, turn.cell, turn.number) for turn in found.turns] == [
        ("1", "cell-1", 1),
        ("2", "cell-2", 2),
    ]
    assert found.from_journal == 0


def test_what_ended_after_the_file_was_saved_comes_from_the_journal(scene: Scene) -> None:
    scene.study.ask("one", answer="1")
    scene.save()
    scene.journal(scene.study.ask("two", answer="2"))
    assert scene.answers() == ["1", "2"]
    assert scene.restored().from_journal == 1


def test_a_newer_answer_takes_the_place_of_its_cells(scene: Scene) -> None:
    scene.study.ask("one", answer="1")
    scene.study.ask("two", answer="2")
    scene.save()
    scene.journal(scene.study.rerun(0, "1 again"))
    assert scene.answers() == ["1 again", "2"]


def test_what_was_there_before_and_is_no_longer_in_the_file_stays_away(scene: Scene) -> None:
    one = scene.study.ask("one", answer="1")
    two = scene.study.ask("two", answer="2")
    scene.journal(one, two, at=SAVED - 60)
    del scene.study.cells[0]
    scene.save()
    assert scene.answers() == ["2"]


def test_a_turn_that_is_in_both_comes_once(scene: Scene) -> None:
    scene.journal(scene.study.ask("one", answer="1"))
    scene.save()
    assert scene.answers() == ["1"]
    assert scene.restored().from_journal == 0


def test_a_notebook_that_was_never_saved_has_its_journal(scene: Scene) -> None:
    scene.journal(scene.study.ask("one", answer="1"), scene.study.ask("two", answer="2"))
    assert not scene.path.exists()
    assert scene.answers() == ["1", "2"]
    assert scene.restored().from_journal == 2


def test_the_turns_of_another_notebook_in_the_same_store_are_not_among_them(scene: Scene) -> None:
    """A copy has the same cell ids; what tells them apart is the path."""
    scene.study.ask("one", answer="1")
    scene.save()
    copy = scene.path.with_name("copy.ipynb")
    shutil.copy(scene.path, copy)
    scene.journal(scene.study.rerun(0, "1 of the first"))
    assert scene.answers() == ["1 of the first"]
    assert [turn.record.text for turn in restore(copy, scene.store(copy)).turns] == ["1"]


def test_an_answer_that_was_edited_by_hand_comes_as_edited(scene: Scene) -> None:
    record = scene.study.ask("one", answer="The sum is 4.")
    scene.study.cells[0]["outputs"][0]["data"]["text/plain"] = "The sum is 5."
    scene.save()
    (turn,) = scene.restored().turns
    assert turn.record.kind == "edited"
    assert turn.record.text == "The sum is 5."
    assert turn.record.edited_from == record.tip


def test_a_record_that_cannot_be_read_is_told_and_the_others_come(scene: Scene) -> None:
    scene.study.ask("one", answer="1")
    scene.study.ask("two", answer="2")
    bundle = scene.study.cells[0]["outputs"][0]["data"]
    bundle["application/vnd.deepshi.turn+json"]["v"] = 99
    scene.save()
    assert scene.answers() == ["2"]
    assert [trouble.cell for trouble in scene.restored().troubles] == [0]


def test_marks_come_in_the_order_of_the_document(scene: Scene) -> None:
    record = scene.study.ask("one")
    scene.study.mark("pin", record)
    scene.study.mark("skip", record)
    scene.save()
    assert [mark.mark for mark in scene.restored().marks] == ["pin", "skip"]


def test_a_damaged_line_of_the_journal_takes_nothing_else_with_it(scene: Scene) -> None:
    scene.journal(scene.study.ask("one", answer="1"))
    (file,) = scene.store().journal_folder.glob("*.jsonl")
    with file.open("ab") as opened:
        opened.write(b'{"event": "turn", "record": {"v": 2, "id"')
    assert scene.answers() == ["1"]


def test_with_neither_file_nor_journal_there_is_nothing(scene: Scene) -> None:
    assert scene.restored() == Restored()
    assert restore(None, scene.store()) == Restored()


def test_a_file_that_is_no_notebook_is_an_error(scene: Scene) -> None:
    scene.path.write_text("<<<<<<< ours")
    with pytest.raises(RecordError, match="is no notebook"):
        scene.restored()


# What a killed kernel left


def test_a_call_that_never_ended_leaves_a_partial_turn(scene: Scene) -> None:
    record = scene.study.ask("tell me", "--seed 7", answer=None)
    journal = scene.kernel()
    scene.begin(journal, record, "Once upon ", "a time ")
    scene.now += 2
    journal.progress("C1")
    (call,) = unfinished(scene.store())
    left = left_by(call)
    assert left is not None
    assert left.is_partial
    assert (left.id, left.question, left.call.status) == (record.id, "tell me", "truncated")
    assert left.text.startswith("Once upon")
    assert (left.call.request_key, left.call.sample) == ("r1:k", 2)
    assert left.parameters == {"seed": 7}
    journal.close()


def test_a_call_that_was_killed_before_the_first_word_leaves_its_question(scene: Scene) -> None:
    journal = scene.kernel()
    scene.begin(journal, scene.study.ask("tell me", answer=None))
    (record,) = journaled_records(scene.store())
    assert record.question == "tell me"
    assert record.is_partial
    assert record.answer is None


def test_a_turn_that_a_killed_kernel_left_is_restored_as_partial(scene: Scene) -> None:
    scene.study.ask("one", answer="1")
    scene.save()
    scene.begin(scene.kernel(), scene.study.ask("two", answer=None), "Once upon a time. ")
    one, two = scene.restored().turns
    assert (one.record.is_partial, two.record.is_partial) == (False, True)
    assert two.record.text == "Once upon a time. "


def test_what_broke_off_before_the_file_was_saved_was_seen_and_stays_away(scene: Scene) -> None:
    scene.now = SAVED - 60
    scene.begin(scene.kernel(), scene.study.ask("tell me", answer=None), "Once upon a time. ")
    scene.study.cells.clear()
    scene.save()
    assert scene.answers() == []


def test_what_broke_off_in_another_notebook_is_not_restored(scene: Scene) -> None:
    other = scene.kernel(scene.path.with_name("copy.ipynb"))
    scene.begin(other, scene.study.ask("tell me", answer=None), "Once upon a time. ")
    assert scene.answers() == []


def test_a_call_in_the_middle_of_a_turn_leaves_those_before_it(scene: Scene) -> None:
    record = scene.study.ask("rain?", answer="12.5")
    two = msgspec.structs.replace(record, calls=(record.call, record.call))
    scene.begin(scene.kernel(), two, "It rained. ")
    (left,) = journaled_records(scene.store())
    assert [call.status for call in left.calls] == ["complete", "truncated"]
    assert left.text == "It rained. "


def test_what_was_sent_again_with_a_correction_is_told_of_the_call(scene: Scene) -> None:
    wrong = {"role": "assistant", "content": "not JSON"}
    fix = {"role": "user", "content": "Answer again"}
    record = scene.study.ask("JSON?", answer="{}")
    scene.begin(scene.kernel(), msgspec.structs.replace(record, repairs=(wrong, fix)), "{ ")
    (left,) = journaled_records(scene.store())
    assert (left.call.messages, left.call.repairs) == (1, 2)


def test_the_records_of_one_notebook_are_those_of_no_other(scene: Scene) -> None:
    other = scene.path.with_name("copy.ipynb")
    for path, call in ((scene.path, "C1"), (other, "C2")):
        journal = scene.kernel(path)
        journal.turn(scene.study.ask(f"{path.name}?", answer="1").as_json())
        scene.begin(journal, scene.study.ask(f"{path.name}!", answer=None), call=call)

    def questions(*notebook: Any) -> list[str]:
        return [record.question for record in journaled_records(scene.store(), *notebook)]

    assert questions(scene.path) == ["a.ipynb?", "a.ipynb!"]
    assert questions(other) == ["copy.ipynb?", "copy.ipynb!"]
    assert len(questions()) == 4
