from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from deepshi_jupyter.conversation_panel.withheld import Withheld
from deepshi_jupyter.core.redaction import Redactor

KEY = "sk-bf-canary-0f91"
PIECES = st.lists(st.sampled_from([KEY, KEY[:5], KEY[5:], KEY[0], "s", "a ", "", "b"]))


def given_out(pieces: list[str], *keys: str) -> str:
    held = Withheld(Redactor(keys))
    return "".join([held.take(piece) for piece in pieces]) + held.rest()


@given(PIECES)
def test_a_key_is_taken_out_however_it_is_cut(pieces: list[str]) -> None:
    redacted, _ = Redactor((KEY,)).answered("".join(pieces))
    assert given_out(pieces, KEY) == redacted


@given(PIECES)
def test_without_keys_every_piece_is_given_out_at_once(pieces: list[str]) -> None:
    held = Withheld(Redactor())
    assert [held.take(piece) for piece in pieces] == pieces
    assert held.rest() == ""


def test_only_what_may_begin_a_key_is_held_back() -> None:
    held = Withheld(Redactor((KEY,)))
    assert held.take("It is sk-b") == "It is "
    assert held.take("in") == "sk-bin"
