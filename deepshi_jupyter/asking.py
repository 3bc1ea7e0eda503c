"""One question to its end: rounds of tools, repairs of its form, what is shown and kept."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Protocol

import msgspec

from deepshi_jupyter.core.conversation import Context
from deepshi_jupyter.core.recordings import Recording
from deepshi_jupyter.core.reply import Reply, ToolCall
from deepshi_jupyter.core.turn_record import Json, RecordedCall, TurnRecord
from deepshi_jupyter.core.usage import read_usage
from deepshi_jupyter.display.footer import dollars
from deepshi_jupyter.display.live import Presenter
from deepshi_jupyter.errors import CallError, InvalidAnswerError
from deepshi_jupyter.opening import Opening
from deepshi_jupyter.prepared import Prepared
from deepshi_jupyter.question import Question
from deepshi_jupyter.recorded_turn import (
    Said,
    answer_of,
    outcome_of,
    replayed_id,
    same_turn,
)
from deepshi_jupyter.stop import Stop
from deepshi_jupyter.tools import default_toolbox
from deepshi_jupyter.tools.definition import Tool
from deepshi_jupyter.tools.result import ToolResult
from deepshi_jupyter.tools.run import Answer as Approval
from deepshi_jupyter.tools.run import run_call
from deepshi_jupyter.tools.steps import Finished, next_step

_NAMED = 3
"""So many turns that were left out are named; the others are counted."""

_NAME_LENGTH = 40
"""Characters of the question that names a turn."""


class Caller(Protocol):
    """What one question needs of a session."""

    def open(self, question: Question) -> Opening:
        """Settle where a question stands, what it sees, and of whom it is asked."""

    def prepared(self, question: Question, opening: Opening, said: Said) -> Prepared:
        """Return the next request of a turn with its key."""

    def recorded(self, prepared: Prepared, opening: Opening) -> Recording | None:
        """Return what is recorded as the answer to a request, where the mode allows."""

    def follow(
        self, prepared: Prepared, record: TurnRecord, presenter: Presenter, stop: Stop
    ) -> Reply:
        """Make one call and tell the presenter what comes."""

    def new_record(
        self, question: Question, opening: Opening, said: Said, prepared: Prepared
    ) -> TurnRecord:
        """Return the record of a turn as far as it came."""

    def keep(
        self,
        question: Question,
        opening: Opening,
        record: TurnRecord,
        sent: tuple[Json, ...],
        presenter: Presenter,
    ) -> None:
        """Make a turn part of the notebook's state, and write it down."""


class Asking:
    """One question in progress.

    Args:
        session: Whose conversation and client it uses.
        question: What is asked.
        presenter: Where the answer is shown.
        stop: What ends it from another thread.

    Attributes:
        ended: The reply and the record of the turn, once it has ended; None before.
    """

    def __init__(
        self,
        session: Caller,
        question: Question,
        presenter: Presenter,
        stop: Stop | None = None,
    ) -> None:
        self._stop = stop or Stop()
        self._session = session
        self._question = question
        self._presenter = presenter
        self._messages: list[Json] = []
        self._repairs: list[Json] = []
        self._replies: list[Reply] = []
        self._calls: list[RecordedCall] = []
        self._cards: list[ToolResult] = []
        self._recordings: list[Recording | None] = []
        self.ended: tuple[Reply, TurnRecord] | None = None
        self._opening: Opening
        self._prepared: Prepared

    def run(self) -> Reply:
        """Ask until there is an answer, show it, and keep the turn.

        Returns:
            The last reply, with its parsed value where a form was asked for.

        Raises:
            InputError: The question cannot be sent, or nothing recorded answers it.
            CallError: A call failed, or no answer had the form that was asked for.
        """
        self._opening = self._session.open(self._question)
        self._messages = [self._question.message(self._opening.entry)]
        try:
            reply = self._answer()
        except CallError as error:
            self._end_partial(error)
            raise
        return self._end(reply)

    def _answer(self) -> Reply:
        while True:
            reply = self._call()
            step = next_step(self._messages, reply)
            if not isinstance(step, Finished):
                outcomes = [self._run(call) for call in step.calls]
                self._messages += step.messages(outcomes)
                continue
            try:
                return self._parsed(reply)
            except InvalidAnswerError as error:
                self._ask_again(reply, error)

    def _call(self) -> Reply:
        said = self._said()
        self._prepared = self._session.prepared(self._question, self._opening, said)
        recording = self._session.recorded(self._prepared, self._opening)
        if recording is None:
            record = self._record(said)
            self._presenter.begin(answer_of(record))
            reply = self._session.follow(self._prepared, record, self._presenter, self._stop)
            call = self._prepared.answered(reply)
            reply = _timed_as(call, reply)
        else:
            reply = self._prepared.replayed(recording)
            call = recording.call
        self._note(reply, call, recording)
        return reply

    def _note(self, reply: Reply, call: RecordedCall, recording: Recording | None) -> None:
        self._replies.append(reply)
        self._calls.append(call)
        self._recordings.append(recording)

    def _run(self, call: ToolCall) -> ToolResult:
        result = self._recorded_outcome(call)
        if result is None:
            result = run_call(
                call,
                self._question.tools,
                toolbox=default_toolbox,
                approve=self._question.approve or _refuse,
                clock=time.monotonic,
            )
        self._cards.append(result)
        self._presenter.card(result)
        return result

    def _recorded_outcome(self, call: ToolCall) -> ToolResult | None:
        """Return what came of a tool when the answer was recorded; a replay runs no tools."""
        recorded = self._recordings[-1]
        if recorded is None or self._opening.mode != "replay":
            return None
        tools = recorded.record.tools
        return next((outcome_of(t) for t in tools if t.get("call_id") == call.id), None)

    def _parsed(self, reply: Reply) -> Reply:
        """Return the reply with its value, if it has the form that was asked for."""
        if self._question.schema is not None:
            value = self._question.schema.parse(reply.text)
        elif self._question.as_json:
            value = _parse_json(reply.text)
        else:
            return reply
        return msgspec.structs.replace(reply, parsed=value)

    def _ask_again(self, reply: Reply, error: InvalidAnswerError) -> None:
        """Tell the model what is wrong with its answer; what was wrong is no part of the turn."""
        if len(self._repairs) >= 2 * self._question.repairs:
            error.partial = reply
            raise error
        correction = f"{error.what} Answer again, in that form and with nothing else."
        self._repairs += [reply.message, {"role": "user", "content": correction}]

    def _said(self, *remarks: str) -> Said:
        return Said(
            messages=[*self._messages],
            repairs=[*self._repairs],
            calls=[*self._calls],
            tools=[*self._cards],
            remarks=remarks,
        )

    def _remarks(self) -> list[str]:
        inserted = self._question.prompt.inserted
        shortened = [f"{{{{{v.expression}}}}}: {v.note}." for v in inserted if v.note]
        return [
            *self._question.remarks,
            *shortened,
            *_left_out(self._opening.context),
            *_sums(self._calls, len(self._repairs) // 2),
        ]

    def _record(self, said: Said) -> TurnRecord:
        return self._session.new_record(self._question, self._opening, said, self._prepared)

    def _end(self, reply: Reply) -> Reply:
        record = self._as_recorded(self._record(self._said(*self._remarks())))
        self._presenter.end(answer_of(record))
        # The answer as it is recorded, so that what is sent next is the same in a replay.
        sent = (*self._messages, _in_one_order(record.answer or reply.message))
        self._session.keep(self._question, self._opening, record, sent, self._presenter)
        self.ended = reply, record
        return reply

    def _as_recorded(self, record: TurnRecord) -> TurnRecord:
        """Return the record that a replay leaves: the recorded one, if it is the same turn."""
        last = self._recordings[-1]
        if last is None:
            return record
        if same_turn(record, last.record):
            return last.record
        new_id = replayed_id(record, last.record)
        made_by, price = last.record.made_by, last.record.price
        return msgspec.structs.replace(record, id=new_id, made_by=made_by, price=price)

    def _end_partial(self, error: CallError) -> None:
        """Show and keep what came of an answer that broke off, or is not what was asked for."""
        if error.partial is None:
            self._presenter.abandon()
            return
        if not self._replies or error.partial is not self._replies[-1]:
            self._note(error.partial, self._prepared.answered(error.partial), None)
        record = self._record(self._said(*self._remarks()))
        record = msgspec.structs.replace(record, kind="partial")
        self._presenter.end(answer_of(record))
        self._session.keep(self._question, self._opening, record, (), self._presenter)
        self.ended = error.partial, record


def _left_out(context: Context) -> list[str]:
    """Say which turns were not sent because the context was too long, by what they asked."""
    turns = [left.turn for left in context.left if left.why == "context full"]
    if not turns:
        return []
    named = ", ".join(f"“{_beginning(turn.record.question)}”" for turn in turns[:_NAMED])
    more = f" and {len(turns) - _NAMED} more" if len(turns) > _NAMED else ""
    count = "1 turn was" if len(turns) == 1 else f"{len(turns)} turns were"
    return [
        f"{count} not sent, as the context is full: {named}{more}. "
        "`%deepshi pin CELL` keeps one; `%deepshi context` shows what is sent."
    ]


def _beginning(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= _NAME_LENGTH else f"{words[: _NAME_LENGTH - 1]}…"


def _in_one_order(message: Json) -> Json:
    """Return a message with its fields in the same order, from a service or from a file."""
    order = ("role", "content", *sorted(message.keys() - {"role", "content"}))
    return {name: message[name] for name in order if name in message}


def _timed_as(call: RecordedCall, reply: Reply) -> Reply:
    """Return a reply with its times as they are recorded, so that a replay gives the same."""
    times = {"duration": call.duration or 0.0, "time_to_first_token": call.time_to_first_token}
    return msgspec.structs.replace(reply, **times)


def _sums(calls: list[RecordedCall], repairs: int) -> list[str]:
    """Say what all calls of a turn used, if there were several."""
    if len(calls) < 2:
        return []
    usages = [read_usage(call.usage) for call in calls if call.usage]
    tokens_in = sum(usage.prompt_tokens or 0 for usage in usages)
    tokens_out = sum(usage.completion_tokens or 0 for usage in usages)
    cost = sum(call.cost_usd or 0.0 for call in calls)
    words = f"{tokens_in:,} tokens in / {tokens_out:,} out"
    repaired = f", {repairs} of them repairs" if repairs else ""
    priced = f", {dollars(cost)}" if cost else ""
    return [f"This turn took {len(calls)} calls{repaired}: {words}{priced} in all."]


def _refuse(_: Tool, __: Mapping[str, Any]) -> Approval:
    return "refuse"


def _parse_json(text: str) -> Any:
    """Read an answer that is to be JSON of any form."""
    from deepshi_jupyter.schema.form import Misfit
    from deepshi_jupyter.schema.json_text import read_json, unfenced

    try:
        return read_json(unfenced(text))
    except Misfit as misfit:
        raise InvalidAnswerError(
            f"The answer is not JSON: at {misfit.where}, {misfit.problem}.",
            "Ask again, with `--repair 1`, or ask a model that has a JSON mode.",
            where=misfit.where,
        ) from None
