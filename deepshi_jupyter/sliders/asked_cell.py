"""A cell that has asked, and the same question with other parameters."""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Callable
from typing import Any

import msgspec

from deepshi_jupyter.core.cell_source import MAGIC, options_of
from deepshi_jupyter.core.conversation import Turn
from deepshi_jupyter.core.mark import VERSION, Mark
from deepshi_jupyter.core.place import Place
from deepshi_jupyter.core.reply import Reply
from deepshi_jupyter.display.answer import Answer
from deepshi_jupyter.display.live import text_of
from deepshi_jupyter.display.publish import InPlaceOf, publish
from deepshi_jupyter.errors import CallError, CallInterruptedError, OptionError
from deepshi_jupyter.picked import pick_version
from deepshi_jupyter.question import Question
from deepshi_jupyter.recorded_turn import answer_of
from deepshi_jupyter.session import Session
from deepshi_jupyter.sliders.control import Values, controlled, uncontrolled
from deepshi_jupyter.sliders.line import rewritten
from deepshi_jupyter.sliders.page import Page
from deepshi_jupyter.stop import Stop

_executions = itertools.count(-1, -1)
"""Questions that no execution of a cell asks; the kernel counts those from 1."""


class AskedCell:
    """A ``%%deepshi`` cell after its answer came.

    Args:
        session: The kernel's session.
        question: What the cell asked.
        reply: What came.
        line: Its first line without the magic's name, as it was typed.
        parser: The parser of the line.

    Raises:
        OptionError: Its turn was forgotten meanwhile.

    Attributes:
        first: Its answer.
        cell: Its id, or an empty text.
    """

    def __init__(
        self,
        session: Session,
        question: Question,
        reply: Reply,
        line: str,
        parser: argparse.ArgumentParser,
    ) -> None:
        self._session = session
        self._question = question
        self._line = line
        self._parser = parser
        place = session.state.located(question.place)
        self._slot, self.cell = place.key, place.cell
        asked = [turn for turn in self._turns() if turn.execution == place.execution]
        if not asked:
            raise OptionError(
                "The conversation was forgotten while the cell asked.", "Run the cell again."
            )
        self._turn = asked[-1]
        self._number = self._turn.number
        self.shown_as = self._turn.shown_as
        self._own = controlled(question.parameters)
        self.first = Page(self._turn.record, self._own, reply)

    def line(self, own: Values) -> str:
        """Return the whole first line of the cell with other values."""
        return f"{MAGIC} {rewritten(self._line, self._own, own, self._parser)}".rstrip()

    def question(self, own: Values) -> Question:
        """Return the cell's question with other values, as its rewritten line asks it.

        Nobody is asked whether a tool may run: no cell runs that could ask.
        """
        line = self.line(own)
        body = self._question.place.source.partition("\n")[2]
        place = Place(
            cell=self.cell,
            execution=next(_executions),
            number=self._number,
            source=f"{line}\n{body}",
            slot=self._slot,
            shown_as=self.shown_as,
        )
        return msgspec.structs.replace(
            self._question,
            parameters={**uncontrolled(self._question.parameters), **own},
            options=options_of(line.removeprefix(MAGIC)),
            place=place,
            approve=None,
        )

    def ask(self, own: Values, stop: Stop, progress: Callable[[int], None]) -> Page:
        """Ask again in the place of the answer that stands there, which stands until then.

        Args:
            own: What the cell says of the parameters.
            stop: What ends the call.
            progress: Told how many characters have come.

        Returns:
            The answer, also one that was stopped or broke off.

        Raises:
            InputError: The question cannot be sent.
            CallError: The call failed and nothing came.
        """
        question = self.question(own)
        presenter = _Again(self.shown_as, self._lay_back, progress)
        reply: Reply | None = None
        failure: CallError | None = None
        try:
            reply = self._session.ask(question, presenter, stop)
        except CallError as error:
            failure = error
        finally:
            came = self._lay_aside(question.place.execution)
        if came is None:
            raise failure or CallInterruptedError(
                "The cell has run again meanwhile; its own answer counts.", "Use its new controls."
            )
        return Page(came.record, own, reply)

    def pick(self, page: Page) -> None:
        """Let an answer of this cell count, as ``%deepshi pick`` does, and show it in the cell."""
        if page.record.id != self._turn.record.id:
            pick_version(self._session, self._turn, page.record)
            (*_, self._turn) = self._turns()
        if self.shown_as:  # this kernel displayed it, so it can show another one there
            publish(answer_of(page.record), instead_of=self.shown_as)

    def mark(self, page: Page) -> Mark:
        """Return what says in the notebook that an answer counts in the place of the first one."""
        record = page.record
        return Mark(
            v=VERSION,
            mark="pick",
            turn=record.id,
            cell=self.cell,
            instead_of=self.first.record.id,
            record=record.as_json(),
        )

    @property
    def stands(self) -> bool:
        """False once the cell has run again, or the conversation was forgotten."""
        return self._turn in self._turns()

    def _turns(self) -> list[Turn]:
        """Return the turns that stand at the cell."""
        with self._session.lock:
            timeline = self._session.state.timeline
            there = [turn for turn in timeline if turn.cell == self.cell]
            return [turn for turn in there if timeline.key_of(turn) == self._slot]

    def _lay_back(self) -> None:
        """Let the old answer stand while the new one comes: cells below may ask meanwhile."""
        with self._session.lock:
            if not self._turns():
                self._session.state.timeline.lay(self._slot, [self._turn])

    def _lay_aside(self, execution: int) -> Turn | None:
        """Make a version of the new answer; what stood there before stands there again.

        Returns:
            The new answer; None if nothing came, or if the cell has run again meanwhile.
        """
        with self._session.lock:
            there = self._turns()
            new = [turn for turn in there if turn.execution == execution]
            others = [turn for turn in there if turn.execution != execution] or [self._turn]
            self._session.state.timeline.lay(self._slot, others)
            return new[-1] if new and others == [self._turn] else None


class _Again(InPlaceOf):
    """Shows an answer in its cell when it is whole, and tells how far it is until then."""

    def __init__(
        self, shown_as: str, begun: Callable[[], None], progress: Callable[[int], None]
    ) -> None:
        super().__init__(shown_as)
        self.replaceable = bool(shown_as)
        self._begun = begun
        self._progress = progress
        self._length = 0

    def begin(self, _: Answer) -> None:
        """Let the old answer stand until this one is there."""
        self._begun()

    def show(self, events: list[Any]) -> None:
        """Count what comes."""
        self._length += len(text_of(events))
        self._progress(self._length)

    def end(self, answer: Answer) -> None:
        """Put the answer there, if the kernel displayed the old one."""
        if self.replaceable:
            super().end(answer)
