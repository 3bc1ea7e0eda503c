"""What a panel does for its page, on a real session that asks a server on loopback."""

from __future__ import annotations

import base64
import json
import threading
from typing import Any

import pytest

from deepshi_jupyter.core.conversation import Turn
from deepshi_jupyter.core.mark import Mark
from deepshi_jupyter.core.place import Place
from deepshi_jupyter.core.turn_record import read_record
from deepshi_jupyter.session import Session
from deepshi_jupyter.tools import default_toolbox
from tests.chat_server import ChatServer, says
from tests.chunks import DONE, answer, chunk
from tests.conversation_panel.conftest import KEY, OpenPage, ask_cell
from tests.conversation_panel.page import Page
from tests.wire_server import Played

MODELS = [
    {
        "id": "deepshi-3.0",
        "name": "Deepshi 3.0",
        "context_length": 1000,
        "max_output_length": 400,
        "pricing": {"prompt": "0.0000002", "completion": "0.0000008"},
        "supported_sampling_parameters": ["temperature", "max_tokens"],
        "supported_features": ["tools", "json_mode"],
    },
    {"id": "deepshi-2.0", "supported_sampling_parameters": [], "supported_features": []},
]


def hanging(text: str) -> Played:
    """An answer that begins and never ends."""
    return Played([chunk({"content": text})], end="hang")


def calling(name: str, arguments: str = "{}") -> Played:
    """An answer that calls a tool."""
    call = {"index": 0, "id": "c1", "type": "function"}
    call["function"] = {"name": name, "arguments": arguments}
    return Played([chunk({"tool_calls": [call]}), chunk({}, "tool_calls"), DONE])


@pytest.fixture
def tool() -> Any:
    """A registered tool that asks before it runs, and the thread that it ran in."""
    threads: list[str] = []

    def rain(city: str) -> str:
        """Say how much it rains."""
        threads.append(threading.current_thread().name)
        return f"12 mm in {city}"

    default_toolbox.tool(rain)
    yield threads
    default_toolbox._tools.pop("rain")
    default_toolbox._allowed.pop("rain", None)


# --- one question ---------------------------------------------------------------------------------


def test_an_answer_comes_as_begin_deltas_turns_and_ended_in_this_order(page: Page) -> None:
    ask = page.begin("one")
    ended = page.ended(ask)
    kinds = [m["kind"] for m in page.told if m.get("ask") == ask or m["kind"] == "turns"]
    assert list(dict.fromkeys(kinds[1:])) == ["begin", "delta", "turns", "ended"]
    assert page.before_ended == [[ended["turn"]]]
    (turn,) = page.turns
    assert (turn["question"], turn["text"]) == ("one", "Answer 1 to one")
    assert (turn["own"], turn["below"], turn["partial"]) == (True, False, False)
    assert (turn["branches"], turn["others"], turn["stale"]) == ([turn["id"]], [], "")
    assert turn["footer"].endswith("3 in / 2 out · $0.25000 · stop")


def test_deltas_hold_the_answer_and_end(page: Page, server: ChatServer) -> None:
    server.plan("one", says("a", "b", "c"))
    ask = page.begin("one")
    page.ended(ask)
    data = [message["data"] for message in page.of("delta", ask)]
    assert "".join(d["text"] for d in data if d["kind"] == "text") == "abc"
    assert [d["seq"] for d in data] == list(range(len(data)))
    assert data[-1]["kind"] == "end"


def test_a_question_sees_the_turns_above_and_those_of_the_panel(
    page: Page, session: Session, server: ChatServer
) -> None:
    ask_cell(session, "above", "a", 1)
    page.ask("one")
    page.ask("two")
    assert server.context == [
        *("above", "Answer 1 to above", "one", "Answer 1 to one", "two"),
    ]


def test_a_cell_below_sees_what_the_panel_asked(
    page: Page, session: Session, server: ChatServer
) -> None:
    page.ask("one")
    ask_cell(session, "below", "c", 60)
    assert server.context == ["one", "Answer 1 to one", "below"]


def test_a_turn_of_a_cell_appears_in_the_panel(page: Page, session: Session) -> None:
    first = ask_cell(session, "above", "a", 1)
    page.until(lambda: page.order == [first])
    (turn,) = page.turns
    assert (turn["own"], turn["text"]) == (False, "Answer 1 to above")


def test_a_turn_that_stands_below_is_flagged_and_not_sent(
    page: Page, session: Session, server: ChatServer
) -> None:
    ask_cell(session, "below", "c", 1)
    page.ask("one")
    assert server.context == ["one"]
    page.until(lambda: [turn["below"] for turn in page.turns] == [False, True])


def test_a_turn_of_another_conversation_is_not_shown(page: Page, session: Session) -> None:
    ask_cell(session, "other", "a", 1, chat="critic")
    ask_cell(session, "here", "b", 2)
    page.until(lambda: page.questions == ["here"])


def test_the_answers_of_a_comparison_are_not_shown(page: Page, session: Session) -> None:
    ask_cell(session, "column", "a", 1, start="aside")
    ask_cell(session, "here", "b", 2)
    page.until(lambda: page.questions == ["here"])


def test_values_are_put_in_and_the_question_shows_as_it_was_written(
    open_page: OpenPage, server: ChatServer
) -> None:
    page = open_page(names={"place": "Belgium"})
    page.ask("Name a river in {{place}}.")
    assert server.questions == ["Name a river in Belgium."]
    assert page.questions == ["Name a river in {{place}}."]
    assert page.of("begin")[0]["question"] == "Name a river in {{place}}."
    assert "1 value inserted" in page.turns[0]["footer"]


def test_a_value_that_is_not_there_ends_the_question_and_sends_nothing(
    page: Page, server: ChatServer
) -> None:
    error = page.ended(page.begin("{{plase}}"))["error"]
    assert "plase" in error["what"]
    assert "Define it" in error["todo"]
    assert server.bodies == page.of("begin") == []


PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


class Picture:
    def _repr_png_(self) -> bytes:
        return PNG


def test_an_attached_picture_is_sent(open_page: OpenPage, server: ChatServer) -> None:
    page = open_page(names={"fig": Picture(), "n": 3})
    page.ask("What is this?", attach=["fig"])
    kinds = [part["type"] for part in server.bodies[-1]["messages"][-1]["content"]]
    assert kinds == ["text", "image_url"]
    assert "Sent with 1 image." in page.turns[0]["notices"]
    error = page.ended(page.begin("What is this?", attach=["n"]))["error"]
    assert "{{n}}" in error["todo"]


def test_a_turn_of_which_only_the_record_is_known_is_asked_again_as_it_was(
    open_page: OpenPage, session: Session, server: ChatServer
) -> None:
    page = open_page(names={"fig": Picture(), "x": 3})
    page.ask("What are these {{x}}?", attach=["fig"])
    (turn,) = session.state.visible()
    page.panel.close()
    session.reset()
    record = read_record(json.loads(json.dumps(turn.record.as_json())))
    again = open_page(turns=[Turn(record=record, cell="panel")])
    again.regenerate(record.id)
    assert server.bodies[-1]["messages"] == server.bodies[0]["messages"]
    assert again.questions == ["What are these {{x}}?"]
    assert again.turns[0]["footer"].count("1 value inserted") == 1


def test_a_second_question_while_one_is_answered_ends_at_once(
    page: Page, server: ChatServer
) -> None:
    server.plan("slow", hanging("Half"))
    first = page.begin("slow")
    page.wait("delta")
    ended = page.ended(page.begin("two"))
    assert ended == {
        "v": 1,
        "kind": "ended",
        "ask": "ask-2",
        "turn": None,
        "error": {
            "what": "An answer still comes in this panel.",
            "todo": "Wait for it, or stop it.",
        },
    }
    page.say("stop", ask=first)
    page.ended(first)
    page.ask("three")


def test_a_stopped_answer_stands_as_far_as_it_came_and_is_not_sent_on(
    page: Page, server: ChatServer
) -> None:
    server.plan("slow", hanging("Half an"))
    ask = page.begin("slow")
    page.wait("delta")
    page.say("stop", ask="another")
    page.say("stop", ask=ask)
    ended = page.ended(ask)
    assert ended["error"] is None
    (turn,) = page.turns
    assert (turn["id"], turn["text"], turn["partial"]) == (ended["turn"], "Half an", True)
    assert any("stopped" in notice for notice in turn["notices"])
    assert server.closed_by_client.wait(5)
    page.ask("two")
    assert server.context == ["two"]


def test_a_failed_question_says_what_to_do_and_leaves_no_turn(
    page: Page, server: ChatServer
) -> None:
    server.plan("one", Played([b'{"error": {"message": "no such thing"}}'], 400))
    ended = page.ended(page.begin("one"))
    assert ended["turn"] is None
    assert "no such thing" in ended["error"]["what"]
    assert page.order == []


def test_a_snapshot_is_all_that_was_sent_before_the_next_delta(
    page: Page, server: ChatServer
) -> None:
    server.plan("slow", hanging("Half an"))
    ask = page.begin("slow")
    page.wait("delta")
    page.say("snapshot", ask=ask)
    snapshot = page.wait("snapshot")
    assert (snapshot["ask"], snapshot["seq"], snapshot["text"]) == (ask, 1, "Half an")
    assert snapshot["reasoning"] == ""


def test_a_page_that_is_drawn_anew_is_told_all(page: Page, server: ChatServer) -> None:
    page.ask("one")
    server.plan("slow", hanging("Half an"))
    ask = page.begin("slow")
    page.wait("delta", lambda m: m["ask"] == ask)
    page.told.clear()
    page.say("hello")
    kinds = [m["kind"] for m in page.told][:4]
    assert kinds == ["settings", "turns", "begin", "snapshot"]
    assert [turn["question"] for turn in page.wait("turns")["turns"]] == ["one"]
    assert page.wait("snapshot")["text"] == "Half an"
    assert page.wait("begin")["ask"] == ask


def test_only_what_has_changed_is_told(page: Page) -> None:
    page.ask("one")
    page.told.clear()
    second = page.ask("two")
    told = [turn["id"] for message in page.of("turns") for turn in message["turns"]]
    assert told == [second]


def test_reasoning_has_the_seconds_that_it_took(page: Page, server: ChatServer) -> None:
    pieces = [chunk({"reasoning": "Let me think."}), *answer("42")]
    server.plan("one", Played(pieces))
    page.ask("one")
    (turn,) = page.turns
    assert turn["reasoning"] == "Let me think."
    assert turn["reasoning_seconds"] >= 0


def test_further_samples_are_told_beside_the_first(page: Page, server: ChatServer) -> None:
    two = chunk({"content": "b"})
    two = two.replace(b'"index": 0', b'"index": 1')
    server.plan("one", Played([chunk({"content": "a"}), two, *answer()]))
    page.say("set", name="n", value=2)
    page.ask("one")
    assert server.bodies[-1]["n"] == 2
    assert (page.turns[0]["text"], page.turns[0]["others"]) == ("a", ["b"])


# --- branches -------------------------------------------------------------------------------------


def test_an_answer_that_is_asked_again_stays_as_a_branch(
    page: Page, session: Session, server: ChatServer
) -> None:
    first = page.ask("one")
    again = page.regenerate(first)
    assert page.order == [again]
    assert page.turns[0]["text"] == "Answer 2 to one"
    assert page.turns[0]["branches"] == [first, again]
    assert server.context == ["one"]
    assert [t.record.id for t in session.state.visible()] == [again]


def test_another_branch_brings_back_what_followed_it(page: Page, server: ChatServer) -> None:
    one, two = page.ask("one"), page.ask("two")
    edited = page.ask("ONE", instead_of=one)
    assert page.questions == ["ONE"]
    page.ask("three")
    assert server.context == ["ONE", "Answer 1 to ONE", "three"]
    page.say("branch", turn=edited, to=one)
    page.until(lambda: page.order == [one, two])
    page.ask("four")
    assert server.context == [
        *("one", "Answer 1 to one", "two", "Answer 1 to two", "four"),
    ]
    page.say("branch", turn=one, to=edited)
    page.until(lambda: page.questions == ["ONE", "three"])


def test_while_an_edited_question_is_answered_the_old_turn_does_not_stand(
    page: Page, server: ChatServer
) -> None:
    one = page.ask("one")
    server.plan("ONE", hanging("Half"))
    ask = page.begin("ONE", instead_of=one)
    page.wait("begin", lambda m: m["ask"] == ask)
    assert page.order == []
    page.say("branch", turn=one, to=one)
    assert page.wait("error")["what"] == "An answer still comes in this panel."


def test_an_edited_question_that_fails_leaves_the_old_path(
    page: Page, session: Session, server: ChatServer
) -> None:
    one, two = page.ask("one"), page.ask("two")
    server.plan("ONE", Played([b'{"error": {"message": "no"}}'], 400))
    ended = page.ended(page.begin("ONE", instead_of=one))
    assert ended["turn"] is None
    assert page.order == [one, two]
    assert [t.record.id for t in session.state.visible()] == [one, two]


def test_a_turn_of_a_cell_cannot_be_asked_again_here(page: Page, session: Session) -> None:
    above = ask_cell(session, "above", "a", 1)
    page.say("regenerate", ask="x", turn=above)
    assert page.ended("x")["error"] == {
        "what": "This turn was not asked in this panel.",
        "todo": "Run the cell that asked it again.",
    }
    page.say("branch", turn=above, to=above)
    assert page.wait("error")["what"] == "This turn was not asked in this panel."


def test_what_was_asked_below_becomes_stale_with_another_branch(
    page: Page, session: Session
) -> None:
    one = page.ask("one")
    below = ask_cell(session, "below", "c", 60)
    page.until(lambda: page.order == [one, below])
    page.regenerate(one)
    page.until(lambda: page.shown[below]["stale"] == "what stands above is not what was sent")


def test_in_the_mode_auto_an_answer_that_is_asked_again_is_a_new_one(
    page: Page, session: Session, server: ChatServer
) -> None:
    session.set("mode", "auto")
    first = page.ask("one")
    again = page.regenerate(first)
    assert again != first
    assert page.turns[0]["text"] == "Answer 2 to one"


def test_a_picked_version_stands_in_the_panel_too(page: Page, session: Session) -> None:
    first = page.ask("one")
    again = page.regenerate(first)
    (turn,) = session.state.visible()
    version = next(r for r in session.state.versions(turn) if r.id == first)
    session.state.pick(turn, version)
    session.mark(Mark(v=1, mark="pick", turn=first, instead_of=again, record=version.as_json()))
    page.until(lambda: page.order == [first])
    assert page.turns[0]["branches"] == [first, again]


# --- tools ----------------------------------------------------------------------------------------


def test_a_tool_runs_when_the_reader_allows_it(
    open_page: OpenPage, server: ChatServer, tool: list[str]
) -> None:
    page = open_page(tools="rain")
    server.plan("rain?", calling("rain", '{"city": "Liège"}'))
    server.plan("12 mm in Liège", says("Much."))
    ask = page.begin("rain?")
    card = page.wait("tool")["call"]
    assert card == {
        "id": "call-1",
        "name": "rain",
        "state": "asking",
        "arguments": '{"city": "Liège"}',
    }
    page.say("decide", ask=ask, call="call-9", decision="once")
    page.say("decide", ask=ask, call="call-1", decision="once")
    assert page.ended(ask)["error"] is None
    assert [m["call"]["state"] for m in page.of("tool", ask)] == ["asking", "running", "done"]
    assert page.turns[0]["tools"][0]["result"] == "12 mm in Liège"
    assert page.turns[0]["text"] == "Much."
    assert tool == ["deepshi-panel"]


def test_always_asks_no_more(open_page: OpenPage, server: ChatServer, tool: list[str]) -> None:
    page = open_page(tools="rain")
    server.plan("rain?", calling("rain", '{"city": "Liège"}'))
    ask = page.begin("rain?")
    page.wait("tool")
    page.say("decide", ask=ask, call="call-1", decision="always")
    page.ended(ask)
    page.ask("rain?")
    assert [m["call"]["state"] for m in page.of("tool", "ask-2")] == ["done"]


def test_a_refused_tool_does_not_run(
    open_page: OpenPage, server: ChatServer, tool: list[str]
) -> None:
    page = open_page(tools="rain")
    server.plan("rain?", calling("rain", '{"city": "Liège"}'))
    ask = page.begin("rain?")
    page.wait("tool")
    page.say("decide", ask=ask, call="call-1", decision="refuse")
    page.ended(ask)
    assert page.turns[0]["tools"][0]["state"] == "refused"
    assert tool == []


def test_stop_ends_the_wait_for_a_decision_as_a_refusal(
    open_page: OpenPage, server: ChatServer, tool: list[str]
) -> None:
    page = open_page(tools="rain")
    server.plan("rain?", calling("rain", '{"city": "Liège"}'))
    ask = page.begin("rain?")
    page.wait("tool")
    page.say("stop", ask=ask)
    ended = page.ended(ask)
    assert ended["turn"] is None
    assert "Stopped before" in ended["error"]["what"]
    assert tool == []


def test_a_page_that_is_drawn_anew_can_still_decide(
    open_page: OpenPage, server: ChatServer, tool: list[str]
) -> None:
    page = open_page(tools="rain")
    server.plan("rain?", calling("rain", '{"city": "Liège"}'))
    page.begin("rain?")
    page.wait("tool")
    page.told.clear()
    page.say("hello")
    assert page.wait("tool")["call"]["state"] == "asking"


def test_a_panel_offers_no_tools_of_its_own(
    page: Page, server: ChatServer, tool: list[str]
) -> None:
    page.ask("one")
    assert "tools" not in server.bodies[-1]


# --- settings -------------------------------------------------------------------------------------


def parameter(page: Page, name: str) -> dict[str, Any]:
    (found,) = [p for p in page.of("settings")[-1]["parameters"] if p["name"] == name]
    return dict(found)


def test_what_is_set_holds_for_the_panel_and_says_so(
    page: Page, session: Session, server: ChatServer
) -> None:
    session.settings.set("temperature", "0.2")
    for name, value in (("model", "m"), ("system", "Be brief."), ("top_p", 0.5), ("seed", 7.0)):
        page.say("set", name=name, value=value)
    settings = page.of("settings")[-1]
    assert (settings["model"], settings["system"]) == ("m", "Be brief.")
    assert (settings["chat"], settings["where"], settings["mode"]) == ("main", "cell", "live")
    said = [(p["name"], p["value"], p["source"]) for p in settings["parameters"] if p["source"]]
    assert said == [("temperature", 0.2, "notebook"), ("top_p", 0.5, "cell"), ("seed", 7, "cell")]
    page.ask("one")
    body = server.bodies[-1]
    assert (body["model"], body["temperature"], body["top_p"], body["seed"]) == ("m", 0.2, 0.5, 7)
    assert body["messages"][0] == {"role": "system", "content": "Be brief."}
    ask_cell(session, "below", "c", 60)
    assert "top_p" not in server.bodies[-1]


def test_automatic_is_not_sent_whatever_the_default(
    page: Page, session: Session, server: ChatServer
) -> None:
    session.settings.set("temperature", "0.2")
    page.say("set", name="temperature", value=None)
    assert (parameter(page, "temperature")["value"], parameter(page, "temperature")["source"]) == (
        *(None, "cell"),
    )
    page.ask("one")
    assert "temperature" not in server.bodies[-1]


def test_a_value_out_of_range_is_refused_and_what_holds_is_told(page: Page) -> None:
    page.say("set", name="temperature", value=9)
    assert "from 0 to 2" in page.wait("error")["what"]
    assert page.told[-2]["kind"] == "settings"
    assert parameter(page, "temperature")["value"] is None
    page.say("set", name="colour", value="red")
    assert page.wait("error")["what"] == "A panel does not set 'colour'."


def test_the_models_come_from_the_catalogue_with_what_they_ignore(
    server: ChatServer, open_page: OpenPage
) -> None:
    server.models = MODELS
    page = open_page()
    first, second = page.wait("models")["models"]
    assert first == {
        "id": "deepshi-3.0",
        "name": "Deepshi 3.0",
        "context": 1000,
        "price_in": 0.2,
        "price_out": 0.8,
        "features": ["json_mode", "tools"],
    }
    assert (second["context"], second["price_in"]) == (None, None)
    page.wait("settings", lambda m: bool(m["parameters"][1]["ignored"]))
    assert parameter(page, "top_p")["ignored"].startswith("deepshi-3.0 ignores top_p")
    assert (parameter(page, "temperature")["ignored"], parameter(page, "max_tokens")["max"]) == (
        *("", 400),
    )


def test_a_list_of_models_that_does_not_come_says_why(
    server: ChatServer, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "next_answer", lambda _: Played([b"{}"], 403))
    page = open_page()
    page.say("models", refresh=True)
    told = page.wait("models")
    assert told["models"] == []
    assert "403" in told["error"]


def test_a_replay_asks_nobody_for_models(
    server: ChatServer, open_page: OpenPage, session: Session
) -> None:
    session.set("mode", "replay")
    page = open_page()
    assert page.wait("models") == {"v": 1, "kind": "models", "models": [], "error": ""}
    assert server.received == []


def test_what_was_used_follows(page: Page) -> None:
    page.ask("one")
    page.wait("settings", lambda m: m["spent"] == "1 answer · 3 in / 2 out · $0.25000")


def test_the_system_prompt_of_a_cell_above_is_shown_as_that_of_the_conversation(
    page: Page, session: Session
) -> None:
    ask_cell(session, "above", "a", 1, system="Be a critic.")
    page.wait("settings", lambda m: m["system"] == "Be a critic.")


# --- previews, cells, files -----------------------------------------------------------------------


def test_a_preview_without_evaluation_looks_up_names_and_runs_nothing(open_page: OpenPage) -> None:
    ran: list[int] = []
    page = open_page(names={"x": 3, "run": lambda: ran.append(1)})
    page.say("preview", id="1", text="{{x}} {{plase}} {{run()}} {{ x }}", evaluate=False)
    assert page.wait("preview") == {
        "v": 1,
        "kind": "preview",
        "id": "1",
        "error": None,
        "values": [
            {"expression": "x", "text": "3", "note": ""},
            {"expression": "plase", "text": "", "note": "not defined"},
        ],
    }
    assert ran == []


def test_a_preview_with_evaluation_shows_what_would_be_sent(open_page: OpenPage) -> None:
    page = open_page(names={"x": 3})
    page.say("preview", id="1", text="{{x + 1}}", evaluate=True)
    assert page.wait("preview")["values"] == [{"expression": "x + 1", "text": "4", "note": ""}]
    page.say("preview", id="2", text="{{x / 0}}", evaluate=True)
    failed = page.wait("preview", lambda m: m["id"] == "2")
    assert (failed["values"], "ZeroDivisionError" in failed["error"]["what"]) == ([], True)


@pytest.mark.parametrize(
    ("what", "kind", "source"),
    [
        ("answer", "markdown", "See:\n\n```python\nprint(1)\n```\n\n&lt;b>"),
        ("code", "code", "# Written by m; read it before you run it.\nprint(1)"),
        ("turn", "code", "%%deepshi\none"),
    ],
)
def test_a_turn_is_inserted_as_a_cell(
    page: Page, server: ChatServer, what: str, kind: str, source: str
) -> None:
    server.plan("one", says("See:\n\n```python\nprint(1)\n```\n\n<b>"))
    turn = page.ask("one")
    page.say("insert", turn=turn, what=what)
    inserted = page.wait("inserted")
    assert (inserted["turn"], inserted["what"]) == (turn, what)
    assert inserted["source"].replace("\\<", "&lt;").rstrip("\n") == source
    (cell,) = inserted["cells"]
    assert (cell["cell_type"], cell["source"]) == (kind, inserted["source"])
    assert not cell.get("outputs")


def test_an_answer_without_code_has_none_to_insert(page: Page) -> None:
    turn = page.ask("one")
    page.say("insert", turn=turn, what="code")
    assert page.wait("error")["what"] == "The answer holds no Python code."
    page.say("insert", turn="gone", what="turn")
    assert page.wait("error")["what"] == "The turn is no longer there."


@pytest.mark.parametrize("form", ["md", "ipynb", "html", "py", "methods", "jsonl"])
def test_the_conversation_is_exported_with_what_cells_asked(
    page: Page, session: Session, form: str
) -> None:
    ask_cell(session, "above", "a", 1)
    page.ask("one")
    page.say("export", format=form)
    file = page.wait("exported")
    assert file["format"] == form
    assert file["name"].startswith("main.")
    if form not in ("methods",):
        assert "above" in file["text"]
        assert "one" in file["text"]


def test_a_form_that_is_not_known_is_an_error(page: Page) -> None:
    page.say("export", format="docx")
    assert page.wait("error")["what"] == "The form 'docx' is not known."


def test_the_page_is_answered_that_the_kernel_is_there(page: Page) -> None:
    page.say("ping", id="q")
    assert page.wait("pong")["id"] == "q"


# --- at the end -----------------------------------------------------------------------------------


def test_a_panel_at_the_end_sees_all_that_is_visible(
    open_page: OpenPage, session: Session, server: ChatServer
) -> None:
    ask_cell(session, "first", "a", 1)
    ask_cell(session, "second", "b", 2)
    page = open_page(at="end")
    page.ask("one")
    page.ask("two")
    assert server.context == [
        *("first", "Answer 1 to first", "second", "Answer 1 to second"),
        *("one", "Answer 1 to one", "two"),
    ]
    assert page.of("settings")[-1]["where"] == "end"
    assert [turn["below"] for turn in page.turns] == [False] * 4
    assert [turn["stale"] for turn in page.turns if turn["own"]] == ["", ""]


def test_a_panel_at_the_end_has_branches_as_well(
    open_page: OpenPage, session: Session, server: ChatServer
) -> None:
    page = open_page(at="end")
    one, two = page.ask("one"), page.ask("two")
    again = page.regenerate(one)
    assert page.order == [again]
    assert server.context == ["one"]
    page.say("branch", turn=again, to=one)
    page.until(lambda: page.order == [one, two])
    assert [t.record.id for t in session.state.visible()] == [one, two]


def test_a_turn_at_the_end_is_inserted_with_its_record(open_page: OpenPage) -> None:
    from deepshi_jupyter.core.staleness import statuses
    from deepshi_jupyter.notebook.notebook_file import cell_views

    page = open_page(at="end", chat="critic", names={"x": 3})
    page.say("set", name="temperature", value=0.5)
    page.say("set", name="stop", value=["\n\n", "END"])
    page.say("set", name="system", value="Be brief.\nAnd kind.")
    turn = page.ask("one {{x}}")
    page.say("insert", turn=turn, what="turn")
    (cell,) = page.wait("inserted")["cells"]
    assert cell["source"].startswith("%%deepshi --chat critic --stop ")
    views, troubles = cell_views({"cells": [cell]})
    assert troubles == []
    (status,) = statuses(views)
    assert (status.states, status.turn and status.turn.record.id) == (("fresh",), turn)


# --- a new conversation, a new execution, a reset -------------------------------------------------


def test_a_new_conversation_is_sent_without_what_stands_above(
    open_page: OpenPage, session: Session, server: ChatServer
) -> None:
    ask_cell(session, "above", "a", 1)
    page = open_page(new=True)
    one = page.ask("one")
    assert server.context == ["one"]
    page.ask("two")
    assert server.context == ["one", "Answer 1 to one", "two"]
    page.regenerate(one)
    assert server.context == ["one"]


def test_a_cell_that_runs_again_goes_on_with_its_turns_branches_and_settings(
    open_page: OpenPage, session: Session, server: ChatServer
) -> None:
    page = open_page()
    page.say("set", name="seed", value=7)
    one = page.ask("one")
    again = page.regenerate(one)
    session.state.begins(Place("panel", 51))  # the cell runs again
    assert session.state.visible() == []
    new = open_page(execution=51, before=page.panel)
    page.panel.close()
    assert new.order == [again]
    assert new.turns[0]["branches"] == [one, again]
    assert parameter(new, "seed")["value"] == 7
    new.ask("two")
    assert server.context == ["one", "Answer 2 to one", "two"]


def test_a_reset_forgets_the_turns_of_the_panel(
    page: Page, session: Session, server: ChatServer
) -> None:
    page.ask("one")
    session.reset()
    page.until(lambda: page.order == [])
    page.ask("two")
    assert server.context == ["two"]


def test_a_reset_while_an_answer_comes_keeps_only_that_answer(
    page: Page, session: Session, server: ChatServer
) -> None:
    page.ask("one")
    server.plan("slow", hanging("Half"))
    ask = page.begin("slow")
    page.wait("delta", lambda m: m["ask"] == ask)
    session.reset()
    page.say("stop", ask=ask)
    ended = page.ended(ask)
    assert page.order == [ended["turn"]]


def test_marks_follow(page: Page, session: Session, server: ChatServer) -> None:
    one = page.ask("one")
    session.mark(Mark(v=1, mark="skip", turn=one), Mark(v=1, mark="pin", turn=one))
    page.until(lambda: len(page.turns[0]["notices"]) == 2)
    page.ask("two")
    assert server.context == ["two"]


# --- closing, threads, secrets --------------------------------------------------------------------


def test_a_closed_panel_ends_its_answer_leaves_no_thread_and_tells_nothing(
    open_page: OpenPage, session: Session, server: ChatServer, tool: list[str]
) -> None:
    before = set(threading.enumerate())
    page = open_page(tools="rain")
    page.wait("models")
    server.plan("rain?", calling("rain", '{"city": "Liège"}'))
    page.begin("rain?")
    page.wait("tool")
    page.panel.close()
    told = len(page.told)
    ask_cell(session, "above", "a", 1)
    for thread in set(threading.enumerate()) - before:
        if thread.name == "deepshi-panel":
            thread.join(10)
            assert not thread.is_alive()
    assert len(page.told) == told
    assert session.watchers == []


def test_the_key_is_in_no_message(open_page: OpenPage, server: ChatServer) -> None:
    page = open_page(names={"key": KEY})
    echo = f'{{"error": {{"message": "bad key {KEY}"}}}}'.encode()
    server.plan("refused", Played([echo], 401))
    server.plan("told", says(f"Your key is {KEY}.", f"{KEY[:9]}", f"{KEY[9:]}", KEY[:4]))
    page.ended(page.begin("refused"))
    page.ask("told")
    told = [m["data"] for m in page.of("delta", "ask-2") if m["data"]["kind"] == "text"]
    assert "".join(d["text"] for d in told).endswith(f"›{KEY[:4]}")
    assert KEY not in "".join(d["text"] for d in told)
    page.ended(page.begin("{{key}}"))
    page.ended(page.begin(f"Is {KEY} a key?"))
    page.say("preview", id="1", text="{{key}}", evaluate=True)
    page.say("set", name="system", value=KEY)
    page.say("set", name="model", value=KEY)
    page.say("set", name=KEY, value=KEY)
    page.say("export", format="md")
    page.wait("exported")
    page.say("hello")
    assert KEY not in str(page.told)
    assert "redacted" in str(page.of("preview"))


def test_what_the_page_says_wrong_is_an_error_and_no_exception(page: Page) -> None:
    for content in (None, {}, {"v": 2, "kind": "hello"}, {"v": 1, "kind": "greet"}, "x"):
        page.told.clear()
        page.panel.receive(content)
        assert "Reload the page" in page.wait("error")["todo"]


def test_a_fault_of_the_panel_is_told_and_the_next_question_is_taken(
    page: Page, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(session, "ask", lambda *_: 1 / 0)
        error = page.ended(page.begin("one"))["error"]
    assert error["what"] == "The panel failed: ZeroDivisionError: division by zero."
    page.ask("two")
