"""How the offline endpoint says no: status and body of every documented error.

The statuses and their meaning are those of the API contract, "Errors":
``{"error": {"message", "type", "code", "param"}}``.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple


class Kind(NamedTuple):
    """What one status means."""

    type: str
    code: str
    message: str


KINDS: Final = {
    400: Kind("invalid_request_error", "invalid_request", "The request is malformed."),
    401: Kind("authentication_error", "invalid_api_key", "The API key is missing or unknown."),
    402: Kind("insufficient_quota", "insufficient_quota", "The account is out of credits."),
    403: Kind("permission_error", "permission_denied", "The API key has been revoked."),
    404: Kind("not_found_error", "not_found", "Nothing lives at this address."),
    405: Kind("invalid_request_error", "method_not_allowed", "This method is not allowed here."),
    408: Kind("timeout_error", "request_timeout", "The request took too long."),
    409: Kind("conflict_error", "conflict", "Another request is in the way of this one."),
    429: Kind("rate_limit_error", "rate_limit_exceeded", "Too many requests."),
    500: Kind("server_error", "internal_error", "The service failed."),
    502: Kind("server_error", "bad_gateway", "The service behind the gateway failed."),
    503: Kind("server_error", "service_unavailable", "The service is overloaded."),
    504: Kind("server_error", "gateway_timeout", "The service behind the gateway was too slow."),
}
"""Type, code and message of each status that the endpoint can answer with."""

RETRY_LATER: Final = frozenset({429, 503})
"""Statuses that come with ``Retry-After``."""


class Refusal(Exception):  # noqa: N818 - it is the answer, not a failure of this code
    """The request is answered with an error.

    Args:
        status: HTTP status, one of `KINDS`.
        message: What is wrong; the status' own message by default.
        code: The error code; the status' own by default.
        param: Which field of the request it is about, as a path, or None.
    """

    def __init__(
        self,
        status: int,
        message: str | None = None,
        *,
        code: str | None = None,
        param: str | None = None,
    ) -> None:
        kind = KINDS[status]
        super().__init__(message or kind.message)
        self.status = status
        self.message = message or kind.message
        self.type = kind.type
        self.code = code or kind.code
        self.param = param

    def body(self) -> dict[str, Any]:
        """Give the documented error body."""
        return {
            "error": {
                "message": self.message,
                "type": self.type,
                "code": self.code,
                "param": self.param,
            }
        }
