from __future__ import annotations

from deepshi_jupyter.conversation_panel.seat import CellSeat, EndSeat
from deepshi_jupyter.core.conversation import Turn
from deepshi_jupyter.core.place import Place
from deepshi_jupyter.core.timeline import Timeline
from deepshi_jupyter.core.turn_record import TurnRecord


def turn(name: str, cell: str = "", execution: int = 0, sha256: str = "") -> Turn:
    record = TurnRecord(v=2, id=name, cell=cell, source_sha256=sha256)
    return Turn(record=record, cell=cell, execution=execution)


def names(turns: list[Turn]) -> str:
    return "".join(each.record.id for each in turns)


def test_what_the_code_of_the_cell_asked_is_not_the_panels_and_stays() -> None:
    timeline, seat = Timeline(), CellSeat(Place("c", 3))
    for each in (turn("a", "c", 3, sha256="0"), turn("b", "c", 3), turn("x", "d", 2)):
        timeline.add(each, each.cell)
    assert names(seat.standing(timeline)) == "b"
    seat.lay(timeline, [turn("e", "c", 3)])
    assert names(list(timeline)) == "aex"


def test_a_cell_without_an_id_is_known_by_its_execution() -> None:
    timeline, seat = Timeline(), CellSeat(Place("", 3))
    for each in (turn("a", "", 3), turn("b", "", 2), turn("c", "c", 3)):
        timeline.add(each, each.cell or f"In[{each.execution}]")
    assert names(seat.standing(timeline)) == "a"


def test_cells_that_were_deleted_when_the_panel_was_made_are_not_told_again() -> None:
    assert CellSeat(Place("c", 3, deleted=frozenset({"x"}))).place.deleted == frozenset()


def test_each_turn_at_the_end_has_a_place_of_its_own_that_its_branches_share() -> None:
    timeline, seat = Timeline(), EndSeat("panel-1")
    for name in "ab":
        place = seat.take("")
        assert place.end
        timeline.add(turn(name), place.key)
    assert names(seat.standing(timeline)) == "ab"
    seat.lay(timeline, [])
    again = seat.take("a")
    timeline.add(turn("c"), again.key)
    assert names(seat.standing(timeline)) == "c"
    seat.lay(timeline, [turn("a"), turn("b")])
    assert names(seat.standing(timeline)) == "ab"


def test_turns_of_another_panel_at_the_end_are_not_its_own() -> None:
    timeline, one, other = Timeline(), EndSeat("panel-1"), EndSeat("panel-2")
    timeline.add(turn("a"), one.take("").key)
    timeline.add(turn("b"), other.take("").key)
    assert (names(one.standing(timeline)), names(other.standing(timeline))) == ("a", "b")
