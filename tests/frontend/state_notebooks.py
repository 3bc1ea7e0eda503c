"""Notebooks in every state that a question can be in, and some that chance has made."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

import msgspec

from deepshi_jupyter.core.canonical import text_sha256
from deepshi_jupyter.core.mark import MIME_TYPE as MARK
from deepshi_jupyter.core.printable import printable
from deepshi_jupyter.core.turn_record import MIME_TYPE as RECORD
from deepshi_jupyter.core.turn_record import TurnRecord, read_record
from tests.notebook.study import Study, answer_output, output

Json = dict[str, Any]


class Case(msgspec.Struct, frozen=True):
    """A notebook of which something is to be said.

    Attributes:
        what: A few words about it.
        notebook: The notebook as JSON.
        setting: The system prompt of the user's setting.
        rooms: So many tokens the turns of a context may take, tried one after the other.
        in_javascript: The states that the twin says instead, where it cannot know better.
    """

    what: str
    notebook: Json
    setting: str = ""
    rooms: tuple[int, ...] = ()
    in_javascript: list[list[str]] | None = None


def all_cases() -> dict[str, list[Case]]:
    """Return the cases by the name of their file."""
    lean = {
        "run-again": run_again(),
        "moved": moved(),
        "answers": answers(),
        "options": options(),
        "chats": chats(),
        "forks": forks(),
        "marks": marks(),
        "cut": cut(),
        "plain-cells": plain_cells(),
        "texts": texts(),
        "large-numbers": large_numbers(),
        "by-chance": [by_chance(seed) for seed in range(12)],
    }
    made = {name: [_lean(case) for case in cases] for name, cases in lean.items()}
    return made | {"records": records()}


_SAYS_NOTHING = frozenset(
    {"response_id", "system_fingerprint", "created", "time_to_first_token", "duration"}
    | {"made_by", "sha256", "text/markdown", "request_key", "metadata", "finish_reason"}
)
"""Fields that make the files longer and have no part in what is said of a question."""


def _lean(case: Case) -> Case:
    return msgspec.structs.replace(case, notebook=_without_much(case.notebook))


def _without_much(value: Any) -> Any:
    if isinstance(value, dict):
        kept = value if value.get("type") == "image" else value.keys() - _SAYS_NOTHING
        return {name: _without_much(value[name]) for name in value if name in kept}
    return [_without_much(item) for item in value] if isinstance(value, list) else value


def three() -> Study:
    """Return a notebook with three questions, each of which was sent with all above it."""
    study = Study()
    for name in ("one", "two", "three"):
        study.ask(name, answer=f"Answer {name}")
    return study


def changed(what: str, *changes: Callable[[Study], Any], study: Study | None = None) -> Case:
    """Return a case of a notebook that something is done to."""
    study = study or three()
    for change in changes:
        change(study)
    return Case(what, study.notebook, study.system)


def data(study: Study, index: int) -> Json:
    """Return the bundle of the first output of a cell."""
    found: Json = study.cells[index]["outputs"][0]["data"]
    return found


def run_again() -> list[Case]:
    def another(study: Study) -> None:
        study.rerun(1, "Another answer")

    return [
        Case("an empty notebook", Study().notebook),
        changed("ran from top to bottom"),
        changed("edited and not run", lambda s: s.edit(1, "two, edited")),
        changed("edited and run", lambda s: s.rerun(1, "Another", body="two, edited")),
        changed("another answer", another),
        changed("the same answer", lambda s: s.rerun(1, "Answer two")),
        changed("another answer, the next cell run again", another, lambda s: s.rerun(2)),
        changed("another answer at the top", lambda s: s.rerun(0, "Another answer")),
        Case("a copied notebook", three().copied().notebook),
    ]


def moved() -> list[Case]:
    def split(study: Study) -> None:
        study.edit(0, "on")
        half = {**study.cells[0], "id": "half", "source": "e", "outputs": []}
        study.cells.insert(1, half)

    def merged(study: Study) -> None:
        study.cells[0]["source"] += "\n" + study.cells.pop(1)["source"]

    def notes(study: Study) -> None:
        for kind in ("markdown", "raw"):
            note: Json = {"cell_type": kind, "id": kind, "metadata": {}, "source": "%%deepshi\nno"}
            study.cells.insert(1, note)

    return [
        changed("a deleted cell", lambda s: s.cells.pop(1)),
        changed("a deleted last cell", lambda s: s.cells.pop(2)),
        changed("a moved cell", lambda s: s.cells.append(s.cells.pop(0))),
        changed("a duplicate", lambda s: s.cells.insert(2, {**s.cells[1], "id": "another"})),
        changed("a duplicate with its id", lambda s: s.cells.insert(2, {**s.cells[1]})),
        changed(
            "a duplicate that ran",
            lambda s: s.cells.insert(2, {**s.cells[1], "id": "another"}),
            lambda s: s.rerun(2, "Answer two"),
        ),
        changed("a split cell", split),
        changed("merged cells", merged),
        changed("notes between the cells", notes),
        changed("no longer a question", lambda s: s.cells[2].update(source="# two")),
    ]


def answers() -> list[Case]:
    def shown(index: int, text: Any) -> Callable[[Study], None]:
        return lambda study: data(study, index).update({"text/plain": text})

    def forged_question(study: Study) -> None:
        data(study, 1)[RECORD]["messages"][0]["content"] = "another question"

    def forged_answer(study: Study) -> None:
        data(study, 1)[RECORD]["calls"][-1]["answers"][0]["message"]["content"] = "another"
        data(study, 1)["text/plain"] = "another"

    def twice(study: Study) -> None:
        earlier = study.cells[1]["outputs"][0]
        study.rerun(1, "Another answer")
        study.rerun(2)
        study.cells[1]["outputs"].insert(0, earlier)

    def unanswered(study: Study) -> None:
        new = {**study.cells[1], "id": "new", "outputs": [], "execution_count": None}
        study.cells.insert(1, new)

    broken = Study()
    broken.ask("one")
    broken.ask("two", answer="Half an ans", status="interrupted")
    broken.ask("three", answer=None, status="truncated")
    broken.ask("four")
    odd = Study()
    odd.ask("one", answer="a\x1b[31mb\r\nc")
    odd.ask("two", answer="")
    message = {"role": "assistant", "content": None, "refusal": "I will not."}
    odd.ask("three", answers=({"message": message},))
    data(odd, 2)["text/plain"] = "I will not."
    odd.ask("four", answers=({"message": {}},))
    several = Study()
    both = tuple({"message": {"role": "assistant", "content": text}} for text in ("A", "B"))
    several.ask("one", "-n 2", answers=both)
    data(several, 0)["text/plain"] = "A\n\nB"
    several.ask("two")
    return [
        changed("edited by hand", shown(0, "What I would have said")),
        changed("edited and back, as lines", shown(0, ["Answer ", "one"])),
        changed("without a text", lambda s: data(s, 0).pop("text/plain")),
        changed("a question that was forged", forged_question),
        changed("an answer that was forged", forged_answer),
        changed("a cleared output", lambda s: s.cells[1].update(outputs=[])),
        changed("a cell that never ran", unanswered),
        changed("broken off", study=broken.copied()),
        changed("broken off and edited", shown(1, "Half an answer"), study=broken.copied()),
        changed("two outputs of a cell that ran twice", twice),
        changed("controls, nothing, a refusal, an empty message", study=odd),
        changed("a refusal edited by hand", shown(2, "I might."), study=odd.copied()),
        changed("two answers to one question", study=several),
        changed(
            "all at once",
            lambda s: s.rerun(0, "Another answer"),
            lambda s: s.edit(2, "edited", "-t 1"),
            shown(2, "edited as well"),
        ),
    ]


def options() -> list[Case]:
    typed = Study()
    typed.ask("one", "-t 0.50 --seed 7 -o x")
    typed.edit(0, "one", "--seed=7 --temperature 5e-1 --no-stream")
    prompted = Study()
    prompted.ask("one", "--system A", "Answer one")
    prompted.ask("two")
    prompted.ask("three", "--system ''")
    prompted.ask("four")
    other = prompted.copied()
    other.rerun(0, "Answer one", options="--system B")
    set_before = Study(system="Be brief.")
    set_before.ask("one")
    set_before.ask("two", "--once")
    set_before.ask("three", "--new")
    open_quote = three()
    open_quote.edit(1, "two", "--system 'open")
    return [
        changed("another temperature", lambda s: s.edit(1, "two", "-t 0.5")),
        Case("the same options, typed in another way", typed.notebook),
        Case("system prompts", prompted.notebook),
        Case("another system prompt at the top", other.notebook),
        Case("a system prompt from the setting", set_before.notebook, "Be brief."),
        Case("another setting", set_before.notebook, "Be long."),
        Case("a quote that is not closed", open_quote.notebook),
    ]


def chats() -> list[Case]:
    two = Study()
    two.ask("one", "--chat a")
    two.ask("two", "--chat b")
    two.ask("three", "--chat a")
    two.ask("four")
    apart = Study()
    apart.ask("one")
    apart.ask("two", "--once")
    apart.ask("three", "--new")
    apart.ask("four")
    apart.ask("five", "--once --chat b")
    aside = Study()
    aside.ask("one")
    aside.ask("two", start="aside")
    samples = [aside.ask(f"sample {n}", start="aside") for n in range(2)]
    lower = aside.cells.pop()
    aside.cells[-1]["outputs"] += lower["outputs"]
    aside.cells[-1]["source"] = "%%deepshi\nsample 0"
    aside.ask("three")
    assert len(samples) == 2
    return [
        changed("two conversations", study=two),
        changed("one of them changed", lambda s: s.rerun(0, "Else"), study=two.copied()),
        changed("once and new", study=apart),
        changed("the start of all changed", lambda s: s.rerun(0, "Else"), study=apart.copied()),
        changed("once changed", lambda s: s.rerun(1, "Else"), study=apart.copied()),
        changed("new and from", lambda s: s.edit(3, "q", "--new --from 1"), study=apart.copied()),
        changed("samples of a comparison", study=aside),
    ]


def forks() -> list[Case]:
    study = Study()
    study.ask("one")
    study.ask("two", "--system S")
    study.ask("three", "--chat side --from main@cell-1")
    study.ask("four", "--chat side")
    study.ask("five", "--new")
    study.ask("six", "--from main@cell-2")
    study.ask("seven")
    study.ask("eight", "--chat third --from side@cell-3")
    gone = study.copied()
    gone.cells.pop(0)
    later = study.copied()
    later.rerun(1, "Else")
    named = study.copied()
    names = ("main@-1", "1", "[2]", "side@4", "-2", "-9", "nobody@1", "99", "cell", "cell-4", "ab")
    for name in (*names, "main@cell-1@x", "side@cell-1", "01KDEEPSH1"):
        named.code(f"%%deepshi --chat new --from '{name}'\nq")
    skipped = study.copied()
    skipped.mark("skip", skipped.records()[0])
    copied = three()
    copied.cells.append({**copied.cells[0], "id": "copy"})
    copied.code("%%deepshi --from -1\nq")
    return [
        Case("forks", study.notebook),
        Case("the first turn deleted", gone.notebook),
        Case("the turn behind a fork changed", later.notebook),
        Case("names of turns", named.notebook),
        Case("a fork from a turn that is skipped", skipped.notebook),
        Case("a fork from the last turn, below a copy", copied.notebook),
    ]


def marks() -> list[Case]:
    def mark(what: Any, index: int, **fields: Any) -> Callable[[Study], Any]:
        return lambda study: study.mark(what, study.records()[index], **fields)

    def picked(study: Study) -> tuple[TurnRecord, TurnRecord]:
        old = study.records()[1]
        new = study.rerun(1, "Another answer")
        study.pick(new, old)
        return old, new

    def picked_back(study: Study) -> None:
        old, new = picked(study)
        study.pick(old, new)

    def asked_again(study: Study) -> None:
        old = study.records()[1]
        new = study.copied().rerun(1, "Another answer")
        study.mark("again", new, instead_of=old.id, record=new.as_json())

    def restored(study: Study) -> None:
        record = study.records()[1]
        study.cells[1]["outputs"] = []
        study.mark("restore", record, cell=study.cells[1]["id"], record=record.as_json())

    def several(study: Study) -> None:
        made = [{"v": 1, "mark": what, "turn": study.records()[0].id} for what in ("skip", "pin")]
        study.code("%deepshi x", [output({MARK: {"v": 1, "marks": made}})])

    cases = [
        changed("skip", mark("skip", 1)),
        changed("skip by the cell", mark("skip", 1, cell="cell-2"), lambda s: s.rerun(1, "Else")),
        changed("skip and unskip", mark("skip", 1), mark("unskip", 1)),
        changed("asked below a skip", mark("skip", 1), lambda s: s.ask("four")),
        changed("pin", mark("pin", 0), lambda s: s.ask("four")),
        changed("pin and unpin", mark("pin", 0), mark("unpin", 0)),
        changed("pick", picked),
        changed("pick, and the cell edited", picked, lambda s: s.edit(1, "edited")),
        changed("pick, taken back", picked_back),
        changed("pick, then run again", picked, lambda s: s.rerun(1, "A third answer")),
        changed("asked again from elsewhere", asked_again),
        changed("asked again, then edited", asked_again, lambda s: s.edit(1, "edited")),
        changed("restored", restored),
        changed("restored, then edited", restored, lambda s: s.edit(1, "edited")),
        changed("two marks in one output", several),
    ]
    return [msgspec.structs.replace(case, rooms=(30,)) for case in cases]


def cut() -> list[Case]:
    def long(pin: bool = False) -> Study:
        study = Study(system="Be brief.", room=2)
        for number in range(5):
            study.ask(f"q{number}")
            if pin and number == 0:
                study.mark("pin", study.records()[0])
        return study

    none = Study(room=0)
    none.ask("one")
    none.ask("two")
    cases = [
        changed("a long conversation", study=long()),
        changed("what was cut off changed", lambda s: s.rerun(0, "Else"), study=long()),
        changed("what was sent changed", lambda s: s.rerun(3, "Else"), study=long()),
        changed("the first that was sent is gone", lambda s: s.cells.pop(2), study=long()),
        changed("a pinned turn", study=long(pin=True)),
        changed("a pinned turn is gone", lambda s: s.cells.pop(0), study=long(pin=True)),
        changed("a pinned turn changed", lambda s: s.rerun(0, "Else"), study=long(pin=True)),
        changed("no room at all", study=none),
    ]
    return [msgspec.structs.replace(case, rooms=(0, 25, 40)) for case in cases]


def plain_cells() -> list[Case]:
    def loop() -> Study:
        study = Study()
        study.ask("one")
        study.loop(["two", "three"])
        study.code("x = 1")
        study.ask("four")
        return study

    return [
        changed("a loop", study=loop()),
        changed(
            "a loop whose cell was edited",
            lambda s: s.cells[1].update(source="x"),
            study=loop(),
        ),
        changed("a loop below a change", lambda s: s.rerun(0, "Else"), study=loop()),
        changed(
            "a loop that became a question",
            lambda s: s.cells[1].update(source="%%deepshi\nthree"),
            study=loop(),
        ),
    ]


def records() -> list[Case]:
    old = {"v": 1, "kind": "live", "messages": [{"role": "user", "content": "Hi"}]}
    old |= {"answers": [{"message": {"role": "assistant", "content": "Ho"}}], "future": 1}
    old |= {"model": {"asked": "m", "served": "m-1"}, "endpoint": "e", "parameters": {}}
    old |= {"source_sha256": text_sha256("Hi"), "status": "complete", "cost_usd": 0.25}
    old |= {"usage": {"prompt_tokens": 5, "completion_tokens": 2}, "started": "2026-01-01T00:00Z"}
    new = three().records()[0].as_json()

    def of(*values: Any, mime: str = RECORD, source: str = "%%deepshi\nHi") -> Study:
        study = Study()
        for value in values:
            study.code(source, [output({"text/plain": "Ho", mime: value})])
        return study

    broken: list[Any] = [
        *(None, 1, [], {}, {"v": 0}, {"v": True}, {"v": "2"}, {"v": 3, **new}, {**new, "v": 3}),
        *({**new, "chat": None}, {**new, "kind": "odd"}, {**new, "place": 1.5}),
        *({**new, "calls": [{}]}, {**new, "calls": [{"answers": [{}]}]}, {**new, "cut": {}}),
        *({**new, "messages": ["a"]}, {**new, "fork": {"chat": "a"}}, {**new, "options": [1]}),
        *({**new, "calls": [{"cost_usd": "1"}]}, {**new, "calls": [{"usage": []}]}),
        *({**new, "order": "?"}, {**new, "made_by": None}, {**new, "price": None}),
        *({**old, "model": "m"}, {**old, "messages": None}, {**old, "status": "?"}),
        *({**old, "model": {}}, {"v": 2, "turns": [new, {"v": 9}, old]}, {"turns": "no"}),
        *({"v": 2}, {**new, "unknown": {"a": [1]}}, {**new, "\ud800": 1}, {**new, "id": "\ud800"}),
    ]
    mark = {"v": 1, "mark": "skip", "turn": new["id"]}
    odd_marks = [
        *(mark, None, [mark], {}, {**mark, "v": 2}, {**mark, "mark": "odd"}, {**mark, "turn": 1}),
        *({**mark, "record": {}}, {**mark, "record": new}, {**mark, "record": old}),
        *({"v": 1, "marks": [mark, {}]}, {"v": 1, "marks": []}, {**mark, "cell": None}),
    ]
    odd_cells = three()
    odd_cells.cells[0]["outputs"] = "none"
    odd_cells.cells[1]["outputs"] = [1, {"data": []}, {"output_type": "stream", "text": "x"}]
    odd_cells.cells[2]["source"] = ["%%deepshi\n", "three"]
    fact = Study()
    usage = {"prompt_tokens": 10.0, "completion_tokens": None, "total_tokens": True}
    fact.ask("one", usage=usage, cost_usd=None, served="")
    fact.ask("two", "-m other", usage=None, cost_usd=0.5)
    fact.ask("three", kind="imported", usage=None, cost_usd=None, started="", request_key="")
    steps = fact.ask("four")
    first = msgspec.structs.replace(steps.call, served="m-2", started="2026-12-01T00:00:00.000Z")
    for call in (first, msgspec.structs.replace(first, served="", cost_usd=0.25)):
        steps = msgspec.structs.replace(steps, calls=(call, *steps.calls))
    fact.cells[-1]["outputs"] = [answer_output(steps)]
    return [
        changed("version 1", study=of(old)),
        changed("version 1, edited", lambda s: s.edit(0, "Hello"), study=of(old)),
        changed("version 1 above version 2", lambda s: s.ask("one"), study=of(old, old)),
        changed("records that are none", study=of(*broken)),
        changed("marks that are none", study=of(*odd_marks, mime=MARK, source="%deepshi x")),
        changed("cells of another form", study=odd_cells),
        changed("facts that were not reported", study=fact),
    ]


def texts() -> list[Case]:
    study = Study()
    image = {"type": "image", "media_type": "image/png", "sha256": "ab" * 32, "detail": "low"}
    parts = [{"type": "text", "text": "Was ist das? ß 漢字 \U0001f600"}, image]
    study.ask("Was ist das?", messages=({"role": "user", "content": parts},), answer="Ein Bär 🐻")
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": '{"x": 1.0}'}}
    rounds = (
        {"role": "user", "content": "Rechne."},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c", "content": "\u2028\u0007 12.50"},
    )
    study.ask("Rechne.", messages=rounds, answer="zwölf\ncommas")
    numbers = [0, -0.0, 1.0, 2.5, 1e16, 1e21, 1.48e-05, 1e-7, 0.1 + 0.2, 123456789012345.678, 2**52]
    message = {"role": "assistant", "content": "x", "reasoning_details": [{"n": numbers}]}
    study.ask("Zahlen", answers=({"message": {**message, "\U0001f600": 1, "\ufb33": 2}},))
    study.ask("one", "--chat '\U0001f600 x' --system 'Zoë'")
    study.ask("two", "--chat '\U0001f600 x'")
    halved = with_halves()
    return [
        Case("pictures, rounds of tools, numbers, names", study.notebook, rooms=(60,)),
        changed("a picture that was forged", _other_picture, study=study.copied()),
        Case("halves of surrogate pairs", halved.notebook),
        changed("the half edited", lambda s: s.edit(0, "Was \udc00?"), study=halved.copied()),
    ]


def _other_picture(study: Study) -> None:
    data(study, 0)[RECORD]["messages"][0]["content"][1]["sha256"] = "cd" * 32


def with_halves() -> Study:
    """Return a notebook with texts that no UTF-8 can hold, as JSON escapes can name them."""
    study = Study()
    study.ask("one")
    question, answer = "Was \ud800?", "\udfff Ende \ud83d\ude00"
    study.cells[0]["source"] = f"%%deepshi\n{question}"
    record = data(study, 0)[RECORD]
    record["messages"][0]["content"] = question
    record["calls"][0]["answers"][0]["message"]["content"] = answer
    record["source_sha256"] = text_sha256(question)
    record["tip"] = read_record(record).chained(record["parent"])
    data(study, 0).update({"text/plain": printable(answer), "text/markdown": answer})
    study = study.copied()
    study.ask("two")
    return study


def large_numbers() -> list[Case]:
    def of(number: float, answer: str = "A") -> Study:
        study = Study()
        study.ask("one")
        details = [{"id": number}]
        message = {"role": "assistant", "content": answer, "reasoning_details": details}
        study.ask("two", answers=({"message": message},))
        study.ask("three")
        return study

    between = of(12345678901234567890)
    between.rerun(0, "Else")
    again = between.copied()
    again.rerun(2)
    return [
        Case("as the service sent it", of(12345678901234567890).notebook),
        Case("the largest that is safe", of(2**53 - 1).notebook),
        Case("a power of two", of(2**60).notebook),
        Case("one written with a point", of(12345678901234567000.0).notebook),
        Case("below a change", between.notebook),
        Case(
            "below a change, and what stands below run again",
            again.notebook,
            in_javascript=[["fresh"], ["context-changed"], ["context-changed"]],
        ),
    ]


class Chance:
    """Numbers that look random and are the same everywhere."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def below(self, end: int) -> int:
        return int(self._random.random() * end)

    def of(self, *values: Any) -> Any:
        return values[self.below(len(values))]


def by_chance(seed: int) -> Case:
    """Return a notebook in which much was asked, marked, moved and run again."""
    chance = Chance(seed)
    study = Study(chance.of("", "", "Be brief."), chance.of(None, None, None, 2))
    for number in range(3 + chance.below(5)):
        _ask(study, chance, number)
    for number in range(chance.below(6)):
        _change(study, chance, number)
    return Case(f"by chance {seed}", study.notebook, study.system, (chance.below(60),))


def _ask(study: Study, chance: Chance, number: int) -> None:
    if chance.below(8) == 0:
        study.loop([f"loop {number}", f"loop {number} more"])
        return
    words = [
        chance.of("", "", "", "--chat b", "--chat c"),
        chance.of("", "", "", "", "--new", "--once", f"--from main@cell-{1 + chance.below(6)}"),
        chance.of("", "", "", "--system S", "--system T", "--system ''"),
        chance.of("", "", "-t 0.5", "--seed 1"),
    ]
    fields: Json = chance.of({}, {}, {}, {}, {"status": "truncated"}, {"start": "aside"})
    answer = chance.of("Yes.", "No.", f"Answer {number}")
    study.ask(f"q{number}", " ".join(filter(None, words)), answer, **fields)


def _change(study: Study, chance: Chance, number: int) -> None:
    asking = [n for n, cell in enumerate(study.cells) if cell["source"].startswith("%%deepshi")]
    if asking:
        chance.of(*_CHANGES)(study, chance, chance.of(*asking), number)


def _edit(study: Study, chance: Chance, index: int, number: int) -> None:
    study.edit(index, f"edited {number}", chance.of("", "-t 1", "--chat b"))


def _move(study: Study, chance: Chance, index: int, number: int) -> None:
    study.cells.insert(chance.below(len(study.cells)), study.cells.pop(index))


def _duplicate(study: Study, chance: Chance, index: int, number: int) -> None:
    copy = json.loads(json.dumps(study.cells[index]))
    study.cells.insert(chance.below(len(study.cells)), {**copy, "id": f"copy-{number}"})


def _delete(study: Study, chance: Chance, index: int, number: int) -> None:
    study.cells.pop(index)


def _clear(study: Study, chance: Chance, index: int, number: int) -> None:
    known = study.records()
    study.cells[index]["outputs"] = []
    if known and chance.below(2):
        record = chance.of(*known)
        cell = study.cells[index]["id"]
        study.mark("restore", record, cell=cell, record=record.as_json())


def _by_hand(study: Study, chance: Chance, index: int, number: int) -> None:
    for shown in study.cells[index]["outputs"]:
        shown["data"]["text/plain"] = "by hand"


def _mark(study: Study, chance: Chance, index: int, number: int) -> None:
    if known := study.records():
        record = chance.of(*known)
        study.mark(chance.of("skip", "unskip", "pin"), record, cell=chance.of("", record.cell))


def _pick(study: Study, chance: Chance, index: int, number: int) -> None:
    if known := study.records():
        study.pick(chance.of(*known), chance.of(*known))


def _ask_more(study: Study, chance: Chance, index: int, number: int) -> None:
    _ask(study, chance, 100 + number)


def _run_again(study: Study, chance: Chance, index: int, number: int) -> None:
    earlier = study.cells[index]["outputs"]
    old = study.copied().records()
    new = study.rerun(index, chance.of("Yes.", "Else.", f"Answer {index}"))
    if chance.below(3) == 0:
        study.cells[index]["outputs"] = [*earlier, answer_output(new)]
    elif old and chance.below(3) == 0:
        study.pick(new, chance.of(*old))


_CHANGES = (
    *(_edit, _run_again, _run_again, _move, _duplicate, _delete),
    *(_clear, _by_hand, _mark, _pick, _ask_more),
)
