"""A question and a grid → every call of a comparison, with its key, before anything is sent."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from deepshi_jupyter.comparison.grid import Grid, Setting, grid_of
from deepshi_jupyter.connection import CATALOGUE_SECONDS
from deepshi_jupyter.core.estimate import Estimate, estimate
from deepshi_jupyter.core.recordings import Recording, Recordings
from deepshi_jupyter.core.template import Prompt, verbatim
from deepshi_jupyter.core.turn_record import Json
from deepshi_jupyter.errors import InvalidRequestError
from deepshi_jupyter.opening import Opening
from deepshi_jupyter.prepared import Prepared
from deepshi_jupyter.question import Question
from deepshi_jupyter.recorded_turn import Said
from deepshi_jupyter.replay import replay_miss
from deepshi_jupyter.session import Session


class Planned(msgspec.Struct, frozen=True, kw_only=True):
    """One answer of a comparison that is to come.

    Attributes:
        setting: Which setting it is asked under.
        sample: Which of the setting's answers it is, from 0.
        question: The question under this setting.
        opening: How its turn begins.
        prepared: Its request, with the key.
        recording: What is recorded for it and serves in this mode, or None.
    """

    setting: int
    sample: int
    question: Question
    opening: Opening
    prepared: Prepared
    recording: Recording | None = None

    @property
    def said(self) -> Said:
        """What is said before its call."""
        return Said(messages=self.prepared.messages)


class Plan(msgspec.Struct, frozen=True):
    """All answers of a comparison that are to come.

    Attributes:
        grid: What is varied.
        settings: Its settings.
        samples: How many answers each has.
        calls: The answers, by setting and sample.
        estimate: About what those that must be asked for take and cost; None if there are none.
    """

    grid: Grid
    settings: tuple[Setting, ...]
    samples: int
    calls: tuple[Planned, ...]
    estimate: Estimate | None

    @property
    def to_send(self) -> list[Planned]:
        """What must be asked for, the first sample of every setting first."""
        unknown = [planned for planned in self.calls if planned.recording is None]
        return sorted(unknown, key=lambda planned: planned.sample)

    @property
    def sentence(self) -> str:
        """What it will be, such as ``30 calls, 12 recorded, ≈ 9,000 tokens in, …``."""
        total, recorded = len(self.calls), len(self.calls) - len(self.to_send)
        words = f"{total} call{'' if total == 1 else 's'}"
        if recorded:
            words += f", {recorded} recorded"
        return f"{words}, {self.estimate.sentence if self.estimate else 'nothing to send'}"


def plan(session: Session, question: Question, vary: Json, samples: int) -> Plan:
    """Return all calls of a comparison; nothing is asked of a model.

    What of the answers is recorded is settled here, and so is which repeat of its request each
    is, so that calls that run at the same time cannot take each other's place.

    Args:
        session: Whose conversation it is asked in.
        question: What all have in common.
        vary: By name the values to vary (`deepshi_jupyter.comparison.grid.grid_of`).
        samples: How many answers each setting gets.

    Raises:
        InputError: One of them cannot be sent, or the mode is ``replay`` and one is not recorded.
    """
    if isinstance(samples, bool) or not isinstance(samples, int) or samples < 1:
        raise InvalidRequestError(
            f"samples is {samples!r}, expected a whole number from 1.", "Such as samples=5."
        )
    grid = grid_of(vary)
    calls = _calls(session, question, grid, samples)
    unknown = any(planned.recording is None for planned in calls)
    if unknown and session.connection.catalogue_within() is None:
        session.connection.fetch_catalogue()  # for prices, and for what a model ignores
        if session.connection.catalogue_within(CATALOGUE_SECONDS) is not None:
            calls = _calls(session, question, grid, samples)
    return Plan(grid, tuple(grid.settings), samples, tuple(calls), _estimate(session, calls))


def asked_under(question: Question, setting: Setting) -> Question:
    """Return a question under a setting."""
    parameters = {n: v for n, v in setting.items() if n not in ("prompt", "model", "system")}
    prompt = setting.get("prompt")
    return msgspec.structs.replace(
        question,
        prompt=question.prompt if prompt is None else _prompt(prompt),
        model=setting.get("model", question.model) or "",
        system=setting.get("system", question.system),
        parameters={**question.parameters, **parameters, "n": None},  # samples are calls
    )


def _prompt(prompt: object) -> Prompt:
    if isinstance(prompt, Prompt):
        return prompt
    if not isinstance(prompt, str):
        raise InvalidRequestError(
            f"A prompt is of type {type(prompt).__name__}, expected a text.", "Turn it into text."
        )
    return verbatim(prompt)


def _calls(session: Session, question: Question, grid: Grid, samples: int) -> list[Planned]:
    question = asked_under(question, grid.fixed)
    found: list[Planned] = []
    keys: set[str] = set()
    for number, setting in enumerate(grid.settings):
        asked = asked_under(question, setting)
        first = session.open(asked)
        for sample in range(samples):
            opening = msgspec.structs.replace(
                first,
                turn=session.state.new_id(),
                number=first.number + len(found),
                keys=first.keys | keys,
            )
            said = Said(messages=[asked.message(opening.entry)])
            prepared = session.prepared(asked, opening, said)
            keys.add(prepared.key)
            found.append(
                Planned(
                    setting=number,
                    sample=sample,
                    question=asked,
                    opening=opening,
                    prepared=prepared,
                )
            )
    return _with_recordings(session, found)


def _with_recordings(session: Session, calls: Sequence[Planned]) -> list[Planned]:
    """Return the calls with what is recorded for them, where the mode allows.

    Raises:
        ReplayMissError: The mode is ``replay`` and something is not recorded.
    """
    mode = calls[0].opening.mode
    if mode not in ("auto", "replay"):
        return list(calls)
    recordings = session.state.recordings()
    broken = _broken(recordings) if mode == "replay" else {}
    found = [
        msgspec.structs.replace(
            planned,
            recording=recordings.find(planned.prepared.key) or broken.get(planned.prepared.key),
        )
        for planned in calls
    ]
    missing = [planned for planned in found if planned.recording is None]
    if missing and mode == "replay":
        error = replay_miss(recordings, missing[0].prepared.asked, session.preparation.redactor)
        error.what = f"{len(missing)} of {len(found)} answers are not recorded. {error.what}"
        raise error
    return found


def _broken(recordings: Recordings) -> dict[str, Recording]:
    """Return what is recorded and never serves as an answer: a replay shows that it failed."""
    return {r.call.request_key: r for r in recordings if not r.may_answer and r.call.request_key}


def _estimate(session: Session, calls: Sequence[Planned]) -> Estimate | None:
    """Return about what the calls that must be sent take and cost, all together."""
    catalogue = session.connection.catalogue_at_hand()
    each = [
        estimate(request, catalogue.get(request.model) if catalogue else None)
        for request in (planned.prepared.request for planned in calls if not planned.recording)
    ]
    if not each:
        return None
    out = [None if e.completion_tokens is None else e.n * e.completion_tokens for e in each]
    return Estimate(
        prompt_tokens=sum(e.prompt_tokens for e in each),
        completion_tokens=_whole([None if n is None else float(n) for n in out]),
        low=_total([e.low for e in each]),
        high=_total([e.high for e in each]),
    )


def _total(amounts: Sequence[float | None]) -> float | None:
    """Return a sum, or None if a part of it is unknown."""
    known = [amount for amount in amounts if amount is not None]
    return sum(known) if len(known) == len(amounts) else None


def _whole(amounts: Sequence[float | None]) -> int | None:
    total = _total(amounts)
    return None if total is None else int(total)
