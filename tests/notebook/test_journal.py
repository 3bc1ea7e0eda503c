"""What is written down while calls run."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepshi_jupyter.notebook import journal as module
from deepshi_jupyter.notebook.journal import LARGEST_BUFFER, LONGEST_SECRET, Journal
from deepshi_jupyter.notebook.journal_reader import turns_in, unfinished
from deepshi_jupyter.notebook.store import Store

KEY = "ds-0123456789abcdef"
needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
needs_posix = pytest.mark.skipif(os.name != "posix", reason="limits and devices are POSIX's")


class Clock:
    """A clock that stands still until it is told."""

    now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


def as_it_is(value: Any) -> Any:
    return value


def without_key(value: Any) -> Any:
    """Take the key out of texts at any depth."""
    if isinstance(value, str):
        return value.replace(KEY, "‹key›")
    if isinstance(value, dict):
        return {without_key(name): without_key(inner) for name, inner in value.items()}
    return [without_key(inner) for inner in value] if isinstance(value, list) else value


def store_in(folder: Path, **fields: Any) -> Store:
    return Store(folder=folder / ".deepshi", root=folder, notebook=folder / "a.ipynb", **fields)


def journal_in(
    folder: Path, clock: Callable[[], float] | None = None, redact: Any = as_it_is, **fields: Any
) -> Journal:
    store = store_in(folder, **fields)
    return Journal(store, environment={"python": "3.x"}, clock=clock or Clock(), redact=redact)


def events(journal: Journal) -> list[dict[str, Any]]:
    assert journal.path
    return [json.loads(line) for line in journal.path.read_bytes().splitlines()]


def piece(text: str, choice: int = 0, field: str = "text") -> dict[str, Any]:
    return {"choice": choice, "field": field, "text": text}


def texts(journal: Journal) -> list[str]:
    return [p["text"] for event in events(journal) for p in event.get("pieces", [])]


@pytest.fixture(autouse=True)
def _state_apart(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


# What is in the file


def test_nothing_is_written_before_the_first_event(tmp_path: Path) -> None:
    journal = journal_in(tmp_path)
    assert journal.path is None
    assert journal.due() is None
    journal.close()
    assert [*tmp_path.iterdir()] == []


def test_it_opens_with_the_notebook_and_the_versions_and_names_no_machine(tmp_path: Path) -> None:
    journal = journal_in(tmp_path)
    journal.note("pin", {"turns": ["T1"]})
    start, note = events(journal)
    assert start == {
        "at": "2027-01-15T08:00:00.000+00:00",
        "environment": {"python": "3.x"},
        "event": "start",
        "notebook": "a.ipynb",
        "v": 1,
    }
    assert note == {"at": start["at"], "event": "note", "kind": "pin", "turns": ["T1"]}


def test_its_lines_are_utf_8_with_sorted_keys_and_plain_line_ends(tmp_path: Path) -> None:
    journal = journal_in(tmp_path)
    journal.begin("C1", {"z": "Grüße 🌍\r\n\u2028", "a": {"y": 1, "b": [2, 10**30]}})
    assert journal.path
    *_, line, rest = journal.path.read_bytes().split(b"\n")
    assert rest == b""
    assert line.decode() == (
        '{"a":{"b":[2,' + str(10**30) + '],"y":1},"at":"2027-01-15T08:00:00.000+00:00",'
        '"call":"C1","event":"begin","z":"Grüße 🌍\\r\\n\u2028"}'
    )


def test_what_the_caller_gives_cannot_pose_as_another_event(tmp_path: Path) -> None:
    journal = journal_in(tmp_path)
    journal.begin("C1", {"event": "turn", "call": "C2", "at": "never"})
    journal.note("pin", {"event": "turn", "kind": "skip"})
    _, begin, note = events(journal)
    assert (begin["event"], begin["call"], begin["at"][:4]) == ("begin", "C1", "2027")
    assert (note["event"], note["kind"]) == ("note", "pin")


def test_a_lone_surrogate_is_replaced_and_stops_nothing(tmp_path: Path) -> None:
    journal = journal_in(tmp_path)
    journal.begin("C1", {"a": "x\ud800y", "b": "\ud83c\udf0d"})
    assert events(journal)[1]["a"] == "x\ufffdy"
    assert events(journal)[1]["b"] == "🌍"
    assert journal.trouble == ""


def test_an_event_that_is_no_json_is_told_and_the_next_one_is_written(tmp_path: Path) -> None:
    journal = journal_in(tmp_path)
    journal.begin("C1", {"a": object()})
    assert "TypeError" in journal.trouble
    journal.begin("C2", {})
    assert [event.get("call") for event in events(journal)] == [None, "C2"]


def test_a_call_from_its_beginning_to_its_end(tmp_path: Path) -> None:
    journal = journal_in(tmp_path)
    journal.begin("C1", {"turn": "T1"})
    journal.progress("C1", [piece("Well, "), piece("so ", field="reasoning")])
    journal.progress("C1", [piece("yes"), piece(".")])
    journal.end("C1", {"usage": {"prompt_tokens": 1}})
    journal.turn({"id": "T1"})
    names = ["start", "begin", "progress", "progress", "end", "turn"]
    assert [event["event"] for event in events(journal)] == names
    assert texts(journal) == ["Well, ", "so ", "yes."]
    assert events(journal)[-1]["record"] == {"id": "T1"}


@pytest.mark.parametrize("method", ["begin", "turn"])
def test_a_request_and_a_turn_are_on_the_disk_before_it_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    synced = []
    fsync = os.fsync
    journal = journal_in(tmp_path)
    journal.note("pin", {})

    def counted(descriptor: int) -> None:
        assert journal.path
        synced.append(journal.path.read_bytes().splitlines()[-1])
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", counted)
    journal.progress("C1", [piece("a ")])
    journal.end("C1", {})
    journal.note("pin", {})
    assert synced == []
    journal.begin("C2", {"mine": 1}) if method == "begin" else journal.turn({"mine": 1})
    assert [b'"mine":1' in line for line in synced] == [True]


def test_a_file_system_without_fsync_is_no_trouble(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", raising(errno.EINVAL))
    journal = journal_in(tmp_path)
    journal.begin("C1", {})
    assert (journal.trouble, len(events(journal))) == ("", 2)


def test_an_append_costs_the_bytes_of_its_event_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = journal_in(tmp_path)
    sizes: list[int] = []
    write = os.write
    journal.turn({"id": "T"})
    monkeypatch.setattr(os, "write", lambda fd, data: sizes.append(len(data)) or write(fd, data))
    for _ in range(100):
        journal.turn({"id": "T"})
    assert len(sizes) == 100
    assert len(set(sizes)) == 1


def test_an_attachment_is_kept_beside_it(tmp_path: Path) -> None:
    journal = journal_in(tmp_path)
    digest = journal.object(b"picture")
    assert (tmp_path / ".deepshi" / "objects" / digest).read_bytes() == b"picture"
    assert journal.read_object(digest) == b"picture"
    assert journal.read_object("0" * 64) is None


# When text is written


def test_the_first_text_is_written_at_once_and_later_text_after_a_second(tmp_path: Path) -> None:
    clock = Clock()
    journal = journal_in(tmp_path, clock)
    journal.progress("C1", [piece("one ")])
    assert texts(journal) == ["one "]
    journal.progress("C1", [piece("two ")])
    clock.now += 0.75
    assert journal.due() == 0.25
    journal.progress("C1", [piece("three ")])
    assert texts(journal) == ["one "]
    clock.now += 0.25
    journal.progress("C1", [piece("four ")])
    assert texts(journal) == ["one ", "two three four "]


def test_in_a_silence_what_waits_is_written_when_the_caller_wakes_up(tmp_path: Path) -> None:
    clock = Clock()
    journal = journal_in(tmp_path, clock)
    journal.progress("C1", [piece("one ")])
    assert journal.due() is None
    journal.progress("C1", [piece("two ")])
    wait = journal.due()
    assert wait == 1.0
    clock.now += wait
    assert journal.due() == 0.0
    journal.progress("C2")
    assert texts(journal) == ["one ", "two "]
    assert journal.due() is None


def test_much_text_does_not_wait(tmp_path: Path) -> None:
    journal = journal_in(tmp_path)
    journal.progress("C1", [piece("a ")])
    journal.progress("C1", [piece("ü " * (LARGEST_BUFFER // 3 - 1))])
    assert len(texts(journal)) == 1
    journal.progress("C1", [piece("ü ")] * 2)
    assert len(texts(journal)) == 2


def test_a_clock_that_was_set_back_delays_nothing(tmp_path: Path) -> None:
    clock = Clock()
    journal = journal_in(tmp_path, clock)
    journal.progress("C1", [piece("one ")])
    clock.now -= 3600
    journal.progress("C1", [piece("two ")])
    assert texts(journal) == ["one ", "two "]


def test_an_error_comes_after_the_last_text(tmp_path: Path) -> None:
    journal = journal_in(tmp_path)
    journal.progress("C1", [piece("one ")])
    journal.progress("C1", [piece("two")])
    journal.error("C1", {"what": "cut"})
    assert [event["event"] for event in events(journal)[1:]] == ["progress", "progress", "error"]
    assert texts(journal) == ["one ", "two"]
    assert journal.due() is None


def test_closing_writes_what_waits(tmp_path: Path) -> None:
    journal = journal_in(tmp_path)
    journal.progress("C1", [piece("one "), piece("t")])
    journal.progress("C1", [piece("wo")])
    journal.close()
    assert texts(journal) == ["one ", "two"]


# Secrets


def cut_up(text: str, size: int) -> list[dict[str, Any]]:
    return [piece(text[start : start + size]) for start in range(0, len(text), size)]


@pytest.mark.parametrize("size", [1, 2, 7, 19, 500])
@pytest.mark.parametrize(
    "around", [("Use ", " now"), ("{'k':'", "'}"), ("x" * 300, "y" * 300), ("é", "é"), ("", "")]
)
def test_a_key_that_a_model_repeats_is_never_in_the_file_however_it_is_cut(
    tmp_path: Path, size: int, around: tuple[str, str]
) -> None:
    text = KEY.join([around[0], around[1] + around[0], around[1]])
    clock = Clock()
    journal = journal_in(tmp_path, clock, redact=without_key)
    for one in cut_up(text, size):
        journal.progress("C1", [one])
        clock.now += 1.0
    journal.end("C1", {})
    assert "".join(texts(journal)) == without_key(text)


@given(
    parts=st.lists(st.sampled_from([KEY, KEY[:9], KEY[9:], "a", " ", "ü", "=", "b" * 200])),
    cuts=st.lists(st.integers(1, 30), min_size=1),
    times=st.lists(st.booleans(), min_size=1),
)
def test_text_is_redacted_as_if_it_had_come_in_one_piece(
    parts: list[str], cuts: list[int], times: list[bool]
) -> None:
    text, position, now = "".join(parts), 0, 0.0
    waiting = module._Waiting()
    written = []
    for turn in range(len(text)):
        cut = cuts[turn % len(cuts)]
        waiting.add([piece(text[position : position + cut])])
        position, now = position + cut, now + times[turn % len(times)]
        if waiting.due(now) == 0:
            written += waiting.take(now, without_key)
    written += waiting.take_all()
    assert "".join(without_key(one["text"]) for one in written) == without_key(text)


def test_no_more_than_a_word_is_held_back(tmp_path: Path) -> None:
    clock = Clock()
    journal = journal_in(tmp_path, clock)
    journal.progress("C1", [piece("one tw")])
    assert texts(journal) == ["one "]
    clock.now += 1
    journal.progress("C1", [piece("x" * 1000)])
    assert len("".join(texts(journal))) == len("one tw") + 1000 - LONGEST_SECRET


@pytest.mark.parametrize("method", ["begin", "end", "error", "note"])
def test_every_event_is_redacted(tmp_path: Path, method: str) -> None:
    journal = journal_in(tmp_path, redact=without_key)
    getattr(journal, method)("C1", {"messages": [{"content": f"my key: {KEY}"}], KEY: 1})
    journal.turn({"id": "T1", "prompt": KEY})
    assert journal.path
    assert KEY not in journal.path.read_text(encoding="utf-8")


def test_what_cannot_be_redacted_is_not_written(tmp_path: Path) -> None:
    def broken(value: Any) -> Any:
        raise LookupError(f"about {value}")

    journal = journal_in(tmp_path, redact=broken)
    journal.begin("C1", {"a": KEY})
    assert "LookupError" in journal.trouble
    assert KEY not in journal.trouble
    assert [*tmp_path.rglob("*.jsonl")] == []


# Trouble


def raising(number: int) -> Callable[..., Any]:
    def fail(*_: Any) -> Any:
        raise OSError(number, os.strerror(number))

    return fail


def use_all(journal: Journal) -> None:
    """Do everything that a journal can do."""
    journal.begin("C1", {})
    journal.progress("C1", [piece("a ")])
    journal.end("C1", {})
    journal.error("C1", {})
    journal.turn({})
    journal.note("pin", {})
    assert len(journal.object(b"x")) == 64
    journal.close()


def test_switched_off_it_does_nothing(tmp_path: Path) -> None:
    journal = journal_in(tmp_path, off=True)
    use_all(journal)
    assert (journal.active, journal.trouble, journal.due()) == (False, "", None)
    assert [*tmp_path.iterdir()] == []


FAULTS = [errno.ENOSPC, errno.EROFS, errno.EIO, errno.EFBIG, getattr(errno, "ESTALE", errno.EIO)]


@pytest.mark.parametrize("number", FAULTS)
@pytest.mark.parametrize("call", ["write", "fsync", "open", "mkdir", "fstat"])
def test_no_failure_of_the_disk_gets_into_a_call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, number: int
) -> None:
    journal = journal_in(tmp_path)
    monkeypatch.setattr(os, call, raising(number))
    use_all(journal)
    monkeypatch.undo()
    assert not journal.active
    assert os.strerror(number) in journal.trouble
    assert "not journaled" in journal.trouble
    use_all(journal)
    assert len([*tmp_path.rglob("*.jsonl")]) <= 1


@pytest.mark.parametrize(
    ("number", "todo"),
    [
        (errno.ENOSPC, "Free some space"),
        (getattr(errno, "EDQUOT", errno.ENOSPC), "Free some space"),
        (getattr(errno, "ESTALE", None), "file server"),
        (errno.EACCES, "folder that can be written"),
    ],
)
def test_trouble_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, todo: str
) -> None:
    journal = journal_in(tmp_path)
    monkeypatch.setattr(os, "write", raising(number))
    journal.begin("C1", {})
    assert todo in journal.trouble


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no device that is always full")
def test_a_disk_that_fills_up_is_told_once_and_what_was_written_stays(tmp_path: Path) -> None:
    journal = journal_in(tmp_path)
    journal.begin("C1", {})
    assert journal._file
    full = os.open("/dev/full", os.O_WRONLY)
    os.dup2(full, journal._file._descriptor)
    os.close(full)
    journal.turn({"id": "T1"})
    assert "No space left" in journal.trouble
    journal.trouble = ""
    use_all(journal)
    assert journal.trouble == ""
    assert [event["event"] for event in events(journal)] == ["start", "begin"]


@needs_posix
def test_a_disk_that_fills_up_in_the_middle_of_a_line_leaves_every_line_before_it(
    tmp_path: Path,
) -> None:
    code = f"""
import resource, sys
from pathlib import Path
sys.path.insert(0, {str(Path(__file__).parents[2])!r})
from tests.notebook.test_journal import journal_in
journal = journal_in(Path(sys.argv[1]))
journal.turn({{"id": "T0", "text": "x" * 500}})
resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
for number in range(1, 9):
    journal.turn({{"id": f"T{{number}}", "text": "x" * 500}})
print(journal.trouble)
"""
    done = run_python(code, tmp_path)
    assert "File too large" in done
    assert [*turns_in(store_in(tmp_path))] == ["T0", "T1", "T2"]
    (path,) = tmp_path.rglob("*.jsonl")
    assert path.stat().st_size == 2000


def test_half_a_line_does_not_damage_the_next_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = journal_in(tmp_path)
    journal.turn({"id": "T1"})
    write = os.write
    calls = iter([True, False])

    def interrupted(descriptor: int, data: bytes) -> int:
        if next(calls):
            return write(descriptor, data[:20])
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "write", interrupted)
    with pytest.raises(KeyboardInterrupt):
        journal.turn({"id": "T2"})
    monkeypatch.setattr(os, "write", write)
    journal.turn({"id": "T3"})
    assert [*turns_in(store_in(tmp_path))] == ["T1", "T3"]


def test_a_write_that_takes_only_a_part_is_continued(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: write(descriptor, data[:7]))
    journal = journal_in(tmp_path)
    journal.turn({"id": "T1"})
    assert [event["event"] for event in events(journal)] == ["start", "turn"]


def test_a_folder_that_cannot_be_written_is_replaced_by_the_user_s_own(tmp_path: Path) -> None:
    (tmp_path / ".deepshi").write_text("a file stands here", encoding="utf-8")
    journal = journal_in(tmp_path)
    journal.turn({"id": "T1"})
    assert journal.path
    assert journal.path.is_relative_to(tmp_path / "state")
    assert "cannot be written" in journal.store.note
    assert journal.trouble == ""
    assert turns_in(journal.store)["T1"].notebook == "a.ipynb"


@needs_posix
def test_a_store_that_was_deleted_under_it_is_made_again(tmp_path: Path) -> None:
    journal = journal_in(tmp_path)
    journal.turn({"id": "T1"})
    first = journal.path
    assert first
    first.unlink()
    (tmp_path / ".deepshi" / ".gitignore").unlink()
    first.parent.rmdir()
    first.parent.parent.rmdir()
    journal.turn({"id": "T2"})
    assert journal.path != first
    assert [*turns_in(store_in(tmp_path))] == ["T2"]


# Processes and threads


def run_python(code: str, *arguments: object) -> str:
    command = [sys.executable, "-c", code, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


KILLED = f"""
import sys, time
from pathlib import Path
sys.path.insert(0, {str(Path(__file__).parents[2])!r})
from tests.notebook.test_journal import journal_in, piece
journal = journal_in(Path(sys.argv[1]), time.time)
journal.begin("C1", {{"turn": "T1", "messages": [{{"role": "user", "content": "Why?"}}]}})
journal.progress("C1", [piece("Let me see. ", field="reasoning")])
journal.progress("C1", [piece("Because ")])
while journal.due() is not None:
    time.sleep(journal.due())
    journal.progress("C1")
print("ready", flush=True)
time.sleep(600)
"""


@needs_posix
def test_a_killed_process_leaves_the_request_and_the_text_so_far(tmp_path: Path) -> None:
    command = [sys.executable, "-c", KILLED, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGKILL)
    (call,) = unfinished(store_in(tmp_path))
    assert call.call == "C1"
    assert call.begin["messages"] == [{"role": "user", "content": "Why?"}]
    assert call.reasoning() == "Let me see. "
    assert call.text() == "Because "
    assert call.notebook == "a.ipynb"


SIDE_BY_SIDE = f"""
import sys, time
from pathlib import Path
sys.path.insert(0, {str(Path(__file__).parents[2])!r})
from tests.notebook.test_journal import journal_in
journal = journal_in(Path(sys.argv[1]), time.time)
for number in range(50):
    journal.turn({{"id": f"{{sys.argv[2]}}-{{number}}", "text": "x" * 5000}})
assert not journal.trouble
"""


def test_two_processes_write_side_by_side(tmp_path: Path) -> None:
    command = [sys.executable, "-c", SIDE_BY_SIDE, str(tmp_path)]
    processes = [subprocess.Popen([*command, name]) for name in "AB"]
    assert [process.wait() for process in processes] == [0, 0]
    turns = turns_in(store_in(tmp_path))
    for name in "AB":
        mine = [turn for turn in turns if turn.startswith(name)]
        assert mine == [f"{name}-{number}" for number in range(50)]
    assert len({turn.file for turn in turns.values()}) == 2
    assert (tmp_path / ".deepshi" / ".gitignore").read_bytes() == b"*\n"


FORK = f"""
import os, sys, time
from pathlib import Path
sys.path.insert(0, {str(Path(__file__).parents[2])!r})
from tests.notebook.test_journal import journal_in, piece
journal = journal_in(Path(sys.argv[1]), time.time)
journal.turn({{"id": "before"}})
journal.progress("C1", [piece("the parent's ")])
journal.progress("C1", [piece("words")])
journal._lock.acquire()
child = os.fork()
if child == 0:
    journal.turn({{"id": "child"}})
    journal.end("C1", {{}})
    os._exit(bool(journal.trouble))
journal._lock.release()
assert os.waitpid(child, 0)[1] == 0
journal.end("C1", {{}})
journal.turn({{"id": "after"}})
"""


@needs_fork
def test_the_child_of_a_fork_writes_a_file_of_its_own(tmp_path: Path) -> None:
    run_python(FORK, tmp_path)
    turns = turns_in(store_in(tmp_path))
    assert {*turns} == {"before", "child", "after"}
    assert turns["before"].file == turns["after"].file != turns["child"].file
    written = "".join(path.read_text(encoding="utf-8") for path in tmp_path.rglob("*.jsonl"))
    assert written.count("words") == 1


def test_threads_write_whole_lines_into_one_file(tmp_path: Path) -> None:
    journal = journal_in(tmp_path)

    def write(name: str) -> None:
        for number in range(50):
            journal.progress(name, [piece(f"{number} ")])
            journal.note("pin", {"text": "x" * 5000})
        journal.end(name, {})

    threads = [threading.Thread(target=write, args=(f"C{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert journal.trouble == ""
    assert len([event for event in events(journal) if event["event"] == "note"]) == 200
    words = " ".join(text.strip() for text in texts(journal)).split()
    assert sorted(map(int, words)) == sorted([*range(50)] * 4)


def test_loading_it_loads_nothing_heavy() -> None:
    code = (
        "import sys, deepshi_jupyter.notebook.journal, deepshi_jupyter.notebook.journal_reader\n"
        "print(*{'nbformat', 'httpx', 'IPython', 'platformdirs'} & {*sys.modules})"
    )
    assert run_python(code).strip() == ""


# The page


def test_the_page_describes_every_event_and_field(tmp_path: Path) -> None:
    journal = journal_in(tmp_path)
    with contextlib.closing(journal):
        use_all(journal)
    page = (Path(__file__).parents[2] / "docs" / "journal.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(\w+)` \| ([^|]*) \|", page, re.MULTILINE))
    for event in events(journal):
        described = set(re.findall(r"`(\w+)`", rows[event["event"]]))
        assert {*event} - {"at", "event"} <= described
