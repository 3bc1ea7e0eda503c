"""What a question costs by how many turns stand above it: its request, and what it appends."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from benchmarks.made_notebook import ASKING, made_notebook
from benchmarks.own_session import own_session
from benchmarks.server import BenchServer
from benchmarks.table import Row
from deepshi_jupyter.core.catalogue import Catalogue, Model
from deepshi_jupyter.core.place import Place
from deepshi_jupyter.core.template import verbatim
from deepshi_jupyter.core.turn_record import read_record
from deepshi_jupyter.display.bundle import answer_bundle
from deepshi_jupyter.preparation import first_said
from deepshi_jupyter.prepared import Prepared
from deepshi_jupyter.question import Question
from deepshi_jupyter.recorded_turn import answer_of
from deepshi_jupyter.session import Session

SIZES = (10, 100, 1_000)
MODEL = "one"
LISTED = Catalogue((Model(MODEL, context_length=10_000_000),))
QUESTION = Question(prompt=verbatim("And now?"), model=MODEL, place=Place(cell=ASKING, execution=1))


def measure(repeats: int) -> list[Row]:
    rows: list[Row] = []
    appended: list[tuple[int, int]] = []
    with TemporaryDirectory() as name, BenchServer() as server:
        for turns in SIZES:
            notebook = made_notebook(Path(name), turns)
            environment = {
                "DEEPSHI_BASE_URL": server.base_url,
                "DEEPSHI_STORE": str(Path(name) / f"store-{turns}"),
                "JPY_SESSION_NAME": str(notebook),
            }
            with own_session(**environment) as session:
                rows += made(session, turns, max(repeats, 5))
                appended.append(written(session))
    for kind, unit in ((0, "journal"), (1, "output")):
        first = appended[0][kind]
        rows += [
            Row(f"{unit} of turn {turns + 1:,}", size[kind] / 1e3, "kB", first / 1e3, "≤ 1.05×")
            for turns, size in zip(SIZES, appended, strict=True)
        ]
    return rows


def made(session: Session, turns: int, repeats: int) -> list[Row]:
    """Time the making of a request, against reading the turns above it from their JSON."""
    session.connection.client()  # httpx loads once in a kernel
    session.state.restore()
    records = [msgspec.json.encode(turn.record.as_json()) for turn in session.state.timeline]
    works: dict[str, Callable[[], object]] = {
        "read": lambda: [read_record(msgspec.json.decode(record)) for record in records],
        "made": lambda: request(session, None),
        "fitted": lambda: request(session, LISTED),
    }
    first = milliseconds(works["fitted"])
    assert len(request(session, None).request.body["messages"]) == 2 * turns + 1
    runs = [{name: milliseconds(work) for name, work in works.items()} for _ in range(repeats)]
    read, plain, fitted = (min(run[name] for run in runs) for name in works)
    what = f"request below {turns:,} turns"
    return [
        Row(f"{what}; against reading them", plain, "ms", read, "≤ 1×, or 1 ms"),
        Row(f"{what}, fitted to a window", fitted, "ms", read, "≤ 1×, or 1 ms"),
        Row(f"{what}, the first after a restore, fitted", first, "ms", read),
    ]


def request(session: Session, catalogue: Catalogue | None) -> Prepared:
    """Do what a cell does before its request goes out: place, context, body, key."""
    session.connection.client().catalogue = catalogue
    opening = session.open(QUESTION)
    return session.prepared(QUESTION, opening, first_said(QUESTION, opening))


def milliseconds(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return (time.perf_counter() - begin) * 1e3


def written(session: Session) -> tuple[int, int]:
    """Ask once more, and return the bytes that the journal and the notebook grow by."""
    session.connection.client().catalogue = None
    session.ask(QUESTION)  # the first event of a journal tells of the process
    path = session.state.journal.path
    assert path is not None
    before = path.stat().st_size
    session.ask(QUESTION)
    record = session.last_record
    assert record is not None
    output = msgspec.json.encode(answer_bundle(answer_of(record)))
    return path.stat().st_size - before, len(output)
