"""Recorded requests → what asking them again would take, and the requests ready to be sent."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

import msgspec

from deepshi_jupyter.core.catalogue import Catalogue
from deepshi_jupyter.core.estimate import Estimate, estimate
from deepshi_jupyter.core.parameters import PARAMETERS
from deepshi_jupyter.core.request import ChatRequest, build_request
from deepshi_jupyter.errors import InputError
from deepshi_jupyter.notebook.recorded_request import RecordedRequest
from deepshi_jupyter.notebook.store import Store, read_object

Json = dict[str, Any]
_Amount = TypeVar("_Amount", int, float)


class Ready(msgspec.Struct, frozen=True):
    """A recorded request that can be sent.

    Attributes:
        recorded: The request as recorded.
        request: What is sent.
        estimate: About what one answer takes.
    """

    recorded: RecordedRequest
    request: ChatRequest
    estimate: Estimate


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked again, and about what it takes.

    Attributes:
        ready: The requests.
        skipped: The others; each says why.
        times: How often each is asked.
    """

    ready: tuple[Ready, ...]
    skipped: tuple[RecordedRequest, ...]
    times: int

    @property
    def calls(self) -> int:
        """How many calls it takes."""
        return len(self.ready) * self.times

    @property
    def total(self) -> Estimate:
        """What all calls take together; what is not known of one of them is not known of all."""
        each = [ready.estimate for ready in self.ready]
        tokens_out = [one.completion_tokens and one.completion_tokens * one.n for one in each]
        return Estimate(
            sum(one.prompt_tokens for one in each) * self.times,
            _times(self.times, tokens_out),
            low=_times(self.times, [one.low for one in each]),
            high=_times(self.times, [one.high for one in each]),
        )

    @property
    def as_recorded(self) -> float | None:
        """USD if every call costs what it cost then; None if that was not reported of all."""
        return _times(self.times, [ready.recorded.call.cost_usd for ready in self.ready])


def plan_of(
    requests: Iterable[RecordedRequest], times: int, catalogue: Catalogue | None, store: Store
) -> Plan:
    """Return what asking requests again would take.

    Args:
        requests: The requests as recorded.
        times: How often to ask each.
        catalogue: What the endpoint lists, with prices, or None.
        store: Where the images of the requests are kept.
    """
    ready, skipped = [], []
    for recorded in requests:
        try:
            request = None if recorded.problem else _request(recorded, store)
        except InputError as error:
            recorded = msgspec.structs.replace(recorded, problem=error.what)
            request = None
        if request is None:
            skipped.append(recorded)
        else:
            entry = catalogue.get(request.model) if catalogue else None
            ready.append(Ready(recorded, request, estimate(request, entry)))
    return Plan(ready=tuple(ready), skipped=tuple(skipped), times=times)


def _request(recorded: RecordedRequest, store: Store) -> ChatRequest:
    """Return the request as it was sent, with the bytes of its images.

    Raises:
        InputError: It cannot be built.
    """
    parameters = recorded.record.parameters
    return build_request(
        [_with_bytes(message, store) for message in recorded.messages],
        model=recorded.record.model,
        parameters={name: parameters[name] for name in parameters if name in PARAMETERS},
        extra={name: parameters[name] for name in parameters if name not in PARAMETERS},
    )


def _with_bytes(message: Json, store: Store) -> Json:
    content = message.get("content")
    if not isinstance(content, list):
        return message
    return {**message, "content": [_part_with_bytes(part, store) for part in content]}


def _part_with_bytes(part: Any, store: Store) -> Any:
    if not isinstance(part, dict) or part.get("type") != "image" or "sha256" not in part:
        return part
    data = read_object(store, str(part["sha256"]))
    if data is None:
        raise InputError("an image of it is not in the journal")
    url = f"data:{part.get('media_type', '')};base64,{base64.b64encode(data).decode()}"
    said = {name: part[name] for name in part if name not in ("type", "media_type", "sha256")}
    return {"type": "image_url", "image_url": {"url": url, **said}}


def _times(times: int, amounts: Sequence[_Amount | None]) -> _Amount | None:
    known = [amount for amount in amounts if amount is not None]
    return sum(known) * times if known and len(known) == len(amounts) else None
