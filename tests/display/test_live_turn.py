"""One display and a comm beside it: what is sent, what stays, what is left of half an answer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from deepshi_jupyter.cli.main import main
from deepshi_jupyter.core.events import ReasoningDelta, Retrying, TextDelta
from deepshi_jupyter.core.recorded_reply import recorded_call
from deepshi_jupyter.core.reply import Choice, Reply
from deepshi_jupyter.core.turn_record import MIME_TYPE, TurnRecord, read_record, record_sha256
from deepshi_jupyter.display.answer import Answer
from deepshi_jupyter.display.live_turn import KEPT, LiveTurn, Streams
from deepshi_jupyter.display.once import Once
from deepshi_jupyter.recorded_turn import answer_of, with_tip
from deepshi_jupyter.tools.result import ToolResult
from tests.display.published import Page
from tests.notebook.study import Study

Json = dict[str, Any]
OVERHEAD = 600
"""Bytes of a message beside its content, as JupyterLab gets it: two headers, ids, names."""


class Comm:
    """Remembers what was sent."""

    comm_id = "comm-1"

    def __init__(self, target_name: str, data: Json) -> None:
        self.target, self.opened_with = target_name, data
        self.sent: list[Json] = []
        self.closed = False

    def send(self, data: Json) -> None:
        assert not self.closed
        self.sent.append(data)

    def close(self) -> None:
        self.closed = True


class Scene:
    """A page, the comms that were opened, and a clock that a test sets."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.page = Page(monkeypatch)
        self.comms: list[Comm] = []
        self.now = 0.0
        self.streams = Streams()
        self.study = Study()
        monkeypatch.setattr("comm.create_comm", self._open)

    def _open(self, target_name: str, data: Json) -> Comm:
        self.comms.append(Comm(target_name, data))
        return self.comms[-1]

    def presenter(self) -> LiveTurn:
        return LiveTurn(self.streams, lambda: self.now)

    @property
    def shown(self) -> Json:
        """What the one display of the page shows."""
        (bundle,) = self.page.outputs
        return bundle

    @property
    def record(self) -> TurnRecord:
        return read_record(self.shown[MIME_TYPE])

    def asked(self) -> TurnRecord:
        """A turn that has just been asked."""
        record = self.study.ask("Why?")
        return with_tip(msgspec.structs.replace(record, kind="partial", calls=(), tip=""))

    def ended(self, record: TurnRecord, text: str) -> TurnRecord:
        """The same turn with its answer."""
        choice = Choice(text=text, finish_reason="stop")
        call = recorded_call(Reply(choices=(choice,), model="m", duration=1.0))
        return with_tip(msgspec.structs.replace(record, kind="live", calls=(call,)))


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch) -> Scene:
    return Scene(monkeypatch)


def test_the_comm_names_the_turn_and_its_cell(scene: Scene) -> None:
    record = scene.asked()
    scene.presenter().begin(answer_of(record))
    (comm,) = scene.comms
    assert comm.target == "deepshi.stream"
    assert comm.opened_with == {"v": 1, "turn": record.id, "cell": record.cell}
    running = {"turn": record.id, "cell": record.cell, "comm": "comm-1"}
    assert scene.streams.running() == [running]


def test_the_display_holds_a_partial_record_that_says_that_more_comes(scene: Scene) -> None:
    presenter = scene.presenter()
    presenter.begin(answer_of(scene.asked()))
    assert scene.shown[MIME_TYPE]["stream"] is True
    assert scene.shown["text/plain"] == ""
    assert scene.record.is_partial
    presenter.show([ReasoningDelta("Let me see. "), TextDelta("Because <b>of</b> " * 20)])
    assert scene.record.text == scene.shown["text/plain"] == "Because <b>of</b> " * 20
    assert (scene.record.kind, scene.record.call.status) == ("partial", "truncated")
    assert scene.record.call.answers[0]["reasoning"] == "Let me see. "
    assert "<b>" not in scene.shown["text/markdown"]
    written = scene.shown[MIME_TYPE]
    assert written["sha256"] == record_sha256(written)


def test_the_end_is_the_bundle_of_every_other_presenter(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = scene.asked()
    presenter = scene.presenter()
    presenter.begin(answer_of(asked))
    presenter.show([TextDelta("Because")])
    ended = answer_of(scene.ended(asked, "Because."))
    presenter.end(ended)
    other = Page(monkeypatch)
    Once().end(ended)
    assert json.dumps(scene.shown) == json.dumps(other.outputs[0])
    assert scene.comms[0].sent[-1]["kind"] == "end"
    assert scene.comms[0].closed
    assert scene.streams.running() == []


def test_an_answer_that_was_recorded_opens_nothing(scene: Scene) -> None:
    scene.presenter().end(answer_of(scene.ended(scene.asked(), "Yes.")))
    assert scene.comms == []
    assert scene.shown["text/plain"] == "Yes."


def test_a_turn_that_ends_as_a_recorded_one_leaves_one_output(scene: Scene) -> None:
    """A round of tools was asked, and the answer after it was recorded: it has another id."""
    asked = scene.asked()
    presenter = scene.presenter()
    presenter.begin(answer_of(asked))
    presenter.end(answer_of(msgspec.structs.replace(scene.ended(asked, "Yes."), id="R1")))
    assert scene.record.id == "R1"


def test_what_came_to_nothing_goes_with_the_next_output(scene: Scene) -> None:
    presenter = scene.presenter()
    presenter.begin(answer_of(scene.asked()))
    presenter.show([Retrying(1, 0.5, "The service failed (503).")])
    presenter.abandon()
    assert scene.page._clear_next
    assert [message["kind"] for message in scene.comms[0].sent] == ["notice", "end"]


def test_nothing_to_abandon_clears_nothing(scene: Scene) -> None:
    scene.presenter().abandon()
    assert not scene.page._clear_next


def test_an_answer_that_nobody_ended_is_left_as_one_that_broke_off(scene: Scene) -> None:
    presenter = scene.presenter()
    presenter.begin(answer_of(scene.asked()))
    presenter.show([TextDelta("Half an")])
    scene.streams.drop()
    assert scene.record.text == "Half an"
    assert "stream" not in scene.shown[MIME_TYPE]
    assert scene.comms[0].closed
    assert scene.streams.running() == []


def test_rounds_of_tools_share_one_display_and_one_comm(scene: Scene) -> None:
    asked = scene.asked()
    presenter = scene.presenter()
    presenter.begin(answer_of(asked))
    presenter.show([TextDelta("Let me count. ")])
    presenter.card(ToolResult(call_id="c", name="rows", arguments="{}", text="3", duration=0.25))
    presenter.begin(answer_of(scene.ended(asked, "Let me count. ")))
    presenter.show([TextDelta("Three." * 100)])
    assert len(scene.comms) == 1
    kinds = [message["kind"] for message in scene.comms[0].sent]
    assert kinds == ["text", "notice", "text"]
    assert len(scene.record.calls) == 2
    assert scene.record.text == "Three." * 100


# Snapshots


def test_a_snapshot_has_all_that_was_sent_before_its_number(scene: Scene) -> None:
    asked = scene.asked()
    presenter = scene.presenter()
    presenter.begin(answer_of(asked))
    presenter.show([ReasoningDelta("Hm."), TextDelta("Yes 🙂")])
    assert scene.streams.snapshot(asked.id) == {
        "seq": 2,
        "text": "Yes 🙂",
        "reasoning": "Hm.",
        "ended": False,
    }
    presenter.end(answer_of(scene.ended(asked, "Yes 🙂")))
    ended = scene.streams.snapshot(asked.id)
    assert (ended["seq"], ended["text"], ended["ended"]) == (3, "Yes 🙂", True)


def test_an_unknown_turn_has_ended_and_has_no_text(scene: Scene) -> None:
    nothing = {"seq": 0, "text": "", "reasoning": "", "ended": True}
    assert scene.streams.snapshot("?") == nothing


def test_only_some_ended_answers_are_kept(scene: Scene) -> None:
    for number in range(KEPT + 3):
        asked = scene.asked()
        presenter = scene.presenter()
        presenter.begin(answer_of(asked))
        presenter.show([TextDelta(f"Answer {number}")])
        presenter.end(answer_of(scene.ended(asked, f"Answer {number}")))
    assert len(scene.streams._ended) == KEPT
    assert scene.streams.snapshot(asked.id)["text"] == f"Answer {KEPT + 2}"


# How often


def test_the_display_is_rewritten_at_each_doubling(scene: Scene) -> None:
    presenter = scene.presenter()
    presenter.begin(answer_of(scene.asked()))
    written = []
    for count in range(1, 2001):
        before = len(scene.page.messages)
        presenter.show([TextDelta("word ")])
        if len(scene.page.messages) > before:
            written.append(5 * count)
    assert written == [250, 500, 1000, 2000, 4000, 8000]


@pytest.mark.parametrize(
    ("text", "more", "rewritten"),
    [(4000, 2001, True), (4000, 1000, False), (20_000, 11_000, False)],
    ids=["grown by half", "hardly anything came", "a long text"],
)
def test_an_old_display_is_rewritten_while_the_text_is_short(
    scene: Scene, text: int, more: int, rewritten: bool
) -> None:
    presenter = scene.presenter()
    presenter.begin(answer_of(scene.asked()))
    presenter.show([TextDelta("x" * text)])
    before = len(scene.page.messages)
    scene.now = 6.0
    presenter.show([TextDelta("x" * more)])
    assert (len(scene.page.messages) > before) is rewritten


def test_a_long_answer_weighs_no_more_than_it_may(scene: Scene) -> None:
    """100,000 characters at 200 tokens a second: at most 1.8 MB to the page."""
    presenter = scene.presenter()
    asked = scene.asked()
    presenter.begin(answer_of(asked))
    due, waiting = 0.0, ""
    for _ in range(2500):
        scene.now += 0.05
        waiting += "word " * 8
        if scene.now >= due:
            presenter.show([TextDelta(waiting)])
            due, waiting = scene.now + presenter.interval - 1e-9, ""
    presenter.show([TextDelta(waiting)])
    presenter.end(answer_of(scene.ended(asked, "word " * 20_000)))
    messages = [*scene.comms[0].sent, *scene.page.messages]
    size = sum(len(json.dumps(message, ensure_ascii=False)) + OVERHEAD for message in messages)
    assert scene.shown["text/plain"] == "word " * 20_000
    assert size < 1_800_000


def test_secrets_are_taken_out_of_what_stays(scene: Scene) -> None:
    scene.streams.clean = lambda text: text.replace("canary-1", "‹secret›")
    presenter = scene.presenter()
    presenter.begin(answer_of(scene.asked()))
    presenter.show([TextDelta("It is canary-1. " * 30)])
    assert "canary-1" not in str(scene.shown)
    assert "‹secret›" in scene.shown["text/markdown"]


# A notebook that was saved while an answer came


@pytest.fixture
def left(scene: Scene, tmp_path: Path) -> Path:
    """A notebook that holds what a kernel that was killed has left."""
    presenter = scene.presenter()
    presenter.begin(answer_of(scene.asked()))
    presenter.show([TextDelta("Half an answer. " * 20)])
    output = {"output_type": "display_data", "metadata": {}, "data": scene.shown}
    scene.study.cells[-1]["outputs"] = [output]
    scene.study.ask("Next?")
    return scene.study.save(tmp_path / "nb.ipynb")


Capture = pytest.CaptureFixture[str]


def test_status_reads_it_as_partial(left: Path, scene: Scene, capsys: Capture) -> None:
    assert scene.study.states()[0] == "partial"
    main(["status", str(left)])
    assert "the answer broke off" in capsys.readouterr().out


def test_verify_reads_it(left: Path, capsys: Capture) -> None:
    main(["verify", str(left)])
    out = capsys.readouterr().out
    assert "the answer broke off" in out
    assert "wrong" not in out
    assert "changed after it was written" not in out


def test_restore_reads_it(left: Path, capsys: Capture) -> None:
    assert main(["restore", str(left), "--inplace"]) == 0
    capsys.readouterr()
    kept = json.loads(left.read_text(encoding="utf-8"))["cells"][0]["outputs"][0]["data"]
    assert read_record(kept[MIME_TYPE]).text == "Half an answer. " * 20


def test_what_is_shown_of_it_again_is_what_was_shown(left: Path, scene: Scene) -> None:
    record = scene.study.records()[0]
    bundle = answer_of(record)
    assert isinstance(bundle, Answer)
    assert bundle.reply.text == "Half an answer. " * 20
    assert bundle.reply.status == "truncated"
