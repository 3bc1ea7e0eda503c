"""A turn that has come to its end → its record, and a record → what is shown of it."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from deepshi_jupyter.core.canonical import sha256, without_bytes
from deepshi_jupyter.core.catalogue import Price
from deepshi_jupyter.core.recorded_reply import recorded_reply
from deepshi_jupyter.core.redaction import ASKED, Redactor
from deepshi_jupyter.core.template import Prompt
from deepshi_jupyter.core.turn_record import VERSION, Json, RecordedCall, TurnRecord
from deepshi_jupyter.display.answer import Answer
from deepshi_jupyter.opening import Opening
from deepshi_jupyter.question import Question
from deepshi_jupyter.tools.result import ToolResult

NOT_PARAMETERS = frozenset({"model", "messages", "stream", "stream_options"})
"""Fields of the body that a record keeps elsewhere, or not at all."""


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """What was said in a turn, from the question to the answer.

    Attributes:
        messages: The question, and for each round of tools the calls and results.
        repairs: Wrong answers and corrections.
        calls: The calls in order; none at the beginning of the first.
        tools: What came of the tools.
        remarks: Sentences about the turn for its reader.
    """

    messages: Sequence[Json]
    repairs: Sequence[Json] = ()
    calls: Sequence[RecordedCall] = ()
    tools: Sequence[ToolResult] = ()
    remarks: Sequence[str] = ()


def new_record(
    question: Question,
    opening: Opening,
    said: Said,
    *,
    body: Json,
    endpoint: str,
    price: Price | None,
    made_by: dict[str, str],
    redactor: Redactor,
) -> TurnRecord:
    """Return the record of a turn.

    Args:
        question: What was asked.
        opening: How it began.
        said: What was said.
        body: The body of its last request.
        endpoint: The endpoint as keys name it.
        price: What the model costs, kept where the cost was not reported.
        made_by: The versions of the software.
        redactor: Takes out what must not be written down.
    """
    last = said.calls[-1] if said.calls else RecordedCall()
    record = TurnRecord(
        v=VERSION,
        id=opening.turn,
        kind="live" if last.answers and last.status in ("complete", "unconfirmed") else "partial",
        chat=question.chat,
        start=question.start,
        fork=opening.fork,
        parent=opening.parent,
        system=opening.context.system,
        system_from=opening.context.system_from,
        cut=opening.context.cut,
        messages=tuple(map(without_bytes, said.messages)),
        repairs=tuple(said.repairs),
        calls=tuple(said.calls),
        tools=tuple(_tool(outcome) for outcome in said.tools),
        prompt=_prompt(question.prompt),
        options=question.options,
        source_sha256=question.source_sha256,
        cell=opening.place.cell,
        place=opening.number,
        order=opening.order,
        endpoint=endpoint,
        model=str(body.get("model", "")),
        parameters={name: value for name, value in body.items() if name not in NOT_PARAMETERS},
        form=question.form,
        remarks=tuple(said.remarks),
        price=_price(price) if price and last.cost_usd is None else None,
        made_by=dict(made_by),
    )
    return with_tip(without_secrets(record, redactor))


def with_tip(record: TurnRecord) -> TurnRecord:
    """Return a record with the chain after its turn."""
    return msgspec.structs.replace(record, tip=record.chained(record.parent))


def without_secrets(record: TurnRecord, redactor: Redactor) -> TurnRecord:
    """Return a record without secrets; it says how many were taken out."""
    asked = {name: getattr(record, name) for name in ASKED}
    clean, found = redactor.asked(asked)
    calls, more = redactor.answered(msgspec.to_builtins(record.calls))
    if not found + more:
        return record
    count = found + more
    remark = (
        f"{count} secret{' was' if count == 1 else 's were'} taken out of what is kept of this "
        "turn; take it out of the cell, too."
    )
    return msgspec.structs.replace(
        record,
        **{name: _frozen(value) for name, value in clean.items() if name != "remarks"},
        calls=msgspec.convert(calls, tuple[RecordedCall, ...]),
        redacted=count,
        remarks=(*clean["remarks"], remark),
    )


def answer_of(record: TurnRecord) -> Answer:
    """Return all that is shown of a turn: the same when it was just asked and when it was read."""
    body: Json = {"model": record.model, **record.parameters}
    return Answer(
        reply=recorded_reply(record.call, body, record.endpoint),
        price=msgspec.convert(record.price, Price) if record.price else None,
        cards=tuple(outcome_of(tool) for tool in record.tools),
        inserted=len((record.prompt or {}).get("inserted", ())),
        remarks=record.remarks,
        record=record.as_json(),
        form=record.form,
    )


def same_turn(new: TurnRecord, recorded: TurnRecord) -> bool:
    """True if a replayed turn is the recorded one: the same question at the same place."""
    same = all(getattr(new, name) == getattr(recorded, name) for name in _SAME)
    return same and _untimed(new.tools) == _untimed(recorded.tools)


def _untimed(tools: Sequence[Json]) -> list[Json]:
    """Return what came of tools without how long they took: in the mode auto they run again."""
    return [{name: tool[name] for name in tool if name != "duration"} for tool in tools]


_SAME = (
    *("chat", "start", "fork", "parent", "tip", "system", "messages", "repairs", "prompt"),
    *("options", "source_sha256", "endpoint", "model", "parameters", "form", "calls"),
)


def replayed_id(record: TurnRecord, recorded: TurnRecord) -> str:
    """Return the id of a turn whose answer was recorded elsewhere; the same at each replay."""
    words = (recorded.id, record.parent, record.source_sha256, str(record.place))
    return f"R{sha256(' '.join(words).encode())[:25].upper()}"


def _frozen(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


def _tool(outcome: ToolResult) -> Json:
    fields: Json = {**msgspec.to_builtins(outcome), "duration": round(outcome.duration, 3)}
    return {name: value for name, value in fields.items() if value not in (False, "")}


def outcome_of(tool: Json) -> ToolResult:
    """Return what came of a tool as it was recorded."""
    texts = dict.fromkeys(("call_id", "name", "arguments", "text"), "")
    return msgspec.convert({**texts, **tool}, ToolResult)


def _prompt(prompt: Prompt) -> Json | None:
    """Return the template and its values, if there are any; else the message says it all."""
    if not prompt.inserted:
        return None
    inserted = [
        {"expression": value.expression, "text": value.text}
        | ({"note": value.note} if value.note else {})
        for value in prompt.inserted
    ]
    return {"template": prompt.template, "inserted": inserted}


def _price(price: Price) -> Json:
    fields: Json = msgspec.to_builtins(price)
    return {name: float(f"{usd:.10g}") for name, usd in fields.items() if usd is not None}
