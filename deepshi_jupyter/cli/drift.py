"""``deepshi-jupyter drift``: the recorded questions of a notebook asked again, and what changed."""

from __future__ import annotations

import argparse
import itertools
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from deepshi_jupyter.cli.endpoint_option import add_base_url, new_session
from deepshi_jupyter.cli.help_page import HelpPage, Subcommands, add_subcommand
from deepshi_jupyter.cli.notebook_argument import add_notebook, opened, say_what_cannot_be_read
from deepshi_jupyter.errors import (
    AuthenticationError,
    CallError,
    CallInterruptedError,
    ConnectionFailedError,
    DeepshiError,
    InsufficientCreditsError,
    MissingKeyError,
    OptionError,
    PermissionDeniedError,
)

if TYPE_CHECKING:
    from deepshi_jupyter.cli.drift_output import Drift
    from deepshi_jupyter.cli.drift_plan import Plan, Ready
    from deepshi_jupyter.core.catalogue import Catalogue
    from deepshi_jupyter.core.turn_record import RecordedCall, TurnRecord
    from deepshi_jupyter.notebook.recorded_request import RecordedRequest
    from deepshi_jupyter.session import Session

_PAGE = HelpPage(
    summary="Ask the recorded questions of a notebook again, and report how the answers differ.",
    description=(
        "Each request is rebuilt from its records and asked N times, live, with the same messages "
        "and parameters; of a turn with several calls, the one that gave the answer. Where the "
        "turns above are no longer those that were sent, or the key of the rebuilt request is not "
        "the recorded one, the turn is skipped and the report says why. Nothing is written into "
        "the notebook.\n\nFirst it says how many calls, tokens and USD that takes, and asks for a "
        "yes. Then for each turn: how many answers are word for word the recorded one; how many "
        "different ones came; their similarity, which is difflib's ratio over words and marks and "
        "says nothing about meaning; whether the model that says it answered, its fingerprint or "
        "the finish reason changed; the cost as reported. No service repeats itself exactly, so "
        "a difference alone is no sign of a changed model."
    ),
    examples=(
        ("drift study.ipynb --dry-run", "what it would take; only the price list is asked for"),
        ("drift study.ipynb --cells 3,5 --n 10", "two cells, ten times each"),
        ("drift study.ipynb --yes --json > drift.json", "for a script"),
        ("drift study.ipynb --record again.jsonl", "keep the new answers in a recording file"),
    ),
    exits=(
        (0, "the report was made"),
        (1, "a call failed; the report is of what came"),
        (2, "wrong usage, or no yes; nothing was sent"),
        (130, "stopped with Ctrl-C; the report is of what came"),
    ),
    environment=("DEEPSHI_API_KEY", "DEEPSHI_BASE_URL", "NO_COLOR"),
)

_INTERRUPTED = 130
_MOST = 1000
_HOPELESS = (
    AuthenticationError,
    ConnectionFailedError,
    InsufficientCreditsError,
    PermissionDeniedError,
)
"""After these errors the next call would fail as well."""


def declare(commands: Subcommands) -> None:
    """Add the subcommand."""
    parser = add_subcommand(commands, "drift", _PAGE)
    add_notebook(parser)
    parser.add_argument(
        "--cells", default="", metavar="A,B", help="execution numbers, or beginnings of cell ids"
    )
    parser.add_argument(
        "--n", type=_count, default=5, metavar="N", help="how often to ask each (%(default)s)"
    )
    parser.add_argument("--yes", action="store_true", help="send without asking")
    parser.add_argument("--dry-run", action="store_true", help="say what it takes, send nothing")
    parser.add_argument("--record", default="", metavar="F", help="a file for the new answers")
    add_base_url(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Ask again and report."""
    from deepshi_jupyter.cli.drift_output import print_plan
    from deepshi_jupyter.cli.drift_plan import plan_of
    from deepshi_jupyter.notebook.recorded_request import recorded_requests
    from deepshi_jupyter.notebook.store import find_store

    found = opened(options.notebook)
    say_what_cannot_be_read(found)
    requests = _selected(recorded_requests(found.views), options.cells)
    _check_record(options.record)
    store = find_store(Path(options.notebook), os.environ)
    session = new_session(options)
    session.settings.store = "off" if store.off else str(store.folder)
    try:
        plan = plan_of(requests, options.n, _catalogue(session, dry_run=options.dry_run), store)
        out = sys.stderr if options.json else sys.stdout
        print_plan(plan, session.preparation.endpoint_name, out)
        if options.dry_run or not plan.calls:
            return _report(options, plan, [], failed=False)
        _confirm(options)
        return _ask_all(session, plan, options)
    finally:
        session.close()


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= _MOST:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1 to {_MOST}")
    return int(text)


def _selected(requests: list[RecordedRequest], cells: str) -> list[RecordedRequest]:
    """Return the requests of these cells, or all.

    Raises:
        OptionError: A cell has no turn, or is not named clearly.
    """
    from deepshi_jupyter.core.turn_reference import find_turn

    names = [name for name in cells.split(",") if name.strip()]
    turns = [request.status.turn for request in requests if request.status.turn is not None]
    wanted = {id(find_turn(name, turns)) for name in names}
    chosen = {r.status.cell.index for r in requests if id(r.status.turn) in wanted}
    return [r for r in requests if not names or r.status.cell.index in chosen]


def _check_record(file: str) -> None:
    if file and not Path(file).absolute().parent.is_dir():
        raise OptionError(f"There is no folder for {file}.", "Create it, or name another file.")


def _catalogue(session: Session, *, dry_run: bool) -> Catalogue | None:
    """Return what the endpoint lists; without it there are no prices, and that is said.

    Raises:
        MissingKeyError: There is no key for what is to be sent.
    """
    try:
        session.connection.client().check_key()
        return session.connection.models()
    except MissingKeyError:
        if not dry_run:
            raise
        return None
    except CallError:
        return None


def _confirm(options: argparse.Namespace) -> None:
    """Ask for a yes where somebody can give it.

    Raises:
        OptionError: There is none.
    """
    if options.yes:
        return
    if not sys.stdin.isatty():
        raise OptionError("Nobody is there to say yes; nothing was sent.", "Give --yes.")
    print("Send them? [y/N] ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise OptionError("Nothing was sent.", "Say y, or give --yes.")


def _ask_all(session: Session, plan: Plan, options: argparse.Namespace) -> int:
    """Ask all requests again, and report what came, also when not all of it came."""
    from deepshi_jupyter.cli.complaint import complain
    from deepshi_jupyter.cli.drift_output import name_of
    from deepshi_jupyter.notebook.drift_report import turn_drift

    samples = _Samples(plan)
    drifts: list[Drift] = []
    ended: DeepshiError | None = None
    for ready in plan.ready:
        calls: list[RecordedCall] = []
        failure = ""
        try:
            for call in _answers(session, ready, plan.times, samples, options.record):
                calls.append(call)
                print(f"{name_of(ready.recorded)}: {len(calls)} of {plan.times}", file=sys.stderr)
        except CallError as error:
            failure, ended = error.what, error
            complain(error, sys.stderr)
        drifts.append((ready.recorded, turn_drift(ready.recorded.record, calls, failure)))
        if isinstance(ended, (*_HOPELESS, CallInterruptedError)):
            break
    code = _report(options, plan, drifts, failed=ended is not None)
    return _INTERRUPTED if isinstance(ended, CallInterruptedError) else code


class _Samples:
    """Numbers for repeats that no recorded answer to the same request has."""

    def __init__(self, plan: Plan) -> None:
        everything = (*(ready.recorded for ready in plan.ready), *plan.skipped)
        self._taken = {call.request_key for r in everything for call in r.record.calls}

    def next(self, recorded: RecordedRequest, endpoint: str) -> tuple[str, int]:
        """Return the key and number of the next repeat; none is given twice."""
        for sample in itertools.count(recorded.call.sample + 1):
            key = recorded.key(endpoint, sample)
            if key not in self._taken:
                break
        self._taken.add(key)
        return key, sample


def _answers(
    session: Session, ready: Ready, times: int, samples: _Samples, file: str
) -> Iterator[RecordedCall]:
    """Ask one request so many times; each answer is journaled, and recorded in the file.

    Raises:
        CallError: A call failed, was cut or interrupted; what came of it is recorded as well.
    """
    from deepshi_jupyter.display.live import Silent
    from deepshi_jupyter.prepared import Prepared

    recorded, endpoint = ready.recorded, session.preparation.endpoint_name
    messages, repairs = recorded.own
    for _ in range(times):
        key, sample = samples.next(recorded, endpoint)
        prepared = Prepared(
            request=ready.request,
            key=key,
            sample=sample,
            endpoint=endpoint,
            parent=recorded.record.parent,
            messages=messages,
            repairs=repairs,
        )
        record = _asked_again(session, recorded.record, endpoint)
        try:
            call = prepared.answered(session.follow(prepared, record, Silent()))
        except CallError as error:
            if error.partial is not None:
                _keep(session, record, prepared.answered(error.partial), file, kind="partial")
            raise
        _keep(session, record, call, file, kind="live")
        yield call


def _asked_again(session: Session, record: TurnRecord, endpoint: str) -> TurnRecord:
    """Return the beginning of the record of a repeat; it belongs to no cell of the notebook."""
    import msgspec

    from deepshi_jupyter.state import versions

    return msgspec.structs.replace(
        record,
        id=session.state.new_id(),
        calls=(),
        tools=(),
        options=(),
        source_sha256="",
        cell="",
        endpoint=endpoint,
        price=None,
        edited_from="",
        made_by=versions(),
        remarks=(f"Asked again by `deepshi-jupyter drift`; first asked in the turn {record.id}.",),
    )


def _keep(session: Session, record: TurnRecord, call: RecordedCall, file: str, kind: str) -> None:
    """Write a repeat into a recording file, if one is wanted."""
    import msgspec

    from deepshi_jupyter.notebook.recording_file import append_recording
    from deepshi_jupyter.recorded_turn import with_tip, without_secrets

    if file:
        whole = msgspec.structs.replace(record, calls=(call,), kind=kind)
        clean = with_tip(without_secrets(whole, session.preparation.redactor))
        append_recording(Path(file), clean.as_json())


def _report(
    options: argparse.Namespace, plan: Plan, drifts: Sequence[Drift], *, failed: bool
) -> int:
    from deepshi_jupyter.cli.drift_output import print_json, print_lines

    if options.json:
        print_json(options.notebook, plan, drifts)
    elif drifts:
        print_lines(drifts)
    return 1 if failed else 0
