"""``deepshi_jupyter.map``: one prompt over a table, within the session of the notebook."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Executor
from contextlib import contextmanager
from typing import Any, Literal

import msgspec

from deepshi_jupyter.client.credentials import Secret
from deepshi_jupyter.client.endpoint import parse_endpoint
from deepshi_jupyter.core.budget import Budget
from deepshi_jupyter.core.recordings import Recording
from deepshi_jupyter.core.retry import RetryPolicy
from deepshi_jupyter.core.template import fill, verbatim
from deepshi_jupyter.display.running_cell import running_cell, running_shell
from deepshi_jupyter.errors import (
    CallError,
    DeepshiWarning,
    InputError,
    InterpolationError,
    InvalidAnswerError,
    InvalidRequestError,
    ReplayMissError,
)
from deepshi_jupyter.notebook.store import prepare
from deepshi_jupyter.preparation import first_said
from deepshi_jupyter.question import Question
from deepshi_jupyter.schema.answer import answer_schema
from deepshi_jupyter.schema.form import Misfit
from deepshi_jupyter.schema.json_text import read_json, unfenced
from deepshi_jupyter.session import Session, session_of
from deepshi_jupyter.sweep.map import Asking, Confirm, Terms
from deepshi_jupyter.sweep.progress import Bar, Progress, Silent, Sums
from deepshi_jupyter.sweep.request import Pattern, pattern_of
from deepshi_jupyter.sweep.result import MapResult
from deepshi_jupyter.sweep.row import Form
from deepshi_jupyter.sweep.row_file import FOLDER, RecordedRow, RowFile, recorded_rows
from deepshi_jupyter.sweep.run import Orders
from deepshi_jupyter.sweep.table_run import TableRun
from deepshi_jupyter.sweep.transport import Address

LEAST_RETRIES = 6
"""A row is tried again at least so often, as a run over a table meets its quota."""


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """How a table is asked, beside the question.

    Attributes:
        terms: Within which limits.
        samples: How often each row is asked.
        progress: Whether a bar is shown.
        names: Names that the template may use beside those of the row.
    """

    terms: Terms = Terms()
    samples: int = 1
    progress: bool = True
    names: Mapping[str, Any] = {}


def map(  # noqa: A001 - the name that users know from functools and executors
    rows: Any,
    prompt: str,
    *,
    model: str = "",
    system: str | None = None,
    schema: Any = None,
    json: bool = False,
    repair: int = 1,
    concurrency: int | Literal["auto"] = "auto",
    budget: Budget | None = None,
    samples: int = 1,
    executor: Executor | None = None,
    confirm: Confirm | None = None,
    mode: str = "",
    progress: bool = True,
    **parameters: Any,
) -> MapResult:
    """Ask one prompt of every row of a table, many at once, and return the answers.

    The same call again asks only what is missing: rows that were answered before, also by a kernel
    that was killed, are found by the key of their request. Rows that are the same are asked once.

    Args:
        rows: A DataFrame, a Series, or any iterable of mappings or values.
        prompt: The question with ``{{column}}``; ``{{row["a b"]}}`` for a name that is no
            identifier, ``{{item}}`` where rows are plain values.
        model: A model id; default the session's.
        system: The system prompt; default the session's.
        schema: The form of each answer, as for `deepshi_jupyter.ask`.
        json: Whether each answer is to be JSON of any form.
        repair: How often the model is asked again when an answer lacks that form.
        concurrency: How many requests may be under way; ``auto`` finds out.
        budget: What may be used; rows beyond it are left out, with a warning.
        samples: How often each row is asked; rows that are the same are then asked each.
        executor: Asks chunks of at least 100 rows in its workers (``docs/scale.md``).
        confirm: Is given a `Preflight` after the first 20 rows; the rest is asked if it says True.
        mode: ``auto`` (default), ``replay`` (asks nobody) or ``refresh`` (asks all rows again).
        progress: Whether a bar is shown.
        **parameters: ``temperature``, ``seed`` … (API contract, "Request body"), ``stream``
            (default False, as nobody watches), and ``extra`` with further fields of the body.

    Returns:
        The answers, in the order of the rows; `MapResult.frame` is a DataFrame with their index.

    Raises:
        InputError: Something cannot be sent; nothing was.
        CallInterruptedError: You interrupted; its `partial` is the result so far.
        CallError: The service refuses all requests, such as with a wrong key, or none of the first
            20 rows was answered well; its `partial` is the result so far.
    """
    stream, extra = parameters.pop("stream", False), parameters.pop("extra", {})
    shell = running_shell()
    question = Question(
        prompt=verbatim(prompt),
        model=model,
        system=system,
        stream=stream,
        extra=extra,
        parameters=parameters,
        as_json=json,
        schema=answer_schema(schema) if schema is not None else None,
        repairs=repair,
        start="once",
        place=running_cell(shell),
        mode=mode,
    )
    limit = _concurrency(concurrency)
    terms = Terms(concurrency=limit, budget=budget, executor=executor, confirm=confirm)
    options = Options(terms=terms, samples=_count("samples", samples), progress=progress)
    return map_rows(session_of(shell), rows, question, options)


def map_rows(session: Session, rows: Any, question: Question, options: Options) -> MapResult:
    """Ask a question of every row; what `map` and ``%%deepshi --map`` share.

    Args:
        session: Whose endpoint, settings, store and recordings are used.
        rows: As for `map`.
        question: What is asked; its prompt's text is the template, and it has no context.
        options: How.

    Returns:
        The answers. The errors are those of `map`.
    """
    secret = session.connection.credential().secret
    table = _Table(rows, question.prompt.text, options.names, secret)
    asked = _first(session, table, question)
    first = asked.prompt.text
    opening = session.open(asked)
    prepared = session.prepared(asked, opening, first_said(asked, opening))
    pattern = pattern_of(prepared.request.body, first, prepared.endpoint)
    for notice in prepared.request.notices:
        warnings.warn(notice, DeepshiWarning, stacklevel=3)
    mapping = _Mapping(session, asked, table, pattern, options)
    return mapping.run(opening.mode)


def map_cell(
    session: Session,
    rows: Any,
    question: Question,
    names: Mapping[str, Any],
    hand_over: Callable[[MapResult], None],
    *,
    samples: int = 1,
    usd: float | None = None,
) -> None:
    """Ask every row as a ``%%deepshi --map …`` cell says.

    Args:
        session: The kernel's session.
        rows: What ``--map`` names.
        question: What the cell asks; its prompt's text is the template.
        names: Names that the template may use beside those of the row.
        hand_over: Is given the answers; before an error that ends the run early, those that came.
        samples: What ``--samples`` says.
        usd: What ``--budget`` says.

    Raises:
        InputError: Something cannot be sent; nothing was.
        CallError: As for `map`.
    """
    terms = Terms(budget=None if usd is None else Budget(usd=usd))
    options = Options(terms=terms, samples=_count("--samples", samples), names=names)
    asked = msgspec.structs.replace(question, stream=False)
    try:
        result = map_rows(session, rows, asked, options)
    except CallError as error:
        if isinstance(error.partial, MapResult):
            hand_over(error.partial)
        raise
    hand_over(result)


def first_question(
    session: Session, rows: Any, question: Question, names: Mapping[str, Any]
) -> tuple[Question, int]:
    """Return what would be asked of the first row, and of how many rows; nothing is sent.

    Args:
        session: As for `map_rows`.
        rows: As for `map`.
        question: As for `map_rows`.
        names: Names that the template may use beside those of the row.

    Raises:
        InputError: The template does not fit a row, or there is none.
    """
    table = _Table(rows, question.prompt.text, names, session.connection.credential().secret)
    asked = _first(session, table, msgspec.structs.replace(question, stream=False))
    return asked, sum(1 for _ in table.texts())


def _first(session: Session, table: _Table, question: Question) -> Question:
    """Return the question of the first row of a table."""
    first = next(table.texts(), None)
    if first is None:
        raise InvalidRequestError("The table has no rows.", "Give at least one row.")
    mode = question.mode or session.settings.mode or "auto"
    return msgspec.structs.replace(question, prompt=verbatim(first), start="once", mode=mode)


class _Mapping:
    """One call of `map`, which `MapResult.retry_failed` continues."""

    def __init__(
        self,
        session: Session,
        question: Question,
        table: _Table,
        pattern: Pattern,
        options: Options,
    ) -> None:
        self._session = session
        self._question = question
        self._pattern = pattern
        self._options = options
        self._table = table
        self._form: Form | None = question.schema or (_AnyJson() if question.as_json else None)
        self._rows = TableRun(table.texts, pattern, options.samples)
        table.warn()

    def run(self, mode: str) -> MapResult:
        """Find what is recorded, ask the rest."""
        has_form = self._form is not None
        result = MapResult(self._rows, self._table.index, self._ask, has_form=has_form)
        if mode != "refresh":
            self._find_recorded()
        waiting = len(self._rows.waiting())
        if mode == "replay" and waiting:
            raise ReplayMissError(
                f"{waiting:,} of {len(self._rows.first):,} questions are not recorded, and the "
                "mode replay asks nobody.",
                "Ask once with `mode='auto'`, or give the recording that has them.",
            )
        self._ask(result)
        return result

    def _ask(self, result: MapResult) -> None:
        """Ask all rows that have no good answer."""
        waiting = self._rows.waiting()
        if not waiting:
            return
        session, sums = self._session, self._sums()
        session.connection.client().check_key()
        with _address(session) as address:
            asking = Asking(
                self._rows,
                self._orders(address),
                session.connection.credential().secret,
                self._options.terms,
                self._file(),
                self._progress(sums),
                sums,
            )
            try:
                asking.ask(waiting, result)
            finally:
                self._count(sums)
        for sentence in filter(None, (asking.trouble, _left_out(result))):
            warnings.warn(sentence, DeepshiWarning, stacklevel=4)

    def _find_recorded(self) -> None:
        first = self._rows.first
        store = self._session.state.store
        for row in recorded_rows(tuple(folder / FOLDER for folder in store.folders), first):
            self._rows.take_recorded(row, self._form)
        settings = self._session.settings
        files = (self._question.recording, settings.present_recording())
        recordings = self._session.state.recordings(files)
        for number in self._rows.waiting():
            found = recordings.find(self._rows.rows[number].key)
            if found is not None:
                self._rows.take_recorded(_as_row(found), self._form)

    def _sums(self) -> Sums:
        replayed = self._rows.states()["cached"]
        good = replayed + self._rows.states()["ok"]
        return Sums(settled=good, replayed=replayed)

    def _orders(self, address: Address) -> Orders:
        session = self._session
        catalogue = session.connection.catalogue_within()
        entry = catalogue.get(self._pattern.model) if catalogue else None
        retries = max(LEAST_RETRIES, session.settings.max_retries)
        return Orders(
            pattern=self._pattern,
            address=address,
            policy=RetryPolicy(max_retries=retries),
            form=self._form,
            repairs=self._question.repairs,
            price=entry.price if entry else None,
        )

    def _file(self) -> RowFile | None:
        state, redactor = self._session.state, self._session.preparation.redactor
        if state.store.off:
            return None
        try:
            folder = prepare(state.store).folder / FOLDER
        except OSError as error:
            warnings.warn(
                f"Answers are not written down ({error.strerror or error}): a run that is killed "
                "would ask them again. Set DEEPSHI_STORE to a folder that can be written.",
                DeepshiWarning,
                stacklevel=5,
            )
            return None
        body = {name: v for name, v in self._pattern.body.items() if name != "messages"}
        about = {
            "endpoint": self._pattern.endpoint,
            "body": body,
            "messages": self._pattern.body["messages"],
            "template": self._table.template,
            "rows": len(self._rows),
        }
        clean, _ = redactor.asked(about)
        path = folder / f"{state.new_id()}.jsonl"
        return RowFile(path, lambda value: redactor.answered(value)[0], clean)

    def _progress(self, sums: Sums) -> Progress:
        if not self._options.progress:
            return Silent()
        return Bar(len(self._rows), sums.settled)

    def _count(self, sums: Sums) -> None:
        """Add what was used to the sums of the session."""
        spent = self._session.spent
        self._session.spent = msgspec.structs.replace(
            spent,
            calls=spent.calls + sums.calls,
            prompt_tokens=spent.prompt_tokens + sums.prompt_tokens,
            completion_tokens=spent.completion_tokens + sums.tokens - sums.prompt_tokens,
            cost=spent.cost + sums.cost,
            unpriced=spent.unpriced + sums.unpriced,
            replayed=spent.replayed + sums.replayed,
        )


class _Table:
    """Rows, whatever they are in, as the names that a template may use."""

    def __init__(
        self, rows: Any, template: str, names: Mapping[str, Any], secret: Secret | None
    ) -> None:
        self.template = template
        self._secret = secret
        self.index = getattr(rows, "index", None) if _has_index(rows) else None
        self._names = names
        self._rows = _reader(rows)
        self._shortened = 0

    def texts(self) -> Iterator[str]:
        """Return the text of each row; read anew each time.

        Raises:
            InterpolationError: The template has no value for a row.
            InvalidRequestError: It gives an empty text, or one with the key in it.
        """
        self._shortened = 0
        for number, row in enumerate(self._rows()):
            try:
                prompt = fill(self.template, {**self._names, **row})
            except InterpolationError as error:
                raise InterpolationError(f"Row {number}: {error.what}", error.todo) from None
            if not prompt.text.strip():
                raise InvalidRequestError(f"The prompt of row {number} is empty.", "Leave it out.")
            if self._secret is not None and self._secret.stands_in(prompt.text):
                raise InvalidRequestError(
                    f"Row {number} holds your API key, which would go to the model.",
                    "Take it out of the table, or out of the prompt.",
                )
            self._shortened += any(value.note for value in prompt.inserted)
            yield prompt.text

    def warn(self) -> None:
        """Say what the last pass has shortened."""
        if self._shortened:
            warnings.warn(
                f"In {self._shortened:,} rows a value is too long and was shortened; "
                "`{{column!s}}` inserts it whole.",
                DeepshiWarning,
                stacklevel=5,
            )


def _has_index(rows: Any) -> bool:
    return hasattr(rows, "index") and hasattr(rows, "iloc")


def _reader(rows: Any) -> Callable[[], Iterator[dict[str, Any]]]:
    """Return what reads a table row by row, without a copy of it.

    Raises:
        InputError: It is no table.
    """
    if isinstance(rows, str | bytes | Mapping) or not isinstance(rows, Iterable):
        raise InputError(
            f"The rows are of type {type(rows).__name__}, expected a table or a list.",
            "Give a DataFrame, a Series, or a list of mappings or values.",
        )
    if hasattr(rows, "iter_rows"):  # polars
        return lambda: (_named(row) for row in rows.iter_rows(named=True))
    if _has_index(rows) and hasattr(rows, "columns"):
        return lambda: _of_frame(rows)
    if not hasattr(rows, "__len__"):
        rows = [*rows]  # it can be read only once
    return lambda: (_named(row) for row in rows)


def _of_frame(frame: Any) -> Iterator[dict[str, Any]]:
    columns = [str(name) for name in frame.columns]
    for values in zip(*(frame.iloc[:, place] for place in range(len(columns))), strict=True):
        yield _named(dict(zip(columns, values, strict=True)))


def _named(row: Any) -> dict[str, Any]:
    if not isinstance(row, Mapping):
        return {"item": row, "row": row}
    named = {name: value for name, value in row.items() if str(name).isidentifier()}
    return {**named, "row": row}


class _AnyJson:
    """The form of an answer that is to be JSON of any form."""

    def parse(self, text: str) -> Any:
        """Return the value; see `deepshi_jupyter.sweep.row.Form`."""
        try:
            return read_json(unfenced(text))
        except Misfit as misfit:
            raise InvalidAnswerError(
                f"The answer is not JSON: at {misfit.where}, {misfit.problem}.",
                "Ask again, or ask a model that has a JSON mode.",
                where=misfit.where,
            ) from None


@contextmanager
def _address(session: Session) -> Iterator[Address]:
    """Hold the address that requests go to; the embedded endpoint is served on loopback for it."""
    settings, connection = session.settings, session.connection
    timeouts = {"connect_timeout": settings.connect_timeout, "idle_timeout": settings.idle_timeout}
    if not connection.is_offline:
        yield Address(connection.endpoint(), **timeouts)
        return
    from deepshi_jupyter.offline import OfflineServer

    with OfflineServer() as server:
        yield Address(parse_endpoint(server.base_url, "embedded"), **timeouts)


def _as_row(found: Recording) -> RecordedRow:
    call = found.call
    answer = call.answers[0] if call.answers else {}
    content = (call.message or {}).get("content")
    return RecordedRow(
        key=call.request_key,
        text=content if isinstance(content, str) else "",
        finish_reason=answer.get("finish_reason") or "",
        model=call.served,
        response_id=call.response_id,
        seconds=call.duration or 0.0,
    )


def _left_out(result: MapResult) -> str:
    count = result.states.get("skipped", 0)
    if not count or result.stopped == "not confirmed":
        return ""
    return f"{count:,} of {len(result):,} rows were not asked: {result.stopped}."


def _concurrency(given: int | str) -> int | None:
    return None if given == "auto" else _count("concurrency", given)


def _count(name: str, given: Any) -> int:
    if isinstance(given, bool) or not isinstance(given, int) or given < 1:
        raise InvalidRequestError(
            f"{name} is {given!r}, expected a whole number from 1.",
            'Or "auto" for concurrency.' if name == "concurrency" else "Such as 3.",
        )
    return given
