"""Answers of a comparison, made by hand."""

from __future__ import annotations

from typing import Any

from deepshi_jupyter.comparison.answered import Answered
from deepshi_jupyter.core.turn_record import VERSION, RecordedCall, TurnRecord
from deepshi_jupyter.schema.answer import answer_schema


def row(text: str, setting: int = 0, sample: int = 0, **how: Any) -> Answered:
    """Return a whole answer with this text."""
    seconds = how.pop("seconds", 1.0)
    call = RecordedCall(
        answers=({"message": {"role": "assistant", "content": text}, "finish_reason": "stop"},),
        duration=seconds,
        served=how.pop("served", "m"),
        status=how.pop("status", "complete"),
        notices=how.pop("notices", ()),
        cost_usd=how.pop("cost", None),
    )
    record = TurnRecord(v=VERSION, id=f"T{setting}.{sample}", calls=(call,), model="m")
    schema = how.pop("schema", None)
    return Answered(
        setting=setting,
        sample=sample,
        record=record,
        schema=answer_schema(schema) if schema is not None else None,
        **how,
    )


def failed(why: str, setting: int = 0, sample: int = 0) -> Answered:
    """Return an answer that never came."""
    return Answered(setting=setting, sample=sample, failure=why)
