"""Reading journals, in whatever state a crash left them."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepshi_jupyter.core.ulid import ulid
from deepshi_jupyter.notebook.journal_reader import (
    Event,
    Journals,
    marks,
    read_journals,
    turns_in,
    unfinished,
)
from deepshi_jupyter.notebook.store import Store

EARLY, LATE = (ulid(1_800_000_000_000 + offset, bytes(10)) for offset in (0, 1))
START = {"event": "start", "v": 1, "notebook": "a.ipynb"}


def line(event: Any) -> bytes:
    return json.dumps(event, ensure_ascii=False).encode() + b"\n"


def begin(call: str, turn: str = "") -> dict[str, Any]:
    return {"event": "begin", "call": call, "turn": turn, "at": f"began {call}"}


def progress(call: str, text: str, choice: int = 0, field: str = "text") -> dict[str, Any]:
    pieces = [{"choice": choice, "field": field, "text": text}]
    return {"event": "progress", "call": call, "pieces": pieces, "at": f"more of {call}"}


def turn(turn_id: str, **fields: Any) -> dict[str, Any]:
    return {"event": "turn", "record": {"id": turn_id, **fields}, "at": "now"}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(folder=tmp_path / ".deepshi", root=tmp_path)
    store.journal_folder.mkdir(parents=True)
    return store


def write(store: Store, *events: Any, name: str = EARLY) -> Path:
    path = store.journal_folder / f"{name}.jsonl"
    path.write_bytes(b"".join(e if isinstance(e, bytes) else line(e) for e in events))
    return path


def names(journals: Journals) -> list[str]:
    return [event.name for event in journals]


def test_a_folder_that_is_not_there_has_no_events(tmp_path: Path) -> None:
    journals = read_journals(tmp_path / "nothing")
    assert [*journals] == []
    assert (journals.damaged, journals.unreadable) == (0, [])


def test_events_come_in_the_order_of_files_and_lines(store: Store) -> None:
    write(store, START, {"event": "c"}, name=LATE)
    write(store, START, {"event": "a"}, {"event": "b"}, name=EARLY)
    journals = read_journals(store.journal_folder)
    assert names(journals) == ["start", "a", "b", "start", "c"]
    assert [(e.file, e.line) for e in journals][1:4] == [(EARLY, 2), (EARLY, 3), (LATE, 1)]


def test_an_event_that_is_not_known_is_kept(store: Store) -> None:
    write(store, START, {"event": "teleport", "to": "B"})
    *_, event = read_journals(store.journal_folder)
    assert event == Event("teleport", {"event": "teleport", "to": "B"}, EARLY, 2, "a.ipynb")
    assert (event.at, event.call) == ("", "")


GARBAGE = [
    b"\x00\x00\x00\n",
    b"\xff\xfe\n",
    b"{\n",
    b"[" * 100_000 + b"\n",
    b"[]\n",
    b"1\n",
    b'{"no": "event"}\n',
    b'{"event": 7}\n',
    b'{"event":"x","a":"\xff"}\n',
    b'{"event":"x","a":"\\ud800"}\n',
]


@pytest.mark.parametrize("garbage", GARBAGE, ids=range(len(GARBAGE)))
def test_a_line_that_is_no_event_is_counted_and_passed_over(store: Store, garbage: bytes) -> None:
    write(store, START, garbage, {"event": "after"})
    journals = read_journals(store.journal_folder)
    assert names(journals) == ["start", "after"]
    assert journals.damaged == 1
    assert names(journals) == ["start", "after"]
    assert journals.damaged == 1


def test_empty_lines_and_line_ends_of_windows_are_no_damage(store: Store) -> None:
    write(store, b"\n", line(START).replace(b"\n", b"\r\n"), b"\r\n", {"event": "after"})
    journals = read_journals(store.journal_folder)
    assert names(journals) == ["start", "after"]
    assert journals.damaged == 0


LINES = [
    line(event)
    for event in (START, begin("C1", "T1"), progress("C1", "Grüße 🌍 "), turn("T1"), {"event": "x"})
]


@given(st.integers(0, len(b"".join(LINES))))
def test_whatever_is_cut_off_the_end_every_earlier_event_is_read(kept: int) -> None:
    whole = b"".join(LINES)
    journals = Journals()
    journals._lines = lambda _: iter(whole[:kept].splitlines(keepends=True))  # type: ignore[method-assign]
    read = [event.fields for event in journals._events(Path("x.jsonl"))]
    complete = whole[:kept].count(b"\n")
    expected = [json.loads(one) for one in LINES]
    cut = whole[:kept].rpartition(b"\n")[2]
    if cut and cut + b"\n" == LINES[complete]:
        complete, cut = complete + 1, b""  # only its line end is missing
    assert read == expected[:complete]
    assert journals.damaged == bool(cut)


@given(st.lists(st.sampled_from(LINES) | st.binary(max_size=40)))
def test_any_bytes_at_all_are_read_without_an_error(parts: list[bytes]) -> None:
    journals = Journals()
    journals._lines = lambda _: iter(b"".join(parts).splitlines(keepends=True))  # type: ignore[method-assign]
    for event in journals._events(Path("x.jsonl")):
        assert isinstance(event.name, str)


def test_what_cannot_be_read_is_named_and_the_rest_is_read(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = write(store, START, name=EARLY)
    write(store, START, name=LATE)
    opened = Path.open

    def guarded(self: Path, *arguments: Any) -> Any:
        if self == bad:
            raise PermissionError(13, "Permission denied")
        return opened(self, *arguments)

    monkeypatch.setattr(Path, "open", guarded)
    journals = read_journals(store.journal_folder)
    assert [event.file for event in journals] == [LATE]
    assert journals.unreadable == [bad]


def test_only_files_of_a_journal_are_read(store: Store) -> None:
    write(store, START)
    (store.journal_folder / "notes.txt").write_bytes(line(START))
    (store.journal_folder / "folder.jsonl").mkdir()
    if hasattr(os, "mkfifo"):
        os.mkfifo(store.journal_folder / "pipe.jsonl")
    assert names(read_journals(store.journal_folder)) == ["start"]
    journals = read_journals(store.journal_folder / f"{EARLY}.jsonl")
    assert names(journals) == []
    assert len(journals.unreadable) == 1


# Turns


def test_turns_come_by_id_in_order_with_the_notebook_and_time_of_their_file(store: Store) -> None:
    write(store, START, turn("T2"), turn("T1"))
    found = turns_in(store)
    assert [*found] == ["T2", "T1"]
    assert found["T1"].notebook == "a.ipynb"
    assert found["T1"].file_time == datetime(2027, 1, 15, 8, 0, tzinfo=UTC)
    assert found["T1"].at == "now"


def test_of_a_record_that_was_written_again_the_last_one_counts(store: Store) -> None:
    write(store, START, turn("T1", n=1), turn("T2"))
    write(store, START, turn("T1", n=2), name=LATE)
    found = turns_in(store)
    assert [*found] == ["T1", "T2"]
    assert found["T1"].record["n"] == 2


def test_turns_of_one_notebook_are_those_of_its_name(store: Store) -> None:
    write(store, START, turn("T1"))
    write(store, {**START, "notebook": "sub/b.ipynb"}, turn("T2"), name=LATE)
    assert [*turns_in(store, store.root / "a.ipynb")] == ["T1"]
    assert [*turns_in(store, store.root / "sub" / "b.ipynb")] == ["T2"]
    assert [*turns_in(store, store.root / "renamed.ipynb")] == []
    assert [*turns_in(store)] == ["T1", "T2"]


def test_a_record_without_an_id_or_a_file_without_a_time_is_found_all_the_same(
    store: Store,
) -> None:
    write(store, {"event": "turn", "record": {"v": 1}}, {"event": "turn"}, name="copy")
    write(store, turn("T1"), name="7" + "Z" * 25)
    found = turns_in(store)
    assert {*found} == {"copy:1", "T1"}
    assert {turn.file_time for turn in found.values()} == {None}
    assert found["copy:1"].notebook == ""


def test_a_store_that_cannot_be_written_is_read_too(store: Store, tmp_path: Path) -> None:
    write(store, START, turn("T1"))
    own = Store(folder=tmp_path / "own", root=tmp_path, read_only=store.folder)
    own.journal_folder.mkdir(parents=True)
    write(own, START, turn("T2"), name=LATE)
    assert [*turns_in(own, tmp_path / "a.ipynb")] == ["T1", "T2"]


# Calls without an end


def test_a_call_without_an_end_is_there_with_its_request_and_text(store: Store) -> None:
    write(
        store,
        START,
        begin("C1", "T1"),
        progress("C1", "Hm. ", field="reasoning"),
        progress("C1", "One "),
        progress("C2", "of nobody"),
        progress("C1", "two", choice=1),
        progress("C1", "and "),
    )
    (call,) = unfinished(store)
    assert (call.call, call.begin, call.notebook) == ("C1", begin("C1", "T1"), "a.ipynb")
    assert (call.text(), call.text(1), call.text(2)) == ("One and ", "two", "")
    assert (call.reasoning(), call.reasoning(1)) == ("Hm. ", "")
    assert call.choices == [0, 1]
    assert (call.file, call.last_at, call.ending) == (EARLY, "more of C1", None)


@pytest.mark.parametrize("name", ["end", "error"])
def test_a_call_with_an_end_is_finished_and_asked_for_is_there_until_its_turn_is(
    store: Store, name: str
) -> None:
    ending = {"event": name, "call": "C1"}
    events = [START, begin("C1", "T1"), progress("C1", "One "), ending]
    write(store, *events)
    assert unfinished(store) == []
    (call,) = unfinished(store, ended=True)
    assert (call.text(), call.ending) == ("One ", ending)
    write(store, *events, turn("T1"))
    assert unfinished(store, ended=True) == []


def test_a_turn_finishes_all_its_calls_and_no_others(store: Store) -> None:
    others = [begin("C3", "T2"), begin("C4"), {"event": "turn"}, turn("")]
    write(store, START, begin("C1", "T1"), begin("C2", "T1"), *others, turn("T1"))
    assert [call.call for call in unfinished(store)] == ["C3", "C4"]


@pytest.mark.parametrize(
    "pieces", [None, 1, "x", [None], [{}], [{"choice": "0", "field": "text", "text": "x"}], {}]
)
def test_text_of_another_form_is_passed_over(store: Store, pieces: Any) -> None:
    odd = {"event": "progress", "call": "C1", "pieces": pieces}
    write(store, begin("C1"), odd, progress("C1", "x"))
    (call,) = unfinished(store)
    assert call.text() == "x"


def test_what_users_did_is_read_in_order(store: Store) -> None:
    pin, skip = ({"event": "note", "kind": kind, "turn": "T1"} for kind in ("pin", "skip"))
    write(store, START, pin, {"event": "other"}, turn("T1"))
    write(store, {**START, "notebook": "b.ipynb"}, skip, name=LATE)
    assert [mark.fields for mark in marks(store)] == [pin, skip]
    assert [mark.fields for mark in marks(store, store.root / "b.ipynb")] == [skip]
