"""The embedded endpoint itself: a request in, an answer out; no socket, no clock, no sleeping.

It speaks the API contract: ``POST /v1/chat/completions``, ``GET /v1/models`` and, as OpenAI's own
API does, ``GET /v1/models/{id}``. Shells (`transport`, `server`) send what it gives and wait for as
long as it says.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import unquote

import msgspec

from deepshi_jupyter.offline import catalogue, faults
from deepshi_jupyter.offline.completion import Completion, prepare
from deepshi_jupyter.offline.faults import Fault, FirstTries
from deepshi_jupyter.offline.refusal import RETRY_LATER, Refusal
from deepshi_jupyter.offline.request import ChatRequest, parse
from deepshi_jupyter.offline.steps import Answer, Piece
from deepshi_jupyter.offline.wire import encode

_PREFIX: Final = "/v1"
_JSON: Final = "application/json"
_EVENTS: Final = "text/event-stream; charset=utf-8"


def _release_time() -> float:
    return catalogue.RELEASED


class Endpoint:
    """An OpenAI-compatible service without network, key or weights.

    Args:
        pace: Tokens a second; 0 as fast as possible.
        require_key: The one API key that is accepted, or None to accept any and none.
        retry_after: Seconds that 429 and 503 name in ``Retry-After``.
        now: Gives Unix seconds for ``created``; without it, the day the models were released.
        entropy: Gives 128 random bits for a request without a seed.

    Raises:
        ValueError: The pace is negative.
    """

    def __init__(
        self,
        pace: float = 0.0,
        require_key: str | None = None,
        *,
        retry_after: float = 1.0,
        now: Callable[[], float] = _release_time,
        entropy: Callable[[], int] | None = None,
    ) -> None:
        if pace < 0:
            raise ValueError(f"The pace is {pace}; it is tokens a second, 0 or more.")
        self._token_seconds = 1 / pace if pace else 0.0
        self._require_key = require_key
        self._retry_after = retry_after
        self._now = now
        self._entropy = entropy or (lambda: secrets.randbits(128))
        self._first_tries = FirstTries()

    def answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Answer a request.

        Args:
            method: ``GET``, ``POST``, ….
            path: Beginning with ``/v1``; a query is ignored.
            headers: Names in any case.
            body: As it came.

        Returns:
            Status, headers and the steps of the body. Errors are answers too; nothing is raised.
        """
        nonce = self._entropy()
        try:
            self._check_key(headers)
            return self._route(method, path.partition("?")[0], body, nonce)
        except Refusal as refusal:
            return self._refused(refusal, nonce)

    def _check_key(self, headers: Mapping[str, str]) -> None:
        if self._require_key is None:
            return
        given = {name.lower(): value for name, value in headers.items()}.get("authorization", "")
        scheme, _, key = given.partition(" ")
        known = hmac.compare_digest(key.strip().encode(), self._require_key.encode())
        if scheme.lower() != "bearer" or not known:
            raise Refusal(401)

    def _route(self, method: str, path: str, body: bytes, nonce: int) -> Answer:
        place = path.removeprefix(_PREFIX).rstrip("/") if path.startswith(_PREFIX + "/") else ""
        if place == "/chat/completions":
            _check_method(method, "POST", path)
            return self._chat(body, nonce)
        if place == "/models" or place.startswith("/models/"):
            _check_method(method, "GET", path)
            return _json_answer(200, Piece(encode(_models(place))), nonce)
        raise Refusal(
            404, f"Nothing lives at {path!r}; there are /v1/chat/completions and /v1/models."
        )

    def _chat(self, body: bytes, nonce: int) -> Answer:
        request = parse(body)
        if request.seed is not None:
            nonce = int.from_bytes(hashlib.sha256(body).digest()[:16], "big")
        fault = faults.fault_of(request.model)
        if fault is None:
            return self._given(self._prepared(request, nonce), nonce)
        self._fail(fault, body)
        return self._faulty(fault, request, nonce)

    def _prepared(self, request: ChatRequest, nonce: int, **rest: Any) -> Completion:
        model = rest.pop("model", None) or catalogue.find(request.model)
        return prepare(
            request,
            model,
            nonce=nonce,
            created=int(self._now()),
            token_seconds=self._token_seconds,
            **rest,
        )

    def _given(self, completion: Completion, nonce: int) -> Answer:
        if completion.request.stream:
            return Answer(200, _headers(_EVENTS, nonce), completion.stream_steps())
        return _json_answer(200, completion.whole(), nonce)

    def _fail(self, fault: Fault, body: bytes) -> None:
        if fault.kind == "status" or (
            fault.kind == "once" and self._first_tries.is_first(hashlib.sha256(body).digest())
        ):
            raise Refusal(fault.number)

    def _faulty(self, fault: Fault, request: ChatRequest, nonce: int) -> Answer:
        """Answer as ``offline-chat``, and go wrong on the way where the fault says so."""
        chat = catalogue.CHAT
        if fault.kind == "flood":
            scripts = [faults.flood(fault.number) for _ in range(request.n or 1)]
            return self._given(self._prepared(request, nonce, model=chat, scripts=scripts), nonce)
        if fault.kind == "once":
            return self._given(self._prepared(request, nonce, model=chat), nonce)
        if fault.kind == "midstream" and not request.stream:
            raise Refusal(500)
        plain = msgspec.structs.replace(
            request,
            stop=None,
            max_tokens=None,
            max_completion_tokens=None,
            n=1,
            response_format=None,
        )
        answer = self._given(self._prepared(plain, nonce, model=chat), nonce)
        breaks = faults.break_stream if request.stream else faults.break_whole
        return answer._replace(steps=breaks(fault.kind, answer.steps))

    def _refused(self, refusal: Refusal, nonce: int) -> Answer:
        answer = _json_answer(refusal.status, Piece(encode(refusal.body())), nonce)
        if refusal.status not in RETRY_LATER:
            return answer
        return answer._replace(headers={**answer.headers, "retry-after": f"{self._retry_after:g}"})


def _check_method(method: str, expected: str, path: str) -> None:
    if method.upper() != expected:
        raise Refusal(405, f"{path!r} takes {expected}, not {method}.")


def _models(place: str) -> dict[str, Any]:
    """Give the catalogue, or the one entry that the address names."""
    model_id = unquote(place.removeprefix("/models").removeprefix("/"))
    if not model_id:
        return catalogue.listing()
    try:
        return catalogue.find(model_id).to_dict()
    except Refusal as refusal:
        raise Refusal(404, refusal.message, code=refusal.code, param=refusal.param) from None


def _json_answer(status: int, body: Piece, nonce: int) -> Answer:
    headers = {**_headers(_JSON, nonce), "content-length": str(len(body.data))}
    return Answer(status, headers, iter((body,)))


def _headers(content_type: str, nonce: int) -> dict[str, str]:
    return {
        "content-type": content_type,
        "x-request-id": f"req_offline_{nonce:032x}",
        "cache-control": "no-store",
    }
