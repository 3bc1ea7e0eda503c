"""One question to its end: rounds of tools, repairs of its form, what is shown and kept."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Protocol

import msgspec

from deepshi_jupyter.core.catalogue import Price
from deepshi_jupyter.core.reply import Reply, ToolCall
from deepshi_jupyter.core.request import ChatRequest
from deepshi_jupyter.display.answer import Answer
from deepshi_jupyter.display.footer import dollars
from deepshi_jupyter.display.live import Presenter
from deepshi_jupyter.errors import CallError, InvalidAnswerError
from deepshi_jupyter.notebook.turn_record import turn_record
from deepshi_jupyter.question import Question
from deepshi_jupyter.tools import default_toolbox
from deepshi_jupyter.tools.definition import Tool
from deepshi_jupyter.tools.result import ToolResult
from deepshi_jupyter.tools.run import Answer as Approval
from deepshi_jupyter.tools.run import run_call
from deepshi_jupyter.tools.steps import Finished, next_step


class Caller(Protocol):
    """What one question needs of a session."""

    def message_of(self, question: Question) -> dict[str, Any]:
        """Return the message that a question adds to the conversation."""

    def request_of(self, question: Question, messages: list[dict[str, Any]]) -> ChatRequest:
        """Return the request for a question and what came after it."""

    def follow(self, request: ChatRequest, presenter: Presenter) -> Reply:
        """Make one call and tell the presenter what comes."""

    def keep(self, question: Question, messages: list[dict[str, Any]], reply: Reply) -> None:
        """Make a finished turn part of the conversation."""

    def price_of(self, reply: Reply) -> Price | None:
        """Return what the asked model costs, if that is known."""


class Asking:
    """One question in progress.

    Args:
        session: Whose conversation and client it uses.
        question: What is asked.
        presenter: Where the answer is shown.
    """

    def __init__(self, session: Caller, question: Question, presenter: Presenter) -> None:
        self._session = session
        self._question = question
        self._presenter = presenter
        self._messages = [session.message_of(question)]
        self._repairs: list[dict[str, Any]] = []
        self._replies: list[Reply] = []
        self._cards: list[ToolResult] = []

    def run(self) -> Reply:
        """Ask until there is an answer, show it, and keep the turn.

        Returns:
            The last reply, with its parsed value where a form was asked for.

        Raises:
            InputError: The question cannot be sent.
            CallError: A call failed, or no answer had the form that was asked for.
        """
        try:
            reply = self._answer()
        except CallError as error:
            self._show_partial(error)
            raise
        reply = msgspec.structs.replace(reply, notices=(*reply.notices, *self._sums()))
        self._presenter.end(self._shown(reply))
        self._session.keep(self._question, self._messages, reply)
        return reply

    def _answer(self) -> Reply:
        while True:
            reply = self._call()
            step = next_step(self._messages, reply)
            if not isinstance(step, Finished):
                self._messages += step.messages([self._run(call) for call in step.calls])
                continue
            try:
                return self._parsed(reply)
            except InvalidAnswerError as error:
                self._ask_again(reply, error)

    def _call(self) -> Reply:
        request = self._session.request_of(self._question, [*self._messages, *self._repairs])
        reply = self._session.follow(request, self._presenter)
        self._replies.append(reply)
        return reply

    def _run(self, call: ToolCall) -> ToolResult:
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
        """Tell the model what is wrong with its answer; what was wrong is not kept."""
        if len(self._repairs) >= 2 * self._question.repairs:
            error.partial = reply
            raise error
        correction = f"{error.what} Answer again, in that form and with nothing else."
        self._repairs += [reply.message, {"role": "user", "content": correction}]

    def _sums(self) -> list[str]:
        """Say what all calls of this turn used, if there were several."""
        if len(self._replies) < 2:
            return []
        usages = [reply.usage for reply in self._replies if reply.usage]
        tokens_in = sum(usage.prompt_tokens or 0 for usage in usages)
        tokens_out = sum(usage.completion_tokens or 0 for usage in usages)
        cost = sum(usage.cost or 0.0 for usage in usages)
        words = f"{tokens_in:,} tokens in / {tokens_out:,} out"
        repairs = f", {len(self._repairs) // 2} of them repairs" if self._repairs else ""
        priced = f", {dollars(cost)}" if cost else ""
        return [f"This turn took {len(self._replies)} calls{repairs}: {words}{priced} in all."]

    def _shown(self, reply: Reply) -> Answer:
        question = self._question
        inserted = question.prompt.inserted
        shortened = [f"{{{{{v.expression}}}}}: {v.note}." for v in inserted if v.note]
        return Answer(
            reply=reply,
            price=self._session.price_of(reply),
            cards=tuple(self._cards),
            inserted=len(inserted),
            remarks=(*question.remarks, *shortened),
            record=turn_record(reply, self._messages, question.prompt),
            form=question.form,
        )

    def _show_partial(self, error: CallError) -> None:
        partial: Reply | None = error.partial
        if partial is None:
            self._presenter.abandon()
        else:
            self._presenter.end(self._shown(partial))


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
