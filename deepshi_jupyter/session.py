"""The parts, put together once for a kernel: settings, client, conversation, display.

Every front door (magics, command line, panel, `ask`) holds a `Session` and nothing below it.
"""

from __future__ import annotations

import atexit
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from deepshi_jupyter.connection import CATALOGUE_SECONDS, Connection
from deepshi_jupyter.core.catalogue import Price
from deepshi_jupyter.core.conversation import Turn
from deepshi_jupyter.core.mark import Mark
from deepshi_jupyter.core.parameters import PARAMETERS
from deepshi_jupyter.core.recordings import Recording
from deepshi_jupyter.core.reply import Reply
from deepshi_jupyter.core.request import ChatRequest, parameter_notices
from deepshi_jupyter.core.turn_record import Json, TurnRecord
from deepshi_jupyter.display.live import Presenter, Silent
from deepshi_jupyter.errors import (
    BadRequestError,
    CallError,
    CallInterruptedError,
    NotFoundError,
)
from deepshi_jupyter.notebook.recording_file import append_recording
from deepshi_jupyter.opening import Opening
from deepshi_jupyter.preparation import Preparation
from deepshi_jupyter.prepared import Prepared
from deepshi_jupyter.question import Question
from deepshi_jupyter.recorded_turn import Said, answer_of, new_record
from deepshi_jupyter.replay import replay_miss
from deepshi_jupyter.settings import Settings
from deepshi_jupyter.spent import Spent
from deepshi_jupyter.state import NotebookState, versions
from deepshi_jupyter.stop import Stop

if TYPE_CHECKING:  # httpx loads with the first call, not with the extension
    from deepshi_jupyter.client.running_call import RunningCall
    from deepshi_jupyter.journaled_call import JournaledCall


class Session:
    """Settings, client and conversation of one kernel.

    Args:
        settings: What the user has set; the session reads it at each call.

    Attributes:
        connection: The endpoint that is asked.
        state: What is known of the notebook: turns, order, journal, recorded answers.
        preparation: Makes requests of questions.
        spent: What was used so far.
        last_record: The record of the last turn.
        lock: Held by who reads or changes these; a panel asks in a thread beside the cells.
        under_way: The cell and the stop of each turn whose call runs, by the id of the turn.
        watchers: Called in any thread when the conversation or the settings have changed.
    """

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or Settings()
        self.connection = Connection(self.settings)
        self.state = NotebookState(
            os.environ, lambda: self.settings.store, lambda: self.preparation.redactor
        )
        self.preparation = Preparation(self.connection, self.state)
        self.spent = Spent()
        self.last_record: TurnRecord | None = None
        self.lock = threading.RLock()
        self.under_way: dict[str, tuple[str, Stop]] = {}
        self.watchers: list[Callable[[], None]] = []
        self._unshown: list[tuple[Reply, TurnRecord]] = []

    def prepare(self, question: Question) -> ChatRequest:
        """Return the request that a question would send, and send nothing.

        Raises:
            InputError: It cannot be sent.
        """
        return self.preparation.first(question).request

    def ask(
        self,
        question: Question,
        presenter: Presenter | None = None,
        stop: Stop | None = None,
    ) -> Reply:
        """Ask, show the answer as it comes, and keep the turn; from any thread.

        Args:
            question: What to ask.
            presenter: Where to show the answer; default nowhere.
            stop: What ends the turn from another thread; default only `stop` of this session.

        Returns:
            The whole reply.

        Raises:
            InputError: The question cannot be sent.
            CallError: The call failed, was cut or interrupted; `partial` is what came.
        """
        from deepshi_jupyter.asking import Asking

        asking = Asking(self, question, presenter or Silent(), stop)
        try:
            return asking.run()
        finally:
            if presenter is None and asking.ended is not None:
                self._unshown.append(asking.ended)

    def stop(self, *, turn: str = "", cell: str = "") -> list[str]:
        """End turns that are under way, from any thread.

        Args:
            turn: The id of the turn to end.
            cell: The id of the cell whose turns to end. Without either, all end.

        Returns:
            The ids of the turns that were told to end.
        """
        found = {  # without the lock, which a question that is being prepared may hold for seconds
            name: under_way
            for name, (asked_in, under_way) in [*self.under_way.items()]
            if turn in ("", name) and cell in ("", asked_in)
        }
        for under_way in found.values():
            under_way.request()
        return [*found]

    def take_unshown(self, reply: Reply) -> TurnRecord | None:
        """Return the record of a reply that was not displayed yet, as it is now."""
        found = next((pair for pair in self._unshown if pair[0] is reply), None)
        if found is not None:
            self._unshown.remove(found)
        return found[1] if found else None

    def take_all_unshown(self) -> list[TurnRecord]:
        """Return the records of the replies that were never displayed, as they are now."""
        records = [record for _, record in self._unshown]
        self._unshown.clear()
        return records

    def mark(self, *marks: Mark) -> None:
        """Take in what the user says of turns, and write it down."""
        with self.lock:
            for mark in marks:
                self.state.marks.append(mark)
                self.state.journal.note(mark.mark, mark.as_json())
        self.state.warn_of_journal()
        self.changed()

    def open(self, question: Question) -> Opening:
        """Settle where a question stands, what it sees, and of whom it is asked."""
        self.state.await_order(question.place)  # a front end tells it from another thread
        with self.lock:
            return self.preparation.open(question)

    def prepared(self, question: Question, opening: Opening, said: Said) -> Prepared:
        """Return the next request of a turn with its key."""
        with self.lock:
            return self.preparation.prepared(question, opening, said)

    def recorded(self, prepared: Prepared, opening: Opening) -> Recording | None:
        """Return what is recorded as the answer to a request, where the mode allows.

        Raises:
            ReplayMissError: The mode is ``replay`` and nothing is.
        """
        if opening.mode not in ("auto", "replay"):
            return None
        with self.lock:
            recordings = self.state.recordings()
            found = recordings.find(prepared.key)
            if found is None and opening.mode == "replay":
                raise replay_miss(recordings, prepared.asked, self.preparation.redactor)
            if found is not None:
                self.spent = msgspec.structs.replace(self.spent, replayed=self.spent.replayed + 1)
            return found

    def new_record(
        self, question: Question, opening: Opening, said: Said, prepared: Prepared
    ) -> TurnRecord:
        """Return the record of a turn as far as it came."""
        return new_record(
            question,
            opening,
            said,
            body=prepared.request.body,
            endpoint=prepared.endpoint,
            price=self._price_of(prepared.request.model),
            made_by=versions(),
            redactor=self.preparation.redactor,
        )

    def follow(
        self,
        prepared: Prepared,
        record: TurnRecord,
        presenter: Presenter,
        stop: Stop | None = None,
    ) -> Reply:
        """Make one call, tell the presenter what comes, and return a whole reply.

        The request is in the journal before it goes out, and the answer follows while it comes.

        Raises:
            CallError: The call failed, was cut or interrupted; `partial` is what came.
        """
        request = prepared.request
        if any(PARAMETERS[name].sampling for name in request.body if name in PARAMETERS):
            self.connection.fetch_catalogue()
        journaled = self._journaled(prepared, record)
        stop = stop or Stop()
        self.under_way[record.id] = (record.cell, stop)
        try:
            reply = self._run(request, presenter, journaled, stop)
        except CallError as error:
            error.what = self.preparation.redactor.event(error.what)
            error.args = (error.what, error.todo)  # what a service says may quote the request
            journaled.failed(error)
            if error.partial is not None:
                self._used(error.partial)
            raise self._with_near_models(error, request) from None
        finally:
            self.under_way.pop(record.id, None)
        journaled.ended(reply)
        self.connection.fetch_catalogue()
        self._used(reply)
        return self._with_late_notices(reply)

    def keep(
        self,
        question: Question,
        opening: Opening,
        record: TurnRecord,
        sent: tuple[Json, ...],
        presenter: Presenter,
    ) -> None:
        """Make a turn part of the notebook's state, and write it down.

        Args:
            question: What was asked.
            opening: How the turn began.
            record: Its record.
            sent: Its messages as they were sent; none for a turn that broke off.
            presenter: What has shown it.
        """
        shown_as = opening.place.shown_as or record.id
        turn = Turn(
            record=record,
            sent=sent,
            cell=opening.place.cell,
            execution=opening.place.execution,
            number=opening.place.number or opening.place.execution,
            shown_as=shown_as if getattr(presenter, "replaceable", False) else "",
            source=opening.place.source,
            ended=time.time(),
        )
        with self.lock:
            self.state.keep(turn, opening.place)
            self.last_record = record
            written = record.as_json()
            self.state.journal.turn(written)
        self.state.warn_of_journal()
        if file := question.record or self.settings.present_record():
            append_recording(Path(file), written)
        self.changed()

    def changed(self) -> None:
        """Tell those who show the conversation that it is another one now."""
        for watcher in [*self.watchers]:
            watcher()

    def _used(self, reply: Reply) -> None:
        with self.lock:
            self.spent = self.spent.plus(reply)

    def _price_of(self, model: str) -> Price | None:
        """Return what the catalogue, if it is there, says that a model costs."""
        catalogue = self.connection.catalogue_within()
        entry = catalogue.get(model) if catalogue else None
        return entry.price if entry else None

    def set(self, name: str, text: str) -> None:
        """Set a setting or default parameter from its text; see `Settings.set` for the errors."""
        self.settings.set(name, text)
        if name == "system":  # what is set now is meant from here on
            self.preparation.overruled = frozenset(turn.record.id for turn in self.state.timeline)
        self.changed()

    def reset(self) -> None:
        """Forget the conversation; settings and the sums of tokens and cost stay."""
        self.state.forget()
        self.changed()

    def close(self) -> None:
        """Close connections and the journal; a later call opens new ones."""
        self.connection.close()
        self.state.close()

    def _journaled(self, prepared: Prepared, record: TurnRecord) -> JournaledCall:
        from deepshi_jupyter.journaled_call import JournaledCall

        return JournaledCall(self.state.journal, self.state.new_id(), prepared, record)

    def _run(
        self, request: ChatRequest, presenter: Presenter, journaled: JournaledCall, stop: Stop
    ) -> Reply:
        from deepshi_jupyter.client.base import interrupted
        from deepshi_jupyter.client.running_call import RunningCall

        if stop.requested:  # while a tool ran, or before the first call
            raise CallInterruptedError("Stopped before the request was sent.", "Ask again.")
        call = RunningCall(self.connection.client().send(request))
        try:
            with stop.ending(call.cancel):
                _pass_on(call, presenter, journaled)
        except KeyboardInterrupt:
            raise interrupted(call.stop()) from None
        reply = call.result()
        if reply.status == "interrupted":
            raise interrupted(reply)
        return reply.raise_for_status()

    def _with_late_notices(self, reply: Reply) -> Reply:
        """Add what the catalogue says of the parameters, if it came only during the call."""
        asked = str(reply.request.get("model"))
        sent = {name: value for name, value in reply.request.items() if name in PARAMETERS}
        catalogue = self.connection.catalogue_within(CATALOGUE_SECONDS if sent else 0.0)
        entry = catalogue.get(asked) if catalogue else None
        late = [n for n in parameter_notices(sent, entry, asked) if n not in reply.notices]
        return msgspec.structs.replace(reply, notices=(*reply.notices, *late))

    def _with_near_models(self, error: CallError, request: ChatRequest) -> CallError:
        """Offer near model ids where the endpoint does not know the model."""
        if isinstance(error, BadRequestError | NotFoundError):
            self.connection.fetch_catalogue()
            catalogue = self.connection.catalogue_within(CATALOGUE_SECONDS)
            if catalogue and len(catalogue) and catalogue.get(request.model) is None:
                near = catalogue.near(request.model) or [model.id for model in catalogue][:3]
                error.todo = f"Did you mean {' or '.join(near)}? `%deepshi models` lists them all."
        return error


def _pass_on(call: RunningCall, presenter: Presenter, journaled: JournaledCall) -> None:
    """Tell the presenter what comes: the first news at once, then at its own pace."""
    due = 0.0
    while not call.ended:
        events = call.take(due, journaled.due())
        journaled.came(events)
        if events:
            presenter.show(events)
            due = time.monotonic() + presenter.interval


def _present(reply: Reply) -> dict[str, Any]:
    """Make the bundle of a reply that is shown as a value; the parser of markdown loads here."""
    from deepshi_jupyter.display.bundle import answer_bundle, reply_bundle

    if _current is None:
        return reply_bundle(reply)
    record = _current.take_unshown(reply)
    if record is not None:
        return answer_bundle(answer_of(record))
    clean: dict[str, Any] = _current.preparation.redactor.event(reply_bundle(reply))
    return clean


Reply.presenter = _present

_current: Session | None = None
_making = threading.Lock()  # a front end may ask in another thread


def current_session() -> Session:
    """Return the session of this process; the first call makes it."""
    global _current  # one kernel has one conversation with its user
    with _making:
        if _current is None:
            _current = Session()
            atexit.register(_current.close)
        return _current


def session_of(shell: Any) -> Session:
    """Return the session that the magics of a shell use, with what is configured for them.

    Args:
        shell: The IPython shell, or None outside of one.
    """
    magic = shell.find_cell_magic("deepshi") if shell is not None else None
    owner = getattr(magic, "__self__", None)
    session = getattr(owner, "session", None)
    return session if isinstance(session, Session) else current_session()
