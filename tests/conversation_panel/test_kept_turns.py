from __future__ import annotations

from deepshi_jupyter.conversation_panel.kept_turns import continued
from deepshi_jupyter.core.turn_record import RecordedCall, TurnRecord


def record(name: str, place: int, parent: str, **fields: object) -> TurnRecord:
    call = RecordedCall(answers=({"message": {"role": "assistant", "content": name}},))
    known = {"cell": "panel", "tip": f"after {name}", "calls": (call,), **fields}
    return TurnRecord(v=2, id=name, place=place, parent=parent, **known)  # type: ignore[arg-type]


A = record("a", 0, "above")
B = record("b", 1, "after a")
C = record("c", 2, "after b")


def names(found: list[TurnRecord]) -> str:
    return "".join(each.id for each in found)


def test_what_followed_the_last_kept_turn_is_found_in_order() -> None:
    assert names(continued([A], [C, B, A])) == "bc"


def test_what_followed_another_branch_is_not() -> None:
    other = record("x", 0, "above")
    assert names(continued([other], [A, B, C])) == ""


def test_of_several_branches_the_last_one_is_taken() -> None:
    later = record("z", 1, "after a")
    assert names(continued([A], [B, later])) == "z"


def test_what_broke_off_was_not_sent_on_and_is_passed_over() -> None:
    cut = record("p", 1, "after a", kind="partial")
    after = record("q", 2, "after a")
    assert names(continued([A], [cut, after])) == "q"
    assert names(continued([A, cut], [after])) == "q"


def test_other_cells_conversations_and_questions_of_code_are_not_the_panels() -> None:
    others = [
        record("x", 1, "after a", cell="other"),
        record("y", 1, "after a", chat="critic"),
        record("z", 1, "after a", source_sha256="0"),
    ]
    assert names(continued([A], others)) == ""
