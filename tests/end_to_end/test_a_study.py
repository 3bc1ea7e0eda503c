"""A small study, as a user runs it, checks it, replays it, exports it and hands it on."""

from __future__ import annotations

import ast
import json
import shutil
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pytest

from deepshi_jupyter.notebook.notebook_file import cell_views, read_notebook
from deepshi_jupyter.offline import OfflineServer
from tests.end_to_end.conftest import Desk
from tests.end_to_end.notebook_page import Page

SETUP = '''
import pandas as pd
from dataclasses import dataclass
import deepshi_jupyter as deepshi

cities = pd.DataFrame({"city": ["Bern", "Basel"], "people": [134, 173]})


@dataclass
class City:
    name: str
    people: int


@deepshi.tool(approve="always")
def rainfall(city: str) -> float:
    """Millimetres of rain that fell."""
    return 12.5
'''
LOOP = (
    "replies = [deepshi.ask(f'Grade {name}.', once=True, seed=n)"
    " for n, name in enumerate(cities.city)]\n[len(reply.text) > 0 for reply in replies]"
)
CELLS = {
    "load": "%load_ext deepshi_jupyter",
    "endpoint": "%deepshi set endpoint_name=embedded",
    "setup": SETUP.strip(),
    "mean": '%%deepshi --system "Be brief." -t 0.2 --seed 7\n'
    "Summarise {{cities}}; the mean is {{cities.people.mean():.1f}}.",
    "city": "%%deepshi --schema City -o bern\nDescribe Bern.",
    "parsed": "bern.parsed.name, type(bern.parsed).__name__",
    "colour": "%%deepshi --once --seed 3\nName a colour.",
    "loop": LOOP,
    "rain": "%%deepshi -m offline-tools --tools rainfall\nHow much rain fell in Bern?",
    "sum": "%%deepshi\nWhat follows from all of this?",
}
ASKING = ("mean", "city", "colour", "loop", "rain", "sum")


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Where the study is kept, once it ran."""
    return {"folder": tmp_path_factory.mktemp("study")}


@pytest.fixture
def study(desk: Desk, ran: dict[str, Path]) -> Page:
    """A study that was run and saved, with its journal; it ran only once for all tests."""
    kept = ran["folder"] / "kept"
    if not kept.exists():
        _run_study(desk)
        shutil.copytree(desk.folder, kept)
    else:
        shutil.copytree(kept, desk.folder, dirs_exist_ok=True)
    return Page(desk.folder / "study.ipynb")


def _run_study(desk: Desk) -> None:
    page = Page(desk.folder / "study.ipynb")
    page.note("# Two cities", cell_id="title")
    for cell_id, source in CELLS.items():
        page.add(source, cell_id=cell_id)
    page.save()
    with OfflineServer() as server, desk.kernel(page.path, server) as kernel:
        page.connect(kernel)
        page.run_all()
    page.save()


def hashes(path: Path) -> list[str]:
    views, troubles = cell_views(read_notebook(path))
    assert troubles == []
    return [record.tip for view in views for record in view.records]


def test_each_answer_is_shown_with_its_record_in_its_cell(study: Page) -> None:
    assert [len(study.records(name)) for name in ASKING] == [1, 1, 1, 2, 1, 1]
    records = [record for name in ASKING for record in study.records(name)]
    assert {record.order for record in records} == {"disk"}
    assert {record.cell for record in records} == set(ASKING)
    assert study.record("mean").question.startswith("Summarise city,people\nBern,134")
    assert "2 values inserted · stop" in study.shown("mean")
    assert study.answer("parsed").endswith("'City')")
    assert study.answer("loop").startswith("[True, True]")
    assert "🔧 rainfall(" in study.shown("rain")
    assert study.record("rain").tools[0]["text"] == "12.5"
    for name in ("colour", "loop"):
        assert study.record(name).parent == ""
    assert study.record("sum").parent == study.record("rain").tip


def test_the_file_alone_is_fresh_vouched_for_and_priced(study: Page, desk: Desk) -> None:
    status = desk.command("status", "study.ipynb")
    assert (status.code, status.out.splitlines()[-1]) == (0, "7 questions: 7 fresh")
    assert desk.command("verify", "study.ipynb") == (0, "7 records: 7 vouched\n", "")
    log = desk.command("log", "study.ipynb")
    assert log.out.splitlines()[-1] == "7 turns"
    assert "Q  Name a colour." in log.out
    cost = json.loads(desk.command("cost", "study.ipynb", "--json").out)
    assert cost["total"]["calls"] == 8
    assert desk.command("scan").code == 0


def test_a_replay_gives_the_same_bytes_and_connects_to_nobody(
    study: Page, desk: Desk, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = desk.base / "tries.txt"
    refusing = repository / "tests" / "no_network"
    monkeypatch.setenv("PYTHONPATH", f"{refusing}:{repository}")
    monkeypatch.setenv("TRIED_TO_CONNECT", str(tries))
    monkeypatch.setenv("DEEPSHI_MODEL", "offline-chat")
    monkeypatch.setenv("DEEPSHI_STORE", "off")
    done = desk.command("run", "study.ipynb", "--mode", "replay", "-o", "again.ipynb")
    assert done.code == 0, done.err
    assert "7 answers: 0 asked, 7 replayed; nothing was used." in done.out
    assert not tries.exists()
    again = Page(desk.folder / "again.ipynb")
    for name in (*ASKING, "parsed"):
        assert again.cell(name)["outputs"] == study.cell(name)["outputs"]
    assert desk.command("diff", "study.ipynb", "again.ipynb").out == "7 same\n"


def test_a_changed_question_is_the_only_one_asked_in_mode_auto(study: Page, desk: Desk) -> None:
    study.cell("sum")["source"] = "%%deepshi\nWhat does not follow?"
    study.save()
    with OfflineServer() as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("DEEPSHI_MODEL", "offline-chat")
        words = ("--mode", "auto", "-o", "study.ipynb", "--base-url", server.base_url)
        done = desk.command("run", "study.ipynb", *words)
    assert "7 answers: 1 asked, 6 replayed" in done.out
    assert "What it was is in" in done.out  # an answer was replaced
    assert desk.command("status", "study.ipynb").code == 0


def test_exports_are_read_by_programs_and_by_people(study: Page, desk: Desk) -> None:
    for form in ("ipynb", "jsonl", "md", "html", "py", "methods"):
        done = desk.command("export", "study.ipynb", "--to", form)
        assert done.code == 0, done.err
    text = _in(desk, "study.md")
    assert "> How much rain fell in Bern?" in text
    assert "**Result of the tool**" in text
    assert "offline-chat · asked by itself · 20" in text
    methods = _in(desk, "study.methods.md")
    assert "7 questions took 8 calls to offline-chat, offline-tools at embedded" in methods
    assert "temperature = 0.2, not sent (6 questions)" in methods
    assert "| seeds | 7, 3, 0, 1 |" in methods
    script = _in(desk, "study.py")
    calls = [node for node in ast.walk(ast.parse(script)) if isinstance(node, ast.Call)]
    assert sum(ast.unparse(call.func) == "deepshi_jupyter.ask" for call in calls) == 5
    _check_page(_in(desk, "study.html"), study.answer("colour"))
    lines = [json.loads(line) for line in _in(desk, "study.jsonl").splitlines()]
    assert [line["messages"][-1]["role"] for line in lines] == ["assistant"] * 4


def _in(desk: Desk, name: str) -> str:
    return (desk.folder / name).read_text(encoding="utf-8")


class _Tags(HTMLParser):
    """Gathers the tags and the text of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def _check_page(html: str, answer: str) -> None:
    page = _Tags()
    page.feed(html)
    assert page.tags.count("section") == 7
    assert not {"script", "link", "img", "iframe"}.intersection(page.tags)
    assert answer.split("\n")[0] in page.text


def test_what_is_exported_comes_back_to_the_hash(study: Page, desk: Desk) -> None:
    desk.command("export", "study.ipynb", "--to", "ipynb")
    desk.command("export", "study.answers.ipynb", "--to", "ipynb", "-o", "twice.ipynb")
    assert _in(desk, "twice.ipynb") == _in(desk, "study.answers.ipynb")
    nbformat.validate(nbformat.read(desk.folder / "twice.ipynb", as_version=4))
    desk.command("export", "study.ipynb", "--to", "jsonl", "--records")
    for source, to in (("study.answers.ipynb", "cells.ipynb"), ("study.jsonl", "lines.ipynb")):
        assert desk.command("import", source, "-o", to).code == 0
        assert sorted(hashes(desk.folder / to)) == sorted(hashes(study.path))
        assert desk.command("status", to).code == 0
        assert desk.command("verify", to).code == 0


def test_the_command_line_brings_cleared_answers_back(study: Page, desk: Desk) -> None:
    before = hashes(study.path)
    study.clear_all_outputs()
    study.save()
    assert desk.command("status", "study.ipynb").out.splitlines()[-1] == "5 questions: 5 unsent"
    done = desk.command("restore", "study.ipynb", "--inplace")
    assert done.out.splitlines()[-1] == "6 cleared: 6 restored"
    assert "study.ipynb.bak" in done.err
    assert hashes(study.path) == before
    assert desk.command("status", "study.ipynb").code == 0
    assert desk.command("verify", "study.ipynb").code == 0
