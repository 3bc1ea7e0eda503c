"""One answer of a comparison, read from its record alone: as it came and as it is replayed."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import msgspec

from deepshi_jupyter.core.canonical import canonical
from deepshi_jupyter.core.catalogue import Price
from deepshi_jupyter.core.reply import Reply
from deepshi_jupyter.core.turn_record import TurnRecord
from deepshi_jupyter.errors import InvalidAnswerError
from deepshi_jupyter.question import Question
from deepshi_jupyter.recorded_turn import answer_of
from deepshi_jupyter.schema.answer import AnswerSchema
from deepshi_jupyter.schema.form import Misfit
from deepshi_jupyter.schema.json_text import read_json, unfenced

NOT_ASKED = "not asked"
"""The error of an answer that a comparison did not come to."""

_BROKEN = {
    "truncated": "the answer broke off",
    "interrupted": "you stopped this answer",
}


class Answered(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """One answer of a comparison, or why there is none.

    Attributes:
        setting: Under which setting it was asked.
        sample: Which of the setting's answers it is, from 0.
        record: The record of its turn; None if nothing came.
        failure: Why nothing came, or an empty text.
        schema: The form that was asked for, or None.
        as_json: Whether JSON of any form was asked for.
        replayed: Whether it was recorded before.
    """

    setting: int
    sample: int
    record: TurnRecord | None = None
    failure: str = ""
    schema: AnswerSchema | None = None
    as_json: bool = False
    replayed: bool = False

    @cached_property
    def reply(self) -> Reply | None:
        """The reply as it was recorded, or None."""
        return None if self.record is None else answer_of(self.record).reply

    @property
    def text(self) -> str:
        """What the model answered, as far as it came."""
        return "" if self.reply is None else self.reply.text or self.reply.refusal

    @property
    def is_whole(self) -> bool:
        """True if it is an answer of the form that was asked for."""
        return not self.error

    @property
    def error(self) -> str:
        """Why it is no whole answer, or an empty text."""
        if self.record is None or self.reply is None:
            return self.failure or NOT_ASKED
        return _BROKEN.get(self.reply.status, "") or self._read[1]

    @property
    def parsed(self) -> Any:
        """The answer as a Python value where a form was asked for, else None."""
        return self._read[0]

    @cached_property
    def json(self) -> Any:
        """The answer as plain JSON where a form was asked for and it has it, else None."""
        if not self.is_whole or not (self.schema or self.as_json):
            return None
        value = read_json(unfenced(self.text))
        return value["value"] if self.schema is not None and self.schema.wrapped else value

    @property
    def identity(self) -> str:
        """What is the same in answers that are the same: the value, else the text."""
        if self.is_whole and (self.schema or self.as_json):
            return canonical(self.json).decode()
        return self.text.strip()

    @property
    def cost(self) -> float | None:
        """USD that the service reported, or None."""
        return None if self.record is None else self.record.call.cost_usd

    @property
    def price(self) -> Price | None:
        """The model's price, where the cost was not reported and the catalogue has one."""
        return answer_of(self.record).price if self.record is not None else None

    @cached_property
    def _read(self) -> tuple[Any, str]:
        """Return the value of the answer, and what is wrong with it."""
        if self.reply is None or self.reply.status in _BROKEN:
            return None, ""
        try:
            if self.schema is not None:
                return self.schema.parse(self.text), ""
            return (read_json(unfenced(self.text)) if self.as_json else None), ""
        except InvalidAnswerError as error:
            return None, error.what
        except Misfit as misfit:
            return None, f"The answer is not JSON: at {misfit.where}, {misfit.problem}."


def answered(
    question: Question, setting: int, sample: int, record: TurnRecord | None, **how: Any
) -> Answered:
    """Return an answer to a question.

    Args:
        question: What was asked.
        setting: Under which setting.
        sample: Which of the setting's answers it is.
        record: The record of its turn, or None.
        **how: Further fields of `Answered`.
    """
    return Answered(
        setting=setting,
        sample=sample,
        record=record,
        schema=question.schema,
        as_json=question.as_json,
        **how,
    )
