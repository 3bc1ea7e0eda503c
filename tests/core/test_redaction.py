"""What is written down holds no key."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepshi_jupyter.core.redaction import ASKED, Redactor

KNOWN = "canary-key-1f0c77aa21"
SHAPED = "ghp_" + "q7Rk2LmX9vTz4WcB8nYd1HsJ5gPaF3uE0iOx"
TAKEN_OUT = "‹redacted:"

REDACTOR = Redactor((KNOWN,))


def test_a_known_key_is_taken_out_of_all_that_is_written() -> None:
    for clean, count in (REDACTOR.asked(f"is {KNOWN} it"), REDACTOR.answered([f"is {KNOWN} it"])):
        assert KNOWN not in str(clean)
        assert TAKEN_OUT in str(clean)
        assert count == 1


def test_the_shape_of_a_key_is_taken_out_of_what_is_asked_and_not_of_what_is_answered() -> None:
    asked, count = REDACTOR.asked({"content": f"my token is {SHAPED}"})
    assert SHAPED not in str(asked)
    assert count == 1
    assert REDACTOR.answered({"content": f"such as {SHAPED}"}) == (
        {"content": f"such as {SHAPED}"},
        0,
    )


def test_what_holds_none_is_the_very_same_value() -> None:
    value = {"content": "hello"}
    assert REDACTOR.asked(value)[0] is value


def test_a_redactor_shows_no_key() -> None:
    assert repr(REDACTOR) == "Redactor(1 keys)"
    assert KNOWN not in f"{REDACTOR} {[REDACTOR]} {Redactor((KNOWN, KNOWN))!r}"


@pytest.mark.parametrize("field", ASKED)
def test_an_event_holds_no_key_in_any_field_of_the_users_side(field: str) -> None:
    event = {"event": "begin", "record": {field: f"a {KNOWN} and {SHAPED}"}, field: SHAPED}
    written = json.dumps(REDACTOR.event(event))
    assert KNOWN not in written
    assert SHAPED not in written


def test_a_known_key_is_in_no_event_wherever_it_stands() -> None:
    event = {
        "event": "error",
        "what": f"bad key {KNOWN}",
        "record": {"calls": [{"notices": KNOWN}]},
    }
    assert KNOWN not in json.dumps(REDACTOR.event(event))


def test_the_text_of_an_answer_may_show_what_a_key_looks_like() -> None:
    pieces = [{"choice": 0, "field": "text", "text": SHAPED}]
    event = {"event": "progress", "pieces": pieces}
    assert REDACTOR.event(event) == event
    assert REDACTOR.event(SHAPED) == SHAPED


JSON: st.SearchStrategy[Any] = st.recursive(
    st.sampled_from([KNOWN, f"x{KNOWN}y", "hello", "", "7"]) | st.none() | st.integers(0, 9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["text", KNOWN, *ASKED, "record"]), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["event", "record", *ASKED]), JSON))
def test_no_event_of_any_form_holds_a_known_key(event: dict[str, Any]) -> None:
    once = REDACTOR.event(event)
    assert KNOWN not in json.dumps(once, ensure_ascii=False)
    assert REDACTOR.event(once) == once
