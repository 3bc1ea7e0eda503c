"""Every error of this package, and how it shows in a notebook.

::

    DeepshiError                    catch this to catch all of them
    ├── InputError                  yours to mend; nothing was sent
    │   ├── InvalidRequestError     a parameter or message that the API would refuse
    │   │   └── UnknownModelError   a model id that the catalogue does not list
    │   ├── InterpolationError      a ``{{…}}`` in the prompt that has no value
    │   ├── OptionError             an option of a magic or command that does not exist
    │   ├── RecordError             a turn record or notebook that cannot be read
    │   ├── ReplayMissError         nothing recorded answers the request
    │   └── ConfigurationError      endpoint, key or setting
    │       └── MissingKeyError     no API key was found
    └── CallError                   the call was made; has status, code, attempts, partial …
        ├── ApiError                the service said no
        │   ├── BadRequestError             400, and any other 4xx
        │   ├── AuthenticationError         401
        │   ├── InsufficientCreditsError    402
        │   ├── PermissionDeniedError       403
        │   ├── NotFoundError               404
        │   ├── RateLimitError              429
        │   └── ServerError                 5xx, and an error reported in mid-stream
        ├── ConnectionFailedError   no connection, or TLS failed
        ├── TimedOutError           connected too slowly, or silent for too long
        ├── StreamCutError          the answer broke off
        ├── MalformedStreamError    what came is not an answer of this API
        ├── EmptyAnswerError        the service answered with nothing at all
        ├── InvalidAnswerError      the answer is not of the form that was asked for
        └── CallInterruptedError    you interrupted it

The classes follow the error table of the API contract (https://api.deepshi.ai/v1, "Errors").
This module imports nothing of the package.
"""

from __future__ import annotations

import traceback
from typing import Any, ClassVar


class DeepshiError(Exception):
    """The root of every error that this package raises on purpose.

    Args:
        what: What happened and what was expected, in one sentence.
        todo: What to do next, in one sentence; may be empty.
    """

    full_traceback: ClassVar[bool] = False
    """True shows the whole traceback in a notebook instead of two lines."""

    def __init__(self, what: str, todo: str = "") -> None:
        super().__init__(what, todo)
        self.what = what
        self.todo = todo

    def __str__(self) -> str:
        return f"{self.what} {self.todo}".strip()

    def _render_traceback_(self) -> list[str]:
        """Show two lines in IPython: what happened, what to do (IPython's own hook)."""
        if DeepshiError.full_traceback:
            return traceback.format_exception(self)
        lines = [f"{type(self).__name__}: {self.what}"]
        if self.todo:
            lines.append(f"→ {self.todo}")
        return lines


class InputError(DeepshiError):
    """Something that the user gave is not usable; nothing was sent."""


class InvalidRequestError(InputError):
    """A message or parameter that the API would refuse, found before sending."""


class UnknownModelError(InvalidRequestError):
    """A model id that the endpoint's catalogue does not list."""


class InterpolationError(InputError):
    """A ``{{expression}}`` of the prompt could not be evaluated; nothing was sent."""


class OptionError(InputError):
    """An option or subcommand that does not exist, or a value that it does not take."""


class RecordError(InputError):
    """A turn record, recording or notebook file that cannot be read."""


class ReplayMissError(InputError):
    """Nothing recorded answers a request in the mode ``replay``; nothing was sent."""


class ConfigurationError(InputError):
    """An endpoint, key or setting that cannot be used."""


class MissingKeyError(ConfigurationError):
    """No API key was found where one is needed."""


class CallError(DeepshiError):
    """A call that was made and did not succeed.

    Args:
        what: What happened.
        todo: What to do next.
        status: HTTP status, or None when no answer came.
        code: The service's own error code, or None.
        request_id: The service's id of the request (``x-request-id``), or None.
        attempts: One entry for each try (`deepshi_jupyter.core.reply.Attempt`).
        partial: The reply as far as it came (`deepshi_jupyter.Reply`), or None.
    """

    def __init__(
        self,
        what: str,
        todo: str = "",
        *,
        status: int | None = None,
        code: str | None = None,
        request_id: str | None = None,
        attempts: tuple[Any, ...] = (),
        partial: Any = None,
    ) -> None:
        super().__init__(what, todo)
        self.status = status
        self.code = code
        self.request_id = request_id
        self.attempts = attempts
        self.partial = partial


class ApiError(CallError):
    """The service answered with an error."""


class BadRequestError(ApiError):
    """400 or another 4xx: the service does not accept the request as it is."""


class AuthenticationError(ApiError):
    """401: the key is missing, malformed or unknown."""


class InsufficientCreditsError(ApiError):
    """402: the account is out of credits."""


class PermissionDeniedError(ApiError):
    """403: the key is revoked, or may not use this model."""


class NotFoundError(ApiError):
    """404: nothing lives at this address."""


class RateLimitError(ApiError):
    """429: too many requests."""


class ServerError(ApiError):
    """5xx, or an error that the service reported in the middle of its answer."""


class ConnectionFailedError(CallError):
    """No connection could be made, or it could not be trusted."""


class TimedOutError(CallError):
    """Connecting took too long, or the service was silent for too long."""


class StreamCutError(CallError):
    """The answer broke off before the service said that it was finished."""


class MalformedStreamError(CallError):
    """What came is not an answer in the form of this API."""


class EmptyAnswerError(CallError):
    """The service answered with success and nothing in it."""


class InvalidAnswerError(CallError):
    """The answer is not of the form that was asked for.

    Args:
        what: What is not as asked.
        todo: What to do next.
        where: The place in the answer: a path such as ``$.items[2].price``, or a line and column.
        call: What `CallError` takes, such as `partial`.
    """

    def __init__(self, what: str, todo: str = "", *, where: str = "", **call: Any) -> None:
        super().__init__(what, todo, **call)
        self.where = where


class CallInterruptedError(CallError):
    """The user stopped the call."""


class DeepshiWarning(UserWarning):
    """Something that was sent as asked, but will not do what it seems to do."""
