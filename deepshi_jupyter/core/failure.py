"""Why a try failed: as a value, before it is known whether there will be another."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from deepshi_jupyter.core.text import mend
from deepshi_jupyter.core.wire import as_dict, decode_lenient
from deepshi_jupyter.errors import (
    ApiError,
    AuthenticationError,
    BadRequestError,
    CallError,
    InsufficientCreditsError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    ServerError,
)

MESSAGE_LENGTH = 500
"""A service's message is cut to this many characters."""

_RETRIED = frozenset({408, 409, 429})

_TODO = {
    400: "Change the request as the message says.",
    401: "Set the key: `export DEEPSHI_API_KEY=…` before Jupyter starts, or `%deepshi login`.",
    402: "Top up the account, or use another endpoint (`DEEPSHI_BASE_URL`).",
    403: "Use a key that is valid and may use this model, or another model.",
    404: "Check the base URL (`%deepshi` shows it; most end in `/v1`) and the model's name.",
    408: "The service gave up waiting; try again.",
    413: "The request is too large: send less context, or smaller attachments.",
    422: "Change the request as the message says.",
    429: "Wait and try again, or ask less often.",
}
_TODO_5XX = "The service has a problem; try again in a while."

_STATUS_OF_CODE = {
    "insufficient_quota": 402,
    "invalid_api_key": 401,
    "invalid_request_error": 400,
    "model_not_found": 404,
    "rate_limit_exceeded": 429,
}
"""Codes that say what a status says; within an answer they are all that is said, and a 429 that
is out of credits is no rate limit."""

_CLASSES: dict[int, type[ApiError]] = {
    401: AuthenticationError,
    402: InsufficientCreditsError,
    403: PermissionDeniedError,
    404: NotFoundError,
    429: RateLimitError,
}


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """Why a try failed.

    Attributes:
        error: The class that it raises if it is the end.
        what: What happened.
        todo: What to do next.
        status: HTTP status, or None.
        code: The service's error code, or None.
        retryable: Whether another try may help (API contract, "Errors").
        retry_after: Seconds that the service asks to wait, or None.
    """

    error: type[CallError]
    what: str
    todo: str
    status: int | None = None
    code: str | None = None
    retryable: bool = False
    retry_after: float | None = None


def failure_of_status(
    status: int, headers: Mapping[str, str], body: bytes, retry_after: float | None = None
) -> Failure:
    """Read an HTTP error answer.

    Args:
        status: The HTTP status, 400 or more (or another that is no success).
        headers: The answer's headers.
        body: As much of the body as was read.
        retry_after: Seconds of the ``Retry-After`` header, already read.

    Returns:
        The failure, with the service's own words where there are some.
    """
    message, code = _words_of_body(body, headers.get("content-type", ""))
    acted_on = 402 if code == "insufficient_quota" else status
    if status < 400:
        message = f"it points to {one_line(headers.get('location', 'nowhere'))}"
    what = f"{_who(status)} ({status})" + (f": {message}" if message else ".")
    return Failure(
        error=_class_of(acted_on),
        what=what,
        todo=_todo(acted_on),
        status=status,
        code=code,
        retryable=acted_on in _RETRIED or acted_on >= 500,
        retry_after=retry_after,
    )


def failure_reported(report: Any) -> Failure:
    """Read an error that the service reported inside an answer that began as a success.

    Args:
        report: The ``error`` value: an object, a string, or anything.

    Returns:
        The failure; its class follows the code in the report if that is an HTTP status.
    """
    message, code = _words_of(report)
    is_status = code is not None and re.fullmatch("[45][0-9]{2}", code)
    status = int(code or 0) if is_status else _STATUS_OF_CODE.get(code or "")
    return Failure(
        error=_class_of(status or 500),
        what="The service reported an error in its answer" + (f": {message}" if message else "."),
        todo=_todo(status or 500),
        status=status,
        code=code,
        retryable=status is None or status in _RETRIED or status >= 500,
    )


def _class_of(status: int) -> type[ApiError]:
    return _CLASSES.get(status, ServerError if status >= 500 else BadRequestError)


def _todo(status: int) -> str:
    if status < 400:
        return _TODO[404]
    return _TODO.get(status, _TODO_5XX if status >= 500 else _TODO[400])


def _who(status: int) -> str:
    if status == 429:
        return "Too many requests"
    if status < 400:
        return "The service redirects, which is not followed"
    return "The service failed" if status >= 500 else "The service refused the request"


def _words_of_body(body: bytes, content_type: str) -> tuple[str, str | None]:
    text = body.decode("utf-8", "replace").strip()
    try:
        value = decode_lenient(body)
    except ValueError:
        return _words_of_page(text, content_type), None
    message, code = _words_of(value)
    return message or (one_line(text) if value else ""), code


def _words_of_page(text: str, content_type: str) -> str:
    if "html" in content_type or text.startswith("<"):
        title = re.search(r"<title[^>]*>([^<]*)", text, re.IGNORECASE)
        return (one_line(title[1]) if title else "") or "an HTML page instead of an answer"
    return one_line(text)


def _words_of(report: Any) -> tuple[str, str | None]:
    """Find the message and code in any of the shapes that servers of this family send."""
    if isinstance(report, list):
        report = report[0] if report else None
    if isinstance(report, str):
        return one_line(report), None
    outer = as_dict(report)
    inner = as_dict(outer.get("error")) or outer
    code = _code(inner)
    said = [inner.get(name) for name in ("message", "detail", "error", "errors")]
    said += [outer.get("detail"), inner.get("type"), code]
    texts = (one_line(_sentence(value)) for value in said)
    return next(filter(None, texts), ""), code


def _sentence(value: Any) -> str:
    """Read a message: a text, an object that holds one, or a list, as of FastAPI's faults."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "; ".join(filter(None, map(_sentence, value)))
    if not isinstance(value, dict):
        return ""
    text = _sentence(value.get("message") or value.get("msg") or value.get("error"))
    place = value.get("loc")
    return f"{text} ({'.'.join(map(str, place))})" if isinstance(place, list) else text


def _code(report: dict[str, Any]) -> str | None:
    value = report.get("code") or report.get("type")
    return one_line(str(value)) if isinstance(value, str | int) else None


def one_line(text: str) -> str:
    """Keep a service's words on one line and of a readable length, without control characters."""
    flat = " ".join("".join(c if c.isprintable() else " " for c in mend(text)).split())
    return flat if len(flat) <= MESSAGE_LENGTH else f"{flat[: MESSAGE_LENGTH - 1]}…"
