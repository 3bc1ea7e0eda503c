"""Writes ``tests/frontend/state/``: notebooks, and what Python says of every question in them.

The TypeScript twin (``labextension/lab/src/state/``) is tested against the same files, so that what
a page says of a cell is what ``deepshi-jupyter status`` says. After a change of the rules run
``python -m tests.frontend.make_state_fixtures``; `test_state_fixtures` tells when that is due.
"""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from deepshi_jupyter.core import cell_source
from deepshi_jupyter.core.canonical import canonical, text_sha256
from deepshi_jupyter.core.cell_source import AskingCell, options_of, read_asking_cell
from deepshi_jupyter.core.chain import START, link, message_digest
from deepshi_jupyter.core.conversation import (
    Above,
    Context,
    Marks,
    Turn,
    Wanted,
    cut_as_recorded,
    fitted,
)
from deepshi_jupyter.core.mark import marks_of
from deepshi_jupyter.core.printable import printable
from deepshi_jupyter.core.staleness import CellStatus, CellView, Reading, statuses
from deepshi_jupyter.core.tokens import estimate_messages, estimate_tokens
from deepshi_jupyter.core.turn_reference import fork_of
from deepshi_jupyter.errors import OptionError
from deepshi_jupyter.magics.options import start_of
from deepshi_jupyter.notebook.notebook_file import Trouble, cell_views
from deepshi_jupyter.notebook.turn_facts import facts_of
from tests.frontend import state_notebooks
from tests.frontend.state_notebooks import Case, Json
from tests.frontend.state_values import CELLS, LINES, MESSAGES, TEXTS, VALUES

FOLDER = Path(__file__).parent / "state"


def fixtures() -> dict[str, str]:
    """Return the text of each file by its name in `FOLDER`."""
    notebooks = {
        f"notebooks/{name}.json": [described(case) for case in cases]
        for name, cases in state_notebooks.all_cases().items()
    }
    values: dict[str, Any] = {
        "values/canonical.json": [_canonical(text) for text in VALUES],
        "values/messages.json": [_message(message) for message in MESSAGES],
        "values/options.json": [{"line": line, "options": options_of(line)} for line in LINES],
        "values/cells.json": [_cell(source) for source in CELLS],
        "values/texts.json": [_text(text) for text in TEXTS],
    }
    return {name: _as_json(value) for name, value in (notebooks | values).items()}


def described(case: Case) -> Json:
    """Return a notebook with what is to be said of it."""
    views, troubles = cell_views(case.notebook)
    found = statuses(views)
    return {
        "what": case.what,
        "setting": case.setting,
        "notebook": case.notebook,
        "questions": [_question(status) for status in found],
        "unreadable": [_trouble(trouble) for trouble in troubles],
        "contexts": [
            {"index": view.index, "room": room, **_context(views, view, case.setting, room)}
            for view in views
            for room in ((None, *case.rooms) if view.asking else ())
        ],
        **({"in_javascript": case.in_javascript} if case.in_javascript else {}),
    }


def _question(status: CellStatus) -> Json:
    turn = status.turn
    return {
        "index": status.cell.index,
        "cell": status.cell.id,
        "states": status.states,
        "reasons": status.reasons,
        "isUnchecked": turn is not None and _is_rounded(_records_of(status.cell, turn)),
        "turn": None if turn is None else _turn(turn),
    }


def _records_of(cell: CellView, turn: Turn) -> list[Any]:
    """Return the messages that the record of a turn keeps, not as they are shown."""
    kept = [record for record in cell.records if record.id == turn.record.id]
    return list((kept[-1] if kept else turn.record).own_messages)


def _turn(turn: Turn) -> Json:
    record = turn.record
    facts = facts_of([record])
    return {
        "id": record.id,
        "chat": record.chat,
        "text": record.text,
        "tokens": turn.tokens,
        "facts": {
            "models": facts.models,
            "first": facts.first,
            "tokensIn": facts.tokens_in,
            "tokensOut": facts.tokens_out,
            "cost": facts.cost,
            "calls": facts.calls,
            "withoutUsage": facts.without_usage,
            "withoutCost": facts.without_cost,
        },
    }


def _trouble(trouble: Trouble) -> Json:
    return {"index": trouble.cell, "what": trouble.error.what, "todo": trouble.error.todo}


def _context(views: Sequence[CellView], here: CellView, setting: str, room: int | None) -> Json:
    """Return what a kernel would send before a cell, had it read the turns above from the file."""
    marks = [mark for view in views for mark in view.marks]
    standing = marks_of(marks)
    read = Reading(marks).read(view for view in views if view.index < here.index)
    places = {id(s.turn): s.cell.index for s in read}
    turns = [s.turn for s in read if s.turn is not None and "copied" not in s.states]
    above = Above(standing)
    for turn in turns:
        above.add(turn)
    assert here.asking is not None
    try:
        context = above.context(_wanted(here.asking, turns), setting)
    except OptionError as error:
        return {"problem": error.what}
    if room is not None:
        context = fitted(context, room, lambda turn: turn.tokens, standing)
    elif here.records and (cut := here.records[-1].cut) is not None:
        context = cut_as_recorded(context, cut)
    return {
        "chat": context.chat,
        "system": context.system,
        "systemFrom": context.system_from,
        "systemTokens": estimate_messages(context.messages()[:1]) if context.system else 0,
        "turns": list(_context_turns(context, turns, places, standing)),
        "tokens": estimate_messages(context.messages()) if context.messages() else 0,
        "problem": "",
    }


def _context_turns(
    context: Context, above: Iterable[Turn], places: dict[int, int], marks: Marks
) -> Iterable[Json]:
    why: dict[int, str | None] = {id(turn): None for turn in context.turns}
    why |= {id(left.turn): left.why for left in context.left}
    for turn in above:
        if id(turn) in why:
            yield {
                "index": places[id(turn)],
                "cell": turn.cell,
                "turn": turn.record.id,
                "tokens": turn.tokens,
                "isPinned": marks.pins(turn),
                "why": why[id(turn)],
            }


def _wanted(asking: AskingCell, turns: Sequence[Turn]) -> Wanted:
    """Return what a cell says of its context, as the magic reads it."""
    flags = _flags(asking)
    fork = asking.value("--from") or ""
    start = start_of(Namespace(new="--new" in flags, once="--once" in flags, fork=fork))
    chat = asking.value("--chat")
    return Wanted(
        "main" if chat is None else chat,
        start,
        fork_of(fork, turns) if fork else None,
        asking.value("--system"),
    )


def _flags(asking: AskingCell) -> set[str]:
    found, words = set(), iter(asking.options)
    for word in words:
        if word in cell_source._FLAGS:
            found.add(word)
        else:
            next(words, None)
    return found


def _is_rounded(value: Any) -> bool:
    """True if JavaScript cannot read a number in a value exactly."""
    if isinstance(value, dict):
        return any(map(_is_rounded, value.values()))
    if isinstance(value, list | tuple):
        return any(map(_is_rounded, value))
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    return is_whole and canonical(float(value)) != canonical(value)


def _canonical(text: str) -> Json:
    value = json.loads(text)
    found = canonical(value).decode("utf-8", "surrogatepass")
    return {"json": text, "canonical": found, "is_rounded": _is_rounded(value)}


def _message(message: Json) -> Json:
    digest = message_digest(message)
    tokens = estimate_messages([message])
    return {"message": message, "digest": digest, "chain": link(START, digest), "tokens": tokens}


def _cell(source: str) -> Json:
    asking = read_asking_cell(source)
    if asking is None:
        return {"source": source, "asking": None}
    found: Json = {"line": asking.line, "body": asking.body, "options": asking.options}
    found |= {"chat": asking.value("--chat"), "sha256": asking.source_sha256}
    return {"source": source, "asking": found}


def _text(text: str) -> Json:
    found = {"text": text, "sha256": text_sha256(text), "printable": printable(text)}
    return {**found, "tokens": estimate_tokens(text)}


def _as_json(value: Any) -> str:
    """Write a value; halves of surrogate pairs and invisible characters stay to be seen."""
    return _in_lines(value, 5) + "\n"


def _in_lines(value: Any, depth: int) -> str:
    """Write a value with what is nested deeper in one line each."""
    if depth == 0 or not value or not isinstance(value, dict | list | tuple):
        return json.dumps(value)
    if isinstance(value, dict):
        fields = [f"{json.dumps(name)}: {_in_lines(value[name], depth - 1)}" for name in value]
        return "\n".join(["{", ",\n".join(fields), "}"])
    return "\n".join(["[", ",\n".join(_in_lines(item, depth - 1) for item in value), "]"])


def main() -> None:
    """Write all files, and remove those that are no longer made."""
    made = fixtures()
    for old in FOLDER.rglob("*.json"):
        if str(old.relative_to(FOLDER).as_posix()) not in made:
            old.unlink()
    for name, text in made.items():
        path = FOLDER / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
