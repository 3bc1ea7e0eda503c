"""A recorded answer and new ones to the same request → how they differ.

The new answers also differ among each other, as services do not repeat themselves; so the number
of different ones is told beside the share that is as recorded.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from difflib import SequenceMatcher
from statistics import fmean

import msgspec

from deepshi_jupyter.core.turn_record import Json, RecordedCall, TurnRecord
from deepshi_jupyter.notebook.ledger import Sum, sum_of

_PIECE = re.compile(r"\w+|\s+|[^\w\s]")


class TurnDrift(msgspec.Struct, frozen=True, kw_only=True):
    """How new answers to one recorded request differ from the recorded one.

    Attributes:
        turn: The id of the recorded turn.
        answers: How many new answers came.
        identical: How many of them say exactly what the recorded one says.
        different: How many different ones there are among the new ones.
        similarity: For each new answer, the `similarity` to the recorded one.
        length: Characters of the recorded answer.
        lengths: Characters of each new answer.
        model: The model that the service said answered then.
        models: Those that it says answer now, each once.
        fingerprint: The backend's fingerprint then, or None if none was given.
        fingerprints: Those of now, each once; None stands for none.
        finish: Why the recorded answer ended.
        finishes: Why the new ones ended, each reason once.
        used: What the new calls used, as reported.
        failure: Why not all answers came; else empty.
    """

    turn: str
    answers: int
    identical: int
    different: int
    similarity: tuple[float, ...]
    length: int
    lengths: tuple[int, ...]
    model: str
    models: tuple[str, ...]
    fingerprint: str | None
    fingerprints: tuple[str | None, ...]
    finish: str | None
    finishes: tuple[str | None, ...]
    used: Sum
    failure: str = ""

    @property
    def model_changed(self) -> bool:
        """True if another model says that it answers; one that is not told is no change."""
        return bool(self.model) and any(name and name != self.model for name in self.models)

    @property
    def fingerprint_changed(self) -> bool:
        """True if there is another fingerprint; one that is not given is no change."""
        known = self.fingerprint is not None
        return known and any(f is not None and f != self.fingerprint for f in self.fingerprints)

    @property
    def finish_changed(self) -> bool:
        """True if some new answer ended for another reason."""
        return any(reason != self.finish for reason in self.finishes)


class DriftSum(msgspec.Struct, frozen=True, kw_only=True):
    """The drift of several turns.

    Attributes:
        turns: How many requests were asked again.
        answers: How many answers came.
        identical: How many of them are as recorded.
        identical_share: From 0 to 1; None if none came.
        mean_similarity: Over all new answers; None if none came.
        model_changed: For how many turns.
        fingerprint_changed: For how many turns.
        fingerprint_unknown: For how many turns none was given, then or now.
        finish_changed: For how many turns.
        failed: How many turns lack answers.
    """

    turns: int
    answers: int
    identical: int
    identical_share: float | None
    mean_similarity: float | None
    model_changed: int
    fingerprint_changed: int
    fingerprint_unknown: int
    finish_changed: int
    failed: int


def turn_drift(record: TurnRecord, calls: Sequence[RecordedCall], failure: str = "") -> TurnDrift:
    """Compare new answers to a recorded one.

    Args:
        record: The recorded turn; its last call gave its answer.
        calls: New calls with the same request.
        failure: Why there are no more of them; else empty.
    """
    then, now = said(record.call), [said(call) for call in calls]
    return TurnDrift(
        turn=record.id,
        answers=len(now),
        identical=now.count(then),
        different=len(set(now)),
        similarity=tuple(similarity(then, text) for text in now),
        length=len(then),
        lengths=tuple(map(len, now)),
        model=record.call.served,
        models=tuple(dict.fromkeys(call.served for call in calls)),
        fingerprint=record.call.system_fingerprint,
        fingerprints=tuple(dict.fromkeys(call.system_fingerprint for call in calls)),
        finish=_finish(record.call),
        finishes=tuple(dict.fromkeys(map(_finish, calls))),
        used=sum_of(msgspec.structs.replace(record, calls=tuple(calls))) if calls else Sum(),
        failure=failure,
    )


def drift_sum(drifts: Iterable[TurnDrift]) -> DriftSum:
    """Return the sums over several turns."""
    drifts = list(drifts)
    answers = sum(drift.answers for drift in drifts)
    identical = sum(drift.identical for drift in drifts)
    likenesses = [value for drift in drifts for value in drift.similarity]
    return DriftSum(
        turns=len(drifts),
        answers=answers,
        identical=identical,
        identical_share=identical / answers if answers else None,
        mean_similarity=fmean(likenesses) if likenesses else None,
        model_changed=sum(drift.model_changed for drift in drifts),
        fingerprint_changed=sum(drift.fingerprint_changed for drift in drifts),
        fingerprint_unknown=sum(None in (d.fingerprint, *d.fingerprints) for d in drifts),
        finish_changed=sum(drift.finish_changed for drift in drifts),
        failed=sum(bool(drift.failure) for drift in drifts),
    )


def used_in_all(drifts: Iterable[TurnDrift]) -> Sum:
    """Return what the new calls of several turns used."""
    used = [drift.used for drift in drifts]
    counts = {
        name: sum(getattr(one, name) for one in used)
        for name in Sum.__struct_fields__
        if name != "usd"
    }
    costs = [Decimal(repr(one.usd)) for one in used if one.usd is not None]
    return Sum(**counts, usd=float(sum(costs)) if costs else None)


def similarity(one: str, other: str) -> float:
    """Return how alike two texts are, from 0 to 1, which is reached by equal texts alone.

    It is difflib's ratio over words, spaces and marks: twice the number of pieces that both have
    in the same order, through the number of all pieces
    (https://docs.python.org/3/library/difflib.html#difflib.SequenceMatcher.ratio). It says nothing
    about meaning.
    """
    if one == other:
        return 1.0
    return SequenceMatcher(None, _PIECE.findall(one), _PIECE.findall(other), autojunk=False).ratio()


def said(call: RecordedCall) -> str:
    """Return what the answers of a call say: text, refusals and calls of tools; no reasoning."""
    return "\n\n".join(_said(answer["message"]) for answer in call.answers)


def _said(message: Json) -> str:
    content, refusal = message.get("content"), message.get("refusal")
    texts = [text for text in (content, refusal) if isinstance(text, str) and text]
    functions = [tool.get("function") or {} for tool in message.get("tool_calls") or ()]
    calls = [f"{f.get('name', '')}({f.get('arguments', '')})" for f in functions]
    return "\n".join([*texts, *calls])


def _finish(call: RecordedCall) -> str | None:
    return call.answers[0].get("finish_reason") if call.answers else None
