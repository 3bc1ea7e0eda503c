"""What a kernel knows of its notebook: where cells stand, what was there, where the journal is."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest

from deepshi_jupyter.core.canonical import text_sha256
from deepshi_jupyter.core.conversation import Turn
from deepshi_jupyter.core.mark import Mark
from deepshi_jupyter.core.place import Place
from deepshi_jupyter.core.redaction import Redactor
from deepshi_jupyter.core.timeline import DocumentOrder
from deepshi_jupyter.core.turn_record import TurnRecord
from deepshi_jupyter.errors import DeepshiWarning
from deepshi_jupyter.notebook.recording_file import append_recording
from deepshi_jupyter.state import NotebookState, versions
from tests.notebook.study import Study

ONE, TWO = "%%deepshi\none", "%%deepshi\ntwo"


class Scene:
    """A notebook file with two answers, and the state of kernels that open it."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "a.ipynb"
        self.study = Study()
        self.one = self.study.ask("one", answer="1")
        self.two = self.study.ask("two", answer="2")
        self.save(after=-60)

    def save(self, after: float = 0.0) -> None:
        self.study.save(self.path)
        at = time.time() + after
        os.utime(self.path, (at, at))

    def state(self, **environment: str) -> NotebookState:
        return NotebookState({"JPY_SESSION_NAME": str(self.path), **environment})


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def above(state: NotebookState, place: Place) -> list[str]:
    return [turn.record.text for turn in state.seen(state.located(place)).turns]


def keep(state: NotebookState, record: TurnRecord, place: Place) -> None:
    """Let a cell run and answer."""
    place = state.begins(place)
    turn = Turn(
        record=record,
        cell=place.cell,
        execution=place.execution,
        source=place.source,
        ended=time.time(),
    )
    state.keep(turn, place)


# Restored


def test_the_turns_of_the_file_are_there_at_the_first_look(scene: Scene) -> None:
    state = scene.state()
    assert list(state.timeline) == []
    assert above(state, Place("cell-9", 1)) == ["1", "2"]
    assert above(state, Place("cell-2", 1)) == ["1"]
    assert state.note == "2 turns restored from a.ipynb"


def test_what_is_in_the_file_is_restored_once(scene: Scene) -> None:
    state = scene.state()
    state.restore()
    scene.study.ask("three", answer="3")
    scene.save()
    assert len(list(state.timeline)) == 2
    state.restore()
    assert len(list(state.timeline)) == 2


def test_whether_there_is_something_is_known_without_restoring(scene: Scene) -> None:
    state = scene.state()
    assert state.has_something_to_restore()
    assert len(state.timeline) == 0
    state.restore()
    assert not state.has_something_to_restore()


def test_the_marks_of_the_file_hold(scene: Scene) -> None:
    scene.study.mark("skip", scene.one)
    scene.save()
    state = scene.state()
    state.restore()
    assert scene.one.id in state.standing.skipped


def test_a_console_has_nothing_to_restore_and_says_so() -> None:
    state = NotebookState({})
    assert "no notebook file" in state.restore()
    assert above(state, Place("", 1)) == []


def test_a_file_that_is_no_notebook_is_told_and_is_no_error(scene: Scene) -> None:
    scene.path.write_text("<<<<<<< ours")
    state = scene.state()
    assert "is no notebook" in state.restore()
    assert above(state, Place("x", 1)) == []


def test_what_was_forgotten_is_not_restored_again(scene: Scene) -> None:
    state = scene.state()
    state.restore()
    state.marks.append(Mark(v=1, mark="skip", turn=scene.one.id))
    state.forget()
    assert above(state, Place("x", 1)) == []
    assert state.marks == []
    assert "reset" in state.restore()


def test_an_answer_that_was_restored_is_replaced_when_its_cell_runs(scene: Scene) -> None:
    state = scene.state()
    again = Study().ask("one", answer="1 again", id="T9")
    keep(state, again, Place("cell-1", 1))
    assert above(state, Place("cell-2", 2)) == ["1 again"]
    (turn, *_) = state.timeline
    assert {record.text for record in state.versions(turn)} == {"1", "1 again"}


# Where a cell stands


def test_the_order_that_a_front_end_tells_goes_before_the_file(scene: Scene) -> None:
    state = scene.state()
    state.tell_order(DocumentOrder("frontend", ("cell-2", "x", "cell-1")))
    seen = state.seen(Place("x", 1))
    assert ([turn.record.text for turn in seen.turns], seen.order) == (["2"], "frontend")
    state.tell_order(None)
    assert state.seen(Place("x", 1)).order == "execution"  # the file does not have it
    assert state.seen(Place("cell-2", 1)).order == "disk"


def test_a_foreign_name_is_told_by_the_source_once_and_known_from_then_on(scene: Scene) -> None:
    state = scene.state()
    assert state.located(Place("vscode:two", 1, source=TWO)).cell == "cell-2"
    assert state.located(Place("vscode:two", 2, source="edited")).cell == "cell-2"
    assert state.located(Place("vscode:new", 3, source="new")).cell == "vscode:new"


def test_a_cell_without_any_name_is_told_by_its_source(scene: Scene) -> None:
    """Front ends that execute on the server send no metadata."""
    assert scene.state().located(Place("", 1, source=TWO)).cell == "cell-2"
    assert scene.state().located(Place("", 1, source="else")).cell == ""


def test_a_deletion_holds_until_a_file_that_was_saved_since_has_the_cell(scene: Scene) -> None:
    state = scene.state()
    state.begins(Place("x", 1, deleted=frozenset({"cell-1"})))
    assert above(state, Place("x", 1)) == ["2"]
    assert above(state, Place("y", 2)) == ["2"]
    assert [turn.record.text for turn in state.visible()] == ["2"]
    scene.save()  # undone, and saved
    assert above(state, Place("z", 3)) == ["1", "2"]


def test_a_deletion_holds_where_there_is_no_file() -> None:
    state = NotebookState({})
    keep(state, Study().ask("one", answer="1"), Place("a", 1))
    state.begins(Place("b", 2, deleted=frozenset({"a"})))
    assert above(state, Place("c", 3)) == []
    keep(state, Study().ask("one", answer="again"), Place("a", 4))
    assert above(state, Place("c", 5)) == ["again"]


def test_a_front_end_that_shows_the_cell_again_takes_the_deletion_back(scene: Scene) -> None:
    state = scene.state()
    state.begins(Place("x", 1, deleted=frozenset({"cell-1"})))
    state.tell_order(DocumentOrder("frontend", ("cell-1", "cell-2", "x")))
    assert above(state, Place("x", 2)) == ["1", "2"]


# The journal


def test_nothing_is_written_before_the_first_event(scene: Scene) -> None:
    state = scene.state()
    state.restore()
    state.recordings()
    state.close()
    assert not (scene.path.parent / ".deepshi").exists()


def test_the_journal_lies_beside_the_notebook_unless_something_names_another_place(
    scene: Scene, tmp_path: Path
) -> None:
    assert scene.state().store.folder == tmp_path / ".deepshi"
    named = scene.state(DEEPSHI_STORE=str(tmp_path / "else"))
    assert named.store.folder == tmp_path / "else"
    chosen = NotebookState({"DEEPSHI_STORE": "x"}, lambda: str(tmp_path / "set"))
    assert chosen.store.folder == tmp_path / "set"
    assert scene.state(DEEPSHI_STORE="off").store.off


def test_what_keeps_the_journal_from_being_written_is_said_once(
    scene: Scene, recwarn: pytest.WarningsRecorder
) -> None:
    (scene.path.parent / ".deepshi").mkdir()
    (scene.path.parent / ".deepshi" / "journal").write_text("no folder")
    state = scene.state()
    state.journal.turn(scene.one.as_json())
    assert state.journal.trouble or state.journal.store.note
    with pytest.warns(DeepshiWarning):
        state.warn_of_journal()
    recwarn.clear()
    state.warn_of_journal()
    assert len(recwarn) == 0


def test_the_journal_is_written_through_the_redactor(scene: Scene) -> None:
    secret = "canary-7710aa31"
    state = NotebookState(
        {"JPY_SESSION_NAME": str(scene.path)}, redactor=lambda: Redactor((secret,))
    )
    state.journal.note("skip", {"why": f"it holds {secret}"})
    state.close()
    (file,) = (scene.path.parent / ".deepshi" / "journal").glob("*.jsonl")
    assert "it holds ‹redacted:" in file.read_text(encoding="utf-8")


# Recorded answers


def origins(state: NotebookState, *files: str) -> dict[str, str]:
    return {one.record.text: one.origin for one in state.recordings(files)}


def test_answers_are_looked_up_in_the_notebook_the_files_and_the_journal(
    scene: Scene, tmp_path: Path
) -> None:
    file = tmp_path / "turns.jsonl"
    append_recording(file, Study().ask("three", answer="3", id="T3").as_json())
    first = scene.state()
    first.journal.turn(Study().ask("four", answer="4", id="T4").as_json())
    first.close()
    assert origins(scene.state(), str(file)) == {
        "1": "the notebook",
        "2": "the notebook",
        "3": str(file),
        "4": "the journal",
    }


def test_the_environment_may_name_the_notebook_for_runs_that_tell_none(scene: Scene) -> None:
    state = NotebookState({"DEEPSHI_NOTEBOOK": str(scene.path), "DEEPSHI_STORE": "off"})
    assert set(origins(state)) == {"1", "2"}
    assert above(state, Place("", 1)) == []  # it answers, and is no context
    missing = NotebookState({"DEEPSHI_NOTEBOOK": "/nowhere/a.ipynb", "DEEPSHI_STORE": "off"})
    assert origins(missing) == {}


def test_a_file_that_is_named_later_is_looked_up_too(scene: Scene, tmp_path: Path) -> None:
    state = scene.state()
    assert "3" not in origins(state)
    file = tmp_path / "turns.jsonl"
    append_recording(file, Study().ask("three", answer="3", id="T3").as_json())
    assert origins(state, str(file))["3"] == str(file)


def test_what_this_kernel_answers_comes_before_what_was_recorded(scene: Scene) -> None:
    state = scene.state()
    key = scene.one.call.request_key
    state.recordings()
    keep(state, Study().ask("one", answer="1 again", id="T9"), Place("cell-1", 1))
    found = state.recordings().find(key)
    assert found is not None
    assert (found.record.text, found.origin) == ("1 again", "this kernel")


def test_new_ids_are_ulids_in_order() -> None:
    state: Any = NotebookState({})
    ids = [state.new_id() for _ in range(3)]
    assert len(set(ids)) == 3
    assert {len(name) for name in ids} == {26}


def test_the_versions_of_what_took_part_are_told() -> None:
    assert {"deepshi_jupyter", "python"} <= versions().keys()


# What a front end tells, and what the file adds


def told(*cells: str, **texts: str) -> DocumentOrder:
    """The order that a front end tells: ids, and the hashes of the texts."""
    sha256s = tuple(text_sha256(texts.get(cell.replace("-", "_"), "")) for cell in cells)
    return DocumentOrder("frontend", cells, sha256s=sha256s)


def test_a_cell_without_a_name_is_told_by_the_hash_of_its_text(scene: Scene) -> None:
    state = scene.state()
    state.tell_order(told("cell-1", "new", new="%%deepshi\nnot saved"))
    assert state.located(Place("", 1, source="%%deepshi\nnot saved")).cell == "new"


def test_the_file_adds_the_texts_that_are_still_as_they_were_saved(scene: Scene) -> None:
    state = scene.state()
    state.restore()
    state.tell_order(told("cell-2", "cell-1", cell_1="%%deepshi\nedited", cell_2=TWO))
    order = state.order()
    assert order is not None
    assert order.source == "frontend"
    assert (order.texts["cell-2"], order.texts["cell-1"]) == (TWO, "")
    assert state.order() is order, "it is put together once"


def test_a_cell_that_was_edited_and_not_saved_is_known_to_be(scene: Scene) -> None:
    state = scene.state()
    keep(state, Study().ask("one", answer="again", id="T9"), Place("cell-1", 1, source=ONE))
    (turn,) = [turn for turn in state.timeline if turn.cell == "cell-1"]
    for text, rewritten in (("%%deepshi\nedited", True), (ONE, False)):
        state.tell_order(told("cell-1", "cell-2", cell_1=text, cell_2=TWO))
        order = state.order()
        assert order is not None
        assert order.is_rewritten(turn) is rewritten
    scene.study.edit(0, "edited")
    scene.save()
    state.tell_order(told("cell-1", "cell-2", cell_1="%%deepshi\nedited", cell_2=TWO))
    order = state.order()
    assert order is not None
    assert not order.is_rewritten(turn), "the file has the text"
    assert order.source_of(turn) == "%%deepshi\nedited"


def test_an_answer_that_was_cleared_and_saved_is_gone_though_its_cell_is_told(
    scene: Scene,
) -> None:
    state = scene.state()
    state.restore()
    state.tell_order(told("cell-1", "cell-2", "new"))
    assert above(state, Place("new", 1)) == ["1", "2"]
    scene.study.cells[0]["outputs"] = []
    scene.save(after=10)
    assert above(state, Place("new", 1)) == ["2"]


def test_a_cell_that_is_not_in_the_file_yet_shows_its_answer(scene: Scene) -> None:
    state = scene.state()
    keep(state, Study().ask("new", answer="N", id="T9"), Place("new", 1, source="%%deepshi\nnew"))
    state.tell_order(told("new", "cell-1", "cell-2", "last"))
    scene.save(after=10)
    assert above(state, Place("last", 2)) == ["N", "1", "2"]


def test_a_front_end_that_is_gone_leaves_the_order_to_the_file(scene: Scene) -> None:
    state = scene.state()
    state.tell_order(told("cell-2", "x"))
    assert above(state, Place("x", 1)) == ["2"]
    state.tell_order(None)
    assert state.seen(Place("cell-2", 1)).order == "disk"
