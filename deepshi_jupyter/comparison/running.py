"""A plan → answers: several calls at a time, each a turn of its own, all kept as they end."""

from __future__ import annotations

import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Any

import msgspec

from deepshi_jupyter.asking import Asking
from deepshi_jupyter.comparison.answered import NOT_ASKED, Answered, answered
from deepshi_jupyter.comparison.plan import Plan, Planned
from deepshi_jupyter.core.recordings import Recording
from deepshi_jupyter.core.reply import Reply
from deepshi_jupyter.core.turn_record import Json, TurnRecord
from deepshi_jupyter.display.live import Presenter, Silent, text_of
from deepshi_jupyter.errors import (
    AuthenticationError,
    CallError,
    CallInterruptedError,
    InsufficientCreditsError,
)
from deepshi_jupyter.opening import Opening
from deepshi_jupyter.prepared import Prepared
from deepshi_jupyter.question import Question
from deepshi_jupyter.recorded_turn import Said, replayed_id, same_turn
from deepshi_jupyter.session import Session
from deepshi_jupyter.stop import Stop

if TYPE_CHECKING:  # httpx loads with the first call, not with the extension
    from deepshi_jupyter.client.running_call import RunningCall
    from deepshi_jupyter.journaled_call import JournaledCall

MOST_AT_ONCE = 8
"""How many calls run at the same time, at most."""

_PATIENCE = 0.02
"""Seconds to wait for news of one call before looking at the others."""

_FOR_ALL = (AuthenticationError, InsufficientCreditsError)
"""Failures that every further call would meet, so that none is begun."""


_MAY_GIVE_WAY = (CallInterruptedError, type(None))
"""What is no failure: an answer that the user stopped, and nothing yet."""


class Column(msgspec.Struct):
    """How far one setting has come.

    Attributes:
        done: Answers that are there, failed ones included.
        failed: Failed ones among them.
        text: The answer that is coming, or came last.
        stopped: Whether the user has stopped it.
    """

    done: int = 0
    failed: int = 0
    text: str = ""
    stopped: bool = False


Watch = Callable[[Sequence[Column]], None]


class Running:
    """The calls of one comparison.

    Args:
        session: Whose turns they become.
        plan: What to ask.
        watch: Is told how far each setting has come, often; it keeps its own pace.

    Attributes:
        interrupted: Whether the user has stopped it.
        first_error: The first failure of a call, or None.
        refused: A failure that every further call would meet, or None.
    """

    def __init__(self, session: Session, plan: Plan, watch: Watch) -> None:
        self.interrupted = False
        self.first_error: CallError | None = None
        self.refused: CallError | None = None
        self._session = session
        self._plan = plan
        self._watch = watch
        self._columns = [Column() for _ in plan.settings]
        self._found: dict[tuple[int, int], Answered] = {}
        self._waiting = deque(plan.to_send)
        self._under_way: list[_UnderWay] = []

    def stop(self, setting: int) -> None:
        """Stop one setting: its calls end, none of it is begun any more, the others go on.

        It may be called in any thread while `run` runs; what came is kept as in an interrupt.

        Args:
            setting: The number of the setting; one that is done stays as it is.
        """
        column = self._columns[setting]
        column.stopped = column.stopped or column.done < self._plan.samples

    def run(self) -> list[Answered]:
        """Ask until all is answered, the user stops it, or no further call can succeed.

        Returns:
            An answer, or why there is none, for each of the plan, in its order.
        """
        try:
            with _stopped_by(self._interrupt):
                for planned in self._plan.calls:
                    if planned.recording is not None:
                        self._replay(planned, planned.recording)
                while self._under_way or self._waiting:
                    self._begin_some()
                    self._take()
                    self._watch(self._columns)
        finally:
            for one in self._under_way:  # after a mistake of ours: nothing goes on unseen
                one.cancel()
        return [self._found.get(_place(p)) or _missing(p, self._why(p)) for p in self._plan.calls]

    def _interrupt(self) -> None:
        """Begin no further call, and end those that run as soon as they are looked at."""
        self.interrupted = True

    def _why(self, planned: Planned) -> str:
        return "" if self.refused is None or self._is_stopped(planned) else _in_words(self.refused)

    def _is_stopped(self, planned: Planned) -> bool:
        return self.interrupted or self._columns[planned.setting].stopped

    def _begin_some(self) -> None:
        self._waiting = deque(p for p in self._waiting if not self._is_stopped(p))
        while self._waiting and len(self._under_way) < MOST_AT_ONCE:
            self._under_way.append(_UnderWay(self._session, self._waiting.popleft()))

    def _take(self) -> None:
        """Take what came of all calls, and end those that have ended."""
        patience = _PATIENCE
        for one in [*self._under_way]:
            if self._is_stopped(one.planned):
                self._end(one, one.stopped())
                continue
            one.take(patience)
            patience = 0.0
            if one.text:
                self._columns[one.planned.setting].text = one.text
            if one.ended:
                self._end(one, one.outcome())

    def _end(self, one: _UnderWay, outcome: Reply | CallError) -> None:
        self._under_way.remove(one)
        if isinstance(outcome, _FOR_ALL):
            self.refused = self.refused or outcome
            self._waiting.clear()
        failure, record = _ended(self._session, one.planned, outcome)
        if isinstance(outcome, CallError) and isinstance(self.first_error, _MAY_GIVE_WAY):
            self.first_error = outcome
        self._note(one.planned, record, failure=failure)

    def _replay(self, planned: Planned, recording: Recording) -> None:
        if recording.may_answer:
            failure, record = _ended(self._session, planned, None)
            self._note(planned, record, failure=failure, replayed=True)
        else:
            self._note(planned, _broken(self._session, planned, recording), replayed=True)

    def _note(self, planned: Planned, record: TurnRecord | None, **how: Any) -> None:
        found = answered(planned.question, planned.setting, planned.sample, record, **how)
        self._found[_place(planned)] = found
        column = self._columns[planned.setting]
        column.done += 1
        column.failed += not found.is_whole
        column.text = found.text or found.error


class _UnderWay:
    """One call that runs: in the journal before it goes out, read in a thread of its own."""

    def __init__(self, session: Session, planned: Planned) -> None:
        from deepshi_jupyter.client.running_call import RunningCall
        from deepshi_jupyter.journaled_call import JournaledCall

        self.planned = planned
        self.text = ""
        self._session = session
        prepared = planned.prepared
        record = session.new_record(planned.question, planned.opening, planned.said, prepared)
        journal = session.state.journal
        self._journaled: JournaledCall = JournaledCall(
            journal, session.state.new_id(), prepared, record
        )
        self._call: RunningCall = RunningCall(session.connection.client().send(prepared.request))

    @property
    def ended(self) -> bool:
        return self._call.ended

    def take(self, patience: float) -> None:
        events = self._call.take(0.0, patience)
        if events or patience:  # the first of all also writes what waits of the others
            self._journaled.came(events)
        self.text += text_of(events)

    def outcome(self) -> Reply | CallError:
        """Return what the ended call gave."""
        try:
            return self._noted(self._call.result().raise_for_status())
        except CallError as error:
            return self._failed(error)

    def stopped(self) -> Reply | CallError:
        """End the call and return what came."""
        from deepshi_jupyter.client.base import interrupted

        try:
            reply = self._call.stop()
        except CallError as error:
            return self._failed(error)
        self.take(0.0)
        whole = reply.status in ("complete", "unconfirmed")
        return self._noted(reply) if whole else self._failed(interrupted(reply))

    def cancel(self) -> None:
        """End the call without a look at what came."""
        try:
            self._call.stop()
        except CallError:
            return

    def _noted(self, reply: Reply) -> Reply:
        self._journaled.ended(reply)
        self._session.spent = self._session.spent.plus(reply)
        return reply

    def _failed(self, error: CallError) -> CallError:
        error.what = self._session.preparation.redactor.event(error.what)
        error.args = (error.what, error.todo)  # what a service says may quote the request
        self._journaled.failed(error)
        if error.partial is not None:
            self._session.spent = self._session.spent.plus(error.partial)
        return error


class _Foreseen:
    """What `Asking` needs of a session, where all but the outcome was settled before."""

    def __init__(
        self, session: Session, planned: Planned, outcome: Reply | CallError | None
    ) -> None:
        self._session = session
        self._planned = planned
        self._outcome = outcome
        self.new_record = session.new_record
        self.keep = session.keep

    def open(self, _: Question) -> Opening:
        return self._planned.opening

    def prepared(self, _: Question, __: Opening, ___: Said) -> Prepared:
        return self._planned.prepared

    def recorded(self, prepared: Prepared, opening: Opening) -> Recording | None:
        return self._session.recorded(prepared, opening) if self._outcome is None else None

    def follow(self, _: Prepared, __: TurnRecord, ___: Presenter, ____: Stop) -> Reply:
        if isinstance(self._outcome, Reply):
            return self._outcome
        raise self._outcome or CallInterruptedError("What was recorded is gone.", "Ask again.")


def _ended(
    session: Session, planned: Planned, outcome: Reply | CallError | None
) -> tuple[str, TurnRecord | None]:
    """Make a turn of what came; return why nothing did, and the record.

    Args:
        session: Whose turn it becomes.
        planned: What was asked.
        outcome: The reply, or why there is none; None if the recorded one serves.
    """
    asking = Asking(_Foreseen(session, planned, outcome), planned.question, Silent())
    failure = ""
    try:
        asking.run()
    except CallError as error:
        failure = _in_words(error)
    return failure, asking.ended[1] if asking.ended else None


def _broken(session: Session, planned: Planned, recording: Recording) -> TurnRecord:
    """Make a turn of a recorded answer that is none, as a replay shows what was recorded."""
    said = Said(messages=planned.prepared.messages, calls=[recording.call])
    new = session.new_record(planned.question, planned.opening, said, planned.prepared)
    new = msgspec.structs.replace(new, kind=recording.record.kind)
    record = recording.record
    if not same_turn(new, record):
        made_by: Json = record.made_by
        record = msgspec.structs.replace(
            new, id=replayed_id(new, record), made_by=made_by, price=record.price
        )
    session.keep(planned.question, planned.opening, record, (), Silent())
    return record


def _missing(planned: Planned, why: str) -> Answered:
    failure = why or NOT_ASKED
    return answered(planned.question, planned.setting, planned.sample, None, failure=failure)


def _place(planned: Planned) -> tuple[int, int]:
    return planned.setting, planned.sample


def _in_words(error: CallError) -> str:
    return f"{type(error).__name__}: {error.what}"


@contextmanager
def _stopped_by(stop: Callable[[], None]) -> Iterator[None]:
    """Let an interrupt call a function, so that it cannot fall into the middle of a record.

    A second interrupt is the usual KeyboardInterrupt. Outside of the main thread there is none.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGINT) or signal.default_int_handler

    def handle(_: int, __: FrameType | None) -> None:
        signal.signal(signal.SIGINT, before)
        stop()

    signal.signal(signal.SIGINT, handle)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
