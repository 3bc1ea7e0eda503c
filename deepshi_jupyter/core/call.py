"""One call: its tries, its timing, and the reply or failure that it ends with.

Both shells (`deepshi_jupyter.client.sync` and `.aio`) drive this same state machine; they only
send, wait and pass on what arrives. The clock and the dice are handed in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import msgspec

from deepshi_jupyter.core.events import Event, Retrying
from deepshi_jupyter.core.exchange import Exchange
from deepshi_jupyter.core.failure import Failure
from deepshi_jupyter.core.reply import Attempt, Reply, Status
from deepshi_jupyter.core.request import ChatRequest
from deepshi_jupyter.core.retry import RetryPolicy, wait_before_retry
from deepshi_jupyter.errors import CallInterruptedError


class Clock(msgspec.Struct, frozen=True):
    """Where a call reads time and chance.

    Attributes:
        monotonic: Seconds of a clock that never goes back.
        utc: The present time in UTC.
        chance: A random number between 0 and 1.
    """

    monotonic: Callable[[], float]
    utc: Callable[[], datetime]
    chance: Callable[[], float]


class Call:
    """A call in progress.

    Args:
        request: What is sent.
        endpoint: The base URL, for the reply's record.
        policy: When to try again.
        clock: Where to read time and chance.
        redact: Takes secrets out of a service's words before they reach an error.
    """

    def __init__(
        self,
        request: ChatRequest,
        endpoint: str,
        policy: RetryPolicy,
        clock: Clock,
        redact: Callable[[str], str] = str,
    ) -> None:
        self.request = request
        self._endpoint = endpoint
        self._policy = policy
        self._clock = clock
        self._redact = redact
        self._attempts: list[Attempt] = []
        self._exchange = Exchange()
        self._began = self._try_began = clock.monotonic()
        self._started = clock.utc()
        self._first_token: float | None = None
        self._interrupted = False
        self._waiting = False

    @property
    def done(self) -> bool:
        """True when nothing more of the present answer needs to be read."""
        return self._exchange.done

    @property
    def may_drain(self) -> bool:
        """True when the connection can serve again once the rest was read."""
        return self._exchange.failure is None

    def head(self, status: int, headers: Mapping[str, str]) -> None:
        """Take status and headers of the present try's answer."""
        self._exchange.head(status, headers, self._clock.utc())

    def feed(self, piece: bytes) -> list[Event]:
        """Take the next bytes of the answer and return what they brought."""
        events = self._exchange.feed(piece)
        if events and self._first_token is None and self._exchange.shown:
            self._first_token = self._clock.monotonic() - self._began
        return events

    def end(self, broken: Failure | None = None) -> list[Event]:
        """End the present try.

        Args:
            broken: Why the connection broke or was never made, or None at an orderly end.

        Returns:
            The last events; a `Retrying` at the end of the list means that after its `wait` the
            same request is to be sent again.
        """
        events = self._exchange.end(broken=broken)
        if self._first_token is None and self._exchange.shown:
            self._first_token = self._clock.monotonic() - self._began
        failure = self._exchange.failure or broken
        wait = None
        if self._exchange.failure is not None and not self._exchange.shown:
            wait = wait_before_retry(
                self._policy, self._exchange.failure, len(self._attempts) + 1, self._clock.chance()
            )
        why = self._redact(failure.what) if failure else None
        self._note_attempt(why, wait or 0.0)
        if wait is not None:
            events.append(Retrying(len(self._attempts), wait, why or ""))
            self._exchange = Exchange()
            self._waiting = True
        return events

    def begin_again(self) -> None:
        """Begin the next try, after the wait."""
        self._waiting = False
        self._try_began = self._clock.monotonic()

    def interrupt(self) -> None:
        """End the call because the user stopped it; what came is kept."""
        self._interrupted = True
        if not self._exchange.done:
            self._exchange.end()
        if not self._waiting:  # between two tries nothing was sent that could be interrupted
            self._note_attempt("interrupted", 0.0)

    def result(self) -> Reply:
        """Return the reply.

        Raises:
            CallError: The call failed; `partial` holds what came before, if anything did.
        """
        failure = self._exchange.failure
        if self._interrupted:
            return self._interrupted_reply()
        if failure is None:
            return self._reply()
        raise failure.error(
            self._redact(failure.what) + self._after_tries(failure),
            failure.todo,
            status=failure.status,
            code=self._redact(failure.code) if failure.code else None,
            request_id=self._exchange.request_id,
            attempts=tuple(self._attempts),
            partial=self._reply() if self._exchange.shown else None,
        )

    def _interrupted_reply(self) -> Reply:
        if self._exchange.shown:
            return self._reply()
        raise CallInterruptedError(
            "Interrupted before any text came.",
            "Run the cell again to ask again.",
            request_id=self._exchange.request_id,
            attempts=tuple(self._attempts),
        )

    def _status(self) -> Status:
        status = self._exchange.status
        return "interrupted" if self._interrupted and status == "truncated" else status

    def _reply(self) -> Reply:
        exchange, answer = self._exchange, self._exchange.answer
        return Reply(
            choices=answer.choices(),
            status="truncated" if exchange.failure else self._status(),
            model=answer.model or self.request.model,
            id=answer.id,
            created=answer.created,
            system_fingerprint=answer.system_fingerprint,
            usage=answer.usage,
            request=self.request.body,
            endpoint=self._endpoint,
            attempts=tuple(self._attempts),
            request_id=exchange.request_id,
            started=self._started.astimezone(UTC).isoformat(timespec="milliseconds"),
            time_to_first_token=self._first_token,
            duration=self._clock.monotonic() - self._began,
            notices=(*self.request.notices, *exchange.notices),
        )

    def _note_attempt(self, error: str | None, wait: float) -> None:
        self._attempts.append(
            Attempt(
                number=len(self._attempts) + 1,
                status=self._exchange.http_status,
                error=error,
                wait=wait,
                duration=self._clock.monotonic() - self._try_began,
            )
        )

    def _after_tries(self, failure: Failure) -> str:
        asked = failure.retry_after
        if asked is not None and asked > self._policy.longest_retry_after:
            return f" It asks to wait {asked:.0f} s, which is longer than is waited here."
        tries = len(self._attempts)
        return f" (after {tries} tries)" if tries > 1 else ""
