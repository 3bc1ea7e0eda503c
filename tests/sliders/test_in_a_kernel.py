"""Controls in a real kernel, moved by the messages that a page sends."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deepshi_jupyter.core.cell_source import options_of, read_asking_cell
from deepshi_jupyter.core.staleness import CellView, statuses
from deepshi_jupyter.core.turn_record import MIME_TYPE, read_record
from deepshi_jupyter.notebook.notebook_file import cell_views
from deepshi_jupyter.offline import OfflineServer
from tests.kernel import Kernel
from tests.sliders.widget_page import CLICK, WidgetPage

KEY = "sk-bf-canary-77aa"
MARK = "application/vnd.deepshi.mark+json"
ASK = "%%deepshi --sliders -t 0.2 --seed 3 --max-tokens 12\nName a river."


@pytest.fixture(scope="module")
def server() -> Iterator[OfflineServer]:
    with OfflineServer() as running:
        yield running


@pytest.fixture(scope="module")
def kernel(server: OfflineServer) -> Iterator[Kernel]:
    model = {"DEEPSHI_MODEL": "offline-chat", "DEEPSHI_API_KEY": KEY}
    with Kernel(DEEPSHI_BASE_URL=server.base_url, **model) as running:
        assert running.run("%load_ext deepshi_jupyter").error is None
        yield running


NAMES = ("temperature", "top_p", "max_tokens", "seed", "stop", "n")


@pytest.fixture(autouse=True)
def _fresh(kernel: Kernel) -> None:
    auto = " ".join(f"{name}=auto" for name in (*NAMES, "model"))
    assert kernel.run(f"%deepshi set {auto}").error is None
    kernel.run("%deepshi reset")


@pytest.fixture
def page(kernel: Kernel) -> WidgetPage:
    return WidgetPage(kernel)


def parameters(page: WidgetPage) -> Any:
    return page.kernel.run(
        "print(get_ipython().find_cell_magic('deepshi').__self__.session.settings.parameters)"
    ).text.strip()


def value_of(kernel: Kernel, expression: str) -> str:
    return kernel.run(f"print({expression})").text.strip()


def test_the_extension_and_a_plain_question_load_no_widgets(server: OfflineServer) -> None:
    with Kernel(DEEPSHI_BASE_URL=server.base_url, DEEPSHI_MODEL="offline-chat") as kernel:
        kernel.run("%load_ext deepshi_jupyter")
        kernel.run("%%deepshi\nhello")
        kernel.run("%deepshi sliders")
        assert value_of(kernel, "'ipywidgets' in __import__('sys').modules") == "False"


def test_controls_begin_automatic_and_say_so(page: WidgetPage) -> None:
    assert page.run("%deepshi sliders").error is None
    slider = page.state(_model_name="FloatSliderModel", tooltip="Temperature")
    assert (slider["min"], slider["max"]) == (0, 2)
    assert slider["disabled"]
    assert slider["readout"] is False
    assert slider["continuous_update"] is False
    field = page.state(_model_name="TextModel", description="Temperature")
    assert (field["value"], field["placeholder"]) == ("", "auto")
    assert field["continuous_update"] is False
    assert field["description_allow_html"] is False
    assert page.state(description="Automatic temperature")["value"] is True
    assert page.note["text/plain"].startswith("All parameters are automatic")
    assert parameters(page) == "{}"


def test_a_slider_sets_the_default_of_the_next_call_and_calls_nobody(page: WidgetPage) -> None:
    page.run("%deepshi sliders")
    page.set(page.find(description="Automatic temperature"), value=False)
    assert parameters(page) == "{'temperature': 1}"
    page.set(
        page.find(_model_name="FloatSliderModel", tooltip="Temperature"),
        value=0.1 * 7,
    )
    assert parameters(page) == "{'temperature': 0.7}"
    assert page.has(value="conversation")
    assert page.note["text/plain"].endswith("%deepshi set temperature=0.7")
    assert not [name for name in page.displays if not name.startswith("deepshi-sliders-")]
    page.run("%%deepshi --once\nhello", "cell-2")
    (record,) = [d[MIME_TYPE] for d in page.displays.values() if MIME_TYPE in d]
    assert record["parameters"] == {"temperature": 0.7}


def test_set_and_sliders_show_each_others_values(page: WidgetPage) -> None:
    page.run("%deepshi sliders")
    page.run("%deepshi set temperature=0.3 stop='[\"a\\n\"]'", "cell-2")
    slider = page.state(_model_name="FloatSliderModel", tooltip="Temperature")
    assert slider["value"] == 0.3
    assert not slider["disabled"]
    assert page.state(_model_name="TextModel", description="Temperature")["value"] == "0.3"
    assert page.state(placeholder="1")["value"] == r"a\n"
    page.run("%deepshi set temperature=auto", "cell-2")
    assert page.state(description="Automatic temperature")["value"] is True


def test_reset_takes_back_one_value_or_all(page: WidgetPage) -> None:
    page.run("%deepshi set temperature=0.3 n=2 seed=1", "cell-2")
    page.run("%deepshi sliders")
    page.click(page.find(description="Reset temperature"))
    assert parameters(page) == "{'seed': 1, 'n': 2}"
    page.click(page.find(description="Reset all"))
    assert parameters(page) == "{}"
    assert page.state(description="Reset all")["disabled"]


def test_temperature_and_top_p_together_give_the_documented_hint(
    page: WidgetPage,
) -> None:
    page.run("%deepshi set temperature=0.3 top_p=0.5", "cell-2")
    page.run("%deepshi sliders")
    assert page.has(value="temperature and top_p are both set: the API asks for one or the other.")


def test_a_value_out_of_range_is_refused_in_words_and_put_back(page: WidgetPage) -> None:
    page.run("%deepshi set max_tokens=50", "cell-2")
    page.run("%deepshi sliders")
    field = page.find(_model_name="TextModel", description="Max tokens")
    page.set(field, value="-5")
    assert page.states[field]["value"] == "50"
    assert page.says("max_tokens is -5")
    assert parameters(page) == "{'max_tokens': 50}"


def test_a_parameter_that_the_model_ignores_is_disabled_and_says_why(page: WidgetPage) -> None:
    page.run("%deepshi set model=offline-echo", "cell-2")
    page.run("%deepshi sliders")
    slider = page.state(_model_name="FloatSliderModel", tooltip="Temperature")
    assert slider["disabled"]
    assert page.says("offline-echo ignores temperature")
    assert page.state(description="Automatic temperature")["disabled"]


def test_dice_throw_a_seed_and_the_lock_keeps_it(page: WidgetPage) -> None:
    page.run("%deepshi sliders")
    page.click(page.find(tooltip="Throw a new seed"))
    thrown = parameters(page)
    assert thrown.startswith("{'seed': ")
    page.run("%%deepshi --once\nhello", "cell-2")
    assert parameters(page) == thrown
    page.set(page.find(tooltip="Seed locked"), value=False)
    page.run("%%deepshi --once\nhello", "cell-2")
    assert parameters(page).startswith("{'seed': ")
    assert parameters(page) != thrown


def test_stop_is_a_list_of_texts(page: WidgetPage) -> None:
    page.run("%deepshi sliders")
    page.set(page.find(placeholder="1"), value=r"\n")
    page.set(page.find(placeholder="3"), value="END")
    assert parameters(page) == r"{'stop': ['\n', 'END']}"
    page.set(page.find(description="Automatic stop texts"), value=True)
    assert parameters(page) == "{}"
    assert page.state(placeholder="1")["value"] == ""


def test_a_cell_shows_its_answer_and_its_values_under_it(page: WidgetPage) -> None:
    run = page.run(ASK)
    assert run.error is None
    slider = page.state(_model_name="FloatSliderModel", tooltip="Temperature")
    assert slider["value"] == 0.2
    assert page.has(value="cell")
    kept = [set(b) for b in run.bundles if b.get("text/plain")]
    assert MIME_TYPE in kept[-3]
    assert "application/vnd.jupyter.widget-view+json" in kept[-2]
    assert page.note["text/plain"].endswith(ASK.partition("\n")[0])


def test_moving_shows_the_line_to_paste_and_asks_nobody(page: WidgetPage) -> None:
    page.run(ASK)
    before = page.answer
    page.set(page.find(_model_name="FloatSliderModel", tooltip="Temperature"), value=1.2)
    page.set(page.find(description="Automatic seed"), value=True)
    assert page.note["text/plain"].endswith("\n%%deepshi --sliders -t 1.2 --max-tokens 12")
    assert page.answer == before
    assert [c for c in page.opened if c["target_name"] == "deepshi.edit"] == []


def again(page: WidgetPage, **values: Any) -> None:
    """Move the seed and ask again, to the end."""
    for name, value in values.items():
        page.set(page.find(_model_name="TextModel", description=name), value=value)
    page.send(page.find(description="Ask again"), CLICK)
    count = caption(page).partition("·")[0].partition("/")[2].strip()
    page.wait(lambda: f"/{int(count) + 1}" in caption(page))
    page.settle()


def caption(page: WidgetPage) -> str:
    (found,) = [
        str(s["value"])
        for s in page.states.values()
        if s.get("_model_name") == "LabelModel" and str(s.get("value"))[1:2] == "/"
    ]
    return found


def test_answers_are_kept_as_pages_and_the_one_that_is_shown_counts(
    page: WidgetPage,
) -> None:
    page.run(ASK)
    first = page.answer
    again(page, Seed="9")
    second = page.answer
    assert caption(page) == "2/2 · temperature 0.2 · max_tokens 12 · seed 9"
    assert second != first
    assert value_of(page.kernel, "_deepshi.text") == second
    mark = page.note[MARK]
    assert mark["mark"] == "pick"
    assert mark["record"]["parameters"]["seed"] == 9
    assert page.note["text/plain"].startswith("Answer 2 of 2 counts.")
    page.click(page.find(description="◀"))
    assert page.answer == first
    assert value_of(page.kernel, "_deepshi.text") == first
    assert caption(page).startswith("1/2")
    assert MARK not in page.note
    assert page.state(_model_name="TextModel", description="Seed")["value"] == "3"
    assert "1 turn" in page.run("%deepshi", "cell-9").bundles[0]["text/plain"]
    page.click(page.find(description="▶"))
    assert page.answer == second
    sees = page.run("%%deepshi\nAnd?", "cell-2")
    record = next(b[MIME_TYPE] for b in sees.bundles if MIME_TYPE in b)
    assert record["parent"] == mark["record"]["tip"]


def test_what_was_asked_again_is_sent_like_the_cell_and_keeps_its_place(page: WidgetPage) -> None:
    page.run("%%deepshi\nFirst question.", "cell-0")
    page.run("%%deepshi --sliders --chat main --system 'Be brief.'\nSecond?")
    page.run("%%deepshi\nBelow.", "cell-2")
    names = [n for n in page.displays if n.startswith("deepshi-0")]
    before = page.displays[names[1]][MIME_TYPE]
    page.click(page.find(tooltip="Throw a new seed"))
    again(page)
    after = page.displays[names[1]][MIME_TYPE]
    assert after["parent"] == before["parent"]
    assert after["system"] == "Be brief."
    assert after["messages"] == before["messages"]
    assert "--seed" in after["options"]
    assert "3 turns" in page.run("%deepshi", "cell-9").bundles[0]["text/plain"]


def test_ask_on_release_tells_its_price_and_asks_at_each_change(page: WidgetPage) -> None:
    page.run(ASK)
    assert page.says("≈ $0.0")
    assert page.says(" a change")
    page.set(page.find(description="Ask on release"), value=True)
    page.set(page.find(_model_name="TextModel", description="Seed"), value="11")
    page.wait(lambda: caption(page).startswith("2/2"))
    assert "seed 11" in caption(page)


def test_a_failed_question_says_why_and_leaves_the_answer(page: WidgetPage) -> None:
    page.run(ASK)
    first = page.answer
    page.run("%deepshi set model=offline-error-402", "cell-2")
    page.send(page.find(description="Ask again"), CLICK)
    page.wait(lambda: page.says("Top up the account"))
    page.settle()
    assert page.answer == first
    assert not page.state(description="Ask again")["disabled"]
    assert "1 turn" in page.run("%deepshi", "cell-9").bundles[0]["text/plain"]


def test_a_cell_that_runs_again_has_new_controls_only(page: WidgetPage) -> None:
    page.run(ASK)
    count = len(page.states)
    page.run(ASK)
    page.settle()
    assert len([s for s in page.states.values() if s.get("description") == "Ask again"]) == 1
    assert len(page.states) <= count


def test_stop_ends_a_call_also_while_a_cell_runs(page: WidgetPage) -> None:
    page.run(ASK)
    page.run("%deepshi set model=offline-stall", "cell-2")
    page.open_subshell()
    identity = page.kernel.send(
        "import time\nfor _ in range(600): time.sleep(0.05)", cellId="cell-5"
    )
    page.wait(lambda: page._last == (identity, "busy"))
    page.send(page.find(description="Ask again"), CLICK)
    page.wait(lambda: page.says("characters so far"))
    page.send(page.find(description="Stop"), CLICK)
    page.wait(lambda: caption(page).startswith("2/2"))
    page.kernel.interrupt()
    page.kernel.finish(identity)
    assert "You stopped this answer" in str([*page.displays.values()])


def test_where_a_front_end_edits_cells_it_is_told_the_line(server: OfflineServer) -> None:
    """As the link to the front end tells it."""
    files = Path(__file__).parents[1] / "frontend" / "protocol" / "control-edit.json"
    protocol = json.loads(files.read_text(encoding="utf-8"))
    with Kernel(DEEPSHI_BASE_URL=server.base_url, DEEPSHI_MODEL="offline-chat") as kernel:
        assert kernel.run(f"%load_ext deepshi_jupyter\n{LISTENS}").error is None
        page = WidgetPage(kernel)
        page.run(ASK)
        page.set(page.find(_model_name="TextModel", description="Seed"), value="7")
        (opened,) = [c for c in page.opened if c["target_name"] == protocol["target"]]
        line = "%%deepshi --sliders -t 0.2 --seed 7 --max-tokens 12"
        assert opened["data"] == {"v": 1, "cell": "cell-1", "line": line}
        assert opened["data"].keys() == protocol["opens"][0].keys()
        assert page.note["text/plain"].endswith(f"The first line of the cell was set to:\n{line}")


LISTENS = """
from deepshi_jupyter.magics import ask
ask.reads = lambda _, what: what == 'edit'
"""


def test_an_answer_asked_again_is_fresh_once_its_line_stands_in_the_cell(
    page: WidgetPage,
) -> None:
    page.run(ASK)
    again(page, Seed="9")
    line = page.note["text/plain"].splitlines()[-1]
    (record,) = [d[MIME_TYPE] for d in page.displays.values() if MIME_TYPE in d]
    assert record["options"] == list(options_of(line.removeprefix("%%deepshi")))
    cell = read_asking_cell(f"{line}\nName a river.")
    assert cell is not None
    view = CellView(index=0, id="cell-1", asking=cell, records=(read_record(record),))
    assert [status.state for status in statuses([view])] == ["fresh"]


def test_the_saved_cell_holds_the_answer_that_counts_and_its_mark(page: WidgetPage) -> None:
    page.run(ASK)
    (first,) = [d[MIME_TYPE]["id"] for d in page.displays.values() if MIME_TYPE in d]
    again(page, Seed="9")
    outputs = [{"output_type": "display_data", "data": d} for d in page.displays.values()]
    cell = {"cell_type": "code", "id": "cell-1", "source": ASK, "outputs": outputs}
    (view,), troubles = cell_views({"cells": [cell]})
    assert troubles == []
    (status,) = statuses([view])
    assert status.turn is not None
    assert status.turn.record.id != first
    assert status.turn.record.parameters["seed"] == 9
    assert [mark.instead_of for mark in view.marks] == [first]
    assert status.state == "fresh"  # as after `%deepshi pick`: it was chosen with its parameters


def test_an_unlocked_seed_is_thrown_anew_for_each_answer(page: WidgetPage) -> None:
    page.run(ASK)
    page.set(page.find(tooltip="Seed locked"), value=False)
    again(page)
    assert "seed" in caption(page)
    assert not caption(page).endswith("seed 3")
    line = page.note["text/plain"].splitlines()[-1]
    assert caption(page).rpartition(" ")[2] == line.partition("--seed ")[2].partition(" ")[0]


def test_questions_below_see_the_old_answer_while_the_new_one_comes(page: WidgetPage) -> None:
    page.run(ASK)
    (first,) = [d[MIME_TYPE] for d in page.displays.values() if MIME_TYPE in d]
    page.run("%deepshi set model=offline-stall", "cell-9")
    page.send(page.find(description="Ask again"), CLICK)
    page.wait(lambda: page.says("characters so far"))
    run = page.run("%%deepshi -m offline-chat\nAnd?", "cell-2")
    record = next(b[MIME_TYPE] for b in run.bundles if MIME_TYPE in b)
    assert record["parent"] == first["tip"]
    page.send(page.find(description="Stop"), CLICK)
    page.wait(lambda: caption(page).startswith("2/2"))


@pytest.mark.parametrize("other", ["--vary seed=1,2", "--dry-run", "--map rows"])
def test_controls_stand_under_one_answer_only(kernel: Kernel, other: str) -> None:
    run = kernel.run(f"%%deepshi --sliders {other}\nhello")
    assert run.error is not None
    assert run.error["ename"] == "OptionError"
    assert "--sliders" in run.error["evalue"]


def test_without_a_front_end_for_widgets_values_and_line_are_text(kernel: Kernel) -> None:
    run = kernel.run(ASK)
    assert run.of_type("comm_open") == []
    assert MIME_TYPE in run.bundles[-2]
    assert run.bundles[-1]["text/plain"].splitlines()[0].startswith("Asked with temperature 0.2")
    assert run.bundles[-1]["text/plain"].endswith(ASK.partition("\n")[0])
    (table,) = kernel.run("%deepshi sliders").bundles
    assert "not sent" in table["text/plain"]


def test_the_key_is_in_no_message(kernel: Kernel) -> None:
    page = WidgetPage(kernel)
    page.run(f"%%deepshi --sliders --param user={KEY}\nSay it.")
    page.run("%deepshi sliders", "cell-2")
    assert KEY not in str([page.states, page.displays])
